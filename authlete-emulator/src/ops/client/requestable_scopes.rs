//! The scopes that a client is held to, where it is held to any: its `extension.requestableScopes`.

use serde_json::{Map, Value, json};

use super::named;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::request::Request;
use crate::schema;
use crate::state::Tenant;

/// `client_extension_requestables_scopes_get_api`: no list where the client may ask for every scope.
pub(crate) fn get(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let extension = extension(tenant, request)?;
    let enabled = extension.get("requestableScopesEnabled") == Some(&json!(true));
    let scopes = extension.get("requestableScopes").filter(|_| enabled).cloned().unwrap_or(Value::Null);
    Ok(Reply::Json(json!({"requestableScopes": scopes})))
}

/// `client_extension_requestables_scopes_update_api`: scopes that the service does not know are dropped.
pub(crate) fn update(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let Some(wanted) = request.body.strings("requestableScopes")? else { return clear(tenant, request) };
    let supported = |name: &&String| schema::has_scope(&tenant.settings, name);
    let scopes: Vec<&String> = wanted.iter().filter(supported).collect();
    let answer = json!({"requestableScopes": scopes});
    let members = json!({"requestableScopes": scopes, "requestableScopesEnabled": true});
    set(tenant, request, &members)?;
    Ok(Reply::Json(answer))
}

/// `client_extension_requestables_scopes_delete_api`: the client may ask for every scope again.
pub(crate) fn delete(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    clear(tenant, request)?;
    Ok(Reply::NoContent)
}

fn clear(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    set(tenant, request, &json!({"requestableScopes": null, "requestableScopesEnabled": false}))?;
    Ok(Reply::Json(json!({})))
}

fn extension(tenant: &mut Tenant, request: &Request) -> Result<Map<String, Value>, ApiError> {
    let id = named(tenant, request.path("clientId"))?;
    let extension = tenant.known_client(id)?.settings.0.get("extension").and_then(Value::as_object).cloned();
    Ok(extension.unwrap_or_default())
}

fn set(tenant: &mut Tenant, request: &Request, members: &Value) -> Result<(), ApiError> {
    let mut extension = extension(tenant, request)?;
    extension.extend(members.as_object().cloned().unwrap_or_default());
    let id = named(tenant, request.path("clientId"))?;
    let client = tenant.known_client(id)?;
    client.settings.set("extension", Value::Object(extension));
    client.settings.set("modifiedAt", json!(request.now));
    Ok(())
}
