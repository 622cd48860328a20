//! What all grants have in common: making the tokens, and the answer that carries them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::TokenRequest;
use crate::error::ApiError;
use crate::oauth::Stop;
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::schema::{ACCESS_TOKEN_SECONDS, ID_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS};
use crate::state::{Tenant, Token};
use crate::views;

const ISSUED: Code = "A050001";
const NO_ISSUER: Code = "A050203";

/// What a client has been granted.
#[derive(Debug, Default)]
pub(super) struct Grant {
    pub(super) grant_type: &'static str,
    pub(super) subject: Option<String>,
    pub(super) sub: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) refreshable: bool,
    pub(super) properties: Vec<Value>,
    pub(super) consented_claims: Vec<String>,
    pub(super) acr: Option<String>,
    pub(super) auth_time: Option<u64>,
    pub(super) nonce: Option<String>,
    pub(super) alias_used: bool,
}

/// Issues the tokens of a grant, and returns the new token's number with the answer.
pub(super) fn issue(tenant: &mut Tenant, request: &TokenRequest<'_>, grant: Grant) -> Result<(u64, Reply), Stop> {
    let client = &request.client.client;
    let access_seconds =
        request.access_duration.unwrap_or_else(|| tenant.duration("accessTokenDuration", ACCESS_TOKEN_SECONDS));
    let refresh_seconds =
        request.refresh_duration.unwrap_or_else(|| tenant.duration("refreshTokenDuration", REFRESH_TOKEN_SECONDS));
    let token = Token {
        access: random::token::<32>()?,
        expires_at: request.now + 1000 * access_seconds,
        refresh: if grant.refreshable { Some(random::token::<32>()?) } else { None },
        refresh_expires_at: request.now + 1000 * refresh_seconds,
        client_id: client.id,
        alias_used: grant.alias_used,
        subject: grant.subject,
        sub: grant.sub,
        grant_type: grant.grant_type,
        refresh_scopes: grant.scopes.clone(),
        scopes: grant.scopes,
        properties: grant.properties,
        consented_claims: grant.consented_claims,
        acr: grant.acr,
        auth_time: grant.auth_time,
        created_at: request.now,
        ..Token::default()
    };
    let openid = token.scopes.iter().any(|scope| scope == "openid");
    let id_token = match openid {
        true => Some(id_token(tenant, request, &token, grant.nonce.as_deref())?),
        false => None,
    };
    let single =
        tenant.settings.flag("singleAccessTokenPerSubject") || client.settings.flag("singleAccessTokenPerSubject");
    if let (true, Some(subject)) = (single, &token.subject) {
        tenant.tokens.remove_of(client.id, subject);
    }
    let reply = reply(tenant, request, &token, token.grant_type, id_token.as_deref());
    Ok((tenant.tokens.insert(token), reply))
}

/// The answer that hands out a token.
pub(super) fn reply(
    tenant: &Tenant,
    request: &TokenRequest<'_>,
    token: &Token,
    grant_type: &str,
    id_token: Option<&str>,
) -> Reply {
    let client = &request.client.client.settings;
    let refreshable = token.refresh.is_some();
    let seconds_until = |time: u64| time.saturating_sub(request.now) / 1000;
    let members = json!({
        "responseContent": content(tenant, request, token, id_token),
        "accessToken": token.access,
        "accessTokenExpiresAt": token.expires_at,
        "accessTokenDuration": seconds_until(token.expires_at),
        "refreshToken": token.refresh,
        "refreshTokenExpiresAt": if refreshable { token.refresh_expires_at } else { 0 },
        "refreshTokenDuration": if refreshable { seconds_until(token.refresh_expires_at) } else { 0 },
        "refreshTokenScopes": if refreshable { views::listed(&token.refresh_scopes) } else { Value::Null },
        "idToken": id_token,
        "grantType": grant_type,
        "clientId": token.client_id,
        "clientIdAlias": client.text("clientIdAlias"),
        "clientIdAliasUsed": request.client.alias_used,
        "clientAuthMethod": request.client.method,
        "subject": token.subject,
        "scopes": views::listed(&token.scopes),
        "properties": views::listed(&token.properties),
        "serviceAttributes": tenant.settings.0.get("attributes"),
        "clientAttributes": client.0.get("attributes"),
    });
    reply::action("OK", ISSUED, "The token request succeeded.", members)
}

/// The body of the token response (RFC 6749, section 5.1). Properties that are not hidden stand beside its members.
fn content(tenant: &Tenant, request: &TokenRequest<'_>, token: &Token, id_token: Option<&str>) -> String {
    let mut members = Map::new();
    for property in token.properties.iter().filter(|property| property["hidden"] != json!(true)) {
        if let Some(key) = property["key"].as_str() {
            members.insert(key.to_owned(), property["value"].clone());
        }
    }
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            members.insert(name.to_owned(), value);
        }
    };
    set("access_token", json!(token.access));
    set("token_type", json!(tenant.settings.text("accessTokenType").unwrap_or("Bearer")));
    set("expires_in", json!(token.expires_at.saturating_sub(request.now) / 1000));
    set("refresh_token", json!(token.refresh));
    set("id_token", json!(id_token));
    if !token.scopes.is_empty() {
        set("scope", json!(token.scopes.join(" ")));
    }
    Value::Object(members).to_string()
}

/// The ID token (OpenID Connect Core 1.0, section 2).
fn id_token(
    tenant: &mut Tenant,
    request: &TokenRequest<'_>,
    token: &Token,
    nonce: Option<&str>,
) -> Result<String, Stop> {
    let client = &request.client.client.settings;
    let Some(issuer) = tenant.settings.text("issuer").map(str::to_owned) else {
        let message = "The service has no issuer, which an ID token must name.";
        return Err(Stop::server(NO_ISSUER, message));
    };
    if client.text("subjectType") == Some("PAIRWISE") {
        return Err(ApiError::not_implemented("pairwise subjects").into());
    }
    if client.text("idTokenEncryptionAlg").is_some() {
        return Err(ApiError::not_implemented("encrypted ID tokens").into());
    }
    let audience = token.client_id.to_string();
    let audience = match tenant.settings.text("idTokenAudType") {
        Some("string") => json!(audience),
        _ => json!([audience]),
    };
    let seconds = request.now / 1000;
    let hash = Sha256::digest(&token.access);
    let half = hash.get(..16).unwrap_or_default();
    let claims = json!({
        "iss": issuer,
        "sub": token.sub.as_ref().or(token.subject.as_ref()),
        "aud": audience,
        "iat": seconds,
        "exp": seconds + tenant.duration("idTokenDuration", ID_TOKEN_SECONDS),
        "auth_time": token.auth_time,
        "nonce": nonce,
        "acr": token.acr,
        "at_hash": URL_SAFE_NO_PAD.encode(half),
    });
    let algorithm = client.text("idTokenSignAlg").unwrap_or("ES256");
    let key = tenant.keys.signer(&tenant.settings, &request.client.client, algorithm, "idTokenSignatureKeyId")?;
    Ok(key.sign("JWT", &reply::without_nulls(claims))?)
}
