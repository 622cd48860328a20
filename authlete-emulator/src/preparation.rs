//! What has to be fetched before a call can be served. Nothing is changed here, so a call that waits for a document
//! starts from the beginning when the document is there.

use crate::fetch::Wanted;
use crate::jose::Jwt;
use crate::oauth::authorization::{PUSHED, request_object_wanted};
use crate::oauth::client_auth::spiffe;
use crate::oauth::client_keys;
use crate::oauth::fapi::Profiles;
use crate::oauth::parameters::Parameters;
use crate::ops::client::registration;
use crate::request::Request;
use crate::state::{Client, Tenant};

/// Settings of a client under which what the service makes for it is encrypted to its keys.
const ENCRYPTED: &[&str] = &["idTokenEncryptionAlg", "userInfoEncryptionAlg", "authorizationEncryptionAlg"];

/// Parameters that the client has signed.
const SIGNED: &[&str] = &["client_assertion", "request", "request_uri"];

/// Operations that neither verify nor encrypt anything by a client's keys.
fn needs_no_keys(operation: &str) -> bool {
    operation.starts_with("client_") || operation.starts_with("service_") || operation.starts_with("hsk_")
}

/// The next document that the call needs and does not have.
pub(crate) fn missing(tenant: &Tenant, request: &Request) -> Option<Wanted> {
    if matches!(request.operation.id, "client_registration_api" | "client_registration_update_api") {
        return registration::wanted(request).and_then(|wanted| tenant.documents.get(wanted).err());
    }
    if needs_no_keys(request.operation.id) {
        return None;
    }
    let parameters = request.body.string("parameters").ok().flatten().map(|text| Parameters::parse(&text));
    let client = client_of(tenant, request, parameters.as_ref())?;
    let mut wanted = Vec::new();
    if let Some(uri) = parameters.as_ref().and_then(|parameters| parameters.get("request_uri"))
        && !uri.starts_with(PUSHED)
    {
        wanted.extend(request_object_wanted(&client.settings, uri));
    }
    let profiles = Profiles::of(&tenant.settings, &client.settings);
    if uses_keys(request, parameters.as_ref(), client) || profiles.signs_resource_requests() {
        wanted.extend(client_keys::wanted(&client.settings));
    }
    if parameters.as_ref().is_some_and(|parameters| parameters.get("client_assertion").is_some()) {
        wanted.extend(spiffe::wanted(&client.settings));
    }
    wanted.into_iter().find_map(|wanted| tenant.documents.get(wanted).err())
}

fn uses_keys(request: &Request, parameters: Option<&Parameters>, client: &Client) -> bool {
    let settings = &client.settings;
    parameters.is_some_and(|parameters| parameters.first_of(SIGNED).is_some())
        || request.body.is_given("signedByClient")
        || ENCRYPTED.iter().any(|setting| settings.string(setting).is_some())
        || settings.string("tokenAuthMethod") == Some("SELF_SIGNED_TLS_CLIENT_AUTH")
        || settings.flag("rsRequestSigned")
}

/// The client that the call is about, as far as that can be told before anything is checked.
fn client_of<'a>(tenant: &'a Tenant, request: &Request, parameters: Option<&Parameters>) -> Option<&'a Client> {
    let member = |name: &str| request.body.string(name).ok().flatten();
    let parameter = |name: &str| parameters?.get(name);
    let workload = parameter("client_assertion").and_then(spiffe::subject);
    if let (None, Some(client)) = (parameter("client_id"), workload.and_then(|id| spiffe::client_of(tenant, &id))) {
        return Some(client);
    }
    let asserted = parameter("client_assertion").and_then(|jwt| {
        let jwt = Jwt::read(jwt).ok()?;
        jwt.string("sub").map(str::to_owned)
    });
    let identifiers =
        [member("clientId"), parameter("client_id").map(str::to_owned), asserted, member("clientIdentifier")];
    for identifier in identifiers.into_iter().flatten() {
        if let Some((client, _)) = tenant.client(&identifier) {
            return Some(client);
        }
    }
    let ticket = member("ticket").unwrap_or_default();
    let token = member("token").or_else(|| member("accessToken")).unwrap_or_default();
    let id = (tenant.tickets.get(&ticket).map(|ticket| ticket.client_id))
        .or_else(|| tenant.token_tickets.get(&ticket).map(|ticket| ticket.client_id))
        .or_else(|| tenant.backchannels.for_server(&ticket).map(|(_, pending)| pending.client_id))
        .or_else(|| tenant.tokens.by_access(&token).map(|token| token.client_id))?;
    tenant.clients.get(&id)
}
