//! Replies with documents whose responses have no action: the discovery document and the key set.

use authlete_core::actions::Reply;
use authlete_core::error::Error;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::generated::groups::{ConfigurationCall, JwksCall};

impl ConfigurationCall<'_> {
    /// Makes the call, and the reply of `/.well-known/openid-configuration` or `/.well-known/oauth-authorization-server`
    /// (OpenID Connect Discovery 1.0, 4.2; RFC 8414, 3.2): 200 with the document as `application/json`. A call that fails
    /// makes a 500 that must not be stored and tells the client nothing.
    ///
    /// ```no_run
    /// use authlete_api::{AuthleteService, Reply};
    ///
    /// async fn configuration(service: &AuthleteService) -> Reply {
    ///     let patch = r#"[{"op": "add", "path": "/service_documentation", "value": "https://as.example.com/docs"}]"#;
    ///     service.configuration().patch(patch).reply().await
    /// }
    /// ```
    pub async fn reply(self) -> Reply {
        match self.await {
            Ok(document) => json("application/json", &*document),
            Err(error) => error.into(),
        }
    }
}

impl JwksCall<'_> {
    /// Makes the call, and the reply of the service's `jwks_uri` (RFC 7517, 5; OpenID Connect Discovery 1.0, 3): 200 with the
    /// keys as `application/jwk-set+json`, or 204 where the service has none. Where Authlete redirects to a set at another place,
    /// 302 with the same `Location`. A call that fails in another way makes a 500 that must not be stored and tells the client
    /// nothing.
    ///
    /// Private keys are never in it: `include_private_keys` is taken back.
    ///
    /// ```no_run
    /// # async fn example(service: &authlete_api::AuthleteService) -> authlete_api::Reply {
    /// service.jwks().reply().await
    /// # }
    /// ```
    pub async fn reply(self) -> Reply {
        match self.include_private_keys(false).await {
            Ok(keys) => match &*keys {
                Some(keys) => json("application/jwk-set+json", keys),
                None => with_status(StatusCode::NO_CONTENT),
            },
            Err(error) => moved(&error).unwrap_or_else(|| error.into()),
        }
    }
}

/// A document that may be stored.
fn json(media_type: &'static str, document: &impl Serialize) -> Reply {
    match serde_json::to_vec(document) {
        Ok(body) => {
            let mut response = Response::new(Bytes::from(body));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            response.into()
        }
        Err(_) => Error::configuration("the document cannot be written as JSON").into(),
    }
}

fn with_status(status: StatusCode) -> Reply {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response.into()
}

/// The redirect that Authlete responded with.
fn moved(error: &Error) -> Option<Reply> {
    let location = error.headers().filter(|_| error.status() == Some(StatusCode::FOUND))?.get(LOCATION)?.clone();
    let mut reply = with_status(StatusCode::FOUND);
    reply.headers_mut().insert(LOCATION, location);
    Some(reply)
}
