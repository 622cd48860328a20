//! An access token, in a header or a form.

use std::fmt;

use http::HeaderMap;

use super::{Malformed, authorization};

/// An access token as it was presented.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessToken {
    /// How.
    pub scheme: TokenScheme,
    /// For `token` and `accessToken`.
    pub token: String,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// How an access token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenScheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449.
    DPoP,
}

/// The access token in `Authorization: Bearer` or `Authorization: DPoP`.
///
/// # Errors
/// When the header is there twice, or holds anything but one token.
pub fn access_token(headers: &HeaderMap) -> Result<Option<AccessToken>, Malformed> {
    for (name, scheme) in [("Bearer", TokenScheme::Bearer), ("DPoP", TokenScheme::DPoP)] {
        if let Some(token) = authorization(headers, name).map_err(|wrong| wrong.for_token(scheme))? {
            // RFC 6750 2.1, b64token: `-./0123456789` are a row. All bytes are looked at, which is quicker than to stop at a
            // wrong one: many are compared at once.
            let allowed = |byte: u8| {
                byte.is_ascii_alphabetic() | matches!(byte, b'-'..=b'9') | matches!(byte, b'_' | b'~' | b'+' | b'=')
            };
            if token.is_empty() || !token.bytes().fold(true, |all, byte| all & allowed(byte)) {
                return Err(Malformed::of_token(Some(scheme), "the access token has characters that no token has"));
            }
            return Ok(Some(AccessToken { scheme, token: token.to_owned() }));
        }
    }
    Ok(None)
}

/// The access token in the header, or in the body of a form, as `access_token` (RFC 6750 2.2).
///
/// # Errors
/// When the header cannot be read, or there is more than one token: in both, or twice in the form.
pub fn access_token_or_form(headers: &HeaderMap, form: &str) -> Result<Option<AccessToken>, Malformed> {
    // A parameter without a value counts as left out (RFC 6749 3.1).
    let in_form = form_urlencoded::parse(form.as_bytes());
    let in_form = in_form.filter(|(name, token)| name == "access_token" && !token.is_empty());
    let in_form = in_form.map(|(_, token)| AccessToken { scheme: TokenScheme::Bearer, token: token.into_owned() });
    let mut all = access_token(headers)?.into_iter().chain(in_form);
    match (all.next(), all.next()) {
        (token, None) => Ok(token),
        _ => Err(Malformed::of_token(None, "there is more than one access token")),
    }
}
