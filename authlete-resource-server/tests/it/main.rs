//! Tokens, requests and instances, as a resource server meets them.

// clippy.toml lets tests unwrap, and does not count their helpers.
#![allow(clippy::unwrap_used)]

mod authlete;
mod ending_calls;
mod fleet_arithmetic;
mod issuer;
mod key_rotation;
mod local;
mod logout;
mod policies;
mod principal;
mod requirements;
mod verdicts;
