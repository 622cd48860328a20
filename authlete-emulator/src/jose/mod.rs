//! JOSE: keys (RFC 7517), signatures (RFC 7515) and encryption (RFC 7516) by the algorithms of RFC 7518, RFC 8037 and
//! RFC 8812. All cryptography is aws-lc-rs; this module puts it into the forms that JOSE has.

pub(crate) mod algorithm;
pub(crate) mod jwe;
pub(crate) mod jwk;
pub(crate) mod jwt;
pub(crate) mod private_key;
pub(crate) mod signature;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

pub(crate) use algorithm::{Algorithm, Family};
pub(crate) use jwk::Jwk;
pub(crate) use jwt::{Jwt, Unreadable};
pub(crate) use private_key::PrivateKey;

/// Bytes as base64url without padding.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Bytes from base64url without padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The SHA-256 hash of some bytes in base64url.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    encode(digest::digest(&digest::SHA256, bytes.as_ref()))
}
