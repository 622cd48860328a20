//! The resource owner password credentials grant (RFC 6749, section 4.3): `auth_token_api` opens a ticket, the
//! authorization server checks the password, `auth_token_issue_api` or `auth_token_fail_api` ends it.

use serde_json::{Value, json};

use super::TokenRequest;
use super::grant::{self, Grant};
use crate::error::ApiError;
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError, rar, scope, target};
use crate::ops::properties;
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::schema::TICKET_SECONDS;
use crate::state::{Authorized, Tenant, TokenTicket};
use crate::views;

const OPENED: Code = "A050002";
const NO_CREDENTIALS: Code = "A050401";
const SCOPE: Code = "A050402";
const TARGET: Code = "A050403";
const ISSUED: Code = "A054001";
const NO_TICKET: Code = "A067201";
const SUBJECT: Code = "A067202";
const DEAD_TICKET: Code = "A067203";
const NO_REASON: Code = "A066201";

/// Each reason with our code, the error that the client gets, and what to say about it.
const REASONS: &[(&str, Code, &str, &str)] = &[
    ("UNKNOWN", "A066101", "server_error", "The request failed, and nobody said why."),
    // RFC 6749 would have invalid_grant; this is what Authlete answers.
    ("INVALID_RESOURCE_OWNER_CREDENTIALS", "A067301", "invalid_request", "The user's credentials are wrong."),
    ("INVALID_TARGET", "A066302", "invalid_target", "A requested resource is not acceptable."),
];

/// Members of a response of `auth_token_api` that `auth_token_issue_api` does not have.
const NOT_IN_ISSUE: &[&str] = &["clientAuthMethod", "grantType", "idToken"];

/// The token request: its ticket, and the credentials for the authorization server to check.
pub(super) fn open(tenant: &mut Tenant, request: &TokenRequest<'_>) -> Result<Reply, OperationError> {
    let invalid = |error, code, message: &str| OperationError::Client(OAuthError::new(error, code, message));
    let given = |name| {
        let message = format!("The request has no {name}.");
        request.parameters.get(name).ok_or_else(|| invalid("invalid_request", NO_CREDENTIALS, &message))
    };
    let (username, password) = (given("username")?, given("password")?);
    let client = &request.client.client;
    let requested = request.parameters.has("scope").then(|| request.parameters.words("scope"));
    let scopes = scope::grantable(&tenant.settings, client, requested.as_deref());
    if requested.is_none() && scopes.is_empty() && tenant.settings.flag("scopeRequired") {
        return Err(invalid("invalid_scope", SCOPE, "The service requires a scope."));
    }
    let details = target::requested(&tenant.settings, client, request.parameters, TARGET)?;
    let ticket = random::token::<32>()?;
    let members = json!({
        "ticket": ticket,
        "username": username,
        "password": password,
        "grantType": "PASSWORD",
        "clientId": client.id,
        "clientIdAlias": client.settings.string("clientIdAlias"),
        "clientIdAliasUsed": request.client.alias_used,
        "clientAuthMethod": request.client.method,
        "scopes": views::listed(&scopes),
        "resources": views::listed(&details.resources),
        "authorizationDetails": rar::to_api(&details.authorization_details),
        "serviceAttributes": tenant.settings.0.get("attributes"),
        "clientAttributes": client.settings.0.get("attributes"),
    });
    let record = TokenTicket {
        client_id: client.id,
        alias_used: request.client.alias_used,
        authorized: request.completed(Authorized {
            scopes,
            properties: request.properties.clone(),
            details,
            ..Authorized::default()
        }),
        lifetimes: request.lifetimes,
        access_token: request.chosen_token.clone(),
    };
    tenant.token_tickets.insert(ticket, request.now + TICKET_SECONDS * 1000, record);
    Ok(reply::action("PASSWORD", OPENED, "The request is valid and waits for the password to be checked.", members))
}

/// `auth_token_issue_api`.
pub(crate) fn issue(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    issue_tokens(tenant, request).or_else(|error| error.reply(&tenant.settings, "INTERNAL_SERVER_ERROR"))
}

fn issue_tokens(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let body = &request.body;
    let key = body.non_empty("ticket")?;
    let key = key.ok_or_else(|| OperationError::server(NO_TICKET, "The call has no ticket."))?;
    let subject = body.string("subject")?.unwrap_or_default();
    if subject.is_empty() || subject.len() > 100 || !subject.is_ascii() {
        return Err(OperationError::server(SUBJECT, "The subject has to have 1 to 100 ASCII characters."));
    }
    let added = properties(body)?;
    let lifetimes = body.lifetimes()?;
    let chosen = body.non_empty("accessToken")?;
    let jwt_claims = super::jwt_claims(request)?;
    let ticket = tenant.token_tickets.remove(&key);
    let ticket =
        ticket.ok_or_else(|| OperationError::server(DEAD_TICKET, "The ticket is unknown, used or expired."))?;
    let Some(client) = tenant.clients.get(&ticket.client_id) else {
        return Err(OperationError::server(DEAD_TICKET, "The ticket's client no longer exists."));
    };
    let none = Parameters::default();
    let token_request = TokenRequest {
        lifetimes: lifetimes.or(ticket.lifetimes),
        chosen_token: chosen.or(ticket.access_token),
        jwt_claims,
        binding: ticket.authorized.details.binding.clone(),
        ..TokenRequest::of_server(&none, client, ticket.alias_used, request.now)
    };
    let grant = Grant {
        grant_type: "PASSWORD",
        authorized: Authorized {
            subject: Some(subject),
            properties: grant::with_properties(ticket.authorized.properties, &added),
            ..ticket.authorized
        },
        refreshable: grant::refreshable(&tenant.settings, client),
        alias_used: ticket.alias_used,
        // Authlete makes none for this grant, which is OAuth's alone.
        no_id_token: true,
        ..Grant::default()
    };
    let (_, issued) = grant::issue(tenant, &token_request, grant)?;
    let issued = NOT_IN_ISSUE.iter().fold(issued, |reply, name| reply.with(name, Value::Null));
    Ok(issued.coded(ISSUED, "The tokens have been issued."))
}

/// `auth_token_fail_api`.
pub(crate) fn fail(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let given = |name| request.body.non_empty(name);
    let server =
        |code, message: &str| OperationError::server(code, message).reply(&tenant.settings, "INTERNAL_SERVER_ERROR");
    let Some(key) = given("ticket")? else { return server(NO_TICKET, "The call has no ticket.") };
    let Some(reason) = given("reason")? else { return server(NO_REASON, "The call has no reason.") };
    let Some((_, code, error, message)) = REASONS.iter().find(|(name, ..)| *name == reason) else {
        return Err(ApiError::invalid("The member reason is not one of the reasons that Authlete defines."));
    };
    if tenant.token_tickets.remove(&key).is_none() {
        return server(DEAD_TICKET, "The ticket is unknown, used or expired.");
    }
    OperationError::Client(OAuthError::new(error, code, *message)).reply(&tenant.settings, "BAD_REQUEST")
}
