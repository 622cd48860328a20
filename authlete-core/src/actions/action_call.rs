//! Calls whose response has an action.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::Action;
use super::exchange::{Exchange, RequestFacts};
use crate::call::{Call, CallFuture};
use crate::error::Error;
use crate::operation::Operation;

/// A call of an operation whose response says what the server has to do. Nothing is sent until it is awaited.
///
/// Awaiting it gives the action, not the response: an action cannot be skipped by accident. [`raw`](Self::raw) is the way to
/// the response as it came.
///
/// ```no_run
/// use authlete_api::actions::IntrospectionAction;
///
/// # async fn example(service: authlete_api::AuthleteService) -> Result<(), authlete_api::Error> {
/// match service.introspection().process("the access token").await? {
///     IntrospectionAction::Ok(token) => println!("of {:?}", token.subject()),
///     refused => println!("refused: {refused:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct ActionCall<'a, A: Action> {
    call: Call<'a, A::Response>,
    request: RequestFacts,
}

impl<'a, A: Action> ActionCall<'a, A> {
    #[doc(hidden)]
    pub fn new(call: Call<'a, A::Response>) -> Self {
        Self { call, request: RequestFacts::default() }
    }

    /// With what is known of the client's request.
    #[doc(hidden)]
    pub fn about(mut self, request: RequestFacts) -> Self {
        self.request = request;
        self
    }

    /// The same call, for the response as it came: whoever takes it looks at `action` first, or makes it into an action with
    /// `into_action`.
    pub fn raw(self) -> Call<'a, A::Response> {
        self.call
    }

    /// The operation this calls.
    pub fn operation(&self) -> &'static Operation {
        self.call.operation()
    }

    /// As [`Call::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { call: self.call.timeout(timeout), ..self }
    }

    /// As [`Call::header`].
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { call: self.call.header(name, value), ..self }
    }
}

impl<'a, A: Action> IntoFuture for ActionCall<'a, A> {
    type Output = Result<A, Error>;
    type IntoFuture = ActionFuture<'a, A>;

    fn into_future(self) -> Self::IntoFuture {
        ActionFuture { call: self.call.into_future(), request: self.request }
    }
}

/// A call in progress: what awaiting an [`ActionCall`] awaits.
#[must_use = "a call does nothing until it is awaited"]
pub struct ActionFuture<'a, A: Action> {
    call: CallFuture<'a, A::Response>,
    request: RequestFacts,
}

impl<A: Action> Future for ActionFuture<'_, A> {
    type Output = Result<A, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(Pin::new(&mut self.call).poll(context))?;
        let response = response.into_inner();
        A::remember(&response, self.request, self.call.client());
        let exchange = Exchange { request: self.request, ..Exchange::default() };
        Poll::Ready(Ok(A::read(Box::new(response), exchange)))
    }
}

impl<A: Action> fmt::Debug for ActionCall<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionCall").field("operation", &self.operation().name).finish_non_exhaustive()
    }
}

impl<A: Action> fmt::Debug for ActionFuture<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionFuture").field("call", &self.call).finish()
    }
}
