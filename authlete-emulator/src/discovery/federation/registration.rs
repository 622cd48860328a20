//! Registering clients by their trust chains: automatically, when they first ask for something, or when they ask for it.

use serde_json::{Map, Value, json};

use super::chain::{self, ChainError, TrustChain, is_entity_id};
use crate::fetch::Wanted;
use crate::jose::Jwt;
use crate::oauth::OperationError;
use crate::oauth::parameters::Parameters;
use crate::ops::client::registration;
use crate::registry::clients::{self, Fixed};
use crate::request::Request;
use crate::state::{Settings, Tenant};

/// Settings that say where the client comes from.
const DISCOVERED: &[&str] = &[
    "clientSource",
    "entityId",
    "trustAnchorId",
    "trustChain",
    "trustChainExpiresAt",
    "trustChainUpdatedAt",
    "clientRegistrationTypes",
    "automaticallyRegistered",
    "explicitlyRegistered",
];

/// Makes the client known whose entity identifier this is (section 12.1), unless its trust chain is not good; the inner
/// error says why. `None` where the service does not register clients so, or the client is known already. The outer
/// error is a document that has to be fetched first.
pub(crate) fn resolve_automatic(
    tenant: &mut Tenant,
    request: &Request,
    identifier: &str,
) -> Result<Option<Result<(), ChainError>>, Wanted> {
    let service = &tenant.settings;
    let registers = service.flag("federationEnabled") && service.has("supportedClientRegistrationTypes", "AUTOMATIC");
    if !registers || !is_entity_id(identifier) {
        return Ok(None);
    }
    if let Some(client) = tenant.clients.by_url(identifier) {
        let automatic = client.settings.flag("automaticallyRegistered");
        if !automatic || client.settings.number("trustChainExpiresAt") > request.now {
            return Ok(None);
        }
    }
    let chain = match presented_chain(request) {
        Some(statements) => chain::validate(tenant, &statements, request.now),
        None => chain::resolve(tenant, identifier, None, request.now)?,
    };
    let result = chain.and_then(|chain| {
        if chain.subject != identifier {
            return Err(ChainError::Invalid("the trust chain is another entity's".to_owned()));
        }
        if !has_type(&chain.metadata, "automatic") {
            return Err(ChainError::Metadata("client_registration_types does not have automatic".to_owned()));
        }
        register(tenant, &chain, true, request.now).map(|_| ())
    });
    Ok(Some(result))
}

/// The trust chain in the header of the request object (section 4.3).
fn presented_chain(request: &Request) -> Option<Vec<String>> {
    let parameters = Parameters::parse(&request.body.string("parameters").ok()??);
    let jwt = Jwt::read(parameters.get("request")?).ok()?;
    let statements = jwt.header.get("trust_chain")?.as_array()?;
    statements.iter().map(|statement| statement.as_str().map(str::to_owned)).collect()
}

fn has_type(metadata: &Map<String, Value>, name: &str) -> bool {
    metadata
        .get("client_registration_types")
        .and_then(Value::as_array)
        .is_some_and(|types| types.contains(&json!(name)))
}

/// What a client presents to register explicitly (section 12.2.1).
#[derive(Debug, Clone)]
pub(crate) enum Presented {
    Configuration(String),
    Chain(Vec<String>),
}

/// The chain of a client that asks to be registered.
pub(crate) fn resolve_explicit(
    tenant: &Tenant,
    presented: &Presented,
    now: u64,
) -> Result<Result<TrustChain, ChainError>, Wanted> {
    let invalid = |message: &str| ChainError::Invalid(message.to_owned());
    let configuration = match presented {
        Presented::Configuration(text) => Some(text.as_str()),
        Presented::Chain(statements) => statements.first().map(String::as_str),
    };
    let Some(jwt) = configuration.and_then(|text| Jwt::read(text.trim()).ok()) else {
        return Ok(Err(invalid("there is no entity configuration")));
    };
    let Some(entity) = jwt.string("sub").filter(|sub| is_entity_id(sub) && jwt.string("iss") == Some(sub)) else {
        return Ok(Err(invalid("the entity configuration does not say whose it is")));
    };
    // Clients that others wrote leave it out; a wrong one is refused.
    let issuer = tenant.settings.string("issuer").unwrap_or_default();
    if jwt.claims.contains_key("aud") && !jwt.is_for(&[issuer]) {
        return Ok(Err(invalid("the entity configuration is for another audience")));
    }
    let chain = match presented {
        Presented::Configuration(text) => chain::resolve(tenant, entity, Some(text), now)?,
        Presented::Chain(statements) => chain::validate(tenant, statements, now),
    };
    Ok(chain.and_then(|chain| match has_type(&chain.metadata, "explicit") {
        true => Ok(chain),
        false => Err(ChainError::Metadata("client_registration_types does not have explicit".to_owned())),
    }))
}

/// Stores the client that a chain is about, and returns its id.
pub(crate) fn register(tenant: &mut Tenant, chain: &TrustChain, automatic: bool, now: u64) -> Result<u64, ChainError> {
    if chain.metadata.contains_key("signed_jwks_uri")
        && !["jwks", "jwks_uri"].iter().any(|name| chain.metadata.contains_key(*name))
    {
        return Err(ChainError::Metadata("the keys of signed_jwks_uri alone are not supported".to_owned()));
    }
    let known = tenant.clients.by_url(&chain.subject).map(|client| (client.id, client.settings.clone()));
    let (id, mut settings) = match known {
        Some((id, settings)) => (Some(id), settings),
        None => (None, Settings(Map::new())),
    };
    registration::fill(tenant, &chain.metadata, &mut settings).map_err(|error| ChainError::Metadata(reason(error)))?;
    let stored = match id {
        Some(id) => clients::replace(tenant, id, settings, now).map(|client| client.id),
        None => clients::add(tenant, settings, Fixed::default(), now).map(|client| client.id),
    };
    let id = stored.map_err(|error| ChainError::Metadata(error.message))?;
    let types = [("automatic", "AUTOMATIC"), ("explicit", "EXPLICIT")];
    let types: Vec<&str> =
        types.iter().filter(|(name, _)| has_type(&chain.metadata, name)).map(|(_, setting)| *setting).collect();
    let source = if automatic { "AUTOMATIC_REGISTRATION" } else { "EXPLICIT_REGISTRATION" };
    let values = json!({
        "clientSource": source,
        "entityId": chain.subject,
        "trustAnchorId": chain.anchor,
        "trustChain": chain.statements,
        "trustChainExpiresAt": chain.expires_at.saturating_mul(1000),
        "trustChainUpdatedAt": now,
        "clientRegistrationTypes": types,
        "automaticallyRegistered": automatic,
        "explicitlyRegistered": !automatic,
    });
    if let Some(client) = tenant.clients.get(&id) {
        let mut settings = client.settings.clone();
        for name in DISCOVERED {
            settings.set(name, values.get(*name).cloned().unwrap_or_default());
        }
        tenant.clients.replace(id, settings);
    }
    Ok(id)
}

fn reason(error: OperationError) -> String {
    match error {
        OperationError::Api(error) => error.message,
        OperationError::Client(error) | OperationError::Server(error) => error.message,
    }
}
