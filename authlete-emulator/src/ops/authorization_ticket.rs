//! `getAuthorizationTicketInfo` and `updateAuthorizationTicket`: the string that is kept with a ticket.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;

const INFO: [Code; 3] = ["A467001", "A467201", "A467301"];
const UPDATE: [Code; 3] = ["A468001", "A468201", "A468301"];

pub(crate) fn info(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    respond(tenant, request, INFO, None)
}

pub(crate) fn update(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    // The description has the new text itself, other clients have an object around it.
    let text = match request.body.members.get("info") {
        Some(Value::Object(info)) => info.get("context").and_then(Value::as_str).map(str::to_owned),
        _ => request.body.string("info")?,
    };
    respond(tenant, request, UPDATE, Some(text))
}

/// The outer `Option` of the new string says whether there is to be one, the inner one whether it is given.
fn respond(
    tenant: &mut Tenant,
    request: &Request,
    [found, no_ticket, dead]: [Code; 3],
    new: Option<Option<String>>,
) -> Result<Reply, ApiError> {
    let Some(key) = request.body.non_empty("ticket")? else {
        return Ok(reply::action("CALLER_ERROR", no_ticket, "The call has no ticket.", Value::Null));
    };
    let Some(ticket) = tenant.tickets.get_mut(&key) else {
        let message = "The ticket is unknown, used or expired.";
        return Ok(reply::action("NOT_FOUND", dead, message, Value::Null));
    };
    match new {
        Some(None) => return Ok(reply::action("CALLER_ERROR", no_ticket, "The call has no info.", Value::Null)),
        Some(text) => ticket.context = text,
        None => {}
    }
    Ok(reply::action("OK", found, "The ticket is there.", json!({"info": {"context": ticket.context}})))
}
