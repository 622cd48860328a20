//! `auth_userinfo_api` and `auth_userinfo_issue_api`: the userinfo endpoint (OpenID Connect Core 1.0, section 5.3).

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::oauth::authorization::claims;
use crate::oauth::encryption::{Content, Encryption};
use crate::oauth::transformed_claims::{self, ForTx};
use crate::oauth::{
    CheckError, OAuthError, OperationError, attachments, dpop, http_signature, possession, sector, signed_request,
};
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
const UNPROVEN: Code = "A091306";
const CERTIFICATE: Code = "A091201";
const SIGNATURE: Code = "A091307";
const CLAIMS: Code = "A096201";
const NO_ISSUER: Code = "A096202";
const NO_CLIENT: Code = "A096203";

/// `auth_userinfo_api`: whether the token is good, and which claims it is for.
pub(crate) fn look(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let reply = claims_of(tenant, request).or_else(|error| refusal(&tenant.settings, error))?;
    Ok(reply.with("dpopNonce", json!(dpop::nonce(tenant, request)?)))
}

fn claims_of(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let token = find(tenant, request)?.clone();
    let presented = request.body.string("token")?.unwrap_or_default();
    match possession::check(tenant, request, &token, &presented, CERTIFICATE) {
        Ok(()) => {}
        Err(CheckError::Rejected(unproven)) => {
            return Ok(challenge(&tenant.settings, unproven.scheme, unproven.error, UNPROVEN, unproven.message));
        }
        Err(CheckError::Failed(error)) => return Err(error),
    }
    match signed_request::check(tenant, request, &token, Some("userInfoEndpoint")) {
        Ok(()) => {}
        Err(CheckError::Rejected(why)) => {
            return Ok(challenge(&tenant.settings, "Bearer", "invalid_request", SIGNATURE, &why));
        }
        Err(CheckError::Failed(error)) => return Err(error),
    }
    let client = tenant.clients.get(&token.client_id).map(|client| &client.settings);
    let details = &token.authorized.details;
    let names = match details.userinfo_claims.as_slice() {
        [] => claims::of_scopes(&tenant.settings, &token.authorized.scopes),
        names => names.to_vec(),
    };
    let members = json!({
        "token": presented,
        "subject": token.authorized.subject,
        "scopes": views::listed(&token.authorized.scopes),
        "claims": views::listed(&names),
        "transformedClaims": super::authorization::transformed_text(details),
        "requestedClaimsForTx":
            views::listed(&transformed_claims::sources(&tenant.settings, details, details.userinfo_request.as_ref())),
        "requestedVerifiedClaimsForTx": views::listed(&transformed_claims::verified_sources(
            &tenant.settings,
            details,
            details.userinfo_request.as_ref()
        )),
        "userInfoClaims": details.userinfo_request.as_ref().map(|claims| json!(claims).to_string()),
        "consentedClaims": views::listed(&token.authorized.consented_claims),
        "clientId": token.client_id,
        "clientIdAlias": client.and_then(|client| client.string("clientIdAlias")),
        "clientIdAliasUsed": token.alias_used,
        "clientEntityIdUsed": token.entity_id_used,
        "metadataDocumentUsed": token.metadata_document_used,
        "properties": views::listed(&token.authorized.properties),
        "serviceAttributes": tenant.settings.0.get("attributes"),
        "clientAttributes": client.and_then(|client| client.0.get("attributes")),
    });
    Ok(reply::action("OK", VALID, "The access token is valid.", members))
}

/// `auth_userinfo_issue_api`: the response of the endpoint, plain or signed.
pub(crate) fn issue(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    make(tenant, request).or_else(|error| refusal(&tenant.settings, error))
}

fn make(tenant: &mut Tenant, request: &Request) -> Result<Reply, OperationError> {
    let token = find(tenant, request)?.clone();
    let client = tenant.clients.get(&token.client_id).cloned();
    let client =
        client.ok_or_else(|| OperationError::server(NO_CLIENT, "The access token's client no longer exists."))?;
    let mut claims = request.body.object("claims", |message| OperationError::server(CLAIMS, &message))?;
    let for_tx = ForTx::read(&request.body, |message| OperationError::server(CLAIMS, &message))?;
    let details = &token.authorized.details;
    let asked = details.userinfo_request.as_ref();
    transformed_claims::add(&tenant.settings, details, asked, &for_tx, &mut claims, request.now);
    let sub = match (request.body.non_empty("sub")?.or_else(|| token.authorized.sub.clone()), &token.authorized.subject)
    {
        (Some(sub), _) => Some(sub),
        (None, Some(subject)) => Some(sector::subject(tenant, &client, subject)?),
        (None, None) => None,
    };
    claims.insert("sub".to_owned(), json!(sub));
    attachments::embed(tenant, &client, token.authorized.subject.as_deref(), &mut claims, request.now)?;
    let algorithm = client.settings.string("userInfoSignAlg").filter(|name| *name != "NONE");
    let encryption = Encryption::wanted(&client.settings, "userInfoEncryptionAlg", "userInfoEncryptionEnc")?;
    let (action, content) = match (algorithm, encryption) {
        (None, None) => ("JSON", Value::Object(claims).to_string()),
        (None, Some(encryption)) => {
            let claims = Value::Object(claims).to_string();
            ("JWT", encryption.to_client(tenant, &client, &Content::Claims(&claims))?)
        }
        (Some(algorithm), None) => ("JWT", signed(tenant, &client, algorithm, claims)?),
        (Some(algorithm), Some(encryption)) => {
            let jwt = signed(tenant, &client, algorithm, claims)?;
            ("JWT", encryption.to_client(tenant, &client, &Content::Jwt(&jwt))?)
        }
    };
    let members = match signed_request::is_response_signed(tenant, &token) {
        true => signed_response(tenant, request, &content)?,
        false => json!({"responseContent": content}),
    };
    Ok(reply::action(action, ISSUED, "The claims are ready.", members))
}

/// The content, with the fields of a signature.
fn signed_response(tenant: &mut Tenant, request: &Request, content: &str) -> Result<Value, OperationError> {
    let key = tenant.keys.named(&tenant.settings, "resourceSignatureKeyId")?;
    let of_request = request.body.non_empty("requestSignature")?;
    let signed = http_signature::sign_response(&key, content, of_request.as_deref(), request.now)?;
    Ok(json!({
        "responseContent": content,
        "signature": signed.signature,
        "signatureInput": signed.signature_input,
        "contentDigest": signed.content_digest,
    }))
}

/// Section 5.3.2: signed claims say who made them, and for whom.
fn signed(
    tenant: &mut Tenant,
    client: &Client,
    algorithm: &str,
    mut claims: Map<String, Value>,
) -> Result<String, OperationError> {
    let issuer = tenant.settings.string("issuer");
    let issuer =
        issuer.ok_or_else(|| OperationError::server(NO_ISSUER, "The service has no issuer, which a JWT must name."))?;
    claims.insert("iss".to_owned(), json!(issuer));
    claims.insert("aud".to_owned(), json!([client.identifier()]));
    let key = tenant.keys.signer(&tenant.settings, client, algorithm, "userInfoSignatureKeyId")?;
    Ok(key.sign("JWT", &Value::Object(claims))?)
}

/// The token of the call, if it is good for the claims of a user.
fn find<'a>(tenant: &'a Tenant, request: &Request) -> Result<&'a Token, OperationError> {
    let refused = |error, code, message: &str| OperationError::Client(OAuthError::new(error, code, message));
    let Some(given) = request.body.non_empty("token")? else {
        return Err(refused("invalid_request", NO_TOKEN, "There is no access token."));
    };
    let Some(token) = tenant.tokens.by_access(&given) else {
        return Err(refused("invalid_token", UNKNOWN, "The access token does not exist."));
    };
    if !token.is_alive(request.now) {
        return Err(refused("invalid_token", EXPIRED, "The access token has expired."));
    }
    if token.authorized.subject.is_none() {
        return Err(refused("invalid_token", NO_SUBJECT, "The access token belongs to no user."));
    }
    if !token.authorized.has_scope("openid") {
        return Err(refused("insufficient_scope", NO_OPENID, "The access token does not cover the scope openid."));
    }
    Ok(token)
}

/// The response with the value of the header `WWW-Authenticate` (RFC 6750, section 3).
fn refusal(service: &Settings, error: OperationError) -> Result<Reply, ApiError> {
    let error = match error {
        OperationError::Api(error) => return Err(error),
        OperationError::Client(error) | OperationError::Server(error) => error,
    };
    Ok(challenge(service, "Bearer", error.error, error.code, &error.message))
}

fn challenge(service: &Settings, scheme: &str, error: &'static str, code: Code, message: &str) -> Reply {
    let action = match error {
        "invalid_request" => "BAD_REQUEST",
        "invalid_token" | "invalid_dpop_proof" | "use_dpop_nonce" => "UNAUTHORIZED",
        "insufficient_scope" => "FORBIDDEN",
        _ => "INTERNAL_SERVER_ERROR",
    };
    let mut challenge = format!("{scheme} error=\"{error}\"");
    if let Some(description) = OAuthError::new(error, code, message).description(service) {
        challenge += &format!(",error_description=\"{description}\"");
    }
    if action == "FORBIDDEN" {
        challenge += ",scope=\"openid\"";
    }
    if scheme == "DPoP" {
        challenge += &format!(",algs=\"{}\"", dpop::ALGORITHMS);
    }
    reply::action(action, code, message, json!({"responseContent": challenge}))
}
