//! A credential request (OpenID4VCI 1.0, section 8.2), and what is kept of it until it is answered.

use serde_json::{Map, Value, json};

use super::encryption::{self, Message};
use super::issuer::Configuration;
use super::token::Bearer;
use super::{Issuer, Refusal, Version, nonce, proof};
use crate::oauth::OAuthError;
use crate::reply::Code;
use crate::state::{CredentialRequest, Settings, Tenant};

const SHAPE: Code = "A900501";
const UNKNOWN: Code = "A900502";

/// Members that Authlete reads itself, and does not hand on among the details.
const READ: &[&str] = &[
    "credential_configuration_id",
    "credential_identifier",
    "credential_response_encryption",
    "format",
    "proof",
    "proofs",
];

/// Checks a request, and says what is to be kept of it.
pub(crate) fn parse(
    tenant: &mut Tenant,
    bearer: &Bearer,
    message: &Message,
    now: u64,
) -> Result<CredentialRequest, Refusal> {
    let nonces = nonce::accepted(tenant, bearer.token.c_nonce.as_ref(), now)?;
    let service = &tenant.settings;
    let client = tenant.clients.get(&bearer.token.client_id);
    let issuer = Issuer::of(service);
    let configuration = wanted(&issuer, bearer, &message.members)?;
    let expected = proof::Expected { issuer: &issuer, configuration, nonces, client, service, now: now / 1000 };
    let keys = proof::check(&expected, &message.members)?;
    let required = client.is_some_and(|client| client.settings.flag("credentialResponseEncryptionRequired"));
    let string = |name: &str| message.members.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(CredentialRequest {
        token: bearer.number,
        client_id: bearer.token.client_id,
        subject: bearer.token.authorized.subject.clone(),
        configuration_id: configuration.id.to_owned(),
        credential_identifier: string("credential_identifier"),
        format: string("format").filter(|_| issuer.version == Version::Draft),
        keys,
        encryption: encryption::parameters(service, message, required)?,
        details: details(&message.members),
        deferred: false,
    })
}

/// The configuration that the request is about.
fn wanted<'a>(
    issuer: &'a Issuer<'_>,
    bearer: &Bearer,
    members: &Map<String, Value>,
) -> Result<Configuration<'a>, OAuthError> {
    let malformed = |message: &str| OAuthError::new("invalid_credential_request", SHAPE, message);
    let string = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(malformed("A member that names the credential is not a string.")),
    };
    let (id, identifier) = (string("credential_configuration_id")?, string("credential_identifier")?);
    if issuer.version == Version::Draft {
        return described(issuer, members);
    }
    match (id, identifier) {
        (Some(id), None) => issuer.configuration(id).ok_or_else(|| {
            let message = "The issuer has no such credential configuration.";
            OAuthError::new("unknown_credential_configuration", UNKNOWN, message)
        }),
        (None, Some(identifier)) => {
            let named = bearer.issuable.iter().find(|one| one.identifiers.iter().any(|name| name == identifier));
            named.and_then(|one| issuer.configuration(&one.configuration_id)).ok_or_else(|| {
                let message = "The token response had no such credential identifier.";
                OAuthError::new("unknown_credential_identifier", UNKNOWN, message)
            })
        }
        _ => Err(malformed("The request has to have one of credential_configuration_id and credential_identifier.")),
    }
}

/// The configuration that a request of the draft describes (draft 13, section 7.2).
fn described<'a>(issuer: &'a Issuer<'_>, members: &Map<String, Value>) -> Result<Configuration<'a>, OAuthError> {
    let refused = |error, message: &str| Err(OAuthError::new(error, UNKNOWN, message));
    let Some(format) = members.get("format").and_then(Value::as_str) else {
        return Err(OAuthError::new("invalid_credential_request", SHAPE, "The request has no format."));
    };
    if !issuer.configurations().any(|one| one.string("format") == Some(format)) {
        return refused("unsupported_credential_format", "The issuer has no credentials in this format.");
    }
    match issuer.described(members) {
        Some(found) => Ok(found),
        None => refused("unsupported_credential_type", "The issuer has no such credential in this format."),
    }
}

fn details(members: &Map<String, Value>) -> Map<String, Value> {
    let rest = members.iter().filter(|(name, _)| !READ.contains(&name.as_str()));
    rest.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What the call that parsed a request, or one for a deferred credential, says of it.
pub(crate) fn info(service: &Settings, identifier: &str, record: &CredentialRequest) -> Value {
    let keys: Vec<String> = record.keys.iter().map(|key| json!(key).to_string()).collect();
    let complete = Version::of(service) == Version::Final;
    json!({
        "identifier": identifier,
        "format": record.format,
        "credentialConfigurationId": (complete && record.credential_identifier.is_none()).then_some(&record.configuration_id),
        "credentialIdentifier": record.credential_identifier,
        "bindingKey": keys.first(),
        "bindingKeys": (!keys.is_empty()).then_some(&keys),
        "details": Value::Object(record.details.clone()).to_string(),
    })
}
