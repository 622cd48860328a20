//! `auth_userinfo_api` and `auth_userinfo_issue_api`: the userinfo endpoint (OpenID Connect Core 1.0, section 5.3).

use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::oauth::claims;
use crate::reply::{self, Code, Reply, result_message};
use crate::request::Request;
use crate::state::{Settings, Tenant, Token};
use crate::views;

const VALID: Code = "A091001";
const ISSUED: Code = "A096001";
const NO_TOKEN: Code = "A091301";
const UNKNOWN: Code = "A091302";
const EXPIRED: Code = "A091303";
const NO_SUBJECT: Code = "A091304";
const NO_OPENID: Code = "A091305";
const CLAIMS: Code = "A096201";
const NO_ISSUER: Code = "A096202";

/// What the calls may ask for and the emulator cannot do yet.
const NOT_IMPLEMENTED: &[&str] = &["dpop", "dpopNonceRequired", "requestBodyContained"];
const NOT_IMPLEMENTED_ISSUE: &[&str] = &["claimsForTx", "verifiedClaimsForTx", "requestSignature"];

/// Why there are no claims: the action, the error of RFC 6750, our code and what to say.
struct Refusal {
    action: &'static str,
    error: &'static str,
    code: Code,
    message: &'static str,
}

/// `auth_userinfo_api`: whether the token is good, and which claims it is for.
pub(crate) fn look(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    request.refuse(NOT_IMPLEMENTED)?;
    let token = match find(tenant, request)? {
        Ok(token) => token,
        Err(refusal) => return Ok(refusal.reply(&tenant.settings)),
    };
    let client = tenant.clients.get(&token.client_id).map(|client| &client.settings);
    let members = json!({
        "token": token.access,
        "subject": token.subject,
        "scopes": views::listed(&token.scopes),
        "claims": views::listed(&claims::of_scopes(&token.scopes)),
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
    if tenant.settings.flag("rsResponseSigned") {
        return Err(ApiError::not_implemented("the service setting rsResponseSigned"));
    }
    let token = match find(tenant, request)? {
        Ok(token) => token.clone(),
        Err(refusal) => return Ok(refusal.reply(&tenant.settings)),
    };
    let client = tenant.clients.get(&token.client_id).map(|client| client.settings.clone()).unwrap_or_default();
    if client.text("subjectType") == Some("PAIRWISE") {
        return Err(ApiError::not_implemented("pairwise subjects"));
    }
    if client.text("userInfoEncryptionAlg").is_some() {
        return Err(ApiError::not_implemented("encrypted userinfo"));
    }
    let text = request.body.text("claims")?.filter(|text| !text.is_empty());
    let Ok(mut claims) = text.map_or(Ok(Map::new()), |text| serde_json::from_str(&text)) else {
        return Ok(server_error(&tenant.settings, CLAIMS, "The member claims is not a JSON object as a text."));
    };
    let sub = request.body.text("sub")?.filter(|sub| !sub.is_empty()).or(token.sub).or(token.subject);
    claims.insert("sub".to_owned(), json!(sub));
    match client.text("userInfoSignAlg") {
        None | Some("NONE") => {
            let members = json!({"responseContent": Value::Object(claims).to_string()});
            Ok(reply::action("JSON", ISSUED, "The claims are ready.", members))
        }
        Some("ES256") => signed(tenant, token.client_id, claims),
        Some(other) => Err(ApiError::not_implemented(format!("userinfo signed with {other}"))),
    }
}

/// Section 5.3.2: signed claims say who made them, and for whom.
fn signed(tenant: &mut Tenant, client_id: u64, mut claims: Map<String, Value>) -> Result<Reply, ApiError> {
    let Some(issuer) = tenant.settings.text("issuer").map(str::to_owned) else {
        return Ok(server_error(&tenant.settings, NO_ISSUER, "The service has no issuer, which a JWT must name."));
    };
    claims.insert("iss".to_owned(), json!(issuer));
    claims.insert("aud".to_owned(), json!([client_id.to_string()]));
    let jwt = tenant.key()?.sign(&Value::Object(claims))?;
    Ok(reply::action("JWT", ISSUED, "The claims are ready and signed.", json!({"responseContent": jwt})))
}

/// The token of the call, or why it is not good.
fn find<'a>(tenant: &'a Tenant, request: &Request) -> Result<Result<&'a Token, Refusal>, ApiError> {
    let refuse = |action, error, code, message| Ok(Err(Refusal { action, error, code, message }));
    let Some(given) = request.body.text("token")?.filter(|token| !token.is_empty()) else {
        return refuse("BAD_REQUEST", "invalid_request", NO_TOKEN, "There is no access token.");
    };
    let Some(token) = tenant.tokens.by_access(&given) else {
        return refuse("UNAUTHORIZED", "invalid_token", UNKNOWN, "The access token does not exist.");
    };
    if !token.is_alive(request.now) {
        return refuse("UNAUTHORIZED", "invalid_token", EXPIRED, "The access token has expired.");
    }
    if token.subject.is_none() {
        return refuse("UNAUTHORIZED", "invalid_token", NO_SUBJECT, "The access token belongs to no user.");
    }
    if !token.scopes.iter().any(|scope| scope == "openid") {
        return refuse(
            "FORBIDDEN",
            "insufficient_scope",
            NO_OPENID,
            "The access token does not cover the scope openid.",
        );
    }
    Ok(Ok(token))
}

impl Refusal {
    /// The answer, with the value of the header `WWW-Authenticate`.
    fn reply(&self, service: &Settings) -> Reply {
        let mut challenge = format!("Bearer error=\"{}\"", self.error);
        if !service.flag("errorDescriptionOmitted") {
            challenge += &format!(",error_description=\"{}\"", result_message(self.code, self.message));
        }
        if self.error == "insufficient_scope" {
            challenge += ",scope=\"openid\"";
        }
        reply::action(self.action, self.code, self.message, json!({"responseContent": challenge}))
    }
}

fn server_error(service: &Settings, code: Code, message: &'static str) -> Reply {
    Refusal { action: "INTERNAL_SERVER_ERROR", error: "server_error", code, message }.reply(service)
}
