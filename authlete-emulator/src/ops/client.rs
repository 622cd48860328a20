//! Clients: create, get, list.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::random;
use crate::reply::Reply;
use crate::request::Request;
use crate::schema;
use crate::state::{Client, Settings, Tenant};

/// `client_create_api`.
pub(crate) fn create(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let mut settings = Settings(request.body.members.clone());
    schema::check(schema::CLIENT, &settings)?;
    if let Some(alias) = settings.text("clientIdAlias")
        && tenant.clients.values().any(|client| client.settings.text("clientIdAlias") == Some(alias))
    {
        return Err(ApiError::invalid(format!("Another client has the alias {alias}.")));
    }
    let mut id = random::number()?;
    while tenant.clients.contains_key(&id) {
        id = random::number()?;
    }
    tenant.created += 1;
    settings.set("number", json!(tenant.created));
    settings.set("serviceNumber", json!(tenant.settings.number("number")));
    settings.set("clientId", json!(id));
    settings.set("clientSecret", json!(random::token::<64>()?));
    settings.set("createdAt", json!(request.now));
    settings.set("modifiedAt", json!(request.now));
    fill(&mut settings);
    let answer = settings.to_value();
    tenant.clients.insert(id, Client { id, settings });
    Ok(Reply::Created(answer))
}

/// Puts in what a client has when nobody says otherwise. Grant and response types are those of RFC 7591.
fn fill(settings: &mut Settings) {
    for flag in schema::flags(schema::CLIENT) {
        settings.default(flag, json!(false));
    }
    settings.default("clientType", json!("CONFIDENTIAL"));
    let confidential = settings.text("clientType") == Some("CONFIDENTIAL");
    settings.default("tokenAuthMethod", json!(if confidential { "CLIENT_SECRET_BASIC" } else { "NONE" }));
    settings.default("grantTypes", json!(["AUTHORIZATION_CODE"]));
    settings.default("responseTypes", json!(["CODE"]));
    settings.default("applicationType", json!("WEB"));
    settings.default("subjectType", json!("PUBLIC"));
    settings.default("idTokenSignAlg", json!("ES256"));
    settings.default("dynamicallyRegistered", json!(false));
    settings.default("clientSource", json!("STATIC_REGISTRATION"));
}

/// `client_get_api`.
pub(crate) fn get(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let identifier = request.path("clientId");
    match tenant.client(identifier) {
        Some((client, _)) => Ok(Reply::Json(client.settings.to_value())),
        None => Err(ApiError::not_found(format!("Service {} has no client {identifier}.", tenant.id))),
    }
}

/// `client_get_list_api`.
pub(crate) fn list(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let (start, end) = request.window()?;
    let developer = request.query.iter().find(|(name, _)| name == "developer").map(|(_, value)| value.as_str());
    let wanted = |client: &&Client| developer.is_none() || client.settings.text("developer") == developer;
    let mut clients: Vec<&Client> = tenant.clients.values().filter(wanted).collect();
    clients.sort_by_key(|client| client.settings.number("number"));
    let page: Vec<Value> =
        clients.iter().skip(start).take(end - start).map(|client| client.settings.to_value()).collect();
    Ok(Reply::Json(json!({"start": start, "end": end, "totalCount": clients.len(), "clients": page})))
}
