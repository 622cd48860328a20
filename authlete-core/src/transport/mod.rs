//! The seam through which every call goes: HTTP by default, or whatever the user puts there.

mod deadline;
#[cfg(feature = "reqwest")]
pub(crate) mod http;
#[cfg(feature = "reqwest")]
pub(crate) mod tls_and_proxy;
#[cfg(feature = "tower")]
mod tower;

pub use self::deadline::Deadline;
#[cfg(feature = "reqwest")]
pub use self::http::HttpTransport;
#[cfg(feature = "tower")]
pub use self::tower::{TowerTransport, TransportService};

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

use crate::error::TransportError;
use crate::operation::Operation;

/// A future on the heap, as a [`Transport`] returns it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A transport on the heap.
pub type BoxTransport = Box<dyn Transport>;

/// Carries a request to Authlete and brings the response back, whatever its status.
///
/// The default is `HttpTransport`, which uses reqwest. Another one can serve calls in process, record them, or send them by
/// another HTTP client; it may wrap the default one. The request is complete: credentials are in it, so do not log its
/// headers. Among its extensions are its [`Idempotency`](crate::operation::Idempotency), and its
/// [`Deadline`] where it has one.
///
/// ```
/// use authlete_api::{Authlete, BoxFuture, Operation, Transport, TransportError};
/// use bytes::Bytes;
///
/// /// Responds to every call with an empty object.
/// struct Nothing;
///
/// impl Transport for Nothing {
///     fn send<'a>(
///         &'a self,
///         _request: http::Request<Bytes>,
///         _operation: &'static Operation,
///     ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
///         Box::pin(async { Ok(http::Response::new(Bytes::from_static(b"{}"))) })
///     }
/// }
///
/// # fn main() -> Result<(), authlete_api::Error> {
/// let authlete = Authlete::builder().base_url("https://authlete.example").transport(Nothing).build()?;
/// # Ok(())
/// # }
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Sends the request and reads the whole response.
    ///
    /// # Errors
    /// When there is no complete response. A response with an error status is no error here.
    fn send<'a>(
        &'a self,
        request: ::http::Request<Bytes>,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<::http::Response<Bytes>, TransportError>>;
}

impl Transport for BoxTransport {
    fn send<'a>(
        &'a self,
        request: ::http::Request<Bytes>,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<::http::Response<Bytes>, TransportError>> {
        (**self).send(request, operation)
    }
}

/// So that a transport can be shared, and asked about later.
impl<T: Transport + ?Sized> Transport for std::sync::Arc<T> {
    fn send<'a>(
        &'a self,
        request: ::http::Request<Bytes>,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<::http::Response<Bytes>, TransportError>> {
        (**self).send(request, operation)
    }
}

/// Puts a transport of its own around the transport of a client: see `AuthleteBuilder::transport_layer`. A closure from
/// [`BoxTransport`] to [`BoxTransport`] is one.
pub trait TransportLayer: Send + 'static {
    /// The transport around `inner`.
    fn layer(self: Box<Self>, inner: BoxTransport) -> BoxTransport;
}

impl<F: FnOnce(BoxTransport) -> BoxTransport + Send + 'static> TransportLayer for F {
    fn layer(self: Box<Self>, inner: BoxTransport) -> BoxTransport {
        self(inner)
    }
}
