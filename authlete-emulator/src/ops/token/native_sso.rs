//! OpenID Connect Native SSO for Mobile Apps 1.0: apps of one device share a login session. `auth_token_api` stops with
//! `NATIVE_SSO`, the authorization server looks after sessions and device secrets, and `native_sso_api` makes the response.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::grant::{self, Grant};
use super::{TokenRequest, deferred};
use crate::error::ApiError;
use crate::jose::Jwt;
use crate::oauth::jwt;
use crate::oauth::{OAuthError, OperationError, scope, target};
use crate::reply::{self, Code as ResultCode, Reply};
use crate::request::Request;
use crate::state::{Authorized, Code, Details, Session, Settings, Tenant, Token};

const WAITS: ResultCode = "A050005";
const SUBJECT_TOKEN: ResultCode = "A050390";
const AUDIENCE: ResultCode = "A050391";
const SESSION: ResultCode = "A050392";
const SCOPE: ResultCode = "A050393";
const TARGET: ResultCode = "A050394";
const CLIENT: ResultCode = "A050395";
const ISSUED: ResultCode = "A501001";
const ERROR: ResultCode = "A460201";
const LOGGED_OUT: ResultCode = "A503001";
const NO_SESSION_ID: ResultCode = "A461201";

/// The type of what an exchange yields (RFC 8693, section 3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Whether a request for these scopes is one for Native SSO.
pub(crate) fn applies(service: &Settings, scopes: &[String]) -> bool {
    let has = |scope: &str| scopes.iter().any(|one| one == scope);
    service.flag("nativeSsoSupported") && has("openid") && has("device_sso")
}

/// The session that the tokens of a code belong to.
pub(super) fn session(service: &Settings, code: &Code) -> Option<Session> {
    let id = code.authorized.details.session_id.clone().filter(|_| applies(service, &code.authorized.scopes))?;
    Some(Session { id, nonce: code.ticket.nonce.clone() })
}

/// Turns a response with tokens into one that waits for `native_sso_api`, if the tokens belong to a session.
pub(super) fn respond(reply: Reply, session: Option<&Session>, device_secret: Option<&str>) -> Reply {
    let Some(session) = session else { return reply };
    reply
        .with("action", json!("NATIVE_SSO"))
        .coded(WAITS, "The tokens are issued; the device secret and the ID token are still to be made.")
        .with("responseContent", Value::Null)
        .with("sessionId", json!(session.id))
        .with("deviceSecret", json!(device_secret))
}

/// The exchange of another app's ID token and the device secret for tokens of the client's own (section 4.3).
pub(super) fn exchange(
    tenant: &mut Tenant,
    request: &TokenRequest<'_>,
    subject: &str,
    subject_type: &str,
    secret: &str,
) -> Result<Reply, OperationError> {
    let client = &request.client.client;
    if client.is_unidentified() {
        return Err(OAuthError::new("unauthorized_client", CLIENT, "Native SSO needs a client.").into());
    }
    let (shared, hash) = shared(tenant, request, subject, subject_type)?;
    let requested = request.parameters.has("scope").then(|| request.parameters.words("scope"));
    let scopes = scope::grantable(&tenant.settings, client, requested.as_deref());
    if !scopes.iter().any(|scope| scope == "openid") {
        let message = "The request needs the scope openid, which the client may not have.";
        return Err(OAuthError::new("invalid_scope", SCOPE, message).into());
    }
    let details = target::requested(&tenant.settings, client, request.parameters, TARGET)?;
    // The nonce was for the app that the user logged in with.
    let session = shared.session.map(|session| Session { nonce: None, ..session });
    let grant = Grant {
        grant_type: "TOKEN_EXCHANGE",
        authorized: Authorized {
            scopes,
            properties: request.properties.clone(),
            details: Details { session_id: session.as_ref().map(|session| session.id.clone()), ..details },
            consented_claims: Vec::new(),
            ..shared.authorized
        },
        refreshable: grant::refreshable(&tenant.settings, client),
        alias_used: request.client.alias_used,
        session: session.clone(),
        ..Grant::default()
    };
    let (_, reply) = grant::issue(tenant, request, grant)?;
    Ok(respond(reply, session.as_ref(), Some(secret)).with("deviceSecretHash", json!(hash)))
}

/// A token of the session that the ID token is of, and the hash of the device secret that it has.
fn shared(
    tenant: &mut Tenant,
    request: &TokenRequest<'_>,
    subject: &str,
    subject_type: &str,
) -> Result<(Token, String), OperationError> {
    let refused = |error, code, message: &str| OperationError::Client(OAuthError::new(error, code, message));
    let not_ours = || refused("invalid_request", SUBJECT_TOKEN, "The subject_token is no ID token of the service's.");
    let jwt = Jwt::read(subject).ok().filter(|_| subject_type == "ID_TOKEN").ok_or_else(not_ours)?;
    // The ID token may be old: it stands for the session, which has an end of its own.
    if jwt::is_symmetric(&jwt) || !jwt::is_signed_by_service(tenant, None, &jwt)? {
        return Err(not_ours());
    }
    let audiences = request.parameters.all("audience");
    let is_us = |issuer: &str| jwt.string("iss") == Some(issuer) && audiences.iter().any(|one| one == issuer);
    if !tenant.settings.string("issuer").is_some_and(is_us) {
        return Err(refused("invalid_request", AUDIENCE, "The audience has to be the issuer of the ID token."));
    }
    let (Some(sid), Some(hash)) = (jwt.string("sid"), jwt.string("ds_hash")) else {
        return Err(refused("invalid_grant", SESSION, "The ID token has no sid, or no ds_hash."));
    };
    match tenant.tokens.of_session(sid, request.now) {
        Some(token) => Ok((token.clone(), hash.to_owned())),
        None => Err(refused("invalid_grant", SESSION, "The login session has ended.")),
    }
}

/// `native_sso_api`: the token response with an ID token that has the session and the hash of the device secret.
pub(crate) fn issue(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    make(tenant, request).or_else(|error| error.reply(&tenant.settings, "CALLER_ERROR"))
}

fn make(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let caller = |message: &str| OperationError::Client(OAuthError::new("server_error", ERROR, message));
    let mut deferred = deferred::read(tenant, request, ERROR)?;
    let given = |name| request.body.non_empty(name);
    let secret = given("deviceSecret")?.ok_or_else(|| caller("The call has no deviceSecret."))?;
    let session =
        deferred.token.session.clone().ok_or_else(|| caller("The access token belongs to no login session."))?;
    let hash = given("deviceSecretHash")?.unwrap_or_else(|| URL_SAFE_NO_PAD.encode(Sha256::digest(&secret)));
    deferred.token.authorized.details.session_id = Some(session.id.clone());
    deferred.token.authorized.details.add_claims([("ds_hash".to_owned(), json!(hash))]);
    let mut more = vec![("device_secret", secret.as_str())];
    if deferred.token.grant_type == "TOKEN_EXCHANGE" {
        more.push(("issued_token_type", ACCESS_TOKEN));
    }
    let members = deferred.respond(tenant, request.now, session.nonce.as_deref(), &more)?;
    Ok(reply::action("OK", ISSUED, "The token response is complete.", members))
}

/// `native_sso_logout_api`: ends what all apps have of a session.
pub(crate) fn logout(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let Some(id) = request.body.non_empty("sessionId")? else {
        return Ok(reply::action("CALLER_ERROR", NO_SESSION_ID, "The call has no sessionId.", json!({})));
    };
    let count = tenant.tokens.remove_session(&id);
    Ok(reply::action("OK", LOGGED_OUT, "The tokens of the session are gone.", json!({"count": count})))
}
