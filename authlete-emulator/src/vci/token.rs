//! The access token that comes with a credential request.

use super::Refusal;
use super::issuable::{self, Issuable};
use crate::oauth::OAuthError;
use crate::reply::Code;
use crate::request::Request;
use crate::state::{Tenant, Token};

const MISSING: Code = "A900201";
const UNKNOWN: Code = "A900202";
const NOTHING: Code = "A900203";

/// An access token that credentials are issued for.
#[derive(Debug)]
pub(crate) struct Bearer {
    /// The token's number, which it keeps when it is refreshed.
    pub(crate) number: u64,
    pub(crate) token: Token,
    pub(crate) issuable: Vec<Issuable>,
}

/// The token of the call. That whoever presents it holds the key that it is bound to, introspection has to see to.
pub(crate) fn check(tenant: &Tenant, request: &Request) -> Result<Bearer, Refusal> {
    let refused = |error, code, message: &str| Err(Refusal::Unauthorized(OAuthError::new(error, code, message)));
    let Some(given) = request.body.non_empty("accessToken")? else {
        return refused("invalid_token", MISSING, "There is no access token.");
    };
    let number = tenant.tokens.number_by_access(&given);
    let found = number.and_then(|number| Some((number, tenant.tokens.get(number)?)));
    let Some((number, token)) = found.filter(|(_, token)| token.is_alive(request.now)) else {
        return refused("invalid_token", UNKNOWN, "The access token is unknown or has expired.");
    };
    let issuable = issuable::of(&tenant.settings, &token.authorized);
    if issuable.is_empty() {
        return refused("insufficient_scope", NOTHING, "The access token is not for credentials.");
    }
    Ok(Bearer { number, token: token.clone(), issuable })
}
