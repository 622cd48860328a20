//! Token exchange (RFC 8693): checks the request and its tokens, and leaves the policy to the authorization server.

use serde_json::{Value, json};
use url::Url;

use super::TokenRequest;
use super::native_sso;
use crate::error::ApiError;
use crate::jose::{Jwt, Unreadable};
use crate::oauth::jwt;
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError, rar, scope, target};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Refresh, Settings, Tenant, Token};
use crate::views;

const VALID: Code = "A050003";
const CLIENT: Code = "A050370";
const TYPE: Code = "A050371";
const TOKEN: Code = "A050372";
const ACTOR: Code = "A050373";
const JWT: Code = "A050374";
const UNKNOWN: Code = "A050375";
const TARGET: Code = "A050376";

/// Token types as clients write them (RFC 8693, section 3) and as Authlete names them.
const TOKEN_TYPES: &[(&str, &str)] = &[
    ("urn:ietf:params:oauth:token-type:jwt", "JWT"),
    ("urn:ietf:params:oauth:token-type:access_token", "ACCESS_TOKEN"),
    ("urn:ietf:params:oauth:token-type:refresh_token", "REFRESH_TOKEN"),
    ("urn:ietf:params:oauth:token-type:id_token", "ID_TOKEN"),
    ("urn:ietf:params:oauth:token-type:saml1", "SAML1"),
    ("urn:ietf:params:oauth:token-type:saml2", "SAML2"),
];

/// The type of a device secret (OpenID Connect Native SSO), which exists only where the service supports it.
const DEVICE_SECRET: &str = "urn:openid:params:token-type:device-secret";

/// Whether the request is one that needs no client: an exchange or an assertion, from nobody, where the service lets that be.
pub(super) fn is_anonymous(tenant: &Tenant, request: &Request, parameters: &Parameters) -> Result<bool, ApiError> {
    let closed = match parameters.get("grant_type") {
        Some("urn:ietf:params:oauth:grant-type:token-exchange") => "tokenExchangeByIdentifiableClientsOnly",
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => "jwtGrantByIdentifiableClientsOnly",
        _ => return Ok(false),
    };
    let given = |name| Ok::<_, ApiError>(request.body.string(name)?.is_some_and(|text| !text.is_empty()));
    let says_who = parameters.first_of(&["client_id", "client_secret", "client_assertion"]).is_some()
        || given("clientId")?
        || given("oauthClientAttestation")?;
    Ok(!says_who && !tenant.settings.flag(closed))
}

pub(super) fn check(tenant: &mut Tenant, request: &TokenRequest<'_>) -> Result<Reply, OperationError> {
    check_client(&tenant.settings, request)?;
    let parameters = request.parameters;
    let requested_type = token_type(&tenant.settings, parameters, "requested_token_type")?;
    let (Some(subject), Some(subject_type)) =
        (parameters.get("subject_token"), token_type(&tenant.settings, parameters, "subject_token_type")?)
    else {
        return Err(invalid(TOKEN, "The request has no subject_token, or no subject_token_type.").into());
    };
    let actor = parameters.get("actor_token");
    let actor_type = token_type(&tenant.settings, parameters, "actor_token_type")?;
    if actor.is_some() != actor_type.is_some() {
        return Err(invalid(ACTOR, "The request has one of actor_token and actor_token_type, but not both.").into());
    }
    if let (Some(secret), Some("DEVICE_SECRET")) = (actor, actor_type) {
        return native_sso::exchange(tenant, request, subject, subject_type, secret);
    }
    let subject_info = examine(tenant, request, subject, subject_type)?;
    let actor_info = match (actor, actor_type) {
        (Some(actor), Some(actor_type)) => examine(tenant, request, actor, actor_type)?,
        _ => Value::Null,
    };
    let members = json!({
        "subjectToken": subject,
        "subjectTokenType": subject_type,
        "subjectTokenInfo": subject_info,
        "actorToken": actor,
        "actorTokenType": actor_type,
        "actorTokenInfo": actor_info,
        "requestedTokenType": requested_type,
        "audiences": views::listed(parameters.all("audience")),
        "grantType": "TOKEN_EXCHANGE",
    });
    respond(tenant, request, "TOKEN_EXCHANGE", VALID, members)
}

/// The response that leaves the rest to the authorization server, with what the client asks for.
pub(super) fn respond(
    tenant: &Tenant,
    request: &TokenRequest<'_>,
    action: &str,
    code: Code,
    mut members: Value,
) -> Result<Reply, OperationError> {
    let client = &request.client.client;
    let requested = request.parameters.has("scope").then(|| request.parameters.words("scope"));
    members["scopes"] = views::listed(&scope::grantable(&tenant.settings, client, requested.as_deref()));
    let details = target::requested(&tenant.settings, client, request.parameters, TARGET)?;
    members["resources"] = views::listed(&details.resources);
    members["authorizationDetails"] = rar::to_api(&details.authorization_details);
    members["clientId"] = json!(client.id);
    members["clientIdAlias"] = json!(client.settings.string("clientIdAlias"));
    members["clientIdAliasUsed"] = json!(request.client.alias_used);
    members["clientAuthMethod"] = json!((!client.is_unidentified()).then_some(request.client.method));
    members["serviceAttributes"] = json!(tenant.settings.0.get("attributes"));
    members["clientAttributes"] = json!(client.settings.0.get("attributes"));
    Ok(reply::action(action, code, "The request is valid; the authorization server decides what it yields.", members))
}

fn invalid(code: Code, message: &str) -> OAuthError {
    OAuthError::new("invalid_request", code, message)
}

/// The rules that a service may have for who exchanges tokens.
fn check_client(service: &Settings, request: &TokenRequest<'_>) -> Result<(), OAuthError> {
    let client = &request.client.client;
    let refused = |message: &str| Err(OAuthError::new("unauthorized_client", CLIENT, message));
    if service.flag("tokenExchangeByConfidentialClientsOnly") && client.is_public() {
        return refused("Only confidential clients may exchange tokens.");
    }
    let permitted =
        client.settings.0.get("extension").is_some_and(|extension| extension["tokenExchangePermitted"] == true);
    if service.flag("tokenExchangeByPermittedClientsOnly") && !permitted {
        return refused("The client has no permission to exchange tokens.");
    }
    Ok(())
}

fn token_type(service: &Settings, parameters: &Parameters, name: &str) -> Result<Option<&'static str>, OAuthError> {
    let Some(given) = parameters.get(name) else { return Ok(None) };
    if given == DEVICE_SECRET && service.flag("nativeSsoSupported") {
        return Ok(Some("DEVICE_SECRET"));
    }
    let known = TOKEN_TYPES.iter().find(|(urn, _)| *urn == given).map(|(_, name)| *name);
    known.map(Some).ok_or_else(|| invalid(TYPE, &format!("There is no such {name}.")))
}

/// Checks a token as its type allows, and says what is known of it.
fn examine(tenant: &mut Tenant, request: &TokenRequest<'_>, text: &str, kind: &str) -> Result<Value, OperationError> {
    let unknown = || invalid(UNKNOWN, "A token is unknown or has expired.");
    match kind {
        "ACCESS_TOKEN" => {
            let token =
                tenant.tokens.by_access(text).filter(|token| token.is_alive(request.now)).ok_or_else(unknown)?;
            Ok(info(tenant, token, token.expires_at, &token.authorized.scopes))
        }
        "REFRESH_TOKEN" => {
            let found = match tenant.tokens.by_refresh(text) {
                Some(Refresh::Current(number)) => tenant.tokens.get(number),
                _ => None,
            };
            let token = found.filter(|token| token.is_refreshable(request.now)).ok_or_else(unknown)?;
            Ok(info(tenant, token, token.refresh_expires_at, &token.refresh_scopes))
        }
        "JWT" => {
            if let Some(jwt) = readable(&tenant.settings, text)?
                && let Some(claim) =
                    jwt::wrong_time(&jwt, request.now, tenant.settings.number("allowableClockSkew"), &[])
            {
                return Err(
                    invalid(JWT, &format!("The claim {claim} of a token does not fit the present time.")).into()
                );
            }
            Ok(Value::Null)
        }
        "ID_TOKEN" => {
            if let Some(jwt) = readable(&tenant.settings, text)? {
                check_id_token(tenant, &jwt, request.now)?;
            }
            Ok(Value::Null)
        }
        "DEVICE_SECRET" => Err(invalid(TYPE, "A device secret is an actor_token, and no subject_token.").into()),
        // Nothing is checked of SAML assertions.
        _ => Ok(Value::Null),
    }
}

/// A JWT that can be read; of one that is encrypted nothing more is known.
fn readable<'a>(service: &Settings, text: &'a str) -> Result<Option<Jwt<'a>>, OAuthError> {
    match Jwt::read(text) {
        Err(Unreadable::Malformed) => Err(invalid(JWT, "A token does not have the form of a JWT.")),
        Err(Unreadable::Encrypted) if service.flag("tokenExchangeEncryptedJwtRejected") => {
            Err(invalid(JWT, "The service does not accept encrypted JWTs here."))
        }
        Err(Unreadable::Encrypted) => Ok(None),
        Ok(jwt) if jwt::algorithm(&jwt).is_none() && service.flag("tokenExchangeUnsignedJwtRejected") => {
            Err(invalid(JWT, "The service does not accept unsigned JWTs here."))
        }
        Ok(jwt) => Ok(Some(jwt)),
    }
}

/// An ID token: its claims, and its signature if it has one.
fn check_id_token(tenant: &mut Tenant, jwt: &Jwt<'_>, now: u64) -> Result<(), OperationError> {
    let wrong = |claim: &str| invalid(JWT, &format!("The claim {claim} of an ID token is missing or wrong."));
    if let Some(claim) = jwt::wrong_time(jwt, now, tenant.settings.number("allowableClockSkew"), &["exp", "iat"]) {
        return Err(wrong(claim).into());
    }
    let is_issuer = |uri: Url| uri.scheme() == "https" && uri.query().is_none() && uri.fragment().is_none();
    let issuer = jwt.string("iss").filter(|text| Url::parse(text).is_ok_and(is_issuer)).ok_or_else(|| wrong("iss"))?;
    if !jwt::has_audience(jwt) {
        return Err(wrong("aud").into());
    }
    if jwt.claims.get("nonce").is_some_and(|nonce| !nonce.is_string()) {
        return Err(wrong("nonce").into());
    }
    if jwt::algorithm(jwt).is_none() {
        return Ok(());
    }
    if jwt::is_symmetric(jwt) {
        return Err(invalid(JWT, "An ID token with a symmetric signature cannot be exchanged.").into());
    }
    if tenant.settings.string("issuer") != Some(issuer) {
        return Err(ApiError::not_implemented("ID tokens of other issuers").into());
    }
    match jwt::is_signed_by_service(tenant, None, jwt)? {
        true => Ok(()),
        false => Err(invalid(JWT, "The signature of an ID token is wrong.").into()),
    }
}

/// What is known of a token that the service issued.
fn info(tenant: &Tenant, token: &Token, expires_at: u64, scopes: &[String]) -> Value {
    let client = tenant.clients.get(&token.client_id).map(|client| &client.settings);
    json!({
        "clientId": token.client_id,
        "clientIdAlias": client.and_then(|client| client.string("clientIdAlias")),
        "clientIdAliasUsed": token.alias_used,
        "subject": token.authorized.subject,
        "scopes": views::listed(&scope::details(&tenant.settings, scopes)),
        "expiresAt": expires_at,
        "properties": views::listed(&token.authorized.properties),
    })
}
