//! The seam through which every call goes: HTTP by default, or whatever the user puts there.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

use crate::Operation;

/// A future on the heap, as a [`Transport`] returns it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries a request to Authlete and brings the answer back, whatever its status.
///
/// The default is [`HttpTransport`]. Another one can serve calls in process, record them, or try them again; it may
/// wrap the default one. The request is complete: credentials are in it, so do not log its headers.
///
/// ```
/// use authlete_api::{BoxFuture, Client, Operation, Transport, TransportError};
/// use bytes::Bytes;
///
/// /// Answers every call with an empty object.
/// struct Nothing;
///
/// impl Transport for Nothing {
///     fn send<'a>(
///         &'a self,
///         _request: reqwest::Request,
///         _operation: &'static Operation,
///     ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
///         Box::pin(async { Ok(http::Response::new(Bytes::from_static(b"{}"))) })
///     }
/// }
///
/// # fn main() -> Result<(), authlete_api::Error> {
/// let client = Client::builder().base_url("https://authlete.example").token("token").transport(Nothing).build()?;
/// # Ok(())
/// # }
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Sends the request and reads the whole answer.
    ///
    /// # Errors
    /// When there is no complete answer. An answer with an error status is no error here.
    fn send<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>>;
}

/// Why there is no complete answer.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Box<dyn std::error::Error + Send + Sync>,
    retry_after: Option<Duration>,
}

/// How far a call came that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was made: the request surely did not arrive.
    Connect,
    /// There is a server, and no TLS with it, as when nobody that is trusted vouches for its certificate: the request
    /// surely did not arrive, and another try will end the same.
    Tls,
    /// There were no credentials to send it with: the request was not sent.
    Credentials,
    /// Time ran out; the request may have arrived.
    Timeout,
    /// The connection broke, or the answer could not be read; the request may have arrived.
    Interrupted,
    /// The answer is larger than [`HttpTransport::body_limit`] allows. The request has arrived.
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

    /// Says how long to wait before another try.
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// How long to wait before another try, where that is known.
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

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        let kind = if error.is_connect() {
            if is_tls(&error) { TransportErrorKind::Tls } else { TransportErrorKind::Connect }
        } else if error.is_timeout() {
            TransportErrorKind::Timeout
        } else {
            TransportErrorKind::Interrupted
        };
        // The URL goes: `/auth/token/delete/{accessTokenIdentifier}` may hold a token.
        Self::new(kind, error.without_url())
    }
}

/// Whether a connection failed for what the server said, not for the lack of one. rustls calls that invalid data; the
/// libraries of platforms say what is wrong with the certificate.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| error.kind() == std::io::ErrorKind::InvalidData)
            || error.to_string().to_ascii_lowercase().contains("certificate")
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// How large an answer may be, unless somebody says otherwise: the largest lists have a few megabytes.
const BODY_LIMIT: usize = 32 << 20;

/// The transport over HTTP, by [`reqwest`].
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    body_limit: usize,
}

impl HttpTransport {
    /// Uses the given client. It should follow no redirects
    /// ([`reqwest::redirect::Policy::none`]), so that credentials never travel to another host.
    pub fn new(client: reqwest::Client) -> Self {
        Self { client, body_limit: BODY_LIMIT }
    }

    /// How many bytes the body of an answer may have, after decompression: by default 32 MiB. A larger one is an error,
    /// and its connection is closed.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    async fn body(&self, mut answer: reqwest::Response) -> Result<Bytes, TransportError> {
        // What the header promises too much of need not be read.
        let mut length = match answer.content_length() {
            Some(length) if length > self.body_limit as u64 => return Err(self.too_large()),
            _ => 0,
        };
        let mut parts = Vec::new();
        while let Some(part) = answer.chunk().await? {
            length += part.len();
            if length > self.body_limit {
                return Err(self.too_large());
            }
            parts.push(part);
        }
        Ok(match parts.len() {
            // Mostly there is one, which needs no copy.
            0 | 1 => parts.pop().unwrap_or_default(),
            _ => parts.concat().into(),
        })
    }

    fn too_large(&self) -> TransportError {
        TransportError::new(TransportErrorKind::TooLarge, format!("{} bytes are allowed", self.body_limit))
    }
}

impl Transport for HttpTransport {
    fn send<'a>(
        &'a self,
        request: reqwest::Request,
        _operation: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let mut answer = self.client.execute(request).await?;
            let mut response = http::Response::new(Bytes::new());
            *response.status_mut() = answer.status();
            *response.version_mut() = answer.version();
            *response.headers_mut() = std::mem::take(answer.headers_mut());
            *response.body_mut() = self.body(answer).await?;
            Ok(response)
        })
    }
}
