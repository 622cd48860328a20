//! Clients: added, changed and removed.

use serde_json::{Value, json};

use super::free_id;
use crate::error::ApiError;
use crate::oauth::{sector, support};
use crate::random;
use crate::schema;
use crate::state::{CAPACITY, Client, Settings, Tenant};

/// Members that the server alone decides.
const ASSIGNED: &[&str] = &[
    "number",
    "serviceNumber",
    "clientId",
    "clientSecret",
    "createdAt",
    "modifiedAt",
    "dynamicallyRegistered",
    "clientSource",
    "registrationAccessTokenHash",
    "discoveredByMetadataDocument",
    "metadataDocumentLocation",
    "metadataDocumentExpiresAt",
    "metadataDocumentUpdatedAt",
    "entityId",
    "trustAnchorId",
    "trustChain",
    "trustChainExpiresAt",
    "trustChainUpdatedAt",
    "automaticallyRegistered",
    "explicitlyRegistered",
];

/// What the start-up file may fix and is random otherwise.
#[derive(Default)]
pub(crate) struct Fixed {
    pub(crate) id: Option<u64>,
    pub(crate) secret: Option<String>,
}

/// Adds a client with these settings.
pub(crate) fn add(tenant: &mut Tenant, mut settings: Settings, fixed: Fixed, now: u64) -> Result<&Client, ApiError> {
    schema::CLIENT.apply(&mut settings)?;
    support::check_client(&settings)?;
    check_alias(tenant, &settings, None)?;
    if tenant.clients.len() >= CAPACITY {
        return Err(ApiError::forbidden(format!("A service keeps {CAPACITY} clients; delete one first.")));
    }
    let id = free_id(|id| tenant.clients.contains(id), fixed.id)?;
    let secret = match fixed.secret {
        Some(secret) => secret,
        None => random::token::<64>()?,
    };
    tenant.created += 1;
    settings.set("number", json!(tenant.created));
    settings.set("serviceNumber", json!(tenant.settings.number("number")));
    settings.set("clientId", json!(id));
    settings.set("clientSecret", json!(secret));
    settings.set("createdAt", json!(now));
    settings.set("modifiedAt", json!(now));
    fill(&mut settings);
    Ok(tenant.clients.insert(Client { id, settings }))
}

/// Puts these settings in the place of all but those that the server assigns.
pub(crate) fn replace(tenant: &mut Tenant, id: u64, mut settings: Settings, now: u64) -> Result<&Client, ApiError> {
    schema::CLIENT.apply(&mut settings)?;
    support::check_client(&settings)?;
    check_alias(tenant, &settings, Some(id))?;
    let client = tenant.known_client(id)?;
    for name in ASSIGNED {
        settings.set(name, client.settings.0.get(*name).cloned().unwrap_or(Value::Null));
    }
    settings.set("modifiedAt", json!(now));
    fill(&mut settings);
    Ok(tenant.clients.replace(id, settings))
}

/// Removes a client with all that it was granted.
pub(crate) fn remove(tenant: &mut Tenant, id: u64) {
    tenant.clients.remove(id);
    tenant.tokens.remove_where(|token| token.client_id == id);
    tenant.grants.remove_of(id);
    tenant.consents.remove_of(id);
}

fn check_alias(tenant: &Tenant, settings: &Settings, own: Option<u64>) -> Result<(), ApiError> {
    let Some(alias) = settings.string("clientIdAlias") else { return Ok(()) };
    let is_url = ["http://", "https://"].iter().any(|scheme| alias.starts_with(scheme));
    if is_url && tenant.settings.flag("httpAliasProhibited") {
        return Err(ApiError::invalid("The service has no aliases that begin with http:// or https://."));
    }
    match tenant.clients.by_alias(alias) {
        Some(client) if Some(client.id) != own => {
            Err(ApiError::invalid(format!("Another client has the alias {alias}.")))
        }
        _ => Ok(()),
    }
}

/// Puts in what a client has when nobody says otherwise. Grant and response types are those of RFC 7591.
fn fill(settings: &mut Settings) {
    schema::CLIENT.fill(settings);
    settings.default("clientType", json!("CONFIDENTIAL"));
    let confidential = settings.string("clientType") == Some("CONFIDENTIAL");
    settings.default("tokenAuthMethod", json!(if confidential { "CLIENT_SECRET_BASIC" } else { "NONE" }));
    settings.default("grantTypes", json!(["AUTHORIZATION_CODE"]));
    settings.default("responseTypes", json!(["CODE"]));
    settings.default("applicationType", json!("WEB"));
    settings.default("subjectType", json!("PUBLIC"));
    // OpenID Connect Dynamic Client Registration 1.0, section 2.
    settings.default("idTokenSignAlg", json!("RS256"));
    settings.default("dynamicallyRegistered", json!(false));
    settings.default("clientSource", json!("STATIC_REGISTRATION"));
    settings.set("derivedSectorIdentifier", json!(sector::derived(settings)));
}
