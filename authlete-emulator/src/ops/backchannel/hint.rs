//! Who the user is, as far as the client says (CIBA, section 7.1): exactly one of three hints.

use crate::oauth::parameters::Parameters;
use crate::oauth::{OAuthError, OperationError, id_token};
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

pub(super) fn read(tenant: &mut Tenant, client: &Client, parameters: &Parameters) -> Result<Hint, OperationError> {
    let given: Vec<_> = HINTS.iter().filter_map(|(name, kind)| Some((*kind, parameters.get(name)?))).collect();
    let [(kind, value)] = given.as_slice() else {
        let message = "The request needs exactly one of login_hint, login_hint_token and id_token_hint.";
        return Err(OAuthError::new("invalid_request", COUNT, message).into());
    };
    let sub = match *kind {
        "ID_TOKEN_HINT" => {
            let message = "The id_token_hint is no ID token that the service made for the client.";
            let refused = || OAuthError::new("invalid_request", ID_TOKEN, message);
            Some(id_token::subject_of(tenant, client, value)?.ok_or_else(refused)?)
        }
        _ => None,
    };
    Ok(Hint { kind, value: (*value).to_owned(), sub })
}
