//! `auth_userinfo_api` and `auth_userinfo_issue_api`: the userinfo endpoint (OpenID Connect Core 1.0, section 5.3).

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::oauth::authorization::claims;
use crate::oauth::{OAuthError, Stop, dpop, possession};
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Client, Settings, Tenant, Token};
use crate::views;

const VALID: Code = "A091001";
const ISSUED: Code = "A096001";
const NO_TOKEN: Code = "A091301";
const UNKNOWN: Code = "A091302";
const EXPIRED: Code = "A091303";
const NO_SUBJECT: Code = "A091304";
const NO_OPENID: Code = "A091305";
const PROOF: Code = "A091306";
const CERTIFICATE: Code = "A091307";
const UNREADABLE: Code = "A091201";
const CLAIMS: Code = "A096201";
const NO_ISSUER: Code = "A096202";
const NO_CLIENT: Code = "A096203";

/// What the calls may ask for and the emulator cannot do yet.
const NOT_IMPLEMENTED: &[&str] = &["requestBodyContained"];
const NOT_IMPLEMENTED_ISSUE: &[&str] = &["claimsForTx", "verifiedClaimsForTx", "requestSignature"];

/// `auth_userinfo_api`: whether the token is good, and which claims it is for.
pub(crate) fn look(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    request.refuse(NOT_IMPLEMENTED)?;
    let reply = describe(tenant, request).or_else(|stop| refusal(&tenant.settings, stop))?;
    Ok(reply.with("dpopNonce", json!(dpop::nonce(tenant, request)?)))
}

fn describe(tenant: &mut Tenant, request: &Request) -> Result<Reply, Stop> {
    let token = find(tenant, request)?.clone();
    let presented = request.body.text("token")?.unwrap_or_default();
    possession::check(tenant, request, &token, &presented, UNREADABLE)?.map_err(|unproven| {
        let code = if unproven.scheme == "DPoP" { PROOF } else { CERTIFICATE };
        OAuthError::new(unproven.error, code, unproven.message)
    })?;
    let client = tenant.clients.get(&token.client_id).map(|client| &client.settings);
    let details = &token.details;
    let names = match details.userinfo_claims.as_slice() {
        [] => claims::of_scopes(&tenant.settings, &token.scopes),
        names => names.to_vec(),
    };
    let members = json!({
        "token": token.access,
        "subject": token.subject,
        "scopes": views::listed(&token.scopes),
        "claims": views::listed(&names),
        "userInfoClaims": details.userinfo_request.as_ref().map(|claims| json!(claims).to_string()),
        "consentedClaims": views::listed(&token.consented_claims),
        "clientId": token.client_id,
        "clientIdAlias": client.and_then(|client| client.text("clientIdAlias")),
        "clientIdAliasUsed": token.alias_used,
        "properties": views::listed(&token.properties),
        "serviceAttributes": tenant.settings.0.get("attributes"),
        "clientAttributes": client.and_then(|client| client.0.get("attributes")),
    });
    Ok(reply::action("OK", VALID, "The access token is valid.", members))
}

/// `auth_userinfo_issue_api`: the answer of the endpoint, plain or signed.
pub(crate) fn issue(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    request.refuse(NOT_IMPLEMENTED_ISSUE)?;
    make(tenant, request).or_else(|stop| refusal(&tenant.settings, stop))
}

fn make(tenant: &mut Tenant, request: &Request) -> Result<Reply, Stop> {
    let token = find(tenant, request)?.clone();
    let client = tenant.clients.get(&token.client_id).cloned();
    let client = client.ok_or_else(|| Stop::server(NO_CLIENT, "The access token's client no longer exists."))?;
    refuse_settings(&tenant.settings, &client)?;
    let text = request.body.text("claims")?.filter(|text| !text.is_empty());
    let claims: Option<Map<String, Value>> = text.map_or(Some(Map::new()), |text| serde_json::from_str(&text).ok());
    let Some(mut claims) = claims else {
        return Err(Stop::server(CLAIMS, "The member claims is not a JSON object as a text."));
    };
    let sub = request.body.text("sub")?.filter(|sub| !sub.is_empty()).or(token.sub).or(token.subject);
    claims.insert("sub".to_owned(), json!(sub));
    let algorithm = client.settings.text("userInfoSignAlg").filter(|name| *name != "NONE");
    let (action, content) = match algorithm {
        None => ("JSON", Value::Object(claims).to_string()),
        Some(algorithm) => ("JWT", signed(tenant, &client, algorithm, claims)?),
    };
    Ok(reply::action(action, ISSUED, "The claims are ready.", json!({"responseContent": content})))
}

/// Settings under which the claims would look other than they do here.
fn refuse_settings(service: &Settings, client: &Client) -> Result<(), ApiError> {
    if service.flag("rsResponseSigned") {
        return Err(ApiError::not_implemented("the service setting rsResponseSigned"));
    }
    if client.settings.text("subjectType") == Some("PAIRWISE") {
        return Err(ApiError::not_implemented("pairwise subjects"));
    }
    match client.settings.text("userInfoEncryptionAlg") {
        Some(_) => Err(ApiError::not_implemented("encrypted userinfo")),
        None => Ok(()),
    }
}

/// Section 5.3.2: signed claims say who made them, and for whom.
fn signed(
    tenant: &mut Tenant,
    client: &Client,
    algorithm: &str,
    mut claims: Map<String, Value>,
) -> Result<String, Stop> {
    let issuer = tenant.settings.text("issuer");
    let issuer = issuer.ok_or_else(|| Stop::server(NO_ISSUER, "The service has no issuer, which a JWT must name."))?;
    claims.insert("iss".to_owned(), json!(issuer));
    claims.insert("aud".to_owned(), json!([client.id.to_string()]));
    let key = tenant.keys.signer(&tenant.settings, client, algorithm, "userInfoSignatureKeyId")?;
    Ok(key.sign("JWT", &Value::Object(claims))?)
}

/// The token of the call, if it is good for the claims of a user.
fn find<'a>(tenant: &'a Tenant, request: &Request) -> Result<&'a Token, Stop> {
    let refused = |error, code, message: &str| Stop::Client(OAuthError::new(error, code, message));
    let Some(given) = request.body.text("token")?.filter(|token| !token.is_empty()) else {
        return Err(refused("invalid_request", NO_TOKEN, "There is no access token."));
    };
    let Some(token) = tenant.tokens.by_access(&given) else {
        return Err(refused("invalid_token", UNKNOWN, "The access token does not exist."));
    };
    if !token.is_alive(request.now) {
        return Err(refused("invalid_token", EXPIRED, "The access token has expired."));
    }
    if token.subject.is_none() {
        return Err(refused("invalid_token", NO_SUBJECT, "The access token belongs to no user."));
    }
    if !token.scopes.iter().any(|scope| scope == "openid") {
        return Err(refused("insufficient_scope", NO_OPENID, "The access token does not cover the scope openid."));
    }
    Ok(token)
}

/// The answer with the value of the header `WWW-Authenticate` (RFC 6750, section 3).
fn refusal(service: &Settings, stop: Stop) -> Result<Reply, ApiError> {
    let error = match stop {
        Stop::Api(error) => return Err(error),
        Stop::Client(error) | Stop::Server(error) => error,
    };
    let action = match error.error {
        "invalid_request" => "BAD_REQUEST",
        "invalid_token" | "invalid_dpop_proof" | "use_dpop_nonce" => "UNAUTHORIZED",
        "insufficient_scope" => "FORBIDDEN",
        _ => "INTERNAL_SERVER_ERROR",
    };
    let scheme = if error.code == PROOF { "DPoP" } else { "Bearer" };
    let mut challenge = format!("{scheme} error=\"{}\"", error.error);
    if let Some(description) = error.description(service) {
        challenge += &format!(",error_description=\"{description}\"");
    }
    if error.code == PROOF {
        challenge += &format!(",algs=\"{}\"", dpop::ALGORITHMS);
    }
    if action == "FORBIDDEN" {
        challenge += ",scope=\"openid\"";
    }
    Ok(reply::action(action, error.code, &error.message, json!({"responseContent": challenge})))
}
