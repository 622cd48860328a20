//! Tests that span the workspace.
#![allow(clippy::unwrap_used)]

mod clients;
mod flow;
mod verify_examples;
