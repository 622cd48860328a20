//! Access tokens that are JWTs (RFC 9068), verified in this process.

pub(crate) mod dpop;
pub(crate) mod key_set;
pub(crate) mod verifier;

pub use key_set::{KeySet, KeySource, KeySourceError};
pub use verifier::{JwtError, JwtVerifier};
