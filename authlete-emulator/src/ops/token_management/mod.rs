//! Access tokens as the authorization server manages them, beside what the protocol does with them.

pub(crate) mod create;
pub(crate) mod update;

use serde_json::{Value, json};

use crate::error::ApiError;
// What stands for a token where its value must not be seen.
use crate::jose::sha256 as hash;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::state::{Tenant, Token};
use crate::views;

const REVOKED: Code = "A312001";

/// The token with this access token, or the hash of it.
fn by_access(tenant: &Tenant, identifier: &str) -> Option<u64> {
    let tokens = &tenant.tokens;
    tokens.number_by_access(identifier).or_else(|| tokens.number_where(|token| hash(&token.access) == identifier))
}

/// The token with this refresh token, or the hash of it.
fn by_refresh(tenant: &Tenant, identifier: &str) -> Option<u64> {
    let is_it = |refresh: &String| refresh == identifier || hash(refresh) == identifier;
    tenant.tokens.number_where(|token| token.refresh.as_ref().is_some_and(is_it))
}

/// `auth_token_get_list_api`: the tokens that are still good for something, oldest first.
pub(crate) fn list(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let (start, end) = request.window()?;
    let client = match request.query("clientIdentifier") {
        None => None,
        Some(identifier) => {
            let found = tenant.client(identifier).map(|(client, _)| client);
            Some(found.ok_or_else(|| ApiError::invalid(format!("There is no client {identifier}.")))?)
        }
    };
    let subject = request.query("subject");
    let wanted = |token: &Token| {
        (token.is_alive(request.now) || token.is_refreshable(request.now))
            && client.is_none_or(|client| client.id == token.client_id)
            && (subject.is_none() || token.authorized.subject.as_deref() == subject)
    };
    let tokens: Vec<&Token> =
        tenant.tokens.in_order().into_iter().map(|(_, token)| token).filter(|token| wanted(token)).collect();
    let page: Vec<Value> = tokens.iter().skip(start).take(end - start).map(|token| listed(token)).collect();
    Ok(Reply::Json(json!({
        "start": start,
        "end": end,
        "totalCount": tokens.len(),
        "client": client.map(views::limited),
        "subject": subject,
        "accessTokens": page,
    })))
}

fn listed(token: &Token) -> Value {
    json!({
        "accessTokenHash": hash(&token.access),
        "accessTokenExpiresAt": token.expires_at,
        "refreshTokenHash": token.refresh.as_deref().map(hash),
        "refreshTokenExpiresAt": token.refresh.as_ref().map_or(0, |_| token.refresh_expires_at),
        "createdAt": token.created_at,
        "lastRefreshedAt": token.refreshed_at.unwrap_or(0),
        "clientId": token.client_id,
        "subject": token.authorized.subject,
        "grantType": token.grant_type,
        "scopes": views::listed(&token.authorized.scopes),
        "properties": views::listed(&token.authorized.properties),
        "refreshTokenScopes": token.refresh.as_ref().map(|_| views::listed(&token.refresh_scopes)),
    })
}

/// `auth_token_delete_api`: with its refresh token.
pub(crate) fn delete(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let number = by_access(tenant, request.path("accessTokenIdentifier"));
    let number = number.ok_or_else(|| ApiError::not_found("There is no such access token."))?;
    tenant.tokens.remove(number);
    Ok(Reply::NoContent)
}

/// `auth_token_revoke_api`: one token by its identifier, or all of a client, of a user, or of both together.
pub(crate) fn revoke(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    let given = |name| request.body.non_empty(name);
    let access = given("accessTokenIdentifier")?;
    let refresh = given("refreshTokenIdentifier")?;
    let client = given("clientIdentifier")?;
    let subject = given("subject")?;
    let count = match (access, refresh) {
        (Some(access), _) => remove(tenant, by_access(tenant, &access)),
        (None, Some(refresh)) => remove(tenant, by_refresh(tenant, &refresh)),
        (None, None) if client.is_none() && subject.is_none() => {
            let message = "The call says neither which token to revoke nor whose tokens.";
            return Err(ApiError::invalid(message));
        }
        (None, None) => {
            let client = client.map(|identifier| super::client::named(tenant, &identifier)).transpose()?;
            tenant.tokens.remove_where(|token| {
                client.is_none_or(|id| id == token.client_id)
                    && (subject.is_none() || token.authorized.subject == subject)
            })
        }
    };
    Ok(reply::result(REVOKED, "The tokens are revoked.", json!({"count": count})))
}

fn remove(tenant: &mut Tenant, number: Option<u64>) -> usize {
    usize::from(number.and_then(|number| tenant.tokens.remove(number)).is_some())
}
