//! The emulator over real HTTP, with JSON written by hand.

mod api_errors;
mod authorization;
mod client_authentication;
mod code_flow;
mod expiry;
mod introspection;
mod issue_and_fail;
mod management;
mod other_grants;
mod program;
mod registration;
mod resources;
mod token_management;
mod world;
