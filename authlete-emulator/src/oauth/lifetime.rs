//! How long tokens live: what the call says, or the shortest of what the service, the client and the scopes say.

use serde_json::{Map, Value};

use super::scope;
use crate::schema::{ACCESS_TOKEN_SECONDS, ID_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS};
use crate::state::{Client, Settings};

/// A kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Access,
    Refresh,
    Id,
}

impl Kind {
    /// The member of a service and of a client's `extension`, the scope attribute, and the default in seconds.
    fn names(self) -> (&'static str, &'static str, u64) {
        match self {
            Self::Access => ("accessTokenDuration", "access_token.duration", ACCESS_TOKEN_SECONDS),
            Self::Refresh => ("refreshTokenDuration", "refresh_token.duration", REFRESH_TOKEN_SECONDS),
            Self::Id => ("idTokenDuration", "id_token.duration", ID_TOKEN_SECONDS),
        }
    }
}

/// The lifetime in seconds by the settings alone.
pub(crate) fn seconds(kind: Kind, service: &Settings, client: &Client, scopes: &[String]) -> u64 {
    let (member, attribute, default) = kind.names();
    let of_service = Some(service.number(member)).filter(|seconds| *seconds > 0).unwrap_or(default);
    let extension = client.settings.0.get("extension").and_then(Value::as_object);
    let of_client = extension.and_then(|extension| extension.get(member)).and_then(Value::as_u64);
    let details = scope::details(service, scopes);
    let of_scopes = details.iter().filter_map(|scope| scope_attribute(scope, attribute));
    of_scopes.chain(of_client).filter(|seconds| *seconds > 0).fold(of_service, u64::min)
}

/// A number among a scope's attributes.
fn scope_attribute(scope: &Map<String, Value>, name: &str) -> Option<u64> {
    let attributes = scope.get("attributes")?.as_array()?;
    let found = attributes.iter().find(|attribute| attribute["key"].as_str() == Some(name))?;
    found["value"].as_str()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Kind, seconds};
    use crate::state::{Client, Settings};

    fn settings(value: &Value) -> Settings {
        Settings(value.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn the_shortest_counts() {
        let attributes = json!([{"key": "access_token.duration", "value": "30"}, {"key": "other", "value": "1"}]);
        let service = settings(&json!({
            "accessTokenDuration": 100,
            "supportedScopes": [{"name": "pay", "attributes": attributes}, {"name": "read"}],
        }));
        let client = |extension: Value| Client { id: 1, settings: settings(&json!({"extension": extension})) };
        let of = |client: &Client, scope: &str| seconds(Kind::Access, &service, client, &[scope.to_owned()]);
        assert_eq!(of(&client(json!(null)), "read"), 100);
        assert_eq!(of(&client(json!(null)), "pay"), 30);
        assert_eq!(of(&client(json!({"accessTokenDuration": 20})), "pay"), 20);
        assert_eq!(of(&client(json!({"accessTokenDuration": 0})), "pay"), 30);
        assert_eq!(of(&client(json!({"accessTokenDuration": 500})), "read"), 100);
        assert_eq!(seconds(Kind::Id, &service, &client(json!(null)), &[]), 86_400);
    }
}
