//! How to protect an API, a chapter for each policy. Every program in it is compiled.
//!
//! | chapter | who verifies a token | a revoked token is refused | calls to Authlete |
//! |---|---|---|---|
//! | [`introspection`] | Authlete, at every request | at once | one for each request |
//! | [`cached_introspection`] | Authlete, now and then | after the cache's time | one for each token and time |
//! | [`local_verification`] | this process, by the signature | when it expires, or when this process hears of it | none |
//! | [`mixed`] | this process, and Authlete now and then, or on some routes | after the time that you set | few |
//! | [`fleet`] | any of these, by instances that share what they know on Redis | within a second everywhere | one for each token and time of the whole fleet |
//!
//! Start with the first. Authlete allows a limited number of calls per second and token, so an API with more requests takes the
//! second, and one with many instances the last. Verify signatures where requests must not wait for Authlete, and where
//! access tokens live for minutes.
//!
//! The programs need the features `axum` and, for the last chapter, `redis`; without them this page has the titles alone.

/// Asking Authlete about every request.
///
#[cfg_attr(all(feature = "axum", feature = "reqwest"), doc = include_str!("introspection.md"))]
pub mod introspection {}

/// Keeping for a moment what Authlete said.
///
#[cfg_attr(all(feature = "axum", feature = "reqwest"), doc = include_str!("cached_introspection.md"))]
pub mod cached_introspection {}

/// Verifying JWT access tokens without a call.
///
#[cfg_attr(all(feature = "axum", feature = "reqwest"), doc = include_str!("local_verification.md"))]
pub mod local_verification {}

/// Signatures for most requests, Authlete for the rest.
///
#[cfg_attr(all(feature = "axum", feature = "reqwest"), doc = include_str!("mixed.md"))]
pub mod mixed {}

/// Many instances that share what they know on Redis.
///
#[cfg_attr(all(feature = "axum", feature = "redis", feature = "reqwest"), doc = include_str!("fleet.md"))]
pub mod fleet {}
