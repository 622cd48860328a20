//! The refresh token grant (RFC 6749, section 6), with rotation (RFC 9700, section 4.14.2).

use serde_json::json;

use super::{TokenRequest, binding, grant, native_sso};
use crate::oauth::{OAuthError, OperationError, access_token, lifetime, rar, resource};
use crate::random;
use crate::reply::{Code, Reply};
use crate::state::{Authorized, Refresh, Tenant, Token};

const NO_TOKEN: Code = "A050320";
const UNKNOWN: Code = "A050321";
const USED: Code = "A050322";
const OTHER_CLIENT: Code = "A050323";
const SCOPE: Code = "A050324";
const RESOURCE: Code = "A050325";
const AUTHORIZATION_DETAILS: Code = "A050326";

/// How long a refresh token that was used may be used again where the service has `refreshTokenIdempotent`: a minute.
const IDEMPOTENT_MILLIS: u64 = 60_000;

pub(super) fn refresh(tenant: &mut Tenant, request: &TokenRequest<'_>) -> Result<Reply, OperationError> {
    let invalid_grant = |code, message: &str| OAuthError::new("invalid_grant", code, message);
    let Some(value) = request.parameters.get("refresh_token") else {
        return Err(OAuthError::new("invalid_request", NO_TOKEN, "The request has no refresh_token.").into());
    };
    let unknown = || invalid_grant(UNKNOWN, "The refresh token is unknown or has expired.");
    let found = tenant.tokens.by_refresh(value).ok_or_else(unknown)?;
    let (Refresh::Current(number) | Refresh::Spent(number)) = found;
    let old = tenant.tokens.get(number).cloned().ok_or_else(unknown)?;
    if old.client_id != request.client.client.id {
        return Err(invalid_grant(OTHER_CLIENT, "The refresh token was issued to another client.").into());
    }
    // The response to the first use may not have arrived: then its repetition, soon after, gets the same refresh token.
    let spent = matches!(found, Refresh::Spent(_));
    let repeated = spent && tenant.settings.flag("refreshTokenIdempotent") && was_just_used(&old, value, request.now);
    if spent && !repeated {
        // Two parties hold the token, and only one of them is the client.
        tenant.tokens.remove(number);
        return Err(
            invalid_grant(USED, "The refresh token has been used; the tokens that came of it are revoked.").into()
        );
    }
    if !old.is_refreshable(request.now) {
        return Err(unknown().into());
    }
    if request.client.client.is_public() {
        // Nothing but the key says whose token it is (RFC 9449, section 5; RFC 8705, section 4).
        binding::check(&old.authorized.details.binding, &request.binding)?;
    }
    let mut scopes = scopes(&old, request)?;
    if tenant.settings.flag("openidDroppedOnRefreshWithoutOfflineAccess")
        && !old.refresh_scopes.iter().any(|scope| scope == "offline_access")
    {
        scopes.retain(|scope| scope != "openid");
    }
    let authorized = authorized(&old, scopes, request)?;
    let new = renewed(tenant, request, Token { authorized, ..old }, repeated)?;
    let new = access_token::in_its_form(tenant, &request.client.client, new, request.now)?;
    let reply = respond(tenant, request, &new);
    tenant.tokens.replace(number, new);
    Ok(reply.with("previousRefreshTokenUsed", json!(repeated)))
}

/// The response. A refresh brings no ID token by itself, but may leave one to a call of its own.
fn respond(tenant: &Tenant, request: &TokenRequest<'_>, new: &Token) -> Reply {
    let reply = grant::reply(tenant, request, new, "REFRESH_TOKEN", None);
    let has = |scope: &str| new.authorized.has_scope(scope);
    let shared = new.session.as_ref().filter(|_| tenant.settings.flag("nativeSsoSupported") && has("device_sso"));
    if shared.is_some() {
        return native_sso::respond(reply, shared, request.parameters.get("device_secret"));
    }
    if tenant.settings.flag("idTokenReissuable") && has("openid") && new.authorized.subject.is_some() {
        return reply.with("action", json!("ID_TOKEN_REISSUABLE"));
    }
    reply
}

/// Whether the token was renewed with this refresh token, a moment ago.
fn was_just_used(token: &Token, refresh: &str, now: u64) -> bool {
    let used = token.previous_refresh.as_ref().filter(|(previous, _)| previous == refresh);
    used.is_some_and(|(_, used_at)| now.saturating_sub(*used_at) < IDEMPOTENT_MILLIS)
}

/// The same scopes, or fewer.
fn scopes(old: &Token, request: &TokenRequest<'_>) -> Result<Vec<String>, OAuthError> {
    if !request.parameters.has("scope") {
        return Ok(old.refresh_scopes.clone());
    }
    let mut requested = request.parameters.words("scope");
    requested.sort_unstable();
    requested.dedup();
    if !requested.iter().all(|scope| old.refresh_scopes.contains(scope)) {
        return Err(OAuthError::new("invalid_scope", SCOPE, "The refresh token does not cover a requested scope."));
    }
    Ok(requested)
}

/// The same with these scopes, and with the same resources and authorization details or fewer, for the key that this
/// request proves.
fn authorized(old: &Token, scopes: Vec<String>, request: &TokenRequest<'_>) -> Result<Authorized, OAuthError> {
    let mut authorized = request.completed(Authorized { scopes, ..old.authorized.clone() });
    let details = &mut authorized.details;
    details.access_resources = resource::narrowed(&details.resources, request.parameters, RESOURCE)?;
    details.authorization_details =
        rar::narrowed(&details.authorization_details, request.parameters, AUTHORIZATION_DETAILS)?;
    Ok(authorized)
}

/// The token with a new access token and, unless the service keeps it or this use is a repetition, a new refresh token.
fn renewed(tenant: &Tenant, request: &TokenRequest<'_>, old: Token, repeated: bool) -> Result<Token, OperationError> {
    let service = &tenant.settings;
    let kept = service.flag("refreshTokenKept");
    let client = &request.client.client;
    let seconds =
        request.lifetimes.refresh.unwrap_or_else(|| lifetime::REFRESH_TOKEN.of(service, client, &old.refresh_scopes));
    let lasts_on = match (repeated, kept) {
        (true, _) => true,
        (false, true) => !service.flag("refreshTokenDurationReset"),
        (false, false) => service.flag("refreshTokenDurationKept"),
    };
    let refresh_expires_at = if lasts_on { old.refresh_expires_at } else { request.now + 1000 * seconds };
    let seconds =
        request.lifetimes.access.unwrap_or_else(|| lifetime::ACCESS_TOKEN.of(service, client, &old.authorized.scopes));
    let mut expires_at = request.now + 1000 * seconds;
    if service.flag("tokenExpirationLinked") {
        expires_at = expires_at.min(refresh_expires_at);
    }
    let refresh = if kept || repeated { old.refresh.clone() } else { Some(random::token::<32>()?) };
    let previous_refresh = match repeated {
        true => old.previous_refresh.clone(),
        false => old.refresh.clone().map(|refresh| (refresh, request.now)),
    };
    let properties = grant::with_properties(old.authorized.properties, &request.properties);
    Ok(Token {
        access: access_token::value(tenant, request.chosen_token.clone())?,
        expires_at,
        refresh,
        refresh_expires_at,
        refreshed_at: Some(request.now),
        authorized: Authorized { properties, ..old.authorized },
        previous_refresh,
        ..old
    })
}
