//! Services: create, get, list, update, and the key set.

use serde_json::{Value, json};

use super::Caller;
use crate::error::ApiError;
use crate::random;
use crate::reply::Reply;
use crate::request::Request;
use crate::schema;
use crate::state::{Settings, State, Tenant};

/// Members that the server alone decides.
const ASSIGNED: &[&str] = &["number", "apiKey", "apiSecret", "serviceOwnerNumber", "createdAt", "modifiedAt"];

/// `service_create_api`: only for the organization.
pub(crate) fn create(state: &mut State, caller: &Caller, request: &Request) -> Result<Reply, ApiError> {
    if *caller != Caller::Organization {
        return Err(ApiError::forbidden("A service is created with the organization token."));
    }
    let mut settings = Settings(request.body.members.clone());
    schema::check(schema::SERVICE, &settings)?;
    let mut id = random::number()?;
    while state.services.contains_key(&id) {
        id = random::number()?;
    }
    state.created += 1;
    settings.set("number", json!(state.created));
    settings.set("serviceOwnerNumber", json!(1));
    settings.set("apiKey", json!(id));
    settings.set("apiSecret", json!(random::token::<32>()?));
    settings.set("createdAt", json!(request.now));
    settings.set("modifiedAt", json!(request.now));
    fill(&mut settings);
    let answer = settings.to_value();
    state.services.insert(id, Tenant::new(id, settings, random::token::<32>()?));
    Ok(Reply::Created(answer))
}

/// Puts in what a service has when nobody says otherwise.
fn fill(settings: &mut Settings) {
    for flag in schema::flags(schema::SERVICE) {
        settings.default(flag, json!(false));
    }
    settings.default("supportedGrantTypes", json!(["AUTHORIZATION_CODE", "REFRESH_TOKEN"]));
    settings.default("supportedResponseTypes", json!(["CODE"]));
    let methods = json!(["NONE", "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST"]);
    settings.default("supportedTokenAuthMethods", methods);
    settings.default("supportedDisplays", json!(["PAGE"]));
    settings.default("accessTokenType", json!("Bearer"));
    for (name, seconds) in [
        ("accessTokenDuration", schema::ACCESS_TOKEN_SECONDS),
        ("refreshTokenDuration", schema::REFRESH_TOKEN_SECONDS),
        ("idTokenDuration", schema::ID_TOKEN_SECONDS),
    ] {
        if settings.number(name) == 0 {
            settings.set(name, json!(seconds));
        }
    }
}

/// `service_get_api`.
pub(crate) fn get(tenant: &mut Tenant, _: &Request) -> Result<Reply, ApiError> {
    Ok(Reply::Json(tenant.settings.to_value()))
}

/// `service_get_list_api`: all services for the organization, its own for a service.
pub(crate) fn list(state: &mut State, caller: &Caller, request: &Request) -> Result<Reply, ApiError> {
    let (start, end) = request.window()?;
    let mut visible: Vec<&Tenant> = state
        .services
        .values()
        .filter(|tenant| [Caller::Organization, Caller::Service(tenant.id)].contains(caller))
        .collect();
    visible.sort_by_key(|tenant| tenant.settings.number("number"));
    let services: Vec<Value> =
        visible.iter().skip(start).take(end - start).map(|tenant| tenant.settings.to_value()).collect();
    Ok(Reply::Json(json!({"start": start, "end": end, "totalCount": visible.len(), "services": services})))
}

/// `service_update_api`: what the body has takes the place of all settings but those that the server assigns.
pub(crate) fn update(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let mut settings = Settings(request.body.members.clone());
    schema::check(schema::SERVICE, &settings)?;
    for name in ASSIGNED {
        settings.set(name, tenant.settings.0.get(*name).cloned().unwrap_or(Value::Null));
    }
    settings.set("modifiedAt", json!(request.now));
    fill(&mut settings);
    tenant.settings = settings;
    Ok(Reply::Json(tenant.settings.to_value()))
}

/// `service_jwks_get_api`: the public halves of the keys that sign.
pub(crate) fn jwks(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let private = request.query.iter().any(|(name, value)| name == "includePrivateKeys" && value == "true");
    if private {
        return Err(ApiError::not_implemented("includePrivateKeys in service_jwks_get_api"));
    }
    Ok(Reply::Json(tenant.keys.published(&tenant.settings)?))
}
