//! Turns an Authlete OpenAPI description into Rust.
//!
//! The way of the data: [`import`] keeps an upstream document's facts, [`overlay`] corrects them, [`passes`] shape
//! them for Rust; [`diff`] tells what a new upstream document changes. This library is pure: bytes in, text out;
//! reading files and the network is `xtask`'s part.

pub mod actions;
pub mod diff;
pub mod document;
pub mod emit;
pub mod import;
pub mod java;
pub mod model;
pub mod overlay;
pub mod passes;
pub mod pipeline;
pub mod problem;
pub mod words;

pub use document::Document;
pub use problem::{Problem, Problems};
