//! The keys of a client: those that it has registered, or those that it publishes.

use super::{OAuthError, OperationError};
use crate::fetch::{Kind, Wanted};
use crate::jose::jwk::{self, Jwk};
use crate::reply::Code;
use crate::state::{Settings, Tenant};

/// Why the keys of a client are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The keys at the client's jwksUri are not known: {0}.")]
pub(crate) struct UnknownKeys(String);

impl UnknownKeys {
    /// The error of a request that needs the keys.
    pub(crate) fn as_error(&self, error: &'static str, code: Code) -> OperationError {
        OAuthError::new(error, code, self.to_string()).into()
    }
}

/// The public keys of a client. Those at its `jwksUri` have been fetched before the call was served.
pub(crate) fn client_keys(tenant: &Tenant, client: &Settings) -> Result<Vec<Jwk>, UnknownKeys> {
    let Some(wanted) = wanted(client) else {
        return Ok(client.string("jwks").map(jwk::set).unwrap_or_default());
    };
    match tenant.documents.get(wanted) {
        Ok(Ok(document)) => Ok(document.text().map(jwk::set).unwrap_or_default()),
        Ok(Err(error)) => Err(UnknownKeys(error.to_string())),
        Err(wanted) => Err(UnknownKeys(format!("{} was not fetched", wanted.url))),
    }
}

/// What has to be fetched before the keys are known.
pub(crate) fn wanted(client: &Settings) -> Option<Wanted> {
    client.string("jwksUri").map(|url| Wanted::new(Kind::KeySet, url))
}
