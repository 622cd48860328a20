//! A call that is ready to be made.

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use crate::transport::BoxFuture;
use crate::{Client, Error, Operation, ResponseValue};

/// A call of one operation: what the methods of [`Client`] return. Nothing is sent until it is awaited.
///
/// ```no_run
/// # async fn example(client: authlete_api::Client) -> Result<(), authlete_api::Error> {
/// use std::time::Duration;
///
/// let info = client.info().timeout(Duration::from_secs(2)).await?;
/// println!("{:?}", info.version);
/// # Ok(())
/// # }
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<'a, T> {
    client: &'a Client,
    operation: &'static Operation,
    request: Result<reqwest::Request, Error>,
    // A plain function pointer, so that the decoder is compiled once, in this crate, not in the user's.
    decode: Decode<T>,
}

/// Why a request could not be made from the values given.
pub(crate) type BuildError = Box<dyn std::error::Error + Send + Sync>;

/// Makes an answer of a success status into a value.
pub(crate) type Decode<T> = fn(&Bytes) -> Result<T, serde_json::Error>;

impl<'a, T> Call<'a, T> {
    /// What generated methods end with.
    pub(crate) fn new(
        client: &'a Client,
        operation: &'static Operation,
        request: Result<reqwest::Request, BuildError>,
        decode: Decode<T>,
    ) -> Self {
        Self { client, operation, request: client.complete(request, operation), decode }
    }

    /// The operation this calls.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// The most this call may take, with all tries and the waits between them.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        if let Ok(request) = &mut self.request {
            *request.timeout_mut() = Some(timeout);
        }
        self
    }

    /// Adds a header to this call, a trace context for example; one that is there already is replaced.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if let Ok(request) = &mut self.request {
            request.headers_mut().insert(name, value);
        }
        self
    }
}

impl<'a, T: 'static> IntoFuture for Call<'a, T> {
    type Output = Result<ResponseValue<T>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, operation, request, decode } = self;
        let answer = client.send(request, operation);
        Box::pin(async move {
            let (parts, body) = answer.await?.into_parts();
            match decode(&body) {
                Ok(value) => Ok(ResponseValue::new(value, parts.status, parts.headers)),
                Err(error) => Err(Error::decode(operation, parts, body, &error)),
            }
        })
    }
}

impl<T> fmt::Debug for Call<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The request holds credentials and, in its body, secrets of all kinds.
        f.debug_struct("Call").field("operation", &self.operation.name).finish_non_exhaustive()
    }
}
