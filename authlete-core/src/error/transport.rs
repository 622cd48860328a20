//! Why there is no complete response.

use std::fmt;
use std::time::Duration;

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
    /// The response is larger than `HttpTransport::body_limit` allows. The request has arrived.
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
