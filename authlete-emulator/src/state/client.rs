//! A client, as its service knows it.

use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::Settings;

/// A client of a service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Client {
    pub(crate) id: u64,
    pub(crate) settings: Settings,
}

impl Client {
    /// What stands for the client of a request that does not say who it is from. No client has its id.
    pub(crate) fn unidentified() -> Self {
        Self { id: 0, settings: Settings(Map::new()) }
    }

    pub(crate) fn is_unidentified(&self) -> bool {
        self.id == 0
    }

    /// The alias, if it may be used.
    pub(crate) fn alias(&self) -> Option<&str> {
        self.settings.string("clientIdAlias").filter(|_| self.settings.flag("clientIdAliasEnabled"))
    }

    /// The URL at which the client publishes who it is.
    pub(crate) fn url(&self) -> Option<&str> {
        self.settings.string("metadataDocumentLocation").or_else(|| self.settings.string("entityId"))
    }

    /// How the client knows itself: by its URL where it publishes one, by its id else.
    pub(crate) fn identifier(&self) -> String {
        self.url().map_or_else(|| self.id.to_string(), str::to_owned)
    }

    /// Whether this is one of the names that the client has.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        name == self.id.to_string() || self.alias() == Some(name) || self.url() == Some(name)
    }

    /// Whether the client cannot keep a secret (RFC 6749, section 2.1).
    pub(crate) fn is_public(&self) -> bool {
        self.settings.string("clientType") != Some("CONFIDENTIAL")
    }
}

/// A client identifier that leads to no client, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unresolved {
    pub(crate) identifier: String,
    pub(crate) reason: String,
    /// The error and the code for it, where those are not the ones for any client that is not known.
    pub(crate) error: Option<(&'static str, &'static str)>,
}
