//! Who the user is, as far as the client says (CIBA, section 7.1): exactly one of three hints.

use crate::error::ApiError;
use crate::oauth::jose::{Jwt, Unreadable};
use crate::oauth::jwt;
use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, Stop};
use crate::reply::Code;
use crate::state::{Client, Tenant};

const COUNT: Code = "A180320";
const ID_TOKEN: Code = "A180321";

const HINTS: &[(&str, &str)] =
    &[("login_hint", "LOGIN_HINT"), ("login_hint_token", "LOGIN_HINT_TOKEN"), ("id_token_hint", "ID_TOKEN_HINT")];

/// The hint of a request.
pub(super) struct Hint {
    /// As Authlete names it.
    pub(super) kind: &'static str,
    pub(super) value: String,
    /// Of the ID token, where that is the hint.
    pub(super) sub: Option<String>,
}

pub(super) fn read(tenant: &mut Tenant, client: &Client, parameters: &Parameters) -> Result<Hint, Stop> {
    let given: Vec<_> = HINTS.iter().filter_map(|(name, kind)| Some((*kind, parameters.get(name)?))).collect();
    let [(kind, value)] = given.as_slice() else {
        let message = "The request needs exactly one of login_hint, login_hint_token and id_token_hint.";
        return Err(OAuthError::new("invalid_request", COUNT, message).into());
    };
    let sub = if *kind == "ID_TOKEN_HINT" { Some(subject(tenant, client, value)?) } else { None };
    Ok(Hint { kind, value: (*value).to_owned(), sub })
}

/// The `sub` of an ID token that the service made for the client. It may have expired.
fn subject(tenant: &mut Tenant, client: &Client, text: &str) -> Result<String, Stop> {
    let refused = || {
        Stop::Client(OAuthError::new("invalid_request", ID_TOKEN, "The id_token_hint is no ID token of the client's."))
    };
    let jwt = match Jwt::read(text) {
        Ok(jwt) => jwt,
        Err(Unreadable::Encrypted) => return Err(ApiError::not_implemented("an encrypted id_token_hint").into()),
        Err(Unreadable::Malformed) => return Err(refused()),
    };
    let signed = jwt::is_signed_by_service(tenant, Some(client), &jwt)?;
    let is_for_client = jwt.is_for(&[&client.id.to_string()]);
    let is_ours = jwt.text("iss").is_some_and(|issuer| tenant.settings.text("issuer") == Some(issuer));
    match jwt.text("sub").filter(|_| signed && is_for_client && is_ours) {
        Some(sub) => Ok(sub.to_owned()),
        None => Err(refused()),
    }
}
