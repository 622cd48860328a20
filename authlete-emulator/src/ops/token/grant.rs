//! What all grants have in common: making the tokens, and the response that carries them.

use serde_json::{Map, Value, json};

use super::TokenRequest;
use crate::oauth::id_token::IdToken;
use crate::oauth::{OperationError, access_token, haip, lifetime, rar};
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::state::{Authorized, Client, Session, Settings, Tenant, Token};
use crate::vci::{issuable, nonce};
use crate::views;

const ISSUED: Code = "A050001";

/// What a client has been granted.
#[derive(Debug, Default)]
pub(super) struct Grant {
    pub(super) grant_type: &'static str,
    pub(super) authorized: Authorized,
    pub(super) refreshable: bool,
    pub(super) nonce: Option<String>,
    pub(super) alias_used: bool,
    pub(super) session: Option<Session>,
    /// Whether the ID token is not made now, or not at all.
    pub(super) no_id_token: bool,
}

/// Whether the service gives this client refresh tokens.
pub(super) fn refreshable(service: &Settings, client: &Client) -> bool {
    service.has("supportedGrantTypes", "REFRESH_TOKEN") && client.settings.has("grantTypes", "REFRESH_TOKEN")
}

/// Properties with more of them, of which one takes the place of another with the same key.
pub(super) fn with_properties(mut properties: Vec<Value>, more: &[Value]) -> Vec<Value> {
    properties.retain(|old| more.iter().all(|new| new["key"] != old["key"]));
    properties.extend_from_slice(more);
    properties
}

/// Issues the tokens of a grant, and returns the new token's number with the response.
pub(super) fn issue(
    tenant: &mut Tenant,
    request: &TokenRequest<'_>,
    grant: Grant,
) -> Result<(u64, Reply), OperationError> {
    let client = &request.client.client;
    if haip::applies(&tenant.settings, &client.settings, &grant.authorized.scopes) {
        haip::check_binding(&request.binding)?;
    }
    let lifetime = |lifetime: lifetime::Lifetime| lifetime.of(&tenant.settings, client, &grant.authorized.scopes);
    let access_seconds = request.lifetimes.access.unwrap_or_else(|| lifetime(lifetime::ACCESS_TOKEN));
    let refresh_seconds = request.lifetimes.refresh.unwrap_or_else(|| lifetime(lifetime::REFRESH_TOKEN));
    let token = Token {
        access: access_token::value(tenant, request.chosen_token.clone())?,
        expires_at: request.now + 1000 * access_seconds,
        refresh: if grant.refreshable { Some(random::token::<32>()?) } else { None },
        refresh_expires_at: request.now + 1000 * refresh_seconds,
        client_id: client.id,
        alias_used: grant.alias_used,
        grant_type: grant.grant_type,
        refresh_scopes: grant.authorized.scopes.clone(),
        authorized: request.completed(grant.authorized),
        session: grant.session,
        created_at: request.now,
        ..Token::default()
    };
    let c_nonce = nonce::of_new_token(tenant, &token.authorized, request.now)?;
    let token = access_token::in_its_form(tenant, client, Token { c_nonce, ..token }, request.now)?;
    // The ID token of a shared session is for `native_sso_api` to make.
    let id_token = match grant.no_id_token || token.session.is_some() {
        true => None,
        false => id_token(tenant, request, &token, grant.nonce.as_deref())?,
    };
    let reply = reply(tenant, request, &token, token.grant_type, id_token.as_deref());
    Ok((access_token::insert(tenant, client, token), reply))
}

/// The response that hands out a token.
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
        "jwtAccessToken": token.authorized.details.jwt,
        "accessTokenExpiresAt": token.expires_at,
        "accessTokenDuration": seconds_until(token.expires_at),
        "refreshToken": token.refresh,
        "refreshTokenExpiresAt": if refreshable { token.refresh_expires_at } else { 0 },
        "refreshTokenDuration": if refreshable { seconds_until(token.refresh_expires_at) } else { 0 },
        "refreshTokenScopes": if refreshable { views::listed(&token.refresh_scopes) } else { Value::Null },
        "idToken": id_token,
        "grantType": grant_type,
        "clientId": token.client_id,
        "clientIdAlias": client.string("clientIdAlias"),
        "clientIdAliasUsed": request.client.alias_used,
        "clientAuthMethod": request.client.method,
        "subject": token.authorized.subject,
        "scopes": views::listed(&token.authorized.scopes),
        "properties": views::listed(&token.authorized.properties),
        "resources": views::listed(request.parameters.all("resource")),
        "accessTokenResources": views::listed(&token.authorized.details.access_resources),
        "authorizationDetails": rar::to_api(&identified(&tenant.settings, token)),
        "cnonce": token.c_nonce.as_ref().map(|nonce| &nonce.value),
        "cnonceExpiresAt": token.c_nonce.as_ref().map(|nonce| nonce.expires_at),
        "cnonceDuration": token.c_nonce.as_ref().map(|nonce| seconds_until(nonce.expires_at)),
        "grantId": token.authorized.details.grant_id,
        "requestedIdTokenClaims": views::listed(&token.authorized.details.id_token_claims),
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
    for property in token.authorized.properties.iter().filter(|property| property["hidden"] != json!(true)) {
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
    set("grant_id", json!(token.authorized.details.grant_id));
    set("authorization_details", views::listed(&identified(&tenant.settings, token)));
    if let Some(nonce) = &token.c_nonce {
        set("c_nonce", json!(nonce.value));
        set("c_nonce_expires_in", json!(nonce.expires_at.saturating_sub(request.now) / 1000));
    }
    set("expires_in", json!(token.expires_at.saturating_sub(request.now) / 1000));
    set("refresh_token", json!(token.refresh));
    set("id_token", json!(id_token));
    if !token.authorized.scopes.is_empty() {
        set("scope", json!(token.authorized.scopes.join(" ")));
    }
    for (name, value) in more {
        set(name, json!(value));
    }
    Value::Object(members).to_string()
}

/// The elements of `authorization_details` of a token, with what the response says of credentials.
fn identified(service: &Settings, token: &Token) -> Vec<Value> {
    issuable::identified(service, &token.authorized.details.authorization_details)
}

/// The ID token beside an access token that covers the scope `openid`.
pub(super) fn id_token(
    tenant: &mut Tenant,
    request: &TokenRequest<'_>,
    token: &Token,
    nonce: Option<&str>,
) -> Result<Option<String>, OperationError> {
    if !token.authorized.has_scope("openid") {
        return Ok(None);
    }
    let id_token = IdToken { nonce, ..IdToken::of(&request.client.client, token) };
    id_token.sign(tenant, request.now).map(Some)
}
