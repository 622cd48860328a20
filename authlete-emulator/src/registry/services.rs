//! Services: added and changed.

use serde_json::{Value, json};

use super::free_id;
use crate::error::ApiError;
use crate::oauth::support;
use crate::random;
use crate::schema;
use crate::state::{Settings, State, Tenant};
use crate::vci;

/// The emulator keeps this many services.
const CAPACITY: usize = 1_000;

/// Members that the server alone decides.
const ASSIGNED: &[&str] =
    &["number", "apiKey", "apiSecret", "serviceOwnerNumber", "createdAt", "modifiedAt", "metadata", "hsks"];

/// What the start-up file may fix and is random otherwise.
#[derive(Default)]
pub(crate) struct Fixed {
    pub(crate) id: Option<u64>,
    pub(crate) access_token: Option<String>,
}

/// Adds a service with these settings.
pub(crate) fn add(state: &mut State, mut settings: Settings, fixed: Fixed, now: u64) -> Result<&mut Tenant, ApiError> {
    schema::SERVICE.apply(&mut settings)?;
    support::check_service(&settings)?;
    if state.services.len() >= CAPACITY {
        return Err(ApiError::forbidden(format!("The emulator keeps {CAPACITY} services; delete one first.")));
    }
    let access_token = match fixed.access_token {
        Some(token) => token,
        None => random::token::<32>()?,
    };
    if state.knows_token(&access_token) {
        return Err(ApiError::invalid("The access token is another's."));
    }
    let id = free_id(|id| state.services.contains(id), fixed.id)?;
    state.created += 1;
    settings.set("number", json!(state.created));
    settings.set("serviceOwnerNumber", json!(1));
    settings.set("apiKey", json!(id));
    settings.set("apiSecret", json!(random::token::<32>()?));
    settings.set("createdAt", json!(now));
    settings.set("modifiedAt", json!(now));
    vci::keys::name(&mut settings);
    fill(&mut settings);
    Ok(state.services.insert(Tenant::new(id, settings, access_token)))
}

/// Puts these settings in the place of all but those that the server assigns.
pub(crate) fn replace(tenant: &mut Tenant, mut settings: Settings, now: u64) -> Result<(), ApiError> {
    schema::SERVICE.apply(&mut settings)?;
    support::check_service(&settings)?;
    for name in ASSIGNED {
        settings.set(name, tenant.settings.0.get(*name).cloned().unwrap_or(Value::Null));
    }
    settings.set("modifiedAt", json!(now));
    vci::keys::name(&mut settings);
    fill(&mut settings);
    tenant.settings = settings;
    Ok(())
}

/// Puts in what a service has when nobody says otherwise.
fn fill(settings: &mut Settings) {
    schema::SERVICE.fill(settings);
    settings.default("supportedGrantTypes", json!(["AUTHORIZATION_CODE", "REFRESH_TOKEN"]));
    settings.default("supportedResponseTypes", json!(["CODE"]));
    let methods = json!(["NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST"]);
    settings.default("supportedTokenAuthMethods", methods);
    settings.default("supportedDisplays", json!(["PAGE"]));
    settings.default("supportedClaimTypes", json!(["NORMAL"]));
    settings.default("accessTokenType", json!("Bearer"));
    for (name, seconds) in
        [("accessTokenDuration", schema::ACCESS_TOKEN_SECONDS), ("refreshTokenDuration", schema::REFRESH_TOKEN_SECONDS)]
    {
        if settings.number(name) == 0 {
            settings.set(name, json!(seconds));
        }
    }
}
