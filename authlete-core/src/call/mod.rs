//! Calls: a request that is ready to be sent, its response, lists that come page by page, and changing what was read.

pub(crate) mod client;
pub(crate) mod into_request;
pub(crate) mod modify;
pub(crate) mod optional;
pub(crate) mod paging;
pub(crate) mod pushed_requests;
pub(crate) mod request;
pub(crate) mod response;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::{Error, TransportError, TransportErrorKind};
use crate::operation::{Idempotency, Operation};
use crate::transport::{BoxFuture, Deadline};
use request::{BuildError, RequestBuilder};

pub use client::Client;
pub use into_request::IntoRequest;
pub use modify::Modified;
pub use paging::{Cursor, Items, ListPage, PageRange, Pages};
pub use response::ApiResponse;

/// A call of one operation. Nothing is sent until it is awaited.
///
/// ```no_run
/// # async fn example(authlete: authlete_api::Authlete) -> Result<(), authlete_api::Error> {
/// use std::time::Duration;
///
/// let info = authlete.utilities().info().timeout(Duration::from_secs(2)).await?;
/// println!("{:?}", info.version);
/// # Ok(())
/// # }
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<'a, T> {
    client: &'a Client,
    operation: &'static Operation,
    request: Result<http::Request<Bytes>, Error>,
    timeout: Option<Duration>,
    // A plain function pointer, so that the decoder is compiled once, in the crate that has the type, not in the user's.
    decode: Decode<T>,
}

/// Makes the body of a successful response into a value.
pub type Decode<T> = fn(&Bytes) -> Result<T, serde_json::Error>;

/// What generated functions end with when building their request can fail.
pub fn call<'a, T>(
    client: &'a Client,
    operation: &'static Operation,
    request: Result<RequestBuilder<'a>, BuildError>,
    decode: Decode<T>,
) -> Call<'a, T> {
    match request {
        Ok(request) => Call::new(request, decode),
        Err(error) => {
            let request = Err(Error::request(operation, error.to_string()));
            Call { client, operation, request, timeout: None, decode }
        }
    }
}

impl<'a, T> Call<'a, T> {
    pub(crate) fn new(request: RequestBuilder<'a>, decode: Decode<T>) -> Self {
        let RequestBuilder { client, operation, .. } = request;
        Self { client, operation, request: client.complete(request), timeout: None, decode }
    }

    /// The operation this calls.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// The most this call may take, with all attempts and the waits between them, whatever transport the client has. It
    /// replaces the client's `operation_timeout`. Tokio's runtime must have its timer enabled.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
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
    type Output = Result<ApiResponse<T>, Error>;
    type IntoFuture = CallFuture<'a, T>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, operation, request, timeout, decode } = self;
        let state = match request {
            Ok(mut request) => {
                // A time that is too far away to be told is none.
                let timeout = timeout.or(client.operation_timeout());
                let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout)).map(Deadline::at);
                if let Some(deadline) = deadline {
                    request.extensions_mut().insert(deadline);
                }
                match (deadline, tokio::runtime::Handle::try_current()) {
                    (Some(_), Err(_)) => State::Failed(Some(Error::request(
                        operation,
                        "a timeout needs Tokio's runtime: make the call within one",
                    ))),
                    (deadline, _) => State::Sent {
                        idempotency: request.extensions().get().copied().unwrap_or(operation.idempotency),
                        sent: client.send(request, operation),
                        timer: deadline.map(|deadline| Box::pin(sleep_until(deadline.instant()))),
                    },
                }
            }
            Err(error) => State::Failed(Some(error)),
        };
        CallFuture { client, operation, state, decode }
    }
}

/// A call in progress: what awaiting a [`Call`] awaits.
///
/// It is a type rather than an async block, so that what callers compile is little more than the call of a function.
#[must_use = "a call does nothing until it is awaited"]
pub struct CallFuture<'a, T> {
    client: &'a Client,
    operation: &'static Operation,
    state: State<'a>,
    decode: Decode<T>,
}

enum State<'a> {
    /// The request could not be made; the error, until it is returned.
    Failed(Option<Error>),
    Sent {
        sent: BoxFuture<'a, Sent>,
        idempotency: Idempotency,
        timer: Option<Pin<Box<Sleep>>>,
    },
}

type Sent = Result<http::Response<Bytes>, TransportError>;

impl<'a, T> CallFuture<'a, T> {
    /// The client that sends it.
    pub(crate) fn client(&self) -> &'a Client {
        self.client
    }
}

impl<T> Future for CallFuture<'_, T> {
    type Output = Result<ApiResponse<T>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { client, operation, state, decode } = &mut *self;
        let response = ready!(state.poll(context, client, operation))?;
        let (parts, body) = response.into_parts();
        Poll::Ready(match decode(&body) {
            Ok(value) => Ok(ApiResponse::new(value, parts.status, parts.headers)),
            Err(error) => Err(Error::decode(operation, parts, body, &error)),
        })
    }
}

impl State<'_> {
    /// The response, once it is there; one with an error status is an error.
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        client: &Client,
        operation: &'static Operation,
    ) -> Poll<Result<http::Response<Bytes>, Error>> {
        let (sent, idempotency) = match self {
            // The transport first: a response that is there at the deadline counts.
            Self::Sent { sent, idempotency, timer } => match (sent.as_mut().poll(context), timer) {
                (Poll::Ready(sent), _) => (sent, *idempotency),
                (Poll::Pending, Some(timer)) => {
                    ready!(timer.as_mut().poll(context));
                    let late = "the call took longer than its timeout";
                    (Err(TransportError::new(TransportErrorKind::Timeout, late)), *idempotency)
                }
                (Poll::Pending, None) => return Poll::Pending,
            },
            Self::Failed(error) => {
                let error =
                    error.take().unwrap_or_else(|| Error::request(operation, "the call was polled after its end"));
                return Poll::Ready(Err(error));
            }
        };
        *self = Self::Failed(None);
        Poll::Ready(match sent {
            Ok(response) if response.status().is_success() => Ok(response),
            Ok(response) => {
                let (parts, body) = response.into_parts();
                Err(Error::api(operation, idempotency, client.base_url_of(operation), parts, body))
            }
            Err(error) => Err(Error::transport(operation, idempotency, client.base_url_of(operation), error)),
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
