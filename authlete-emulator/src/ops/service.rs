//! Services: create, get, list, update, delete, and the key set.

use serde_json::{Value, json};

use super::Caller;
use crate::error::ApiError;
use crate::registry::services::{self, Fixed};
use crate::reply::Reply;
use crate::request::Request;
use crate::state::{Settings, State, Tenant};

/// A service with what is counted about it.
pub(super) fn view(tenant: &Tenant) -> Value {
    let mut settings = tenant.settings.to_value();
    settings["metadata"] = json!([{"key": "clientCount", "value": tenant.clients.len().to_string()}]);
    settings
}

/// `service_create_api`: only for the organization.
pub(crate) fn create(state: &mut State, caller: &Caller, request: &Request) -> Result<Reply, ApiError> {
    if *caller != Caller::Organization {
        return Err(ApiError::forbidden("A service is created with the organization token."));
    }
    let settings = Settings(request.body.members.clone());
    let tenant = services::add(state, settings, Fixed::default(), request.now)?;
    Ok(Reply::Created(view(tenant)))
}

/// `service_get_api`.
pub(crate) fn get(tenant: &mut Tenant, _: &Request) -> Result<Reply, ApiError> {
    Ok(Reply::Json(view(tenant)))
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
    let services: Vec<Value> = visible.iter().skip(start).take(end - start).map(|tenant| view(tenant)).collect();
    Ok(Reply::Json(json!({"start": start, "end": end, "totalCount": visible.len(), "services": services})))
}

/// `service_update_api`: what the body has takes the place of all settings but those that the server assigns.
pub(crate) fn update(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    services::replace(tenant, Settings(request.body.members.clone()), request.now)?;
    Ok(Reply::Json(view(tenant)))
}

/// `service_delete_api`: with its clients and all that they were granted.
pub(crate) fn delete(state: &mut State, id: u64, _: &Request) -> Result<Reply, ApiError> {
    state.services.remove(id);
    Ok(Reply::NoContent)
}

/// `service_jwks_get_api`: the public halves of the keys, or both where the call asks for them.
pub(crate) fn jwks(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    if request.query("includePrivateKeys") == Some("true") {
        return Ok(Reply::Json(tenant.keys.with_private_halves(&tenant.settings)?));
    }
    Ok(Reply::Json(tenant.keys.published(&tenant.settings)?))
}
