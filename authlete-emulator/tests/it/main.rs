//! The emulator over real HTTP, with JSON written by hand.

mod api_errors;
mod assertions;
mod authorization;
mod certificates;
mod client_authentication;
mod code_flow;
mod controls;
mod expiry;
mod introspection;
mod issue_and_fail;
mod keys;
mod management;
mod other_grants;
mod program;
mod registration;
mod resources;
mod start_up;
mod token_management;
mod world;
