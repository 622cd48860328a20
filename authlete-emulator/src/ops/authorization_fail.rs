//! `auth_authorization_fail_api`: ends an authorization request with an error for the client.

use crate::error::ApiError;
use crate::oauth::{OAuthError, OperationError, redirect};
use crate::reply::{Code, Reply};
use crate::request::Request;
use crate::state::Tenant;

const NO_TICKET: Code = "A060201";
const NO_REASON: Code = "A060202";
const DEAD_TICKET: Code = "A060301";

/// Each reason with our code, the error that the client gets, and what to say about it.
const REASONS: &[(&str, Code, &str, &str)] = &[
    ("UNKNOWN", "A060101", "server_error", "The request failed, and nobody said why."),
    ("NOT_LOGGED_IN", "A060302", "login_required", "No user is logged in."),
    ("MAX_AGE_NOT_SUPPORTED", "A060303", "login_required", "When the user logged in is not known."),
    ("EXCEEDS_MAX_AGE", "A060304", "login_required", "The login is older than max_age."),
    ("DIFFERENT_SUBJECT", "A060305", "login_required", "Another user than the requested one is logged in."),
    ("ACR_NOT_SATISFIED", "A060306", "unmet_authentication_requirements", "No requested ACR was satisfied."),
    ("DENIED", "A060307", "access_denied", "The user denied the request."),
    ("SERVER_ERROR", "A060102", "server_error", "The authorization server failed."),
    ("NOT_AUTHENTICATED", "A060308", "login_required", "The user did not log in."),
    ("ACCOUNT_SELECTION_REQUIRED", "A060309", "account_selection_required", "The user has to choose an account."),
    ("CONSENT_REQUIRED", "A060310", "consent_required", "The user has to consent."),
    ("INTERACTION_REQUIRED", "A060311", "interaction_required", "The user has to take part."),
    ("INVALID_TARGET", "A060312", "invalid_target", "A requested resource is not acceptable."),
];

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    fail(tenant, request).or_else(|error| error.reply(&tenant.settings, "BAD_REQUEST"))
}

fn fail(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let given = |name| request.body.non_empty(name);
    let ticket = given("ticket")?.ok_or_else(|| OperationError::server(NO_TICKET, "The call has no ticket."))?;
    let reason = given("reason")?.ok_or_else(|| OperationError::server(NO_REASON, "The call has no reason."))?;
    let Some((_, code, error, message)) = REASONS.iter().find(|(name, ..)| *name == reason) else {
        return Err(ApiError::invalid("The member reason is not one of the reasons that Authlete defines.").into());
    };
    let description = given("description")?;
    let Some(ticket) = tenant.tickets.remove(&ticket) else {
        let message = "The ticket is unknown, used or expired.";
        return Err(OAuthError::new("invalid_request", DEAD_TICKET, message).into());
    };
    let error = OAuthError::new(error, code, description.unwrap_or_else(|| (*message).to_owned()));
    redirect::error(&ticket.destination, tenant, request.now, &error)
}
