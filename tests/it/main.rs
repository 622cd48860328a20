//! Tests that span the workspace.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod actions;
mod architecture;
mod authorization_server;
#[cfg(feature = "rustls")]
mod builder;
mod claims;
mod clients;
mod doc_examples;
mod errors;
mod fault_server;
mod faults;
mod flow;
mod fuzz;
mod http_inputs;
mod idempotency;
mod lenient_responses;
mod mcp_server;
mod pages;
mod project;
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
mod vocabulary;
mod wire;
