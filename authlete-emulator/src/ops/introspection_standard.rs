//! `auth_introspection_standard_api`: the introspection endpoint (RFC 7662), in JSON or as a signed JWT (RFC 9701).

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::jose::{Algorithm, Jwk, encode, jwe, jwk};
use crate::oauth::encryption::{Content, Encryption};
use crate::oauth::fapi::Profiles;
use crate::oauth::parameters::Parameters;
use crate::oauth::signing::SigningKey;
use crate::oauth::{OAuthError, OperationError, access_token};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Client, Refresh, Settings, Tenant, Token};
use crate::views;

const ANSWERED: Code = "A145001";
const NO_PARAMETERS: Code = "A145201";
const NO_ISSUER: Code = "A145202";
const NO_KEY: Code = "A145203";
const NO_TOKEN: Code = "A145301";
const REPEATED: Code = "A145302";

/// The media type that asks for a JWT.
const JWT: &str = "application/token-introspection+jwt";

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    respond(tenant, request).or_else(|error| error.reply(&tenant.settings, "BAD_REQUEST"))
}

fn respond(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let parameters = Parameters::forwarded(request, NO_PARAMETERS, REPEATED)?;
    let Some(value) = parameters.get("token") else {
        return Err(OAuthError::new("invalid_request", NO_TOKEN, "The request has no token.").into());
    };
    let hidden = request.body.flag("withHiddenProperties")?;
    let members = introspect(tenant, value, hidden, request.now);
    let accept = request.body.string("httpAcceptHeader")?.unwrap_or_default();
    let demanded = Profiles::of(&tenant.settings, &<Settings as Default>::default()).signs_introspection();
    if !demanded
        && !accept.split(',').any(|part| part.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JWT))
    {
        let members = json!({"responseContent": members.to_string()});
        return Ok(reply::action("OK", ANSWERED, "This is what the token is.", members));
    }
    let jwt = signed(tenant, request, &members)?;
    let jwt = encrypted(request, jwt)?;
    Ok(reply::action("JWT", ANSWERED, "This is what the token is.", json!({"responseContent": jwt})))
}

/// The members of the response (section 2.2): of a token that is good for nothing, no more than that.
fn introspect(tenant: &Tenant, value: &str, hidden: bool, now: u64) -> Value {
    let tokens = &tenant.tokens;
    if let Some(token) = tokens.by_access(value) {
        return if token.is_alive(now) { active(tenant, token, hidden, now, false) } else { json!({"active": false}) };
    }
    match tokens.by_refresh(value) {
        Some(Refresh::Current(number)) => match tokens.get(number).filter(|token| token.is_refreshable(now)) {
            Some(token) => active(tenant, token, hidden, now, true),
            None => json!({"active": false}),
        },
        _ => json!({"active": false}),
    }
}

fn active(tenant: &Tenant, token: &Token, hidden: bool, now: u64, refresh: bool) -> Value {
    let mut members = Map::new();
    for property in token.authorized.properties.iter().filter(|property| hidden || property["hidden"] != json!(true)) {
        if let Some(key) = property["key"].as_str() {
            members.insert(key.to_owned(), property["value"].clone());
        }
    }
    let (scopes, expires_at) = match refresh {
        true => (&token.refresh_scopes, token.refresh_expires_at),
        false => (&token.authorized.scopes, token.expires_at),
    };
    let details = &token.authorized.details;
    let binding = &details.binding;
    let is_bound = !refresh && (binding.jkt.is_some() || binding.x5t.is_some());
    let issued_at = token.refreshed_at.unwrap_or(token.created_at).min(now);
    let own = json!({
        "active": true,
        "client_id": tenant.clients.get(&token.client_id).map(Client::identifier),
        "scope": if scopes.is_empty() { Value::Null } else { json!(scopes.join(" ")) },
        "sub": token.authorized.subject,
        "iss": tenant.settings.string("issuer"),
        "exp": expires_at / 1000,
        "iat": issued_at / 1000,
        "token_type": (!refresh).then(|| access_token::kind(tenant, token)),
        "aud": views::listed(if refresh { &details.resources } else { &details.access_resources }),
        "cnf": if is_bound { json!({"jkt": binding.jkt, "x5t#S256": binding.x5t}) } else { Value::Null },
        "authorization_details": views::listed(&details.authorization_details),
        "acr": token.authorized.acr,
        "auth_time": token.authorized.auth_time,
    });
    // What the token says of itself must not be put in the place of what the server says of it.
    members.extend(own.as_object().cloned().unwrap_or_default());
    reply::without_nulls(Value::Object(members))
}

fn signed(tenant: &mut Tenant, request: &Request, members: &Value) -> Result<String, OperationError> {
    let Some(issuer) = tenant.settings.string("issuer").map(str::to_owned) else {
        return Err(OperationError::server(NO_ISSUER, "The service has no issuer, which the JWT must name."));
    };
    let Some(audience) = request.body.non_empty("rsUri")? else {
        return Err(OperationError::server(NO_PARAMETERS, "The call has no rsUri, which the JWT is for."));
    };
    let claims = json!({"iss": issuer, "aud": audience, "iat": request.now / 1000, "token_introspection": members});
    let given = request.body.non_empty("introspectionSignAlg")?;
    let name = given.as_deref().unwrap_or("ES256");
    let Some(algorithm) = Algorithm::parse(name) else {
        return Err(ApiError::not_implemented(format!("introspection responses signed with {name}")).into());
    };
    let key = if algorithm.is_symmetric() {
        let Some(secret) = request.body.non_empty("sharedKeyForSign")? else {
            return Err(OperationError::server(NO_KEY, "The call has no sharedKeyForSign, which the algorithm needs."));
        };
        SigningKey::of_secret(algorithm, &secret)
    } else {
        tenant.keys.of_service(&tenant.settings, algorithm, "introspectionSignatureKeyId")?
    };
    Ok(key.sign("token-introspection+jwt", &claims)?)
}

/// The JWT encrypted to the resource server, if the call says how (RFC 9701, section 6).
fn encrypted(request: &Request, jwt: String) -> Result<String, OperationError> {
    let Some(alg) = request.body.non_empty("introspectionEncryptionAlg")? else { return Ok(jwt) };
    let enc = request.body.non_empty("introspectionEncryptionEnc")?;
    let encryption = Encryption::parse(&alg, enc.as_deref())?;
    let symmetric = encryption.management.is_symmetric();
    let member = if symmetric { "sharedKeyForEncryption" } else { "publicKeyForEncryption" };
    let unusable = |why| OperationError::server(NO_KEY, &format!("The member {member} {why}."));
    let Some(text) = request.body.non_empty(member)? else { return Err(unusable("is missing, but needed")) };
    let keys = match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(jwk)) if jwk.contains_key("kty") => vec![jwk],
        Ok(set @ Value::Object(_)) => jwk::elements(&set),
        // A shared key need not be a JWK: its bytes are the key.
        _ if symmetric => {
            vec![Jwk::from_iter([("kty".to_owned(), json!("oct")), ("k".to_owned(), json!(encode(&text)))])]
        }
        _ => return Err(unusable("is not a JWK")),
    };
    let key = jwe::recipient(&keys, encryption.management, encryption.encoding);
    encryption.to_key(key.ok_or_else(|| unusable("is not a key for the algorithm"))?, &Content::Jwt(&jwt))
}
