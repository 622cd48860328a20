//! What all grants have in common: making the tokens, and the answer that carries them.

use serde_json::{Map, Value, json};

use super::TokenRequest;
use crate::oauth::id_token::IdToken;
use crate::oauth::lifetime::{self, Kind};
use crate::oauth::{Stop, access_token, rar};
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::state::{Client, Details, Session, Settings, Tenant, Token};
use crate::views;

const ISSUED: Code = "A050001";

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
    pub(super) details: Details,
    pub(super) session: Option<Session>,
    /// Whether the ID token is not made now, or not at all.
    pub(super) no_id_token: bool,
}

/// Whether the service gives this client refresh tokens.
pub(super) fn refreshable(service: &Settings, client: &Client) -> bool {
    service.has("supportedGrantTypes", "REFRESH_TOKEN") && client.settings.has("grantTypes", "REFRESH_TOKEN")
}

/// Issues the tokens of a grant, and returns the new token's number with the answer.
pub(super) fn issue(tenant: &mut Tenant, request: &TokenRequest<'_>, grant: Grant) -> Result<(u64, Reply), Stop> {
    let client = &request.client.client;
    let by_settings = |kind| lifetime::seconds(kind, &tenant.settings, client, &grant.scopes);
    let access_seconds = request.access_duration.unwrap_or_else(|| by_settings(Kind::Access));
    let refresh_seconds = request.refresh_duration.unwrap_or_else(|| by_settings(Kind::Refresh));
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
        details: request.completed(grant.details),
        session: grant.session,
        created_at: request.now,
        ..Token::default()
    };
    let token = access_token::in_its_form(tenant, client, token, request.now)?;
    // The ID token of a shared session is for `native_sso_api` to make.
    let id_token = match grant.no_id_token || token.session.is_some() {
        true => None,
        false => id_token(tenant, request, &token, grant.nonce.as_deref())?,
    };
    let reply = reply(tenant, request, &token, token.grant_type, id_token.as_deref());
    Ok((access_token::insert(tenant, client, token), reply))
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
        "responseContent": content(tenant, request, token, id_token, &[]),
        "accessToken": token.access,
        "jwtAccessToken": token.details.jwt,
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
        "resources": views::listed(request.parameters.all("resource")),
        "accessTokenResources": views::listed(&token.details.access_resources),
        "authorizationDetails": rar::to_api(&token.details.authorization_details),
        "grantId": token.details.grant_id,
        "requestedIdTokenClaims": views::listed(&token.details.id_token_claims),
        "serviceAttributes": tenant.settings.0.get("attributes"),
        "clientAttributes": client.0.get("attributes"),
    });
    reply::action("OK", ISSUED, "The token request succeeded.", members)
}

/// The body of the token response (RFC 6749, section 5.1). Properties that are not hidden stand beside its members.
pub(crate) fn content(
    tenant: &Tenant,
    request: &TokenRequest<'_>,
    token: &Token,
    id_token: Option<&str>,
    more: &[(&str, &str)],
) -> String {
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
    set("access_token", json!(token.presented()));
    set("token_type", json!(access_token::kind(tenant, token)));
    set("grant_id", json!(token.details.grant_id));
    set("authorization_details", views::listed(&token.details.authorization_details));
    set("expires_in", json!(token.expires_at.saturating_sub(request.now) / 1000));
    set("refresh_token", json!(token.refresh));
    set("id_token", json!(id_token));
    if !token.scopes.is_empty() {
        set("scope", json!(token.scopes.join(" ")));
    }
    for (name, value) in more {
        set(name, json!(value));
    }
    Value::Object(members).to_string()
}

/// The ID token beside an access token that covers the scope `openid`.
pub(super) fn id_token(
    tenant: &mut Tenant,
    request: &TokenRequest<'_>,
    token: &Token,
    nonce: Option<&str>,
) -> Result<Option<String>, Stop> {
    if !token.scopes.iter().any(|scope| scope == "openid") {
        return Ok(None);
    }
    let id_token = IdToken { nonce, ..IdToken::of(&request.client.client, token) };
    id_token.sign(tenant, request.now).map(Some)
}
