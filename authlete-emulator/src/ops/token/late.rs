//! ID tokens that are made after the token request, by a call of their own.

use serde_json::{Map, Value, json};

use super::TokenRequest;
use super::grant;
use crate::error::ApiError;
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, Stop};
use crate::reply::Code;
use crate::request::{Body, Request};
use crate::state::{Client, Details, Tenant, Token};

/// The tokens that a call is about, and what it wants in the ID token.
pub(super) struct Late {
    pub(super) token: Token,
    client: Client,
}

/// Reads such a call. What is wrong with it is the caller's mistake.
pub(super) fn read(tenant: &Tenant, request: &Request, code: Code) -> Result<Late, Stop> {
    let caller = |message: &str| Stop::Client(OAuthError::new("server_error", code, message));
    let given = |name| Ok::<_, ApiError>(request.body.text(name)?.filter(|text| !text.is_empty()));
    let access = given("accessToken")?.ok_or_else(|| caller("The call has no accessToken."))?;
    let refresh = given("refreshToken")?;
    let found = tenant.tokens.by_access(&access).filter(|token| token.is_alive(request.now));
    let mut token = found.cloned().ok_or_else(|| caller("The access token is unknown or has expired."))?;
    if refresh.is_some() && refresh != token.refresh {
        return Err(caller("The refresh token is not the access token's."));
    }
    let client = tenant.clients.get(&token.client_id).cloned();
    let client = client.ok_or_else(|| caller("The access token's client no longer exists."))?;
    if token.subject.is_none() || !token.scopes.iter().any(|scope| scope == "openid") {
        return Err(caller("The access token has no subject, or not the scope openid."));
    }
    token.sub = given("sub")?.or(token.sub);
    let added = added(&request.body)?;
    let added = added.ok_or_else(|| caller("One of claims and idtHeaderParams is not a JSON object as a text."))?;
    token.details.audience_form = added.audience_form.or(token.details.audience_form);
    token.details.id_token_header.extend(added.id_token_header);
    token.details.add_claims(added.claims);
    Ok(Late { token, client })
}

impl Late {
    /// The members `idToken` and `responseContent`, with further members inside the latter.
    pub(super) fn answer(
        &self,
        tenant: &mut Tenant,
        now: u64,
        nonce: Option<&str>,
        more: &[(&str, &str)],
    ) -> Result<Value, Stop> {
        let none = Parameters::default();
        let request = TokenRequest::of_server(&none, &self.client, self.token.alias_used, now);
        let id_token = grant::id_token(tenant, &request, &self.token, nonce)?;
        let content = grant::content(tenant, &request, &self.token, id_token.as_deref(), more);
        Ok(json!({"idToken": id_token, "responseContent": content}))
    }
}

/// What a call adds to tokens, as JSON in texts. `None` if one of the texts is something else.
pub(crate) fn added(body: &Body) -> Result<Option<Details>, ApiError> {
    let object = |name| match body.text(name)?.filter(|text| !text.is_empty()) {
        None => Ok::<Option<Map<String, Value>>, ApiError>(Some(Map::new())),
        Some(text) => Ok(serde_json::from_str(&text).ok()),
    };
    let (Some(claims), Some(id_token_header), Some(jwt_claims)) =
        (object("claims")?, object("idtHeaderParams")?, object("jwtAtClaims")?)
    else {
        return Ok(None);
    };
    let mut added = Details { id_token_header, jwt_claims, audience_form: audience_type(body)?, ..Details::default() };
    added.add_claims(claims);
    Ok(Some(added))
}

/// The form that a call wants the ID token's `aud` to have.
fn audience_type(body: &Body) -> Result<Option<String>, ApiError> {
    let given = body.text("idTokenAudType")?.filter(|text| !text.is_empty());
    match given.as_deref() {
        None | Some("array" | "string") => Ok(given),
        Some(_) => Err(ApiError::invalid("The member idTokenAudType has to be array or string.")),
    }
}
