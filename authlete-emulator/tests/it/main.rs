//! The emulator over real HTTP, with JSON written by hand.

mod api_errors;
mod assertions;
mod attacks;
mod authorization;
mod certificates;
mod claims;
mod client_authentication;
mod code_flow;
mod dpop;
mod expiry;
mod introspection;
mod issue_and_fail;
mod keys;
mod other_grants;
mod program;
mod pushed_requests;
mod resources;
mod responses;
mod targets;
mod world;
