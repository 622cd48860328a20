//! A DPoP proof.

use http::{HeaderMap, HeaderValue};

use super::Malformed;

/// The proof of possession in `DPoP` (RFC 9449 4), for `dpop`.
///
/// # Errors
/// When there is more than one, or something else: an empty header is not a proof.
pub fn dpop_proof(headers: &HeaderMap) -> Result<Option<String>, Malformed> {
    let mut proofs = headers.get_all("dpop").iter();
    match (proofs.next().map(HeaderValue::to_str), proofs.next()) {
        (None, _) => Ok(None),
        (Some(Ok(proof)), None) if !proof.trim().is_empty() => Ok(Some(proof.to_owned())),
        _ => Err(Malformed::of_proof("there is not one proof in the DPoP header")),
    }
}
