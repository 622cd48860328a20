//! Tests that span the workspace.

mod actions;
mod http_inputs;
