//! The CIBA grant (OpenID Connect Client-Initiated Backchannel Authentication, section 10.1).

use super::TokenRequest;
use super::{grant, poll};
use crate::oauth::{OAuthError, OperationError, target};
use crate::reply::{Code, Reply};
use crate::state::{Delivery, Tenant};

const NO_ID: Code = "A050360";
const UNKNOWN: Code = "A050361";
const PUSH: Code = "A050362";
const TARGET: Code = "A050368";
const CODES: poll::Codes =
    poll::Codes { pending: "A050363", too_soon: "A050364", expired: "A050365", denied: "A050366", failed: "A050367" };

pub(super) fn exchange(tenant: &mut Tenant, request: &TokenRequest<'_>) -> Result<Reply, OperationError> {
    let Some(key) = request.parameters.get("auth_req_id") else {
        return Err(OAuthError::new("invalid_request", NO_ID, "The request has no auth_req_id.").into());
    };
    let client = request.client.client.id;
    let found = tenant.backchannels.for_client(key).filter(|pending| pending.client_id == client);
    let Some(pending) = found.filter(|pending| pending.backchannel.as_ref().is_some_and(|one| one.issued)) else {
        let message = "The auth_req_id is unknown, used, or another client's.";
        return Err(OAuthError::new("invalid_grant", UNKNOWN, message).into());
    };
    if pending.backchannel.as_ref().is_some_and(|backchannel| backchannel.delivery == Delivery::Push) {
        let message = "A client with the delivery mode push does not ask for its tokens.";
        return Err(OAuthError::new("unauthorized_client", PUSH, message).into());
    }
    let alias_used = pending.alias_used;
    let details = target::narrowed(&pending.details, request.parameters, TARGET)?;
    let approval = poll::approval(pending, request.now, CODES)?;
    let request = request.lasting(approval.lifetimes, approval.access_token.clone());
    let grant = poll::grant(tenant, &request, "CIBA", alias_used, details, approval);
    let (_, reply) = grant::issue(tenant, &request, grant)?;
    tenant.backchannels.remove(key);
    Ok(reply)
}
