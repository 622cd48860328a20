//! `grant_m_api`: the grant management endpoint (Grant Management for OAuth 2.0, section 6).

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::reply::{self, Code, Reply, result_message};
use crate::request::Request;
use crate::state::{Granted, Tenant};

const FOUND: Code = "A325001";
const REVOKED: Code = "A325002";
const CALL: Code = "A325201";
const TOKEN: Code = "A325301";
const SCOPE: Code = "A325302";
const UNKNOWN: Code = "A325303";
const OTHERS: Code = "A325304";

/// What the call may ask for and the emulator cannot check yet.
const NOT_IMPLEMENTED: &[&str] = &["clientCertificate", "dpop", "dpopNonceRequired"];

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    request.refuse(NOT_IMPLEMENTED)?;
    let given = |name| Ok::<_, ApiError>(request.body.text(name)?.filter(|text| !text.is_empty()));
    let caller_error = |message: &str| Ok(reply::action("CALLER_ERROR", CALL, message, json!({})));
    let query = match given("gmAction")?.as_deref() {
        Some("QUERY") => true,
        Some("REVOKE") => false,
        _ => return caller_error("The gmAction has to be QUERY or REVOKE."),
    };
    let Some(id) = given("grantId")? else { return caller_error("The call has no grantId.") };
    let value = given("accessToken")?.unwrap_or_default();
    let Some(token) = tenant.tokens.by_access(&value).filter(|token| token.is_alive(request.now)) else {
        let message = "The access token is missing, unknown or has expired.";
        return Ok(refused("UNAUTHORIZED", TOKEN, "invalid_token", message, ""));
    };
    let scope = if query { "grant_management_query" } else { "grant_management_revoke" };
    if !token.scopes.iter().any(|one| one == scope) {
        let message = "The access token does not have the scope for this.";
        return Ok(refused("FORBIDDEN", SCOPE, "insufficient_scope", message, &format!(",scope=\"{scope}\"")));
    }
    let Some(grant) = tenant.grants.get(&id) else {
        return Ok(refused("NOT_FOUND", UNKNOWN, "invalid_request", "There is no such grant.", ""));
    };
    if grant.client_id != token.client_id {
        return Ok(refused("FORBIDDEN", OTHERS, "invalid_token", "The grant is another client's.", ""));
    }
    if query {
        let members = json!({"responseContent": content(&grant.granted).to_string()});
        return Ok(reply::action("OK", FOUND, "This is what was granted.", members));
    }
    tenant.grants.remove(&id);
    tenant.tokens.remove_where(|token| token.details.grant_id.as_ref() == Some(&id));
    Ok(reply::action("NO_CONTENT", REVOKED, "The grant and its tokens are revoked.", json!({})))
}

/// An error, with the value of the header `WWW-Authenticate` as its content.
fn refused(action: &str, code: Code, error: &str, message: &str, attribute: &str) -> Reply {
    let description = result_message(code, message);
    let challenge = format!("Bearer error=\"{error}\",error_description=\"{description}\"{attribute}");
    reply::action(action, code, message, json!({"responseContent": challenge}))
}

/// The body of the answer to a query.
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
