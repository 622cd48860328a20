#![doc = include_str!("../README.md")]

mod clock;
mod config;
mod controls;
mod emulator;
mod error;
mod faults;
mod fetch;
mod further_methods;
mod generated;
mod jose;
mod nulls;
mod oauth;
mod operation;
mod ops;
mod preparation;
mod random;
mod record;
mod registry;
mod reply;
mod request;
mod schema;
mod server;
mod snapshot;
mod start_error;
mod state;
mod views;

pub use clock::Clock;
pub use config::{Config, ConfigError};
pub use emulator::{Builder, Emulator};
pub use faults::Fault;
pub use fetch::FetchScope;
pub use operation::UnknownOperation;
pub use record::Call;
pub use start_error::StartError;
