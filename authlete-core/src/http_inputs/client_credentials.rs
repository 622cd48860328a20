//! A client's id and secret.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use percent_encoding::percent_decode;

use super::{Malformed, authorization};

/// A client's id and secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCredentials {
    /// For `clientId`.
    pub id: String,
    /// For `clientSecret`.
    pub secret: String,
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The client's credentials in `Authorization: Basic`, form-decoded as RFC 6749 2.3.1 has it.
///
/// # Errors
/// When the header is there twice, or what is in it is not encoded that way.
pub fn client_credentials(headers: &HeaderMap) -> Result<Option<ClientCredentials>, Malformed> {
    let Some(encoded) = authorization(headers, "Basic")? else { return Ok(None) };
    let wrong = Malformed::of_basic("the Basic credentials are not encoded as they should be");
    let pair = STANDARD.decode(encoded).map_err(|_| wrong)?;
    let colon = pair.iter().position(|byte| *byte == b':').ok_or(wrong)?;
    let decoded = |part: &[u8]| form_decoded(part).ok_or(wrong);
    Ok(Some(ClientCredentials { id: decoded(&pair[..colon])?, secret: decoded(&pair[colon + 1..])? }))
}

fn form_decoded(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
