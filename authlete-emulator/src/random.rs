//! Identifiers and secrets that nobody can guess.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::error::ApiError;

/// `N` random bytes in base64url: 32 give the 43 letters of a ticket, code or token, 64 those of a client secret.
pub(crate) fn token<const N: usize>() -> Result<String, ApiError> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|error| ApiError::internal(format!("no randomness: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A string of letters out of an alphabet, each as likely as the others.
pub(crate) fn letters(alphabet: &[u8], length: usize) -> Result<String, ApiError> {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let random = getrandom::u64().map_err(|error| ApiError::internal(format!("no randomness: {error}")))?;
        // An alphabet has a few letters, so that the remainder of 64 bits is as good as even.
        let at = usize::try_from(random % alphabet.len().max(1) as u64).unwrap_or_default();
        text.push(alphabet.get(at).copied().unwrap_or(b'0').into());
    }
    Ok(text)
}

/// A number of up to 15 digits, the form that service and client ids have.
pub(crate) fn number() -> Result<u64, ApiError> {
    let random = getrandom::u64().map_err(|error| ApiError::internal(format!("no randomness: {error}")))?;
    Ok(10_000_000_000_000 + random % 90_000_000_000_000)
}

/// Whether two secrets are the same, in a time that does not depend on where they differ.
pub(crate) fn same(left: &str, right: &str) -> bool {
    use subtle::ConstantTimeEq;
    left.as_bytes().ct_eq(right.as_bytes()).into()
}
