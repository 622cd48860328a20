//! The transport over HTTP, by reqwest, and its settings.

use std::time::Duration;

use bytes::Bytes;

use super::tls_and_proxy::TlsAndProxy;
use super::{BoxFuture, Transport, TransportError, TransportErrorKind};
use crate::call::operation::Operation;
use crate::error::Error;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// What the builder is told about HTTP.
#[derive(Default)]
#[allow(missing_docs, reason = "the builder documents its setters")]
pub struct HttpSettings {
    pub client: Option<reqwest::Client>,
    pub connect_timeout: Option<Duration>,
    pub attempt_timeout: Option<Duration>,
    pub body_limit: Option<usize>,
    pub tls_and_proxy: TlsAndProxy,
}

impl HttpSettings {
    pub(crate) fn build(self) -> Result<HttpTransport, Error> {
        let client = match self.client {
            Some(_) if self.connect_timeout.is_some() || self.attempt_timeout.is_some() => {
                return Err(Error::configuration(
                    "an HTTP client and a timeout for it are both given; set the timeout where that client is made",
                ));
            }
            Some(_) if !self.tls_and_proxy.is_empty() => {
                return Err(Error::configuration(
                    "an HTTP client and a proxy or certificate for it are both given; set these where that client is made",
                ));
            }
            Some(client) => client,
            None => self
                .tls_and_proxy
                .apply(reqwest::Client::builder())
                .connect_timeout(self.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
                .timeout(self.attempt_timeout.unwrap_or(ATTEMPT_TIMEOUT))
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .map_err(|error| Error::configuration(format!("the HTTP client cannot be set up: {error}")))?,
        };
        let transport = HttpTransport::new(client);
        Ok(match self.body_limit {
            Some(bytes) => transport.body_limit(bytes),
            None => transport,
        })
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
        request: http::Request<Bytes>,
        _operation: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request)?;
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
