//! What a user has granted a client so far, which outlives the tokens.

use serde_json::json;

use super::named;
use crate::error::ApiError;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::Tenant;

const FOUND: Code = "A137001";
const NONE: Code = "A137002";
const DELETED: Code = "A139001";

/// `client_granted_scopes_get_api` and its other forms. No lists where the user has granted nothing yet.
pub(crate) fn get(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let id = named(tenant, request.path("clientId"))?;
    let subject = request.subject()?;
    let consent = tenant.consents.get(id, &subject);
    let (code, message) = match consent {
        Some(_) => (FOUND, "The user has granted scopes to the client."),
        None => (NONE, "The user has granted nothing to the client."),
    };
    let members = json!({
        "serviceApiKey": tenant.id,
        "clientId": id,
        "subject": subject,
        "latestGrantedScopes": consent.map(|consent| &consent.latest),
        "mergedGrantedScopes": consent.map(|consent| &consent.merged),
        "modifiedAt": consent.map_or(0, |consent| consent.modified_at),
    });
    Ok(reply::result(code, message, members))
}

/// `client_granted_scopes_delete_api` and its other form: forgets the scopes, and leaves tokens as they are.
pub(crate) fn delete(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let id = named(tenant, request.path("clientId"))?;
    tenant.consents.remove(id, &request.subject()?);
    Ok(reply::result(DELETED, "What the user has granted the client is forgotten.", json!({})))
}
