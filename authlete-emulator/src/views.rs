//! Forms that objects take in several answers.

use serde::Serialize;
use serde_json::{Value, json};

use crate::operation::Shape;
use crate::reply::Reply;
use crate::request::Request;
use crate::state::{Client, Settings, Tenant};

/// The members of a client that a consent page may show.
const CLIENT: &[&str] = &[
    "number",
    "serviceNumber",
    "clientName",
    "clientNames",
    "description",
    "descriptions",
    "clientId",
    "clientIdAlias",
    "clientIdAliasEnabled",
    "clientType",
    "logoUri",
    "logoUris",
    "tosUri",
    "tosUris",
    "policyUri",
    "policyUris",
    "defaultMaxAge",
    "authTimeRequired",
    "createdAt",
    "modifiedAt",
    "parRequired",
    "pkceRequired",
    "pkceS256Required",
    "singleAccessTokenPerSubject",
    "dynamicallyRegistered",
    "clientSource",
    "locked",
    "discoveredByMetadataDocument",
    "metadataDocumentLocation",
    "metadataDocumentExpiresAt",
    "metadataDocumentUpdatedAt",
    "entityId",
    "automaticallyRegistered",
    "explicitlyRegistered",
    "trustChainExpiresAt",
    "trustChainUpdatedAt",
];

/// The members of a service that an authorization answer has.
const SERVICE: &[&str] = &[
    "number",
    "apiKey",
    "serviceName",
    "description",
    "issuer",
    "clientIdAliasEnabled",
    "supportedAcrs",
    "supportedClaims",
    "supportedDisplays",
    "supportedScopes",
    "supportedUiLocales",
    "policyUri",
    "tosUri",
    "metadata",
    "attributes",
];

pub(crate) fn client(client: &Client) -> Value {
    client.settings.only(CLIENT)
}

/// Adds to a response how the clients in it are identified, wherever the description has members for it.
pub(crate) fn with_client_urls(tenant: &Tenant, request: &Request, mut reply: Reply) -> Reply {
    if let Reply::Json(value) | Reply::Created(value) = &mut reply {
        add_urls(tenant, value, request.operation.response);
    }
    reply
}

fn add_urls(tenant: &Tenant, value: &mut Value, shape: Shape) {
    match (value, shape) {
        (Value::Object(members), Shape::Object(object)) => {
            let id = members.get("clientId").or_else(|| members.get("client")?.get("clientId")).and_then(Value::as_u64);
            let client = id.and_then(|id| tenant.clients.get(&id));
            for member in object.0 {
                let setting = |name: &str| client.and_then(|client| client.settings.string(name));
                let (location, entity) = (setting("metadataDocumentLocation"), setting("entityId"));
                let added = match member.name {
                    _ if client.is_none() => None,
                    "metadataDocumentUsed" => Some(json!(location.is_some())),
                    "metadataDocumentLocation" => Some(json!(location)),
                    "clientEntityIdUsed" => Some(json!(location.is_none() && entity.is_some())),
                    "clientEntityId" => Some(json!(entity)),
                    _ => None,
                };
                match (added, members.get_mut(member.name)) {
                    // The call itself said what is to be shown of a token.
                    (_, Some(Value::Bool(_))) => {}
                    (Some(added), _) => {
                        members.insert(member.name.to_owned(), added);
                    }
                    (None, Some(value)) => add_urls(tenant, value, member.shape),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(elements), Shape::List(element)) => {
            elements.iter_mut().for_each(|value| add_urls(tenant, value, *element));
        }
        _ => {}
    }
}

/// What a list of a user's clients shows of each.
const LIMITED: &[&str] = &[
    "number",
    "clientId",
    "clientIdAlias",
    "clientIdAliasEnabled",
    "clientName",
    "clientNames",
    "clientType",
    "description",
    "descriptions",
];

pub(crate) fn limited(client: &Client) -> Value {
    client.settings.only(LIMITED)
}

pub(crate) fn service(service: &Settings) -> Value {
    service.only(SERVICE)
}

/// A list, or no value if it is empty.
pub(crate) fn listed<T: Serialize>(elements: &[T]) -> Value {
    if elements.is_empty() { Value::Null } else { json!(elements) }
}
