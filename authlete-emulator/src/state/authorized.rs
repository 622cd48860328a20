//! What a user has authorized: it goes from the decision to the code, and from there to the tokens.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Details;

/// What a user, or the client on its own behalf, has authorized.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Authorized {
    /// The user; none where a client acts for itself.
    pub(crate) subject: Option<String>,
    /// The `sub` claim of ID tokens, where it differs from the subject.
    pub(crate) sub: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// When the user logged in, in seconds since 1970.
    pub(crate) auth_time: Option<u64>,
    /// How the user logged in.
    pub(crate) acr: Option<String>,
    /// Extra properties of the tokens.
    pub(crate) properties: Vec<Value>,
    /// The names of the claims that the user consented to.
    pub(crate) consented_claims: Vec<String>,
    pub(crate) details: Details,
}

impl Authorized {
    /// Whether the scopes have this one.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|one| one == scope)
    }
}

/// Lifetimes of tokens in seconds, where a call sets them and they do not follow from the settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lifetimes {
    pub(crate) access: Option<u64>,
    pub(crate) refresh: Option<u64>,
}

impl Lifetimes {
    /// These, and where one is not set that of the others.
    pub(crate) fn or(self, others: Self) -> Self {
        Self { access: self.access.or(others.access), refresh: self.refresh.or(others.refresh) }
    }
}
