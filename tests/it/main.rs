//! Tests that span the workspace.

mod fault_server;
mod faults;
mod flow;
mod verify_examples;
