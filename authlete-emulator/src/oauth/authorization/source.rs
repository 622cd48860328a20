//! Where the parameters of an authorization request are: in the request itself, in a request object (RFC 9101), or in a
//! request that was pushed (RFC 9126).

use super::{NO_CLIENT, REQUEST_OBJECT, REQUEST_URI, UNKNOWN_CLIENT, request_object};
use crate::error::ApiError;
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError};
use crate::state::{Client, Tenant};

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
    let (client, alias_used) = found.ok_or_else(|| refused(UNKNOWN_CLIENT, "There is no such client."))?;
    let client = client.clone();
    if client.settings.flag("locked") {
        return Err(ApiError::locked(client.id).into());
    }
    if parameters.has("request") && parameters.has("request_uri") {
        return Err(refused(REQUEST_OBJECT, "The request has both request and request_uri.").into());
    }
    if let Some(uri) = parameters.get("request_uri") {
        let (parameters, payload) = pushed(tenant, &client, uri)?;
        return Ok(Source { client, alias_used, parameters, payload, pushed: true });
    }
    let (parameters, payload) = request_object::unpack(tenant, &client, parameters, now)?;
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
    let (parameters, payload) = request_object::unpack(tenant, &client, parameters, now)?;
    Ok(Source { client, alias_used, parameters, payload, pushed: true })
}

/// What was pushed under this URI. It is used up by being looked at, but not by another client.
fn pushed(tenant: &mut Tenant, client: &Client, uri: &str) -> Result<(Parameters, Option<String>), OperationError> {
    let refused = |message: &str| OAuthError::new("invalid_request_uri", REQUEST_URI, message);
    if !uri.starts_with(PUSHED) {
        if client.settings.has("requestUris", uri) {
            return Err(ApiError::not_implemented("a request_uri that has to be fetched").into());
        }
        return Err(refused("The request_uri is neither a pushed request nor one of the client's requestUris.").into());
    }
    if tenant.pushed.get(uri).is_some_and(|pushed| pushed.client_id != client.id) {
        return Err(refused("The request_uri was issued to another client.").into());
    }
    let found = tenant.pushed.remove(uri);
    let found = found.ok_or_else(|| refused("The request_uri is unknown, used or expired."))?;
    Ok((found.parameters, found.payload))
}
