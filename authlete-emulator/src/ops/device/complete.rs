//! `device_complete_api`: notes what the user decided. The user code is used up by it.

use serde_json::json;

use crate::error::ApiError;
use crate::oauth::CheckError;
use crate::ops::approval;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;

const DONE: Code = "A241001";
const WRONG: Code = "A240201";
const UNKNOWN: Code = "A240301";
const EXPIRED: Code = "A240302";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let answer = |action, code, message: &str| Ok(reply::action(action, code, message, json!({})));
    let Some(user_code) = request.body.non_empty("userCode")? else {
        return answer("INVALID_REQUEST", WRONG, "The call has no userCode.");
    };
    let given = match approval::read(request) {
        Ok(given) => given,
        Err(CheckError::Rejected(message)) => return answer("INVALID_REQUEST", WRONG, &message),
        Err(CheckError::Failed(error)) => return error.reply(&tenant.settings, "SERVER_ERROR"),
    };
    let found = tenant.devices.for_server(&user_code).map(|(_, pending)| pending);
    let found = found.and_then(|pending| Some((pending, tenant.clients.get(&pending.client_id)?)));
    let Some((pending, client)) = found else {
        return answer("USER_CODE_NOT_EXIST", UNKNOWN, "There is no such user code, or it has been used.");
    };
    if request.now >= pending.expires_at {
        return answer("USER_CODE_EXPIRED", EXPIRED, "The user code has expired.");
    }
    let client_id = client.id;
    let mut decision = given.about(pending, &tenant.settings, client);
    let pending = pending.clone();
    approval::apply_grant(tenant, &pending, &mut decision, request.now)?;
    tenant.record_consent(client_id, &decision, request.now);
    tenant.devices.decide(&user_code, decision);
    answer("SUCCESS", DONE, "The decision is noted; the device gets it at its next token request.")
}
