//! `auth_authorization_issue_api`: ends an authorization request with a code for the client.

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::oauth::{OAuthError, Stop, scope};
use crate::random;
use crate::reply::{Code as ResultCode, Reply};
use crate::request::Request;
use crate::schema::CODE_SECONDS;
use crate::state::{Code, Tenant, Ticket};

const ISSUED: ResultCode = "A040001";
const NO_TICKET: ResultCode = "A040201";
const SUBJECT: ResultCode = "A040202";
const CLAIMS: ResultCode = "A040203";
const DEAD_TICKET: ResultCode = "A040301";

/// What the call may ask for and the emulator cannot do yet.
const NOT_IMPLEMENTED: &[&str] = &[
    "idtHeaderParams",
    "claimsForTx",
    "verifiedClaimsForTx",
    "authorizationDetails",
    "jwtAtClaims",
    "accessToken",
    "accessTokenDuration",
    "sessionId",
    "idTokenAudType",
];

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    request.refuse(NOT_IMPLEMENTED)?;
    issue(tenant, request).or_else(|stop| stop.reply(&tenant.settings, "BAD_REQUEST"))
}

fn issue(tenant: &mut Tenant, request: &Request) -> Result<Reply, Stop> {
    let body = &request.body;
    let Some(key) = body.text("ticket")?.filter(|ticket| !ticket.is_empty()) else {
        return Err(Stop::server(NO_TICKET, "The call has no ticket."));
    };
    let subject = body.text("subject")?.unwrap_or_default();
    if subject.is_empty() || subject.len() > 100 || !subject.is_ascii() {
        return Err(Stop::server(SUBJECT, "The subject has to have 1 to 100 ASCII characters."));
    }
    // The values are for claims that are asked for one by one, which the emulator does not know: they are only checked.
    let claims = body.text("claims")?.filter(|claims| !claims.is_empty());
    if claims.is_some_and(|claims| serde_json::from_str::<Map<String, Value>>(&claims).is_err()) {
        return Err(Stop::server(CLAIMS, "The member claims is not a JSON object as a text."));
    }
    let given = Given {
        subject,
        sub: body.text("sub")?.filter(|sub| !sub.is_empty()),
        scopes: body.texts("scopes")?,
        auth_time: body.number("authTime")?.filter(|seconds| *seconds > 0),
        acr: body.text("acr")?.filter(|acr| !acr.is_empty()),
        properties: super::properties(body)?,
        consented_claims: body.texts("consentedClaims")?.unwrap_or_default(),
    };
    let Some(ticket) = tenant.tickets.remove(&key) else {
        let message = "The ticket is unknown, used or expired.";
        return Err(OAuthError::new("invalid_request", DEAD_TICKET, message).into());
    };
    Ok(grant(tenant, ticket, given, request.now)?)
}

/// What the authorization server says about the grant.
struct Given {
    subject: String,
    sub: Option<String>,
    scopes: Option<Vec<String>>,
    auth_time: Option<u64>,
    acr: Option<String>,
    properties: Vec<Value>,
    consented_claims: Vec<String>,
}

fn grant(tenant: &mut Tenant, ticket: Ticket, given: Given, now: u64) -> Result<Reply, ApiError> {
    let Some(client) = tenant.clients.get(&ticket.client_id) else {
        return Err(ApiError::not_found("The ticket's client no longer exists."));
    };
    let scopes = match given.scopes {
        None => ticket.scopes.clone(),
        Some(replacing) => {
            let had_openid = ticket.scopes.iter().any(|scope| scope == "openid");
            let mut scopes = scope::grantable(&tenant.settings, client, Some(&replacing));
            scopes.retain(|scope| scope != "openid" || had_openid);
            scopes
        }
    };
    tenant.consents.record(ticket.client_id, &given.subject, &scopes, now);
    let code = random::token::<32>()?;
    let destination = ticket.destination.clone();
    let expires_at = now + 1000 * tenant.duration("authorizationCodeDuration", CODE_SECONDS);
    let record = Code {
        ticket,
        subject: given.subject,
        sub: given.sub,
        scopes,
        auth_time: given.auth_time,
        acr: given.acr,
        properties: given.properties,
        consented_claims: given.consented_claims,
        expires_at,
        token: None,
    };
    tenant.codes.insert(code.clone(), expires_at, record);
    let members = json!({"authorizationCode": code, "accessTokenDuration": 0, "accessTokenExpiresAt": 0});
    Ok(destination.reply_with(ISSUED, "The client gets an authorization code.", &[("code", &code)], members))
}
