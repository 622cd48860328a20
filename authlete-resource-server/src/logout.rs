//! Logout tokens (OpenID Connect Back-Channel Logout 1.0): the OpenID provider tells that a user's session has ended.

use authlete_api::{Details, Reply};
use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, Response, StatusCode};
use serde_json::Value;

use crate::jwt::{JwtVerifier, KeySet};
use crate::{ResourceServer, Revocation};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// An endpoint for logout tokens: the access tokens that the user got until then are refused afterwards.
///
/// Register its URL as `backchannel_logout_uri` of a client. Logout tokens name a user (`sub`), a session (`sid`), or both;
/// access tokens know no sessions, so one that names a session alone is refused with 400.
///
/// ```no_run
/// use authlete_api::Reply;
/// use authlete_resource_server::{KeySet, LogoutReceiver, ResourceServer};
///
/// # fn keys() -> KeySet { unimplemented!() }
/// # async fn example(server: ResourceServer, body: String) -> Reply {
/// let receiver = LogoutReceiver::new("https://as.example.com", "my-client-id", keys());
/// receiver.receive(&body, &server).await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct LogoutReceiver {
    verifier: JwtVerifier,
}

impl LogoutReceiver {
    /// Accepts logout tokens that `issuer` made for the client with this id.
    pub fn new(issuer: impl Into<String>, client_id: impl Into<String>, keys: KeySet) -> Self {
        Self { verifier: JwtVerifier::new(issuer, client_id, keys).only_type("logout+jwt") }
    }

    /// Accepts logout tokens without `typ`, or with `JWT` there, from providers that do not set `logout+jwt` (section 2.4).
    #[must_use]
    pub fn accept_untyped(mut self) -> Self {
        self.verifier = self.verifier.accept_type("").accept_type("JWT");
        self
    }

    /// Reads the body of a request to the endpoint, a form with `logout_token`, and revokes what it says. The reply is the
    /// response to send: 200, or 400 when the token is not good.
    pub async fn receive(&self, form: &str, server: &ResourceServer) -> Reply {
        match self.subject(form).await {
            Ok(subject) => {
                // This instance refuses the tokens in any case; a store that is away is told later.
                let _ = server.revoke(Revocation::subject(subject)).await;
                reply(StatusCode::OK, "the user was logged out")
            }
            Err((status, reason)) => reply(status, reason),
        }
    }

    async fn subject(&self, form: &str) -> Result<String, (StatusCode, &'static str)> {
        let refuse = |reason| (StatusCode::BAD_REQUEST, reason);
        let mut tokens = form_urlencoded::parse(form.as_bytes()).filter(|(name, _)| name == "logout_token");
        let (Some((_, token)), None) = (tokens.next(), tokens.next()) else {
            return Err(refuse("the request has not one logout_token"));
        };
        let claims = self.verifier.claims(&token).await.map_err(|error| match error.is_unavailable() {
            true => (StatusCode::SERVICE_UNAVAILABLE, error.reason()),
            false => refuse(error.reason()),
        })?;
        if claims.get("events").and_then(|events| events.get(EVENT)).is_none_or(|event| !event.is_object()) {
            return Err(refuse("the token is not a logout token by its `events`"));
        }
        if claims.contains_key("nonce") {
            // Section 2.4: so that no ID token passes as a logout token.
            return Err(refuse("a logout token must not have a nonce"));
        }
        let subject = claims.get("sub").and_then(Value::as_str).filter(|subject| !subject.is_empty());
        subject.map(str::to_owned).ok_or_else(|| refuse("the logout token names no user"))
    }
}

fn reply(status: StatusCode, reason: &'static str) -> Reply {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Reply::new(response, Details::because(reason))
}
