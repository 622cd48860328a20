//! The emulator over real HTTP, with JSON written by hand.

mod api_errors;
mod assertions;
mod attacks;
mod authorization;
mod certificates;
mod claims;
mod client_authentication;
mod code_flow;
mod controls;
mod dpop;
mod expiry;
mod grant_management;
mod introspection;
mod issue_and_fail;
mod keys;
mod management;
mod other_grants;
mod program;
mod pushed_requests;
mod registration;
mod resources;
mod responses;
mod start_up;
mod targets;
mod token_management;
mod world;
