//! The generated part of this crate, and all that is written by hand about it.
//!
//! Everything beside this file is written by `cargo xtask regen` from `openapi/`; change that, never this.
// What prettyplease prints is not what rustfmt would; clippy's opinions on it are for the generator's tests.
#![allow(clippy::all, clippy::pedantic)]

pub(crate) mod actions;
pub(crate) mod calls;
pub mod groups;
pub mod operations;
pub(crate) mod region;
pub mod types;
