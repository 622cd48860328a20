//! Where the parameters of an authorization request are: in the request itself, in a request object (RFC 9101), or in a
//! request that was pushed (RFC 9126).

use super::request_object::{self, Channel};
use super::{NO_CLIENT, REQUEST_OBJECT, REQUEST_URI, UNKNOWN_CLIENT};
use crate::error::ApiError;
use crate::fetch::{Kind, Wanted};
use crate::jose::sha256;
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError};
use crate::state::{Client, Settings, Tenant};

/// How the URI of a pushed request starts (RFC 9126, section 2.2).
pub(crate) const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// The parameters that count, and who sent them.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) client: Client,
    pub(crate) alias_used: bool,
    pub(crate) parameters: Parameters,
    /// The claims of the request object, as they came.
    pub(crate) payload: Option<String>,
    pub(crate) pushed: bool,
}

/// The request that the browser brings.
pub(crate) fn from_browser(tenant: &mut Tenant, parameters: Parameters, now: u64) -> Result<Source, OperationError> {
    let refused = |code, message: &str| OAuthError::new("invalid_request", code, message);
    let identifier = parameters.get("client_id");
    let identifier = identifier.ok_or_else(|| refused(NO_CLIENT, "The request has no client_id, or more than one."))?;
    let found = tenant.client(identifier);
    let (client, alias_used) =
        found.ok_or_else(|| tenant.unknown_client(identifier, "invalid_request", UNKNOWN_CLIENT))?;
    let client = client.clone();
    if client.settings.flag("locked") {
        return Err(ApiError::locked(client.id).into());
    }
    if parameters.has("request") && parameters.has("request_uri") {
        return Err(refused(REQUEST_OBJECT, "The request has both request and request_uri.").into());
    }
    if let Some(uri) = parameters.get("request_uri") {
        if uri.starts_with(PUSHED) {
            let (parameters, payload) = pushed(tenant, &client, uri)?;
            return Ok(Source { client, alias_used, parameters, payload, pushed: true });
        }
        let object = fetched(tenant, &client, uri)?;
        let (parameters, payload) = request_object::unpack(tenant, &client, &parameters, &object, Channel::Front, now)?;
        return Ok(Source { client, alias_used, parameters, payload, pushed: false });
    }
    let (parameters, payload) = by_value(tenant, &client, parameters, Channel::Front, now)?;
    Ok(Source { client, alias_used, parameters, payload, pushed: false })
}

/// The request that an authenticated client pushes.
pub(crate) fn from_client(
    tenant: &mut Tenant,
    client: Client,
    alias_used: bool,
    parameters: Parameters,
    now: u64,
) -> Result<Source, OperationError> {
    if parameters.has("request_uri") {
        let message = "A pushed request has no request_uri.";
        return Err(OAuthError::new("invalid_request", REQUEST_URI, message).into());
    }
    let (parameters, payload) = by_value(tenant, &client, parameters, Channel::Back, now)?;
    Ok(Source { client, alias_used, parameters, payload, pushed: true })
}

/// The parameters of the request object if the request has one; else those that are given.
fn by_value(
    tenant: &mut Tenant,
    client: &Client,
    parameters: Parameters,
    channel: Channel,
    now: u64,
) -> Result<(Parameters, Option<String>), OperationError> {
    match parameters.get("request") {
        Some(text) => request_object::unpack(tenant, client, &parameters, text, channel, now),
        None => Ok((parameters, None)),
    }
}

/// The request object that was fetched from this URI before the call was served.
fn fetched(tenant: &Tenant, client: &Client, uri: &str) -> Result<String, OperationError> {
    let refused = |message: &str| OAuthError::new("invalid_request_uri", REQUEST_URI, message);
    let Some(wanted) = wanted(&client.settings, uri) else {
        return Err(refused("The request_uri is neither a pushed request nor one of the client's requestUris.").into());
    };
    let document = match tenant.documents.get(wanted) {
        Ok(Ok(document)) => document,
        Ok(Err(error)) => return Err(refused(&format!("The request object is not there: {error}.")).into()),
        Err(_) => return Err(refused("The request object was not fetched.").into()),
    };
    // OpenID Connect Core 1.0, section 6.2: a fragment may be the hash of the content.
    let hash = uri.split_once('#').map(|(_, fragment)| fragment).filter(|fragment| !fragment.is_empty());
    if hash.is_some_and(|hash| hash != sha256(document.bytes())) {
        return Err(refused("The request object is not the one whose hash is in the request_uri.").into());
    }
    let text = document.text().ok_or_else(|| refused("The request object is not text."))?;
    Ok(text.trim().to_owned())
}

/// What has to be fetched for a `request_uri`, if the client has registered it.
pub(crate) fn wanted(client: &Settings, uri: &str) -> Option<Wanted> {
    let plain = |uri: &str| uri.split('#').next().unwrap_or_default().to_owned();
    // The hash in the fragment changes with the content, so it is not a part of what is registered.
    let registered = client.has("requestUris", uri) || client.strings("requestUris").any(|one| one == plain(uri));
    registered.then(|| Wanted::new(Kind::RequestObject, &plain(uri)))
}

/// What was pushed under this URI. It is used up by being looked at, but not by another client.
fn pushed(tenant: &mut Tenant, client: &Client, uri: &str) -> Result<(Parameters, Option<String>), OperationError> {
    let refused = |message: &str| OAuthError::new("invalid_request_uri", REQUEST_URI, message);
    if tenant.pushed.get(uri).is_some_and(|pushed| pushed.client_id != client.id) {
        return Err(refused("The request_uri was issued to another client.").into());
    }
    let found = tenant.pushed.remove(uri);
    let found = found.ok_or_else(|| refused("The request_uri is unknown, used or expired."))?;
    Ok((found.parameters, found.payload))
}
