//! `auth_token_update_api`: changes an access token that is there.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::oauth::lifetime;
use crate::oauth::{OperationError, access_token, rar, scope};
use crate::random;
use crate::reply::{self, Code, Reply};
use crate::request::Request;
use crate::schema;
use crate::state::{Client, Tenant, Token};
use crate::views;

const UPDATED: Code = "A135001";
const NO_TOKEN: Code = "A098201";
const UNKNOWN: Code = "A098301";

/// What the call may ask for and the emulator cannot do yet.
const NOT_IMPLEMENTED: &[&str] = &["tokenId"];

pub(crate) fn handle(tenant: &mut Tenant, request: &Request) -> Result<Reply, ApiError> {
    request.refuse(NOT_IMPLEMENTED)?;
    let given = |name| request.body.non_empty(name);
    let number = match (given("accessToken")?, given("accessTokenHash")?) {
        (Some(access), _) => tenant.tokens.number_by_access(&access),
        (None, Some(hash)) => tenant.tokens.number_where(|token| super::hash(&token.access) == hash),
        (None, None) => {
            let message = "The call has neither accessToken nor accessTokenHash.";
            return Ok(reply::action("BAD_REQUEST", NO_TOKEN, message, json!({})));
        }
    };
    let found = number.and_then(|number| Some((number, tenant.tokens.get(number)?.clone())));
    let Some((number, old)) = found else {
        return Ok(reply::action("NOT_FOUND", UNKNOWN, "There is no such access token.", json!({})));
    };
    let client = tenant.known_client(old.client_id)?.clone();
    let new = updated(tenant, request, &client, &old)?;
    let new = match access_token::in_its_form(tenant, &client, new, request.now) {
        Ok(new) => new,
        Err(OperationError::Api(error)) => return Err(error),
        Err(OperationError::Client(error) | OperationError::Server(error)) => {
            return Ok(reply::action("INTERNAL_SERVER_ERROR", error.code, &error.message, json!({})));
        }
    };
    let members = members(tenant, &new);
    tenant.tokens.change(number, |token| *token = new);
    Ok(reply::action("OK", UPDATED, "The access token is updated.", members))
}

fn updated(tenant: &Tenant, request: &Request, client: &Client, old: &Token) -> Result<Token, ApiError> {
    let body = &request.body;
    let mut new = old.clone();
    if let Some(wanted) = body.strings("scopes")? {
        new.authorized.scopes = scope::grantable(&tenant.settings, client, Some(&wanted));
    }
    if body.members.get("properties").is_some_and(|given| !given.is_null()) {
        new.authorized.properties = crate::ops::properties(body)?;
    }
    if body.flag("accessTokenValueUpdated")? {
        new.access = random::token::<32>()?;
    }
    let given = |name| body.non_empty(name);
    if let Some(thumbprint) = given("dpopKeyThumbprint")? {
        new.authorized.details.binding.jkt = Some(thumbprint);
    }
    if let Some(thumbprint) = given("certificateThumbprint")? {
        new.authorized.details.binding.x5t = Some(thumbprint);
    }
    if let Some(elements) = rar::from_api(body.members.get("authorizationDetails"))? {
        new.authorized.details.authorization_details = elements;
    }
    if let Some(flag) = body.given_flag("forExternalAttachment")? {
        new.authorized.details.for_external_attachment = flag;
    }
    expire(tenant, request, client, old, &mut new)?;
    Ok(new)
}

/// When the new token and its refresh token end.
fn expire(tenant: &Tenant, request: &Request, client: &Client, old: &Token, new: &mut Token) -> Result<(), ApiError> {
    let body = &request.body;
    let rescoped = new.authorized.scopes != old.authorized.scopes;
    let scopes = new.authorized.scopes.clone();
    let renewed = |flag, kind: lifetime::Lifetime| {
        let asked = rescoped && body.flag(flag)?;
        Ok::<_, ApiError>(asked.then(|| request.now + 1000 * kind.of(&tenant.settings, client, &scopes)))
    };
    let latest = request.now + 1000 * schema::LONGEST_SECONDS;
    let given = |name| Ok::<_, ApiError>(body.positive(name)?.map(|time: u64| time.min(latest)));
    let by_scope = renewed("accessTokenExpiresAtUpdatedOnScopeUpdate", lifetime::ACCESS_TOKEN)?;
    new.expires_at = match body.flag("accessTokenPersistent")? {
        true => latest,
        false => given("accessTokenExpiresAt")?.or(by_scope).unwrap_or(old.expires_at),
    };
    let by_scope = renewed("refreshTokenExpiresAtUpdatedOnScopeUpdate", lifetime::REFRESH_TOKEN)?;
    new.refresh_expires_at = given("refreshTokenExpiresAt")?.or(by_scope).unwrap_or(old.refresh_expires_at);
    Ok(())
}

fn members(tenant: &Tenant, token: &Token) -> Value {
    json!({
        "accessToken": token.access,
        "accessTokenExpiresAt": token.expires_at,
        "refreshTokenExpiresAt": token.refresh.as_ref().map_or(0, |_| token.refresh_expires_at),
        "tokenType": access_token::kind(tenant, token),
        "scopes": views::listed(&token.authorized.scopes),
        "properties": views::listed(&token.authorized.properties),
        "authorizationDetails": rar::to_api(&token.authorized.details.authorization_details),
    })
}
