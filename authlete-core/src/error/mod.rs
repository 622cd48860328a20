//! What can go wrong, in terms a caller can act on.

pub(crate) mod failure;
mod rate_limit;
mod transport;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, response::Parts};
use serde::Deserialize;
use serde_json::Value;

use crate::operation::{Host, Idempotency, Operation};
use crate::wire::outside::Outside;
use crate::wire::{excerpt, json_path, lenient};
use failure::Failure;
pub use rate_limit::RateLimit;
pub use transport::{TransportError, TransportErrorKind};

/// Why a call, or the making of a client, failed.
///
/// No variant shows a secret when it is printed: not the credentials, not the body of a request or a response.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The client cannot be made as asked, and nothing was sent; or a check at start found that the server lacks what is
    /// needed.
    Configuration(ConfigurationError),
    /// The request cannot be made from the values given; nothing was sent.
    Request(RequestError),
    /// There is no complete response.
    Transport(CallError),
    /// Authlete answered that it is called too often (HTTP 429); [`Error::retry_after`] says when to try again, where
    /// the response does.
    RateLimited(Box<ApiError>),
    /// Authlete, or something in front of it, answered with another error status.
    Api(Box<ApiError>),
    /// Authlete answered with success, but the body is not what the description says.
    Decode(Box<DecodeError>),
}

impl Error {
    /// The HTTP status of the response, when there is one.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Api(error) | Self::RateLimited(error) => Some(error.status),
            Self::Decode(error) => Some(error.status),
            Self::Configuration(_) | Self::Request(_) | Self::Transport(_) => None,
        }
    }

    /// The headers of the response, when there is one.
    pub fn headers(&self) -> Option<&HeaderMap> {
        match self {
            Self::Api(error) | Self::RateLimited(error) => Some(&error.headers),
            Self::Decode(error) => Some(&error.headers),
            Self::Configuration(_) | Self::Request(_) | Self::Transport(_) => None,
        }
    }

    /// What the response says of the rate limit; nothing when there is none.
    pub fn rate_limit(&self) -> RateLimit {
        self.headers().map(RateLimit::from_headers).unwrap_or_default()
    }

    /// How long to wait before another attempt, where that is known. It is counted from when the response came, so ask soon.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Transport(error) => error.source.retry_after(),
            Self::RateLimited(error) => error.rate_limit().wait(),
            _ => self.rate_limit().retry_after,
        }
    }

    /// Whether the same call may succeed later and does no harm when made again: the failure may pass, and either the
    /// request changes nothing, or the call surely did not. See [`Idempotency`].
    ///
    /// The client has tried again by itself already, unless that is switched off.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport(error) => Failure::of_transport(error.kind()).allows(error.idempotency),
            Self::Api(error) | Self::RateLimited(error) => {
                Failure::of_status(error.status).is_some_and(|failure| failure.allows(error.idempotency))
            }
            Self::Configuration(_) | Self::Request(_) | Self::Decode(_) => false,
        }
    }

    /// The operation that was called, when there is one.
    pub fn operation(&self) -> Option<&'static Operation> {
        match self {
            Self::Configuration(_) => None,
            Self::Request(error) => Some(error.operation),
            Self::Transport(error) => Some(error.operation),
            Self::Api(error) | Self::RateLimited(error) => Some(error.operation),
            Self::Decode(error) => Some(error.operation),
        }
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Transport(error) if error.source.kind() == TransportErrorKind::Timeout)
    }

    /// The client cannot be made as asked.
    #[doc(hidden)]
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::Configuration(ConfigurationError { message: message.into() })
    }

    pub(crate) fn request(operation: &'static Operation, message: impl Into<String>) -> Self {
        Self::Request(RequestError { operation, message: message.into() })
    }

    pub(crate) fn transport(
        operation: &'static Operation,
        idempotency: Idempotency,
        server: &str,
        source: TransportError,
    ) -> Self {
        Self::Transport(CallError { operation, idempotency, server: server.to_owned(), source })
    }

    pub(crate) fn api(
        operation: &'static Operation,
        idempotency: Idempotency,
        server: &str,
        parts: Parts,
        body: Bytes,
    ) -> Self {
        let ErrorFields { result_code, mut result_message } = lenient::from_slice(&body).unwrap_or_default();
        if operation.host == Host::Idp && result_message.is_none() {
            result_message = idp_message(&body);
        }
        let Parts { status, headers, .. } = parts;
        let error = Box::new(ApiError {
            operation,
            idempotency,
            server: server.to_owned(),
            status,
            headers,
            body,
            result_code,
            result_message,
        });
        if status == StatusCode::TOO_MANY_REQUESTS { Self::RateLimited(error) } else { Self::Api(error) }
    }

    pub(crate) fn decode(operation: &'static Operation, parts: Parts, body: Bytes, error: &serde_json::Error) -> Self {
        let Parts { status, headers, .. } = parts;
        let path = json_path::path_at(&body, error.line(), error.column());
        let reason = json_path::reason(error);
        let excerpt = excerpt::before(&body, error.line(), error.column());
        Self::Decode(Box::new(DecodeError { operation, status, headers, body, path, reason, excerpt }))
    }
}

/// The client cannot be made as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationError {
    message: String,
}

impl ConfigurationError {
    /// An error with the given text, which must hold no secret.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigurationError {}

impl From<ConfigurationError> for Error {
    fn from(error: ConfigurationError) -> Self {
        Self::Configuration(error)
    }
}

/// The request cannot be made from the values given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestError {
    operation: &'static Operation,
    message: String,
}

/// There is no complete response; [`CallError::kind`] says how far the call came.
#[derive(Debug)]
pub struct CallError {
    operation: &'static Operation,
    /// Of the request.
    idempotency: Idempotency,
    server: String,
    source: TransportError,
}

impl CallError {
    /// How far the call came: after [`TransportErrorKind::Connect`] and [`TransportErrorKind::Tls`] it surely
    /// did not arrive.
    pub fn kind(&self) -> TransportErrorKind {
        self.source.kind()
    }
}

/// A response with an error status, whatever its body: JSON, a gateway's HTML page, or nothing.
pub struct ApiError {
    operation: &'static Operation,
    /// Of the request.
    idempotency: Idempotency,
    server: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    result_code: Option<String>,
    result_message: Option<String>,
}

/// Authlete's error body, as far as it is one; codes have been seen as numbers, which are read as text.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorFields {
    result_code: Option<String>,
    result_message: Option<String>,
}

/// What the identity provider says in its error body: `error`, or a sentence for each wrong member in `errors`.
fn idp_message(body: &[u8]) -> Option<String> {
    let body: Value = lenient::from_slice(body).ok()?;
    let errors = body["errors"].as_array().into_iter().flatten();
    let messages: Vec<_> = body["error"].as_str().into_iter().chain(errors.filter_map(Value::as_str)).collect();
    (!messages.is_empty()).then(|| messages.join("; "))
}

impl ApiError {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// What the response says of the rate limit.
    pub fn rate_limit(&self) -> RateLimit {
        RateLimit::from_headers(&self.headers)
    }

    /// The body as it came. It may hold secrets: it is for reading, not for printing.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Authlete's `resultCode`, such as `A001203`: for logs, not to branch on. The identity provider's errors have none.
    pub fn result_code(&self) -> Option<&str> {
        self.result_code.as_deref()
    }

    /// Authlete's `resultMessage`: for logs, not for clients. Of the identity provider's errors, the sentences that they
    /// have instead (`error`, `errors`), with semicolons between them.
    pub fn result_message(&self) -> Option<&str> {
        self.result_message.as_deref()
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("operation", &self.operation.name)
            .field("status", &self.status)
            .field("server", &self.server)
            .field("result_code", &self.result_code.as_deref().map(Outside))
            .field("result_message", &self.result_message.as_deref().map(Outside))
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A response of a success status whose body is not what the description says.
pub struct DecodeError {
    operation: &'static Operation,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    path: String,
    reason: String,
    excerpt: String,
}

impl DecodeError {
    /// The HTTP status, a success.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body as it came. It may hold secrets: it is for reading, not for printing.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Where in the body: `$.client.clientId`, `$.scopes[3]`, or `$` for the whole.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What was expected there, and the line and column.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What stands in the body before that place, with names alone: every value is left out.
    pub fn excerpt(&self) -> &str {
        &self.excerpt
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("operation", &self.operation.name)
            .field("status", &self.status)
            .field("path", &self.path)
            .field("reason", &self.reason)
            .field("excerpt", &self.excerpt)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(error) => f.write_str(&error.message),
            Self::Request(error) => write!(f, "{}: not sent: {}", error.operation, error.message),
            Self::Transport(error) => error.fmt(f),
            Self::Api(error) | Self::RateLimited(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.operation, self.server, self.source)?;
        f.write_str(match self.kind() {
            TransportErrorKind::Connect => "; check the base URL, the network and the proxy",
            TransportErrorKind::Tls => "; check the host's certificate and who is trusted (`root_certificate`)",
            TransportErrorKind::TooLarge => "; ask for less at once, or raise `body_limit`; it has arrived",
            TransportErrorKind::Timeout => "; it may have arrived, so look before calling again what is not a read",
            TransportErrorKind::Interrupted => "; it may have arrived, so look before calling again what is not a read",
            TransportErrorKind::Credentials => "; look at what the credentials provider says",
            TransportErrorKind::CircuitOpen => "",
        })?;
        match self.source.retry_after() {
            Some(wait) => write!(f, "; try again in {} s", seconds(wait)),
            None => Ok(()),
        }
    }
}

/// Whole seconds, rounded up: earlier would be too early.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: HTTP {}", self.operation, self.server, self.status)?;
        match (&self.result_code, &self.result_message) {
            // A sentence of advice follows; the full stop would stand before its semicolon.
            (_, Some(text)) | (Some(text), None) => write!(f, ": {}", Outside(text.trim_end().trim_end_matches('.')))?,
            (None, None) => write!(f, ", without Authlete's error body")?,
        }
        f.write_str(match self.status {
            StatusCode::UNAUTHORIZED if self.operation.host == Host::Idp => "; check the organization's access token",
            StatusCode::UNAUTHORIZED => "; check the access token and the region it belongs to",
            StatusCode::FORBIDDEN => "; the access token is not permitted to do this",
            StatusCode::NOT_FOUND if self.operation.host == Host::Api => {
                "; check the service id, the other ids and the base URL"
            }
            StatusCode::TOO_MANY_REQUESTS => match self.rate_limit().wait() {
                Some(wait) => return write!(f, "; slow down and try again in {} s", seconds(wait)),
                None => "; slow down and try again later",
            },
            status if status.is_redirection() => "; redirects are not followed: check the base URL",
            StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED => "; this server cannot do it",
            status if status.is_server_error() => "; Authlete or a proxy on the way has trouble, which may pass",
            _ => "",
        })
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: HTTP {}, but the body does not decode at {}: {}",
            self.operation, self.status, self.path, self.reason
        )
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.source)
    }
}

impl std::error::Error for ApiError {}
impl std::error::Error for DecodeError {}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // What the transport says is in our text already; its cause is not.
            Self::Transport(error) => std::error::Error::source(&error.source),
            Self::Configuration(_) | Self::Request(_) | Self::RateLimited(_) | Self::Api(_) | Self::Decode(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_error_is_what_it_says() {
        let error = ConfigurationError::new("it is wrong");
        assert_eq!(
            (error.to_string(), Error::from(error).to_string()),
            ("it is wrong".to_owned(), "it is wrong".to_owned())
        );
    }

    #[test]
    fn waits_are_told_in_whole_seconds_that_are_not_too_few() {
        for (millis, told) in [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2), (61_500, 62)] {
            assert_eq!(seconds(Duration::from_millis(millis)), told);
        }
    }
}
