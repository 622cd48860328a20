//! Forms that objects take in several answers.

use serde::Serialize;
use serde_json::{Value, json};

use crate::state::{Client, Settings};

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
