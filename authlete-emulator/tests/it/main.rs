//! The emulator over real HTTP, with JSON written by hand.

mod api_errors;
mod assertions;
mod attacks;
mod authorization;
mod certificates;
mod ciba;
mod ciba_requests;
mod claims;
mod client_authentication;
mod code_flow;
mod controls;
mod description;
mod device_flow;
mod documents;
mod dpop;
mod encryption;
mod expiry;
mod fetched;
mod grant_management;
mod introspection;
mod introspection_standard;
mod issue_and_fail;
/// The emulator's own, for clients that encrypt. `tests/clients/jose` shows that others can read it.
#[allow(dead_code, unused_imports)]
#[path = "../../src/jose/mod.rs"]
mod jose;
mod jose_verify;
mod keys;
mod management;
mod native_sso;
mod other_grants;
mod password_grant;
mod program;
mod pushed_requests;
mod refresh_variants;
mod registration;
mod resources;
mod responses;
mod revocation;
mod start_up;
mod targets;
mod token_exchange;
mod token_management;
mod userinfo;
mod world;
