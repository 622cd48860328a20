//! Shared pieces of the workspace tests.

pub mod generated;
pub mod replies;
pub mod round_trip;
pub mod shape;
pub mod verify;

/// The README's code, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
