//! The emulator over real HTTP, with JSON written by hand.

mod api_errors;
mod assertions;
mod authorization;
mod certificates;
mod client_authentication;
mod code_flow;
mod expiry;
mod introspection;
mod issue_and_fail;
mod keys;
mod other_grants;
mod program;
mod resources;
mod world;
