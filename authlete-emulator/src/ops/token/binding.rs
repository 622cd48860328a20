//! Keys that new tokens are bound to: by a DPoP proof (RFC 9449, section 5) or a certificate (RFC 8705, section 3).

use crate::oauth::certificate::Certificate;
use crate::oauth::{OAuthError, OperationError, dpop};
use crate::reply::Code;
use crate::request::Request;
use crate::state::{Binding, Client, Tenant};

const PROOF: Code = "A050340";
const NO_PROOF: Code = "A050341";
const CERTIFICATE: Code = "A050204";
const NO_CERTIFICATE: Code = "A050342";
const OTHER_KEY: Code = "A050343";

/// What the tokens of this request are bound to.
pub(super) fn of(tenant: &mut Tenant, request: &Request, client: &Client) -> Result<Binding, OperationError> {
    let jkt = dpop::check(tenant, request, None)
        .map_err(|error| error.or_reject(|rejection| OAuthError::new(rejection.error, PROOF, rejection.message)))?;
    if jkt.is_none() && client.settings.flag("dpopRequired") {
        return Err(OAuthError::new("invalid_dpop_proof", NO_PROOF, "The client has to send a DPoP proof.").into());
    }
    let flag = "tlsClientCertificateBoundAccessTokens";
    let x5t = match tenant.settings.flag(flag) && client.settings.flag(flag) {
        false => None,
        true => {
            let certificate = Certificate::presented(request, CERTIFICATE)?;
            let missing =
                || OAuthError::new("invalid_request", NO_CERTIFICATE, "The client has to show a certificate.");
            Some(certificate.ok_or_else(missing)?.thumbprint())
        }
    };
    Ok(Binding { jkt, x5t })
}

/// Fails if the grant is bound to keys and the request does not prove them.
pub(super) fn check(bound: &Binding, proven: &Binding) -> Result<(), OAuthError> {
    let met = |bound: &Option<String>, proven: &Option<String>| bound.is_none() || bound == proven;
    if met(&bound.jkt, &proven.jkt) && met(&bound.x5t, &proven.x5t) {
        return Ok(());
    }
    Err(OAuthError::new("invalid_grant", OTHER_KEY, "The grant is bound to a key that the request does not prove."))
}
