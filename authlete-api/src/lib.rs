#![doc = include_str!("../README.md")]
//!
//! # The rest of it
//!
//! [`Client`] has a method for every operation, listed in [`operations`]; [`types`] has what they take and return;
//! [`Environment`] reads settings; [`Transport`] is the seam through which calls go; [`layers`] are what stands in it:
//! tries, limits and the like; [`Error`] says what went wrong.

mod call;
mod client;
mod decode;
mod encode;
pub mod environment;
mod error;
mod excerpt;
#[rustfmt::skip]
mod generated;
pub mod layers;
mod lenient;
mod open_enum;
mod operation;
mod place;
mod rate_limit;
mod redact;
mod region;
mod repeat;
mod response;
mod transport;

pub use call::Call;
pub use client::{Client, ClientBuilder};
pub use decode::{BodyError, decode};
pub use environment::Environment;
pub use error::{ApiError, CallError, ConfigurationError, DecodeError, Error, RequestError};
pub use generated::{operations, types};
pub use operation::Operation;
pub use rate_limit::RateLimit;
pub use region::Region;
pub use repeat::Repeat;
pub use response::ResponseValue;
pub use transport::{BoxFuture, HttpTransport, Transport, TransportError, TransportErrorKind};
