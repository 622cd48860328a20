//! ID tokens that are made after the token request, by a call of their own.

use serde_json::{Value, json};

use super::TokenRequest;
use super::grant;
use crate::error::ApiError;
use crate::oauth::parameters::Parameters;
use crate::oauth::{CheckError, OAuthError, OperationError};
use crate::reply::Code;
use crate::request::{Body, Request};
use crate::state::{Client, Details, Tenant, Token};

/// The tokens that a call is about, and what it wants in the ID token.
pub(super) struct Deferred {
    pub(super) token: Token,
    client: Client,
}

/// Reads such a call. What is wrong with it is the caller's mistake.
pub(super) fn read(tenant: &Tenant, request: &Request, code: Code) -> Result<Deferred, OperationError> {
    let caller = |message: &str| OperationError::Client(OAuthError::new("server_error", code, message));
    let given = |name| request.body.non_empty(name);
    let access = given("accessToken")?.ok_or_else(|| caller("The call has no accessToken."))?;
    let refresh = given("refreshToken")?;
    let found = tenant.tokens.by_access(&access).filter(|token| token.is_alive(request.now));
    let mut token = found.cloned().ok_or_else(|| caller("The access token is unknown or has expired."))?;
    if refresh.is_some() && refresh != token.refresh {
        return Err(caller("The refresh token is not the access token's."));
    }
    let client = tenant.clients.get(&token.client_id).cloned();
    let client = client.ok_or_else(|| caller("The access token's client no longer exists."))?;
    if token.authorized.subject.is_none() || !token.authorized.has_scope("openid") {
        return Err(caller("The access token has no subject, or not the scope openid."));
    }
    token.authorized.sub = given("sub")?.or(token.authorized.sub);
    let added =
        added(&request.body, CheckError::Rejected).map_err(|error| error.or_reject(|message| caller(&message)))?;
    token.authorized.details.audience_form = added.audience_form.or(token.authorized.details.audience_form);
    token.authorized.details.id_token_header.extend(added.id_token_header);
    token.authorized.details.add_claims(added.claims);
    Ok(Deferred { token, client })
}

impl Deferred {
    /// The members `idToken` and `responseContent`, with further members inside the latter.
    pub(super) fn respond(
        &self,
        tenant: &mut Tenant,
        now: u64,
        nonce: Option<&str>,
        more: &[(&str, &str)],
    ) -> Result<Value, OperationError> {
        let none = Parameters::default();
        let request = TokenRequest::of_server(&none, &self.client, self.token.alias_used, now);
        let id_token = grant::id_token(tenant, &request, &self.token, nonce)?;
        let content = grant::content(tenant, &request, &self.token, id_token.as_deref(), more);
        Ok(json!({"idToken": id_token, "responseContent": content}))
    }
}

/// What a call adds to tokens, as JSON objects in strings. `error` makes the error of a string that is something else.
pub(crate) fn added<E: From<ApiError>>(body: &Body, error: fn(String) -> E) -> Result<Details, E> {
    let mut added = Details {
        id_token_header: body.object("idtHeaderParams", error)?,
        jwt_claims: body.object("jwtAtClaims", error)?,
        audience_form: audience_type(body)?,
        ..Details::default()
    };
    added.add_claims(body.object("claims", error)?);
    Ok(added)
}

/// The form that a call wants the ID token's `aud` to have.
fn audience_type(body: &Body) -> Result<Option<String>, ApiError> {
    let given = body.non_empty("idTokenAudType")?;
    match given.as_deref() {
        None | Some("array" | "string") => Ok(given),
        Some(_) => Err(ApiError::invalid("The member idTokenAudType has to be array or string.")),
    }
}
