//! Whether whoever presents an access token has the keys that it is bound to: at resources, and at the UserInfo endpoint.

use super::certificate::Certificate;
use super::{CheckError, dpop};
use crate::reply::Code;
use crate::request::Request;
use crate::state::{Tenant, Token};

/// Why a token is not good in these hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unproven {
    /// The scheme of the challenge, `DPoP` or `Bearer`.
    pub(crate) scheme: &'static str,
    /// The error of RFC 6750 or RFC 9449.
    pub(crate) error: &'static str,
    pub(crate) message: &'static str,
}

/// Checks the members `dpop` (with `htm` and `htu`) and `clientCertificate` of the call against the token, which the
/// client presented in this form. `unreadable` is the code for a certificate that is none.
pub(crate) fn check(
    tenant: &mut Tenant,
    request: &Request,
    token: &Token,
    presented: &str,
    unreadable: Code,
) -> Result<(), CheckError<Unproven>> {
    let bound = &token.authorized.details.binding;
    let by_proof = |error, message| CheckError::Rejected(Unproven { scheme: "DPoP", error, message });
    let proven = dpop::check(tenant, request, Some(presented)).map_err(|error| match error {
        CheckError::Rejected(rejection) => by_proof(rejection.error, rejection.message),
        CheckError::Failed(error) => error.into(),
    })?;
    if proven.is_none() && bound.jkt.is_some() {
        return Err(by_proof("invalid_token", "The access token needs a DPoP proof."));
    }
    if proven != bound.jkt {
        return Err(by_proof("invalid_token", "The access token is not bound to the key of the DPoP proof."));
    }
    if let Some(thumbprint) = &bound.x5t {
        let certificate = Certificate::presented(request, unreadable)?;
        if certificate.is_none_or(|certificate| certificate.thumbprint() != *thumbprint) {
            let message = "The access token is bound to another certificate.";
            return Err(CheckError::Rejected(Unproven { scheme: "Bearer", error: "invalid_token", message }));
        }
    }
    Ok(())
}
