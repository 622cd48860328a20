//! `backchannel_authentication_fail_api`: ends a request before the client got an `auth_req_id` (CIBA, section 13).

use serde_json::json;

use crate::error::ApiError;
use crate::oauth::OAuthError;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{ErrorInfo, Tenant};

/// Each reason with our code, the action, the error that the client gets, and what to say about it.
const REASONS: &[(&str, Code, &str, &str, &str)] = &[
    ("ACCESS_DENIED", "A200301", "FORBIDDEN", "access_denied", "The request was denied."),
    ("EXPIRED_LOGIN_HINT_TOKEN", "A200302", BAD, "expired_login_hint_token", "The login_hint_token has expired."),
    ("INVALID_BINDING_MESSAGE", "A200303", BAD, "invalid_binding_message", "The binding_message is not acceptable."),
    ("INVALID_TARGET", "A200304", BAD, "invalid_target", "A requested resource is not acceptable."),
    ("INVALID_USER_CODE", "A200305", BAD, "invalid_user_code", "The user_code is wrong."),
    ("MISSING_USER_CODE", "A200306", BAD, "missing_user_code", "The user has to be asked with a user_code."),
    ("SERVER_ERROR", "A200101", "INTERNAL_SERVER_ERROR", "server_error", "The authorization server failed."),
    ("UNAUTHORIZED_CLIENT", "A200307", BAD, "unauthorized_client", "The client may not ask for this."),
    ("UNKNOWN_USER_ID", "A200308", BAD, "unknown_user_id", "The hint does not lead to a user."),
];

const BAD: &str = "BAD_REQUEST";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let given = |name| request.body.non_empty(name);
    let reason = given("reason")?.unwrap_or_else(|| "SERVER_ERROR".to_owned());
    let Some((_, code, action, error, message)) = REASONS.iter().find(|(name, ..)| *name == reason) else {
        return Err(ApiError::invalid("The member reason is not one of the reasons that Authlete defines."));
    };
    let info = ErrorInfo { description: given("errorDescription")?, uri: given("errorUri")? };
    // The ticket is only cleared away, so that it may be missing.
    if let Some(ticket) = given("ticket")? {
        let id = tenant.backchannels.for_server(&ticket).map(|(id, _)| id.to_owned());
        id.and_then(|id| tenant.backchannels.remove(&id));
    }
    let error = OAuthError { info, ..OAuthError::new(error, code, *message) };
    let members = json!({"responseContent": error.to_json(&tenant.settings)});
    Ok(reply::action(action, code, message, members))
}
