//! Who and what an access token stands for.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authlete_api::Reply;
use authlete_api::http_inputs::TokenScheme;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::challenge::Challenger;

/// Who and what the access token of a request stands for: user, client, scopes, expiry and claims. Cheap to clone.
///
/// It is the same whether the token was verified by its signature or by Authlete; [`claims`](Self::claims) has what is not
/// here. With the feature `axum` it is an extractor for handlers behind a [`ProtectLayer`](crate::ProtectLayer).
#[derive(Clone)]
pub struct Principal {
    token: Arc<Token>,
    scheme: TokenScheme,
    challenger: Arc<Challenger>,
}

/// What is known of a token, in a form that can be stored.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) subject: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) audiences: Vec<String>,
    pub(crate) expires_at: Option<u64>,
    pub(crate) issued_at: Option<u64>,
    pub(crate) auth_time: Option<u64>,
    pub(crate) acr: Option<String>,
    pub(crate) token_id: Option<String>,
    pub(crate) grant_id: Option<String>,
    pub(crate) binding: Option<Binding>,
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) verified_by: VerifiedBy,
}

/// The key that an access token is bound to. A request with a bound token was accepted only with a proof of that key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Binding {
    /// A DPoP key, by its thumbprint (RFC 9449 section 6); the thumbprint is unknown when Authlete checked the proof.
    Dpop(Option<String>),
    /// A client certificate, by its SHA-256 thumbprint in base64url (RFC 8705 section 3.1).
    Certificate(String),
}

/// Who found that an access token is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VerifiedBy {
    /// This process, by the token's signature. A revocation that it has not heard of goes unnoticed.
    Signature,
    /// Authlete's introspection, now or as long ago as the cache keeps verdicts.
    #[default]
    Introspection,
}

impl Principal {
    pub(crate) fn new(token: Arc<Token>, scheme: TokenScheme, challenger: Arc<Challenger>) -> Self {
        Self { token, scheme, challenger }
    }

    /// The scheme by which the token was presented.
    pub fn scheme(&self) -> TokenScheme {
        self.scheme
    }

    /// Succeeds when the token has all of the scopes.
    ///
    /// ```
    /// use authlete_api::Reply;
    /// use authlete_resource_server::Principal;
    ///
    /// async fn cancel_order(principal: Principal) -> Result<&'static str, Reply> {
    ///     principal.require_scopes(["orders:write"])?;
    ///     Ok("cancelled")
    /// }
    /// ```
    ///
    /// # Errors
    /// The response to send: 403 with `insufficient_scope`, and the scopes that a new token needs, which are those that
    /// are required and those that this token has.
    pub fn require_scopes<S: Into<String>>(&self, scopes: impl IntoIterator<Item = S>) -> Result<(), Reply> {
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        match scopes.iter().all(|scope| self.has_scope(scope)) {
            true => Ok(()),
            false => Err(self.challenger.insufficient_scope(self.scheme, &scopes, &self.token.scopes).into_reply()),
        }
    }

    /// The user, or `None` for a client that acts for itself.
    pub fn subject(&self) -> Option<&str> {
        self.token.subject.as_deref()
    }

    /// The client that has the token, as its `client_id`: the number Authlete gave it, its alias, or the URL of its
    /// metadata document.
    pub fn client_id(&self) -> Option<&str> {
        self.token.client_id.as_deref()
    }

    /// The scopes of the token.
    pub fn scopes(&self) -> &[String] {
        &self.token.scopes
    }

    /// Whether the token has the scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.token.scopes.iter().any(|known| known == scope)
    }

    /// The resources that the token is for (`aud`).
    pub fn audiences(&self) -> &[String] {
        &self.token.audiences
    }

    /// When the token expires.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.token.expires_at.map(moment)
    }

    /// When the token was issued, where that is known.
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.token.issued_at.map(moment)
    }

    /// When the user authenticated, where that is known (RFC 9470 section 6).
    pub fn authenticated_at(&self) -> Option<SystemTime> {
        self.token.auth_time.map(moment)
    }

    /// The authentication context class that the user's authentication satisfied.
    pub fn acr(&self) -> Option<&str> {
        self.token.acr.as_deref()
    }

    /// The identifier of a JWT access token (`jti`).
    pub fn token_id(&self) -> Option<&str> {
        self.token.token_id.as_deref()
    }

    /// The grant that the token belongs to (Grant Management for OAuth 2.0).
    pub fn grant_id(&self) -> Option<&str> {
        self.token.grant_id.as_deref()
    }

    /// The key that the token is bound to. `None` means a bearer token, which whoever has it can use.
    pub fn binding(&self) -> Option<&Binding> {
        self.token.binding.as_ref()
    }

    /// The value of a property that the authorization server gave the token.
    pub fn property(&self, key: &str) -> Option<&str> {
        self.token.properties.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// A claim of the token, by the name it has in a JWT access token or in a response of RFC 7662.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.token.claims.get(name)
    }

    /// All claims of the token.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.token.claims
    }

    /// Who found that the token is good.
    pub fn verified_by(&self) -> VerifiedBy {
        self.token.verified_by
    }
}

pub(crate) fn moment(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

/// Milliseconds since 1970.
pub(crate) fn millis(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

impl fmt::Debug for Principal {
    /// Names of claims and properties without their values, which may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("subject", &self.token.subject)
            .field("client_id", &self.token.client_id)
            .field("scopes", &self.token.scopes)
            .field("expires_at", &self.expires_at())
            .field(
                "binding",
                &self.token.binding.as_ref().map(|binding| match binding {
                    Binding::Dpop(_) => "DPoP",
                    Binding::Certificate(_) => "certificate",
                }),
            )
            .field("claims", &self.token.claims.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "axum")]
mod extract {
    use authlete_api::{Details, Reply};
    use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
    use http::request::Parts;

    use super::Principal;

    /// A 500 without a layer: a route that was to be protected is not.
    impl<S: Sync> FromRequestParts<S> for Principal {
        type Rejection = Reply;

        async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Reply> {
            parts.extensions.get::<Self>().cloned().ok_or_else(|| {
                Reply::failed(Details::because("the route has no `ProtectLayer`, or it is not outside of the handler"))
            })
        }
    }

    /// For handlers that serve routes with and without a layer.
    impl<S: Sync> OptionalFromRequestParts<S> for Principal {
        type Rejection = std::convert::Infallible;

        async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
            Ok(parts.extensions.get::<Self>().cloned())
        }
    }
}
