//! Tests that span the workspace.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod actions;
mod authorization_server;
mod clients;
mod errors;
mod fault_server;
mod faults;
mod flow;
mod http_inputs;
mod lenient_responses;
mod mcp_server;
mod protect;
mod redaction;
mod sample;
mod schemas;
mod server;
mod server_check;
mod snapshots;
mod stability;
mod transports;
mod unknown_fields;
mod verify_examples;
mod wire;
