//! Responses that go to the client through the browser: by redirection or by a form that submits itself.

use serde_json::{Map, Value, json};

use super::destination::Destination;
use super::encryption::{Content, Encryption};
use super::{OAuthError, OperationError};
use crate::error::ApiError;
use crate::reply::{self, Code, Reply};
use crate::state::Tenant;

/// How long a response that is a JWT is good for, in seconds, unless the service says otherwise.
const RESPONSE_SECONDS: u64 = 600;

/// The API's response that carries these response parameters to the client, with further members beside it.
pub(crate) fn respond(
    to: &Destination,
    tenant: &mut Tenant,
    now: u64,
    (code, message): (Code, &str),
    parameters: &[(&str, &str)],
    mut rest: Value,
) -> Result<Reply, OperationError> {
    let mut all = parameters.to_vec();
    all.extend(to.state.as_deref().map(|state| ("state", state)));
    let packed;
    if to.mode.jwt {
        packed = pack(to, tenant, now, &all)?;
        all = vec![("response", &packed)];
    } else {
        all.extend(to.iss.as_deref().map(|iss| ("iss", iss)));
    }
    let (action, content) = to.content(&all);
    if let Some(members) = rest.as_object_mut() {
        members.insert("responseContent".to_owned(), json!(content));
    }
    Ok(reply::action(action, code, message, rest))
}

/// The API's response that tells the client of an error.
pub(crate) fn error(
    to: &Destination,
    tenant: &mut Tenant,
    now: u64,
    error: &OAuthError,
) -> Result<Reply, OperationError> {
    let description = error.description(&tenant.settings);
    let mut parameters = vec![("error", error.error)];
    parameters.extend(description.as_deref().map(|text| ("error_description", text)));
    respond(to, tenant, now, (error.code, &error.message), &parameters, json!({}))
}

/// The parameters as the claims of a JWT (JARM, section 2.1).
fn pack(
    to: &Destination,
    tenant: &mut Tenant,
    now: u64,
    parameters: &[(&str, &str)],
) -> Result<String, OperationError> {
    let Some(client) = tenant.clients.get(&to.client_id) else {
        return Err(ApiError::not_found("The request's client no longer exists.").into());
    };
    let client = client.clone();
    let Some(issuer) = tenant.settings.string("issuer") else {
        return Err(OperationError::server(
            "A000202",
            "The service has no issuer, which a response in a JWT must name.",
        ));
    };
    let mut claims = Map::new();
    claims.insert("iss".to_owned(), json!(issuer));
    claims.insert("aud".to_owned(), json!(client.identifier()));
    let seconds = tenant.duration("authorizationResponseDuration", RESPONSE_SECONDS);
    claims.insert("exp".to_owned(), json!(now / 1000 + seconds));
    claims.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    let algorithm = client.settings.string("authorizationSignAlg").unwrap_or("RS256");
    let key = tenant.keys.signer(&tenant.settings, &client, algorithm, "authorizationSignatureKeyId")?;
    let jwt = key.sign("JWT", &Value::Object(claims))?;
    match Encryption::wanted(&client.settings, "authorizationEncryptionAlg", "authorizationEncryptionEnc")? {
        Some(encryption) => encryption.to_client(tenant, &client, &Content::Jwt(&jwt)),
        None => Ok(jwt),
    }
}
