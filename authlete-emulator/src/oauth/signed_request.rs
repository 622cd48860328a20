//! Signed requests to protected resources: whether they have to be, and whether they are (RFC 9421; FAPI 2.0 Message
//! Signing).

use serde_json::Value;
use url::Url;

use super::client_keys::client_keys;
use super::fapi::Profiles;
use super::http_signature::{Expected, Message};
use super::{CheckError, OperationError};
use crate::error::ApiError;
use crate::request::Request;
use crate::state::{Tenant, Token};

/// What a signature covers where nobody says otherwise.
const COMPONENTS: &[&str] = &["@method", "@target-uri", "authorization"];

/// Checks the signature of the request that the call is about, where the client has to sign or the call demands
/// components. `fallback_uri` is the setting with the URL of the resource, for calls that do not say it. The rejection
/// is a sentence.
pub(crate) fn check(
    tenant: &Tenant,
    request: &Request,
    token: &Token,
    fallback_uri: Option<&str>,
) -> Result<(), CheckError<String>> {
    let Some(client) = tenant.clients.get(&token.client_id) else { return Ok(()) };
    let demanded = request.body.strings("requiredComponents")?.unwrap_or_default();
    let registered = client.settings.flag("rsRequestSigned");
    let profiles = Profiles::of(&tenant.settings, &client.settings);
    if !registered && !profiles.signs_resource_requests() && demanded.is_empty() {
        return Ok(());
    }
    let body = request.body.non_empty("message")?;
    let headers = headers(request)?;
    let mut components = demanded;
    if components.is_empty() {
        components = COMPONENTS.iter().map(|name| (*name).to_owned()).collect();
        if request.body.non_empty("dpop")?.is_some() {
            components.push("dpop".to_owned());
        }
    }
    if request.body.flag("requestBodyContained")? || body.is_some() {
        components.push("content-digest".to_owned());
    }
    let mut target = None;
    for member in ["targetUri", "uri", "htu"] {
        target = target.or(request.body.non_empty(member)?);
    }
    let target = target.or_else(|| fallback_uri.and_then(|setting| tenant.settings.string(setting)).map(str::to_owned));
    let method = request.body.non_empty("htm")?.unwrap_or_else(|| "POST".to_owned());
    let keys = client_keys(tenant, &client.settings).map_err(|unknown| CheckError::Rejected(unknown.to_string()))?;
    let message = Message {
        method: &method,
        target_uri: target.and_then(|uri| Url::parse(&uri).ok()),
        headers: &headers,
        body: body.as_deref(),
    };
    let expected = Expected {
        components: &components,
        keys: &keys,
        key_id: client.settings.string("rsSignedRequestKeyId"),
        now: request.now / 1000,
        skew: tenant.settings.number("allowableClockSkew"),
    };
    message.verify(&expected).map_err(|error| CheckError::Rejected(error.to_string()))
}

/// Whether responses of protected resources to requests with the token have to be signed.
pub(crate) fn is_response_signed(tenant: &Tenant, token: &Token) -> bool {
    let client = tenant.clients.get(&token.client_id);
    tenant.settings.flag("rsResponseSigned")
        || client.is_some_and(|one| Profiles::of(&tenant.settings, &one.settings).signs_resource_responses())
}

/// The header fields of the request.
fn headers(request: &Request) -> Result<Vec<(String, String)>, OperationError> {
    let wrong = || ApiError::invalid("The member headers is not a list of objects with a key and a value.");
    let elements = match request.body.members.get("headers") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(elements)) => elements,
        Some(_) => return Err(wrong().into()),
    };
    let pairs = elements.iter().filter(|element| !element.is_null()).map(|element| {
        let key = element.get("key").and_then(Value::as_str);
        let value = element.get("value").and_then(Value::as_str).unwrap_or_default();
        key.map(|key| (key.to_owned(), value.to_owned())).ok_or_else(|| wrong().into())
    });
    pairs.collect()
}
