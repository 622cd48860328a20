//! The emulator over real HTTP, with JSON written by hand.

mod api_errors;
mod assertions;
mod authorization;
mod certificates;
mod ciba;
mod ciba_requests;
mod client_authentication;
mod code_flow;
mod device_flow;
mod expiry;
mod introspection;
mod issue_and_fail;
mod jose_verify;
mod keys;
mod native_sso;
mod other_grants;
mod password_grant;
mod program;
mod refresh_variants;
mod resources;
mod token_exchange;
mod userinfo;
mod world;
