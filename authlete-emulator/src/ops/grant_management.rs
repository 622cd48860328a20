//! `grant_m_api`: the grant management endpoint (Grant Management for OAuth 2.0, section 6).

use serde_json::{Map, Value, json};

use super::introspection::{self, Refusal};
use crate::error::ApiError;
use crate::oauth::{OperationError, dpop};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Granted, Tenant};

const FOUND: Code = "A325001";
const REVOKED: Code = "A325002";
const CALL: Code = "A325201";
const TOKEN: Code = "A325301";
const SCOPE: Code = "A325302";
const UNKNOWN: Code = "A325303";
const OTHERS: Code = "A325304";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let reply = manage(tenant, request).or_else(|error| match error {
        OperationError::Api(error) => Err(error),
        OperationError::Client(error) | OperationError::Server(error) => {
            let members = json!({"responseContent": "Bearer error=\"server_error\""});
            Ok(reply::action("AUTHLETE_ERROR", error.code, &error.message, members))
        }
    })?;
    Ok(reply.with("dpopNonce", json!(dpop::nonce(tenant, request)?)))
}

fn manage(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let given = |name| request.body.non_empty(name);
    let caller_error = |message: &str| Ok(reply::action("CALLER_ERROR", CALL, message, json!({})));
    let query = match given("gmAction")?.as_deref() {
        Some("QUERY") => true,
        Some("REVOKE") => false,
        _ => return caller_error("The gmAction has to be QUERY or REVOKE."),
    };
    let Some(id) = given("grantId")? else { return caller_error("The call has no grantId.") };
    let token = given("accessToken")?.unwrap_or_default();
    let scope = if query { "grant_management_query" } else { "grant_management_revoke" };
    if let Some(refusal) = refusal(tenant, request, &id, &token, scope)? {
        let content = refusal.challenge(tenant.settings.flag("errorDescriptionOmitted"));
        let members = json!({"responseContent": content});
        return Ok(reply::action(refusal.action, refusal.code, &refusal.message, members));
    }
    if query {
        let content = tenant.grants.get(&id).map(|grant| content(&grant.granted).to_string());
        return Ok(reply::action("OK", FOUND, "This is what was granted.", json!({"responseContent": content})));
    }
    tenant.grants.remove(&id);
    tenant.tokens.remove_where(|token| token.authorized.details.grant_id.as_ref() == Some(&id));
    Ok(reply::action("NO_CONTENT", REVOKED, "The grant and its tokens are revoked.", json!({})))
}

/// Why the access token is not good for managing the grant.
fn refusal(
    tenant: &mut Tenant,
    request: &Request,
    grant_id: &str,
    value: &str,
    scope: &str,
) -> Result<Option<Refusal>, OperationError> {
    let Some(token) = tenant.tokens.by_access(value).filter(|token| token.is_alive(request.now)).cloned() else {
        let message = "The access token is missing, unknown or has expired.";
        return Ok(Some(Refusal::new("UNAUTHORIZED", TOKEN, "invalid_token", message)));
    };
    if let Some(refusal) = introspection::unproven(tenant, request, &token, value)? {
        return Ok(Some(refusal));
    }
    if !token.authorized.scopes.iter().any(|one| one == scope) {
        let message = "The access token does not have the scope for this.";
        let mut refusal = Refusal::new("FORBIDDEN", SCOPE, "insufficient_scope", message);
        refusal.attribute = Some(format!("scope=\"{scope}\""));
        return Ok(Some(refusal));
    }
    Ok(match tenant.grants.get(grant_id) {
        None => Some(Refusal::new("NOT_FOUND", UNKNOWN, "invalid_request", "There is no such grant.")),
        Some(grant) if grant.client_id != token.client_id => {
            Some(Refusal::new("FORBIDDEN", OTHERS, "invalid_token", "The grant is another client's."))
        }
        Some(_) => None,
    })
}

/// The body of the response to a query.
fn content(granted: &Granted) -> Value {
    let scopes = granted.scopes.iter().map(|scopes| {
        let mut members = Map::from_iter([("scope".to_owned(), json!(scopes.scope))]);
        if !scopes.resource.is_empty() {
            members.insert("resource".to_owned(), json!(scopes.resource));
        }
        Value::Object(members)
    });
    let mut members = Map::from_iter([("scopes".to_owned(), scopes.collect())]);
    if !granted.claims.is_empty() {
        members.insert("claims".to_owned(), json!(granted.claims));
    }
    if !granted.authorization_details.is_empty() {
        members.insert("authorization_details".to_owned(), json!(granted.authorization_details));
    }
    Value::Object(members)
}
