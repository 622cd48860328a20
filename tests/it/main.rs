//! Tests that span the workspace.

mod verify_examples;
