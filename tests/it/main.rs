//! Tests that span the workspace.

mod actions;
