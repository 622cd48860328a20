//! Clients known by a document (draft-ietf-oauth-client-id-metadata-document): its URL is what such a client calls
//! itself, and its content what the client would register.

use serde_json::{Map, Value, json};
use url::{Host, Url};

use super::policy::Policy;
use crate::fetch::{Document, Kind, Wanted};
use crate::jose::Jwt;
use crate::oauth::OperationError;
use crate::oauth::authorization::PUSHED;
use crate::oauth::parameters::Parameters;
use crate::ops::client::registration;
use crate::registry::clients::{self, Fixed};
use crate::request::Request;
use crate::state::{Settings, Tenant};

/// Operations that start a flow.
const STARTING: &[&str] =
    &["auth_authorization_api", "pushed_auth_req_api", "device_authorization_api", "backchannel_authentication_api"];

/// Grants whose flow starts at the token endpoint.
const STARTING_GRANTS: &[&str] = &[
    "client_credentials",
    "password",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
];

/// Settings that say where the client comes from.
const DISCOVERED: &[&str] = &[
    "clientSource",
    "discoveredByMetadataDocument",
    "metadataDocumentLocation",
    "metadataDocumentExpiresAt",
    "metadataDocumentUpdatedAt",
];

/// What metadata in a document must not have, since nobody can keep it secret.
const SECRETS: &[&str] = &["client_secret", "client_secret_expires_at"];

/// The client identifier in a call that starts a flow, if it has the form of a URL.
pub(super) fn identifier(request: &Request) -> Option<String> {
    let parameters = Parameters::parse(&request.body.string("parameters").ok()??);
    let starts = match request.operation.id {
        // The flow of a pushed request has started when it was pushed.
        "auth_authorization_api" if parameters.get("request_uri").is_some_and(|uri| uri.starts_with(PUSHED)) => false,
        "auth_token_api" => parameters.get("grant_type").is_some_and(|grant| STARTING_GRANTS.contains(&grant)),
        operation => STARTING.contains(&operation),
    };
    let member = request.body.string("clientId").ok().flatten();
    let asserted = || {
        let jwt = parameters.get("client_assertion")?;
        Jwt::read(jwt).ok()?.string("sub").map(str::to_owned)
    };
    let identifier = parameters.get("client_id").map(str::to_owned).or(member).or_else(asserted)?;
    (starts && is_url(&identifier)).then_some(identifier)
}

fn is_url(identifier: &str) -> bool {
    identifier.starts_with("https://") || identifier.starts_with("http://")
}

/// What the service and the call say about documents. What the call allows counts, what it does not allow does not.
struct Rules {
    always_retrieved: bool,
    http: bool,
    query: bool,
}

impl Rules {
    fn of(service: &Settings, request: &Request) -> Self {
        let options = request.body.members.get("cimdOptions");
        let rule =
            |setting, option: &str| service.flag(setting) || options.is_some_and(|options| options[option] == true);
        Self {
            always_retrieved: rule("cimdAlwaysRetrieved", "alwaysRetrieved"),
            http: rule("cimdHttpPermitted", "httpPermitted"),
            query: rule("cimdQueryPermitted", "queryPermitted"),
        }
    }
}

/// Makes the client known, unless its document is not good; the inner error says why. The outer one is the document,
/// where it has to be fetched first.
pub(super) fn resolve(tenant: &mut Tenant, request: &Request, location: &str) -> Result<Result<(), String>, Wanted> {
    if !tenant.settings.flag("clientIdMetadataDocumentSupported") {
        return Ok(Ok(()));
    }
    let rules = Rules::of(&tenant.settings, request);
    let known = tenant.clients.by_url(location);
    // A client that registered itself in a federation calls itself by a URL, too, at which there is no document.
    if known.is_some_and(|client| client.settings.string("metadataDocumentLocation") != Some(location)) {
        return Ok(Ok(()));
    }
    let is_fresh = known.is_some_and(|client| client.settings.number("metadataDocumentExpiresAt") > request.now);
    if is_fresh && !rules.always_retrieved {
        return Ok(Ok(()));
    }
    if let Err(reason) = check_location(&tenant.settings, &rules, location) {
        return Ok(Err(reason.to_owned()));
    }
    // A copy that has ended is asked for again, even if a cache may still have it.
    let wanted = Wanted { revalidate: rules.always_retrieved, ..Wanted::new(Kind::ClientMetadata, location) };
    let document = match tenant.documents.get(wanted)? {
        Ok(document) => document.clone(),
        Err(error) => return Ok(Err(error.to_string())),
    };
    Ok(store(tenant, location, &document, request.now))
}

/// Whether the identifier may be that of a document, and of one that the service allows (section 3).
fn check_location(service: &Settings, rules: &Rules, location: &str) -> Result<(), &'static str> {
    let url = Url::parse(location).map_err(|_| "The URL cannot be read")?;
    if url.scheme() != "https" && !(rules.http && url.scheme() == "http") {
        return Err("Its scheme has to be https");
    }
    // The parser resolves dots and adds a path, so the text has to be looked at.
    let Some((_, after)) = location.split_once("://") else { return Err("The URL cannot be read") };
    let path = after.split(['?', '#']).next().unwrap_or_default();
    let Some((authority, path)) = path.split_once('/') else { return Err("It has to have a path") };
    let dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    if path.split('/').any(dots) {
        return Err("Its path must not have segments of dots");
    }
    if location.contains('#') {
        return Err("It must not have a fragment");
    }
    if authority.is_empty() || authority.contains('@') {
        return Err("It has to have a host, and must not have a user name");
    }
    if location.contains('?') && !rules.query {
        return Err("It must not have a query");
    }
    if service.flag("cimdAllowlistEnabled") && !service.strings("cimdAllowlist").any(|entry| admits(entry, location)) {
        return Err("It is not on the service's allowlist");
    }
    Ok(())
}

/// Whether an entry of the allowlist admits a location: the same scheme and authority, the entry's path segments first,
/// and the same query if the entry has one.
fn admits(entry: &str, location: &str) -> bool {
    let parts = |uri: &str| {
        let (scheme, rest) = uri.split_once("://")?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
        Some((format!("{scheme}://{authority}"), segments, query))
    };
    let (Some((origin, segments, query)), Some((its_origin, its_segments, its_query))) =
        (parts(entry), parts(location))
    else {
        return false;
    };
    origin == its_origin && its_segments.starts_with(&segments) && (query.is_none() || query == its_query)
}

/// Checks the document, and stores the client that it describes.
fn store(tenant: &mut Tenant, location: &str, document: &Document, now: u64) -> Result<(), String> {
    let mut metadata: Map<String, Value> =
        serde_json::from_slice(document.bytes()).map_err(|_| "It is not a JSON object".to_owned())?;
    if metadata.get("client_id").and_then(Value::as_str) != Some(location) {
        return Err("Its client_id is not its URL".to_owned());
    }
    if let Some(name) = SECRETS.iter().find(|name| metadata.contains_key(**name)) {
        return Err(format!("It must not have {name}"));
    }
    if tenant.settings.flag("cimdMetadataPolicyEnabled")
        && let Some(text) = tenant.settings.string("cimdMetadataPolicy")
    {
        let policy =
            serde_json::from_str(text).map_err(|_| "The service's cimdMetadataPolicy is not JSON".to_owned())?;
        let policy = Policy::parse(&policy, &[])
            .map_err(|error| format!("The service's cimdMetadataPolicy is wrong: {error}"))?;
        policy.apply(&mut metadata).map_err(|error| format!("The service's policy does not allow it: {error}"))?;
    }
    // RFC 7591 would take a client for one with a secret.
    let method = metadata.entry("token_endpoint_auth_method").or_insert_with(|| json!("none"));
    if method.as_str().is_some_and(|method| method.starts_with("client_secret_")) {
        return Err("Its token_endpoint_auth_method needs a secret".to_owned());
    }
    if has_loopback(&metadata) {
        metadata.entry("application_type").or_insert_with(|| json!("native"));
    }
    let known = tenant.clients.by_url(location).map(|client| (client.id, client.settings.clone()));
    let (id, mut settings) = match known {
        Some((id, settings)) => (Some(id), settings),
        None => (None, Settings(Map::new())),
    };
    registration::fill(tenant, &metadata, &mut settings).map_err(reason)?;
    let redirects = settings.has("grantTypes", "AUTHORIZATION_CODE") || settings.has("grantTypes", "IMPLICIT");
    if redirects && settings.strings("redirectUris").next().is_none() {
        return Err("It has no redirect_uris".to_owned());
    }
    settings.set("clientSource", json!("METADATA_DOCUMENT"));
    settings.set("discoveredByMetadataDocument", json!(true));
    settings.set("metadataDocumentLocation", json!(location));
    settings.set("metadataDocumentExpiresAt", json!(document.fresh_until));
    settings.set("metadataDocumentUpdatedAt", json!(now));
    let stored = match id {
        Some(id) => clients::replace(tenant, id, settings.clone(), now).map(|client| client.id),
        None => clients::add(tenant, settings.clone(), Fixed::default(), now).map(|client| client.id),
    };
    let id = stored.map_err(|error| error.message)?;
    discovered(tenant, id, &settings);
    Ok(())
}

/// Notes where the client comes from, which the server alone decides.
fn discovered(tenant: &mut Tenant, id: u64, source: &Settings) {
    let Some(client) = tenant.clients.get(&id) else { return };
    let mut settings = client.settings.clone();
    for name in DISCOVERED {
        settings.set(name, source.0.get(*name).cloned().unwrap_or_default());
    }
    tenant.clients.replace(id, settings);
}

fn reason(error: OperationError) -> String {
    match error {
        OperationError::Api(error) => error.message,
        OperationError::Client(error) | OperationError::Server(error) => error.message,
    }
}

/// Whether one of the redirect URIs is on the loopback interface, which only native applications have.
fn has_loopback(metadata: &Map<String, Value>) -> bool {
    let uris = metadata.get("redirect_uris").and_then(Value::as_array).into_iter().flatten();
    uris.filter_map(|uri| Url::parse(uri.as_str()?).ok()).any(|uri| match uri.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::{Rules, admits, check_location};
    use crate::state::Settings;

    #[test]
    fn which_urls_are_client_ids() {
        let service = Settings(Map::new());
        let check = |location: &str, http, query| {
            check_location(&service, &Rules { always_retrieved: false, http, query }, location).is_ok()
        };
        for (location, plain, permissive) in [
            ("https://client.example/app", true, true),
            ("https://client.example:8443/a/b.json", true, true),
            ("https://client.example/", true, true),
            ("https://client.example", false, false),
            ("http://client.example/app", false, true),
            ("https://client.example/app?v=1", false, true),
            ("https://client.example?v=/1", false, false),
            ("https://client.example/a/../b", false, false),
            ("https://client.example/a/%2e%2E/b", false, false),
            ("https://client.example/./b", false, false),
            ("https://client.example/a#b", false, false),
            ("https://client.example/a#", false, false),
            ("https://user@client.example/a", false, false),
            ("https://@client.example/a", false, false),
            ("ftp://client.example/a", false, false),
            ("https:///a", false, false),
        ] {
            assert_eq!(check(location, false, false), plain, "{location}");
            assert_eq!(check(location, true, true), permissive, "{location}");
        }
    }

    #[test]
    fn an_allowlist_admits_what_is_below_its_entries() {
        for (entry, location, expected) in [
            ("https://e.example/a/b", "https://e.example/a/b", true),
            ("https://e.example/a/b", "https://e.example/a/b/c", true),
            ("https://e.example/a/b", "https://e.example/a", false),
            ("https://e.example/a/b", "https://e.example/a/bc", false),
            ("https://e.example", "https://e.example/a", true),
            ("https://e.example", "http://e.example/a", false),
            ("https://e.example", "https://e.example.org/a", false),
            ("https://e.example", "https://e.example:8443/a", false),
            ("https://e.example/a?x=1", "https://e.example/a?x=1", true),
            ("https://e.example/a?x=1", "https://e.example/a", false),
            ("https://e.example/a", "https://e.example/a?x=1", true),
            ("e.example", "https://e.example/a", false),
        ] {
            assert_eq!(admits(entry, location), expected, "{entry} {location}");
        }
        let list = json!({"cimdAllowlistEnabled": true, "cimdAllowlist": ["https://e.example/"]});
        let service = Settings(list.as_object().cloned().expect("an object"));
        let rules = Rules { always_retrieved: false, http: false, query: false };
        assert!(check_location(&service, &rules, "https://e.example/app").is_ok());
        assert!(check_location(&service, &rules, "https://other.example/app").is_err());
    }
}
