//! The device code grant (RFC 8628, section 3.4).

use super::TokenRequest;
use super::{grant, poll};
use crate::oauth::{OAuthError, OperationError, target};
use crate::reply::{Code, Reply};
use crate::state::Tenant;

const NO_CODE: Code = "A050350";
const UNKNOWN: Code = "A050351";
const TARGET: Code = "A050357";
const CODES: poll::Codes =
    poll::Codes { pending: "A050352", too_soon: "A050353", expired: "A050354", denied: "A050355", failed: "A050356" };

pub(super) fn exchange(tenant: &mut Tenant, request: &TokenRequest<'_>) -> Result<Reply, OperationError> {
    let Some(key) = request.parameters.get("device_code") else {
        return Err(OAuthError::new("invalid_request", NO_CODE, "The request has no device_code.").into());
    };
    let found = tenant.devices.for_client(key).filter(|pending| pending.client_id == request.client.client.id);
    let Some(pending) = found else {
        let message = "The device_code is unknown, used, or another client's.";
        return Err(OAuthError::new("invalid_grant", UNKNOWN, message).into());
    };
    let alias_used = pending.alias_used;
    let details = target::narrowed(&pending.details, request.parameters, TARGET)?;
    let approval = poll::approval(pending, request.now, CODES)?;
    let request = request.lasting(approval.lifetimes, approval.access_token.clone());
    let grant = poll::grant(tenant, &request, "DEVICE_CODE", alias_used, details, approval);
    let (_, reply) = grant::issue(tenant, &request, grant)?;
    tenant.devices.remove(key);
    Ok(reply)
}
