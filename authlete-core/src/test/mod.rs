//! What the tests of this crate share: a scripted transport, and operations of no description.

mod script;

pub(crate) use script::{Script, Step, request};

use crate::call::client::{Client, ClientSettings};
use crate::credentials::Credentials;
use crate::operation::{CacheClass, Host, Idempotency, Operation};

const fn operation(name: &'static str, path: &'static str, idempotency: Idempotency, cache: CacheClass) -> Operation {
    let (ends_tokens, since, host) = (false, None, Host::Api);
    Operation { id: name, name, method: "GET", path, tag: "", idempotency, cache, ends_tokens, since, host }
}

pub(crate) static INFO: Operation = operation("info", "/api/info", Idempotency::Safe, CacheClass::None);
pub(crate) static SERVICE_GET: Operation =
    operation("service_get", "/api/{serviceId}/service/get", Idempotency::Safe, CacheClass::Service);
#[cfg_attr(not(feature = "cache"), expect(dead_code, reason = "for tests of a feature"))]
pub(crate) static SERVICE_CONFIGURATION: Operation = operation(
    "service_configuration",
    "/api/{serviceId}/service/configuration",
    Idempotency::Safe,
    CacheClass::Service,
);
#[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "for tests of a feature"))]
pub(crate) static CLIENT_GET: Operation =
    operation("client_get", "/api/{serviceId}/client/get/{clientId}", Idempotency::Safe, CacheClass::Client);
#[cfg_attr(not(feature = "cache"), expect(dead_code, reason = "for tests of a feature"))]
pub(crate) static CLIENT_UPDATE: Operation = operation(
    "client_update",
    "/api/{serviceId}/client/update/{clientId}",
    Idempotency::Idempotent,
    CacheClass::Clears,
);
pub(crate) static AUTH_TOKEN: Operation =
    operation("auth_token", "/api/{serviceId}/auth/token", Idempotency::NotIdempotent, CacheClass::None);
#[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "for tests of a feature"))]
pub(crate) static AUTH_TOKEN_DELETE: Operation = operation(
    "auth_token_delete",
    "/api/{serviceId}/auth/token/delete/{accessTokenIdentifier}",
    Idempotency::Idempotent,
    CacheClass::None,
);
#[cfg_attr(not(feature = "cache"), expect(dead_code, reason = "for tests of a feature"))]
pub(crate) static AUTH_INTROSPECTION: Operation =
    operation("auth_introspection", "/api/{serviceId}/auth/introspection", Idempotency::Safe, CacheClass::None);

/// The key of RFC 7515, appendix A.3.
#[cfg(feature = "dpop")]
pub(crate) const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

/// A client that sends nowhere.
pub(crate) fn client() -> Client {
    let mut settings = ClientSettings::new("test", "https://login.example");
    settings.base_url = Some("https://authlete.example".to_owned());
    settings.credentials(Credentials::bearer("t"));
    settings.transport = Some(Box::new(Script::new(&[Step::Hang])));
    settings.build().unwrap()
}
