//! The seam through which every call goes: HTTP by default, or whatever the user puts there.

#[cfg(feature = "reqwest")]
pub(crate) mod http;
#[cfg(feature = "reqwest")]
pub(crate) mod tls_and_proxy;
#[cfg(feature = "tower")]
mod tower;

#[cfg(feature = "reqwest")]
pub use self::http::HttpTransport;
#[cfg(feature = "tower")]
pub use self::tower::{TowerTransport, TransportService};

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

use crate::call::operation::Operation;

/// A future on the heap, as a [`Transport`] returns it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A transport on the heap.
pub type BoxTransport = Box<dyn Transport>;

/// Carries a request to Authlete and brings the response back, whatever its status.
///
/// The default is `HttpTransport`, which uses reqwest. Another one can serve calls in process, record them, or send them by
/// another HTTP client; it may wrap the default one. The request is complete: credentials are in it, so do not log its
/// headers. Among its extensions are its [`Idempotency`](crate::call::Idempotency), and its
/// [`Deadline`](crate::call::Deadline) where it has one.
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

/// Why there is no complete response.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Box<dyn std::error::Error + Send + Sync>,
    retry_after: Option<Duration>,
}

/// How far a call came that has no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was made: the request surely did not arrive.
    Connect,
    /// There is a server, and no TLS with it, as when nobody that is trusted vouches for its certificate: the request
    /// surely did not arrive, and another attempt will end the same.
    Tls,
    /// There were no credentials to send it with: the request was not sent.
    Credentials,
    /// Time ran out; the request may have arrived.
    Timeout,
    /// The connection broke, or the response could not be read; the request may have arrived.
    Interrupted,
    /// The response is larger than [`HttpTransport::body_limit`] allows. The request has arrived.
    TooLarge,
    /// It was not sent, because the operation failed too often just now: see
    /// [`CircuitBreaker`](crate::layers::CircuitBreaker).
    CircuitOpen,
}

impl TransportError {
    /// An error of the given kind. Its source must not hold credentials, nor the URL of the request: some paths carry
    /// tokens.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind, source: source.into(), retry_after: None }
    }

    /// Says how long to wait before another attempt.
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// How long to wait before another attempt, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// How far the call came.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::Connect => "no connection could be made",
            TransportErrorKind::Tls => "no secure connection could be made",
            TransportErrorKind::TooLarge => "the answer is too large",
            TransportErrorKind::Credentials => "there are no credentials to make it with",
            TransportErrorKind::Timeout => "time ran out",
            TransportErrorKind::Interrupted => "the connection broke before the whole answer was there",
            TransportErrorKind::CircuitOpen => "not sent, because this operation failed too often just now",
        })
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
