//! Shared pieces of the workspace tests.

pub mod generated;
pub mod round_trip;
pub mod shape;
pub mod verify;
