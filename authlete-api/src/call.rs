//! A call that is ready to be made.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use crate::transport::BoxFuture;
use crate::{Client, Error, Operation, ResponseValue, TransportError};

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
        request: Result<reqwest::Request, impl Into<BuildError>>,
        decode: Decode<T>,
    ) -> Self {
        Self { client, operation, request: client.complete(request.map_err(Into::into), operation), decode }
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

impl<'a, T> IntoFuture for Call<'a, T> {
    type Output = Result<ResponseValue<T>, Error>;
    type IntoFuture = CallFuture<'a, T>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, operation, request, decode } = self;
        let state = match request {
            Ok(request) => State::Sent(client.send(request, operation)),
            Err(error) => State::Failed(Some(error)),
        };
        CallFuture { operation, state, decode }
    }
}

/// A call under way: what awaiting a [`Call`] awaits.
///
/// It is a type rather than an async block, so that what callers compile is little more than the call of a function.
#[must_use = "a call does nothing until it is awaited"]
pub struct CallFuture<'a, T> {
    operation: &'static Operation,
    state: State<'a>,
    decode: Decode<T>,
}

enum State<'a> {
    /// The request could not be made; the error, until it is returned.
    Failed(Option<Error>),
    Sent(BoxFuture<'a, Outcome>),
}

type Outcome = Result<http::Response<Bytes>, TransportError>;

impl<T> Future for CallFuture<'_, T> {
    type Output = Result<ResponseValue<T>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { operation, state, decode } = &mut *self;
        let response = ready!(state.poll(context, operation))?;
        let (parts, body) = response.into_parts();
        Poll::Ready(match decode(&body) {
            Ok(value) => Ok(ResponseValue::new(value, parts.status, parts.headers)),
            Err(error) => Err(Error::decode(operation, parts, body, &error)),
        })
    }
}

impl State<'_> {
    /// The answer, once it is there; one with an error status is an error.
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        operation: &'static Operation,
    ) -> Poll<Result<http::Response<Bytes>, Error>> {
        let outcome = match self {
            Self::Sent(sent) => ready!(sent.as_mut().poll(context)),
            Self::Failed(error) => {
                let error =
                    error.take().unwrap_or_else(|| Error::request(operation, "the call was polled after its end"));
                return Poll::Ready(Err(error));
            }
        };
        Poll::Ready(match outcome {
            Ok(response) if response.status().is_success() => Ok(response),
            Ok(response) => {
                let (parts, body) = response.into_parts();
                Err(Error::api(operation, parts, body))
            }
            Err(error) => Err(Error::transport(operation, error)),
        })
    }
}

impl<T> fmt::Debug for CallFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture").field("operation", &self.operation.name).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Call<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The request holds credentials and, in its body, secrets of all kinds.
        f.debug_struct("Call").field("operation", &self.operation.name).finish_non_exhaustive()
    }
}
