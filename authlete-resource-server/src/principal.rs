//! Who and what an access token stands for.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::SystemTime;

use super::challenge;
use authlete_api::actions::IntrospectionOk;
use authlete_api::{ClientId, Reply};

/// Who and what the request's access token stands for: user, client, scopes, expiry, properties and the rest, by the
/// methods of [`IntrospectionOk`], to which it dereferences. Cheap to clone.
///
/// With the feature `axum` it is an extractor, for handlers behind a [`ProtectLayer`](super::ProtectLayer).
#[derive(Debug, Clone)]
pub struct Principal(Arc<IntrospectionOk>);

impl Principal {
    pub(super) fn new(access: IntrospectionOk) -> Self {
        Self(Arc::new(access))
    }

    /// The client that has the token.
    pub fn client(&self) -> Option<ClientId> {
        self.client_id().map(ClientId::from)
    }

    /// When the token expires.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires_at()
    }

    /// The value of a property that the authorization server gave the token.
    pub fn property(&self, key: &str) -> Option<&str> {
        let property = self.properties().iter().find(|property| property.key.as_deref() == Some(key))?;
        property.value.as_deref()
    }

    /// Whether the token has the scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().iter().any(|known| known == scope)
    }

    /// Nothing, when the token has all of the scopes.
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
    /// The answer that says so (403, `insufficient_scope`), when it lacks one.
    pub fn require_scopes<S: Into<String>>(&self, scopes: impl IntoIterator<Item = S>) -> Result<(), Reply> {
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        match scopes.iter().all(|scope| self.has_scope(scope)) {
            true => Ok(()),
            false => Err(challenge::insufficient_scope(&scopes)),
        }
    }
}

impl Deref for Principal {
    type Target = IntrospectionOk;

    fn deref(&self) -> &IntrospectionOk {
        &self.0
    }
}

/// Why a request was refused, for the log: in the extensions of the answer. Its text holds no secrets.
#[derive(Debug, Clone)]
pub struct Refusal(Arc<Reply>);

impl Refusal {
    pub(super) fn new(reply: Reply) -> Self {
        Self(Arc::new(reply))
    }

    /// The answer as it was made, with its details.
    pub fn reply(&self) -> &Reply {
        &self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "axum")]
mod extract {
    use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
    use http::request::Parts;

    use super::Principal;
    use authlete_api::{Details, Reply};

    /// A 500 without a layer: a route that was to be protected is not.
    impl<S: Sync> FromRequestParts<S> for Principal {
        type Rejection = Reply;

        async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Reply> {
            parts.extensions.get::<Self>().cloned().ok_or_else(|| {
                let reason = "the route has no `ProtectLayer`, or it is not outside of the handler";
                Reply::failed(Details::because(reason))
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
