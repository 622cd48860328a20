#![doc = include_str!("../README.md")]
//!
//! # The rest of it
//!
//! [`Authlete`] and [`Service`] have the operations in [`groups`]; [`Client`] has a method for every one, listed in
//! [`operations`]; [`types`] has what they take and return; [`Environment`] reads settings; [`Transport`] is the seam
//! through which calls go; [`layers`] are what stands in it: tries, limits and the like; [`Error`] says what went wrong.

pub mod actions;
mod authlete;
mod authorize;
mod builder;
mod call;
mod client;
mod connection;
mod credentials;
mod decode;
#[cfg(feature = "dpop")]
mod dpop;
mod encode;
pub mod environment;
mod error;
mod excerpt;
#[rustfmt::skip]
mod generated;
pub mod http_inputs;
mod ids;
mod json_text;
pub mod layers;
mod lenient;
mod modify;
mod object;
mod open_enum;
mod operation;
mod pages;
mod place;
#[cfg(feature = "tower")]
pub mod protect;
mod rate_limit;
mod redact;
mod region;
mod repeat;
mod reply;
mod request;
mod response;
mod transport;

pub use authlete::{Authlete, Service};
pub use builder::AuthleteBuilder;
pub use call::{Call, CallFuture};
pub use client::{Client, ClientBuilder};
pub use credentials::{Credentials, CredentialsProvider, ProviderError, SharedCredentials};
pub use decode::{BodyError, decode};
#[cfg(feature = "dpop")]
pub use dpop::DpopKey;
pub use environment::Environment;
pub use error::{ApiError, CallError, ConfigurationError, DecodeError, Error, RequestError};
pub use generated::{groups, operations, types};
pub use ids::{
    AccessTokenIdentifier, ClientId, ClientIdentifier, CredentialOfferId, CredentialRequestId, GrantId,
    HardwareKeyHandle, RefreshTokenIdentifier, ServiceId, SessionId, Ticket, TokenBatchId, UserCode,
};
pub use json_text::JsonText;
pub(crate) use modify::Modification;
pub use modify::Modified;
pub use operation::{CacheClass, Operation, RetryClass};
pub use pages::{Items, Page, PageRange, Pages};
pub use rate_limit::RateLimit;
pub use region::Region;
pub use reply::{Details, Reply};
pub use request::IntoRequest;
pub use response::ResponseValue;
pub use transport::{BoxFuture, HttpTransport, Transport, TransportError, TransportErrorKind};
