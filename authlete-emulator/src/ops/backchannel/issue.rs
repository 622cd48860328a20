//! `backchannel_authentication_issue_api`: gives the client its `auth_req_id` (CIBA, section 7.3).

use serde_json::json;

use crate::error::ApiError;
use crate::oauth::OperationError;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Delivery, Tenant};

const ISSUED: Code = "A183001";
const NO_TICKET: Code = "A190201";
const DEAD_TICKET: Code = "A190202";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let Some(ticket) = request.body.non_empty("ticket")? else {
        return OperationError::server(NO_TICKET, "The call has no ticket.")
            .reply(&tenant.settings, "INTERNAL_SERVER_ERROR");
    };
    let found = tenant.backchannels.for_server(&ticket).filter(|(_, pending)| request.now < pending.expires_at);
    let found = found.map(|(id, pending)| (id.to_owned(), pending.clone()));
    let Some((id, mut pending)) = found else { return dead(tenant) };
    let Some(backchannel) = pending.backchannel.as_mut().filter(|backchannel| !backchannel.issued) else {
        return dead(tenant);
    };
    backchannel.issued = true;
    let seconds = backchannel.lifetime;
    pending.expires_at = request.now + 1000 * seconds;
    let interval = (backchannel.delivery != Delivery::Push).then_some(pending.interval);
    let content = reply::without_nulls(json!({"auth_req_id": id, "expires_in": seconds, "interval": interval}));
    let members = json!({
        "authReqId": id,
        "expiresIn": seconds,
        "interval": interval.unwrap_or_default(),
        "responseContent": content.to_string(),
    });
    tenant.backchannels.insert(ticket, id, pending);
    Ok(reply::action("OK", ISSUED, "The client gets its auth_req_id.", members))
}

fn dead(tenant: &Tenant) -> Result<Reply, ApiError> {
    OperationError::server(DEAD_TICKET, "The ticket is unknown, used or expired.")
        .reply(&tenant.settings, "")
        .map(|reply| reply.with("action", json!("INVALID_TICKET")))
}
