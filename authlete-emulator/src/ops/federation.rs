//! `federation_configuration_api` and `federation_registration_api`: the service as an entity of a federation, and
//! clients that ask it to register them (OpenID Federation 1.0).

use serde_json::{Map, Value, json};

use super::configuration;
use crate::discovery::federation::{self, ChainError, Presented, RELYING_PARTY, TYP, TrustChain};
use crate::error::ApiError;
use crate::jose::jwk::{self, Jwk};
use crate::oauth::keys;
use crate::oauth::signing::SigningKey;
use crate::oauth::{OAuthError, OperationError};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Settings, Tenant};
use crate::vci;

const CONFIGURED: Code = "A319001";
const NOT_ENABLED: Code = "A319201";
const NOT_SET_UP: Code = "A319202";
const REGISTERED: Code = "A327001";
const REQUEST: Code = "A327301";
const UNRESOLVED: Code = "A320301";
const TAKEN: Code = "A327605";

/// How long the service's statement about itself lasts, in seconds, unless the service says otherwise.
const CONFIGURATION_SECONDS: u64 = 86_400;

/// The type of the response to an explicit registration.
const RESPONSE_TYP: &str = "explicit-registration-response+jwt";

/// `federation_configuration_api`: what the service says of itself.
pub(crate) fn configure(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    if let Some(refusal) = disabled(&tenant.settings) {
        return Ok(refusal);
    }
    let statement = statement(tenant, request);
    let members = |statement: String| json!({"responseContent": statement});
    statement
        .map(|statement| reply::action("OK", CONFIGURED, "This is the entity configuration.", members(statement)))
        .or_else(|error| error.reply(&tenant.settings, "INTERNAL_SERVER_ERROR"))
}

fn statement(tenant: &mut Tenant, request: &Request) -> Result<String, OperationError> {
    let service = &tenant.settings;
    let not_set_up = |what: &str| OperationError::server(NOT_SET_UP, &format!("The service has no {what}."));
    let issuer = service.string("issuer").ok_or_else(|| not_set_up("issuer"))?;
    let hints: Vec<&str> = service.strings("authorityHints").collect();
    if hints.is_empty() {
        return Err(not_set_up("authorityHints"));
    }
    let types = request.body.strings("entityTypes")?.unwrap_or_default();
    let asked = |name: &str| types.iter().any(|one| one == name);
    let mut metadata = Map::new();
    if service.flag("verifiableCredentialsEnabled") && asked("OPENID_CREDENTIAL_ISSUER") {
        let issuer = vci::document::metadata(service);
        let issuer = issuer.map_err(|_| not_set_up("credentialIssuerMetadata that is complete"))?;
        metadata.insert("openid_credential_issuer".to_owned(), issuer);
    }
    // What else is asked for does not count, and nothing at all is a provider.
    if metadata.is_empty() || asked("OPENID_PROVIDER") {
        metadata.insert("openid_provider".to_owned(), provider(service));
    }
    let key = signing_key(service)?;
    let now = request.now / 1000;
    let seconds = tenant.duration("federationConfigurationDuration", CONFIGURATION_SECONDS);
    let claims = json!({
        "iss": issuer,
        "sub": issuer,
        "iat": now,
        "exp": now + seconds,
        "jwks": {"keys": public_keys(service)},
        "authority_hints": hints,
        "metadata": metadata,
    });
    Ok(key.sign(TYP, &reply::without_nulls(claims))?)
}

/// The discovery document, with what the federation has beyond it.
fn provider(service: &Settings) -> Value {
    let mut document = configuration::document(service);
    let types: Vec<String> = service.strings("supportedClientRegistrationTypes").map(str::to_lowercase).collect();
    if let Some(members) = document.as_object_mut() {
        members.insert("client_registration_types_supported".to_owned(), json!(types));
        members.insert(
            "federation_registration_endpoint".to_owned(),
            json!(service.string("federationRegistrationEndpoint")),
        );
        if service.string("signedJwksUri").is_some() {
            members.remove("jwks_uri");
        }
    }
    document
}

/// The keys of the service as an entity.
fn federation_keys(service: &Settings) -> Vec<Jwk> {
    service.string("federationJwks").map(jwk::set).unwrap_or_default()
}

fn public_keys(service: &Settings) -> Vec<Jwk> {
    federation_keys(service).iter().filter_map(jwk::public).collect()
}

fn signing_key(service: &Settings) -> Result<SigningKey, OperationError> {
    let keys = federation_keys(service);
    let found = keys::first_that_signs(&keys, service.string("federationSignatureKeyId"))?;
    let message = "The service's federationJwks has no private key that signs, or none with federationSignatureKeyId.";
    found.ok_or_else(|| OperationError::server(NOT_SET_UP, message))
}

fn disabled(service: &Settings) -> Option<Reply> {
    let error = OAuthError::new("not_found", NOT_ENABLED, "The service is not part of a federation.");
    let members = || json!({"responseContent": error.to_json(service)});
    (!service.flag("federationEnabled")).then(|| reply::action("NOT_FOUND", NOT_ENABLED, &error.message, members()))
}

/// What the client of a call presents to be registered; none where the call is another, or says something else.
pub(crate) fn presented(tenant: &Tenant, request: &Request) -> Option<Presented> {
    if request.operation.id != "federation_registration_api" || !tenant.settings.flag("federationEnabled") {
        return None;
    }
    let configuration = request.body.non_empty("entityConfiguration").ok().flatten();
    let chain = request.body.non_empty("trustChain").ok().flatten();
    match (configuration, chain) {
        (Some(configuration), None) => Some(Presented::Configuration(configuration)),
        (None, Some(chain)) => serde_json::from_str(&chain).ok().map(Presented::Chain),
        _ => None,
    }
}

/// `federation_registration_api`: registers the client that a trust chain is about.
pub(crate) fn register(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    if let Some(refusal) = disabled(&tenant.settings) {
        return Ok(refusal);
    }
    explicit(tenant, request).or_else(|error| error.reply(&tenant.settings, "BAD_REQUEST"))
}

fn explicit(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let refused = |message: &str| OAuthError::new("invalid_request", REQUEST, message);
    if !tenant.settings.has("supportedClientRegistrationTypes", "EXPLICIT") {
        return Err(refused("The service does not register clients explicitly.").into());
    }
    let presented = presented(tenant, request);
    let message = "The call has to have one of entityConfiguration and trustChain, which is a JSON array of strings.";
    let presented = presented.ok_or_else(|| refused(message))?;
    // A client's mistake must not pass for the service's: whether the service can answer is seen first.
    let key = signing_key(&tenant.settings)?;
    let chain = match federation::resolve_explicit(tenant, &presented, request.now) {
        Ok(chain) => chain,
        Err(wanted) => return Err(ApiError::internal(format!("{} was not fetched.", wanted.url)).into()),
    };
    let unresolved = |error: &ChainError| {
        OAuthError::new(error.name(), UNRESOLVED, format!("The client's trust chain is not good: {error}."))
    };
    let chain = chain.map_err(|error| unresolved(&error))?;
    if tenant.clients.by_url(&chain.subject).is_some() {
        let message = format!("The entity ID {} is already in use.", chain.subject);
        return Err(OAuthError::new("invalid_request", TAKEN, message).into());
    }
    let id = federation::register(tenant, &chain, false, request.now).map_err(|error| unresolved(&error))?;
    let client = tenant.known_client(id)?.clone();
    let content = key.sign(RESPONSE_TYP, &response(tenant, &client.settings, &chain, request.now))?;
    let members = json!({"responseContent": content, "client": client.settings.to_value()});
    Ok(reply::action("OK", REGISTERED, "The client is registered.", members))
}

/// What the client is told (section 12.2.3).
fn response(tenant: &Tenant, client: &Settings, chain: &TrustChain, now: u64) -> Value {
    let mut metadata = chain.metadata.clone();
    metadata.insert("client_id".to_owned(), json!(chain.subject));
    let method = client.string("tokenAuthMethod").unwrap_or_default();
    if method.starts_with("CLIENT_SECRET_") {
        metadata.insert("client_secret".to_owned(), json!(client.string("clientSecret")));
    }
    json!({
        "iss": tenant.settings.string("issuer"),
        "sub": chain.subject,
        "aud": chain.subject,
        "iat": now / 1000,
        "exp": chain.expires_at,
        "trust_anchor": chain.anchor,
        "authority_hints": [chain.superior],
        "metadata": {RELYING_PARTY: metadata},
    })
}
