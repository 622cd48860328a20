#![cfg_attr(feature = "axum", doc = include_str!("../README.md"))]
//!
//! # Where things are
//!
//! The [`guide`] has a chapter for each kind of server, and [`prelude`] what most programs use. [`Authlete`] and
//! [`AuthleteService`] have the operations in [`groups`]; [`operations`] lists them; [`types`] has what they take and
//! return, and [`actions`] what their responses ask for. What is left to servers then has help in [`claims`], [`pages`],
//! [`ciba`] and [`credential_issuance`]. [`AuthleteBuilder`] has all settings, and [`Environment`] reads them; [`Transport`] is
//! the seam through which calls go; [`layers`] are what stands in it: retries, limits and the like;
//! [`Error`] says what went wrong.

/// What generated code reaches of the runtime.
pub(crate) use authlete_core::codegen as rt;

pub mod actions;
mod authlete;
mod builder;
pub mod ciba;
pub mod claims;
mod client_request;
mod conversions;
pub mod credential_issuance;
mod documents;
pub mod environment;
#[rustfmt::skip]
mod generated;
#[cfg(feature = "test-util")]
pub mod mock {
    //! Tests without a server: see [`Mock`].

    use std::path::PathBuf;

    pub use authlete_core::mock::{Mock, MockCall, Recorder};

    /// Records the calls of a client into a file, without their secrets, for [`Mock::replay`].
    ///
    /// ```no_run
    /// use authlete_api::{Authlete, Region, mock};
    ///
    /// # fn main() -> Result<(), authlete_api::Error> {
    /// let builder = Authlete::builder().region(Region::Eu).service_token(986126671, "token");
    /// let service = builder.transport_layer(mock::record_to("tests/exchanges.json")).build_service()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn record_to(path: impl Into<PathBuf>) -> Recorder {
        Recorder::new(path, crate::operations::PUBLIC_MEMBERS)
    }
}
pub mod guide;
mod language;
pub mod pages;
pub mod prelude;
mod region;
mod server_check;
mod service;

pub use authlete::Authlete;
pub use builder::AuthleteBuilder;
pub use environment::Environment;
pub use generated::{groups, operations, types};
pub use region::Region;
pub use service::AuthleteService;

pub use authlete_core::actions::{Details, Reply};
pub use authlete_core::call::{
    ApiResponse, Call, CallFuture, Client, Cursor, IntoRequest, Items, ListPage, Modified, PageRange, Pages,
};
#[cfg(feature = "dpop")]
pub use authlete_core::credentials::DpopKey;
pub use authlete_core::credentials::{Credentials, CredentialsProvider, ProviderError, SharedCredentials};
pub use authlete_core::error::{
    ApiError, CallError, ConfigurationError, DecodeError, Error, RateLimit, RequestError, TransportError,
    TransportErrorKind,
};
pub use authlete_core::operation::{CacheClass, Host, Idempotency, Operation};
#[cfg(feature = "reqwest")]
pub use authlete_core::transport::HttpTransport;
pub use authlete_core::transport::{BoxFuture, BoxTransport, Deadline, Transport, TransportLayer};
#[cfg(feature = "tower")]
pub use authlete_core::transport::{TowerTransport, TransportService};
pub use authlete_core::wire::{
    AccessTokenIdentifier, BodyError, ClientId, ClientIdentifier, CredentialOfferId, CredentialRequestId, GrantId,
    HardwareKeyHandle, RefreshTokenIdentifier, ServiceId, SessionId, Ticket, TokenBatchId, UserCode, decode,
};
pub use authlete_core::{JsonString, http_inputs, layers};
#[cfg(feature = "reqwest")]
pub use reqwest;
