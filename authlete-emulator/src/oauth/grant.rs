//! Grants that authorization requests make and change (Grant Management for OAuth 2.0, section 5).

use serde_json::{Map, Value, json};

use super::OAuthError;
use super::parameters::Parameters;
use super::rar;
use crate::error::ApiError;
use crate::reply::Code;
use crate::state::{Client, Details, Grant, GrantAction, GrantRequest, Granted, GrantedScopes, Tenant};

/// What the request says about grants.
pub(crate) fn requested(
    tenant: &Tenant,
    client: &Client,
    parameters: &Parameters,
    code: Code,
) -> Result<Option<GrantRequest>, OAuthError> {
    let refused = |error, message: &str| Err(OAuthError::new(error, code, message));
    let id = parameters.get("grant_id").map(str::to_owned);
    let action = match parameters.get("grant_management_action") {
        None if id.is_some() => {
            return refused("invalid_request", "There is a grant_id, but no grant_management_action.");
        }
        None if tenant.settings.flag("grantManagementActionRequired") => {
            return refused("invalid_request", "The service requires a grant_management_action.");
        }
        None => return Ok(None),
        Some("create") => GrantAction::Create,
        Some("merge") => GrantAction::Merge,
        Some("replace") => GrantAction::Replace,
        Some(_) => return refused("invalid_request", "There is no such grant_management_action."),
    };
    if client.is_public() {
        return refused("unauthorized_client", "Grant management is for confidential clients.");
    }
    if (action == GrantAction::Create) == id.is_some() {
        return refused("invalid_request", "A grant_id goes with merge and replace, and not with create.");
    }
    let known = |id: &String| tenant.grants.get(id).is_some_and(|grant| grant.client_id == client.id);
    if !id.as_ref().is_none_or(known) {
        return refused("invalid_grant_id", "The client has no such grant.");
    }
    Ok(Some(GrantRequest { action, id }))
}

/// Does what the request asked for, now that the user has agreed, and returns the grant's id.
pub(crate) fn apply(
    tenant: &mut Tenant,
    request: &GrantRequest,
    owner: (u64, &str),
    scopes: &[String],
    details: &Details,
    now: u64,
) -> Result<String, ApiError> {
    let (client_id, subject) = owner;
    let granted_scopes = GrantedScopes { scope: scopes.join(" "), resource: details.resources.clone() };
    let mut claims = details.id_token_claims.clone();
    claims.extend(details.userinfo_claims.iter().filter(|claim| !details.id_token_claims.contains(claim)).cloned());
    let granted = Granted {
        scopes: if scopes.is_empty() { Vec::new() } else { vec![granted_scopes] },
        claims,
        authorization_details: details.authorization_details.clone(),
    };
    let grant = Grant { client_id, subject: subject.to_owned(), granted };
    tenant.grants.apply(request, grant, now)
}

/// The members of an API answer about what the request does to a grant.
pub(crate) fn members(tenant: &Tenant, request: Option<&GrantRequest>) -> Map<String, Value> {
    let action = request.map(|request| match request.action {
        GrantAction::Create => "CREATE",
        GrantAction::Merge => "MERGE",
        GrantAction::Replace => "REPLACE",
    });
    let id = request.and_then(|request| request.id.as_ref());
    let grant = id.and_then(|id| tenant.grants.get(id));
    let members = [
        ("gmAction", json!(action)),
        ("grantId", json!(id)),
        ("grant", grant.map_or(Value::Null, |grant| to_api(&grant.granted))),
        ("grantSubject", json!(grant.map(|grant| &grant.subject))),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A grant in the form of Authlete's answers.
pub(crate) fn to_api(granted: &Granted) -> Value {
    json!({
        "scopes": granted.scopes,
        "claims": granted.claims,
        "authorizationDetails": rar::to_api(&granted.authorization_details),
    })
}
