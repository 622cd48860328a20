//! Tests that span the workspace.

mod errors;
mod redaction;
mod sample;
mod schemas;
mod server;
mod snapshots;
mod unknown_fields;
mod wire;
