//! How long tokens last: the shortest time that the service, the client and the scopes set.

use serde_json::{Map, Value};

use super::scope;
use crate::schema::{ACCESS_TOKEN_SECONDS, ID_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS};
use crate::state::{Client, Settings};

/// Where the lifetime of a kind of token is set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetime {
    /// The member of a service, and of a client's `extension`.
    setting: &'static str,
    /// The attribute of a scope.
    attribute: &'static str,
    default: u64,
}

pub(crate) const ACCESS_TOKEN: Lifetime =
    Lifetime { setting: "accessTokenDuration", attribute: "access_token.duration", default: ACCESS_TOKEN_SECONDS };
pub(crate) const REFRESH_TOKEN: Lifetime =
    Lifetime { setting: "refreshTokenDuration", attribute: "refresh_token.duration", default: REFRESH_TOKEN_SECONDS };
pub(crate) const ID_TOKEN: Lifetime =
    Lifetime { setting: "idTokenDuration", attribute: "id_token.duration", default: ID_TOKEN_SECONDS };

impl Lifetime {
    /// Seconds.
    pub(crate) fn of(self, service: &Settings, client: &Client, scopes: &[String]) -> u64 {
        let own = match service.number(self.setting) {
            0 => self.default,
            seconds => seconds,
        };
        let extension = client.settings.0.get("extension").and_then(|extension| extension[self.setting].as_u64());
        let scopes = scope::details(service, scopes);
        let by_scope = scopes.iter().filter_map(|scope| attribute(scope, self.attribute)?.parse().ok());
        by_scope.chain(extension).filter(|seconds| *seconds > 0).fold(own, u64::min)
    }
}

fn attribute<'a>(scope: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let mut attributes = scope.get("attributes")?.as_array()?.iter();
    attributes.find(|attribute| attribute["key"] == name)?["value"].as_str()
}
