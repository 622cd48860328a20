//! Clients: create, get, list, update, delete; and, one file each, what belongs to a client.

pub(crate) mod authorization;
pub(crate) mod credentials;
pub(crate) mod granted_scopes;
pub(crate) mod registration;
pub(crate) mod requestable_scopes;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::registry::clients::{self, Fixed};
use crate::reply::Reply;
use crate::request::Request;
use crate::state::{Client, Settings, Tenant};

/// The id of the client that a path names by id or alias.
pub(crate) fn named(tenant: &Tenant, identifier: &str) -> Result<u64, ApiError> {
    let found = tenant.client(identifier).map(|(client, _)| client.id);
    found.ok_or_else(|| ApiError::not_found(format!("Service {} has no client {identifier}.", tenant.id)))
}

/// `client_create_api`.
pub(crate) fn create(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let settings = Settings(request.body.members.clone());
    let client = clients::add(tenant, settings, Fixed::default(), request.now)?;
    Ok(Reply::Created(client.settings.to_value()))
}

/// `client_get_api`.
pub(crate) fn get(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let id = named(tenant, request.path("clientId"))?;
    Ok(Reply::Json(tenant.known_client(id)?.settings.to_value()))
}

/// `client_get_list_api`.
pub(crate) fn list(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let (start, end) = request.window()?;
    let developer = request.query("developer");
    let wanted = |client: &&Client| developer.is_none() || client.settings.string("developer") == developer;
    let clients: Vec<&Client> = tenant.clients_in_order().into_iter().filter(wanted).collect();
    let page: Vec<Value> =
        clients.iter().skip(start).take(end - start).map(|client| client.settings.to_value()).collect();
    Ok(Reply::Json(json!({"start": start, "end": end, "totalCount": clients.len(), "clients": page})))
}

/// `client_update_api`: what the body has takes the place of all settings but those that the server assigns.
pub(crate) fn update(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let id = named(tenant, request.path("clientId"))?;
    let client = clients::replace(tenant, id, Settings(request.body.members.clone()), request.now)?;
    Ok(Reply::Json(client.settings.to_value()))
}

/// `client_delete_api`: with its tokens and grants.
pub(crate) fn delete(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let id = named(tenant, request.path("clientId"))?;
    clients::remove(tenant, id);
    Ok(Reply::NoContent)
}
