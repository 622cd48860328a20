//! `device_verification_api`: what the user code on the page stands for (RFC 8628, section 3.3).

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::oauth::{grant, rar, scope};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Client, Pending, Tenant};
use crate::views;

const VALID: Code = "A224001";
const UNKNOWN: Code = "A230301";
const EXPIRED: Code = "A230302";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let user_code = request.body.string("userCode")?.unwrap_or_default();
    let found = tenant.devices.for_server(&user_code).map(|(_, pending)| pending);
    let found = found.and_then(|pending| Some((pending, tenant.clients.get(&pending.client_id)?)));
    let Some((pending, client)) = found else {
        return Ok(reply::action("NOT_EXIST", UNKNOWN, "There is no such user code.", json!({})));
    };
    let members = members(tenant, client, pending);
    Ok(match request.now < pending.expires_at {
        true => reply::action("VALID", VALID, "The user can decide.", members),
        false => reply::action("EXPIRED", EXPIRED, "The user code has expired.", members),
    })
}

/// What a consent page needs.
pub(crate) fn members(tenant: &Tenant, client: &Client, pending: &Pending) -> Value {
    let service = &tenant.settings;
    let settings = &client.settings;
    let openid = pending.scopes.iter().any(|scope| scope == "openid");
    let names = if openid { pending.details.claim_names() } else { Vec::new() };
    let mut members = json!({
        "clientId": client.id,
        "clientIdAlias": settings.string("clientIdAlias"),
        "clientIdAliasUsed": pending.alias_used,
        "clientName": settings.string("clientName"),
        "scopes": views::listed(&scope::undescribed(service, &pending.scopes)),
        "claimNames": views::listed(&names),
        "acrs": views::listed(&pending.acrs),
        "resources": views::listed(&pending.details.resources),
        "authorizationDetails": rar::to_api(&pending.details.authorization_details),
        "expiresAt": pending.expires_at,
        "serviceAttributes": service.0.get("attributes"),
        "clientAttributes": settings.0.get("attributes"),
    });
    if let Some(members) = members.as_object_mut() {
        members.extend(grant::members(tenant, pending.grant_request.as_ref()));
    }
    members
}
