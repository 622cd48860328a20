//! Who sent an authorization request, and where its response goes.

use super::{REDIRECT_URI, Source};
use crate::oauth::destination::Destination;
use crate::oauth::parameters::Parameters;
use crate::oauth::redirect_uri::differ_in_loopback_port;
use crate::oauth::response_mode::ResponseMode;
use crate::oauth::response_type::ResponseType;
use crate::oauth::{OAuthError, scope};
use crate::state::{Settings, Tenant};

/// Who asks, for which scopes, and where the response goes. An error after this one can be sent to the client.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) source: Source,
    pub(crate) scopes: Vec<String>,
    pub(crate) destination: Destination,
}

pub(crate) fn origin(tenant: &Tenant, source: Source) -> Result<Origin, OAuthError> {
    let service = &tenant.settings;
    let (client, parameters) = (&source.client, &source.parameters);
    let requested = parameters.has("scope").then(|| parameters.words("scope"));
    let scopes = scope::grantable(service, client, requested.as_deref());
    let openid = scopes.iter().any(|scope| scope == "openid");
    let redirect_uri = redirect_uri(service, &client.settings, parameters, openid);
    let redirect_uri = redirect_uri.map_err(|message| OAuthError::new("invalid_request", REDIRECT_URI, message))?;
    let response_type = ResponseType::parse(&parameters.words("response_type")).unwrap_or_default();
    // An error about the mode itself goes by the one that all clients know.
    let mode = parameters.get("response_mode").and_then(|mode| ResponseMode::parse(mode, response_type));
    let destination = Destination {
        client_id: client.id,
        redirect_uri: redirect_uri.to_owned(),
        mode: mode.unwrap_or_else(|| ResponseMode::default_of(response_type)),
        state: parameters.get("state").map(str::to_owned),
        iss: service.string("issuer").filter(|_| !service.flag("issSuppressed")).map(str::to_owned),
    };
    Ok(Origin { scopes, destination, source })
}

/// The redirect URI: one that is registered, letter by letter, or the only one there is.
fn redirect_uri<'a>(
    service: &Settings,
    client: &'a Settings,
    parameters: &'a Parameters,
    openid: bool,
) -> Result<&'a str, &'static str> {
    let mut registered = client.strings("redirectUris");
    if let Some(given) = parameters.get("redirect_uri") {
        let loopback = service.flag("loopbackRedirectionUriVariable");
        let matches = |uri: &str| uri == given || (loopback && differ_in_loopback_port(uri, given));
        let found = registered.any(matches).then_some(given);
        return found.ok_or("The redirect_uri is not one that the client has registered.");
    }
    if parameters.has("redirect_uri") {
        return Err("redirect_uri is given more than once.");
    }
    if openid {
        return Err("A request with the scope openid needs a redirect_uri.");
    }
    match (registered.next(), registered.next()) {
        (Some(only), None) => Ok(only),
        _ => Err("The request has no redirect_uri, and the client has not registered exactly one."),
    }
}
