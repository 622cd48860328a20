//! The refresh token grant (RFC 6749, section 6), with rotation (RFC 9700, section 4.14.2).

use super::{TokenRequest, binding, grant};
use crate::error::ApiError;
use crate::oauth::{OAuthError, Stop, access_token, rar, resource};
use crate::random;
use crate::reply::{Code, Reply};
use crate::schema::{ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS};
use crate::state::{Details, Refresh, Tenant, Token};

const NO_TOKEN: Code = "A050320";
const UNKNOWN: Code = "A050321";
const USED: Code = "A050322";
const OTHER_CLIENT: Code = "A050323";
const SCOPE: Code = "A050324";
const RESOURCE: Code = "A050325";
const AUTHORIZATION_DETAILS: Code = "A050326";

pub(super) fn refresh(tenant: &mut Tenant, request: &TokenRequest<'_>) -> Result<Reply, Stop> {
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
    if let Refresh::Spent(_) = found {
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
        binding::check(&old.details.binding, &request.binding)?;
    }
    if tenant.settings.flag("idTokenReissuable") && old.refresh_scopes.iter().any(|scope| scope == "openid") {
        return Err(ApiError::not_implemented("the service setting idTokenReissuable").into());
    }
    let mut scopes = scopes(&old, request)?;
    if tenant.settings.flag("openidDroppedOnRefreshWithoutOfflineAccess")
        && !old.refresh_scopes.iter().any(|scope| scope == "offline_access")
    {
        scopes.retain(|scope| scope != "openid");
    }
    let details = details(&old, request)?;
    let new = renewed(tenant, request, Token { scopes, details, ..old })?;
    let new = access_token::in_its_form(tenant, &request.client.client, new, request.now)?;
    // OpenID Connect Core 1.0, section 12.2: such an ID token has no nonce.
    let id_token = grant::id_token(tenant, request, &new, None)?;
    let reply = grant::reply(tenant, request, &new, "REFRESH_TOKEN", id_token.as_deref());
    tenant.tokens.replace(number, new);
    Ok(reply)
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

/// The same resources and authorization details, or fewer, for the key that this request proves.
fn details(old: &Token, request: &TokenRequest<'_>) -> Result<Details, OAuthError> {
    let mut details = old.details.clone().bound_to(request.binding.clone());
    details.access_resources = resource::narrowed(&details.resources, request.parameters, RESOURCE)?;
    details.authorization_details =
        rar::narrowed(&details.authorization_details, request.parameters, AUTHORIZATION_DETAILS)?;
    Ok(details)
}

fn renewed(tenant: &Tenant, request: &TokenRequest<'_>, old: Token) -> Result<Token, ApiError> {
    let service = &tenant.settings;
    let kept = service.flag("refreshTokenKept");
    let seconds =
        request.refresh_duration.unwrap_or_else(|| tenant.duration("refreshTokenDuration", REFRESH_TOKEN_SECONDS));
    let lasts_on =
        if kept { !service.flag("refreshTokenDurationReset") } else { service.flag("refreshTokenDurationKept") };
    let refresh_expires_at = if lasts_on { old.refresh_expires_at } else { request.now + 1000 * seconds };
    let seconds =
        request.access_duration.unwrap_or_else(|| tenant.duration("accessTokenDuration", ACCESS_TOKEN_SECONDS));
    let mut expires_at = request.now + 1000 * seconds;
    if service.flag("tokenExpirationLinked") {
        expires_at = expires_at.min(refresh_expires_at);
    }
    let refresh = if kept { old.refresh.clone() } else { Some(random::token::<32>()?) };
    let properties = [old.properties.clone(), request.properties.clone()].concat();
    Ok(Token {
        access: random::token::<32>()?,
        expires_at,
        refresh,
        refresh_expires_at,
        refreshed_at: Some(request.now),
        properties,
        ..old
    })
}
