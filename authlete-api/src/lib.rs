#![doc = include_str!("../README.md")]
//!
//! # The rest of it
//!
//! [`Client`] has a method for every operation, listed in [`operations`]; [`types`] has what they take and return;
//! [`Environment`] reads settings; [`Transport`] is the seam through which calls go; [`Error`] says what went wrong.

pub mod actions;
mod call;
mod client;
mod decode;
mod encode;
pub mod environment;
mod error;
#[rustfmt::skip]
mod generated;
pub mod http_inputs;
mod lenient;
mod open_enum;
mod operation;
mod place;
mod redact;
mod region;
mod reply;
mod response;
mod transport;

pub use call::Call;
pub use client::{Client, ClientBuilder};
pub use decode::{BodyError, decode};
pub use environment::Environment;
pub use error::{ApiError, CallError, ConfigurationError, DecodeError, Error, RequestError};
pub use generated::{operations, types};
pub use operation::Operation;
pub use region::Region;
pub use reply::{Details, Reply};
pub use response::ResponseValue;
pub use transport::{BoxFuture, HttpTransport, Transport, TransportError, TransportErrorKind};
