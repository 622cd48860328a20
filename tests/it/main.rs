//! Tests that span the workspace.

mod flow;
