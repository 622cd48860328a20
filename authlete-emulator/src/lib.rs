#![doc = include_str!("../README.md")]

mod clock;
mod emulator;
mod error;
mod generated;
mod oauth;
mod operation;
mod ops;
mod random;
mod registry;
mod reply;
mod request;
mod schema;
mod server;
mod state;
mod views;

pub use clock::Clock;
pub use emulator::{Builder, Emulator};
pub use error::StartError;
