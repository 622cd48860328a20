//! Tests that span the workspace.

mod flow;
mod verify_examples;
