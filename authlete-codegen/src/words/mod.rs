//! What is said of every item, in our own words: `openapi/docs/*.yaml`, read, held against the description, and written
//! into it.
//!
//! One source for everything that explains: the documentation of types, fields, parameters, operations and actions, the
//! descriptions in JSON Schema, the table of operations, and the corrected description itself.

mod apply;
mod check;
mod examples;
mod model;

pub use apply::wrap_references;
pub use check::check_actions;
pub use examples::Example;
pub use model::{Entry, Operation, Words};

/// The folder of the words, which problems are reported under.
pub const FOLDER: &str = "docs";
