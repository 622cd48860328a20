//! What the responses of operations ask the server to do, and the replies that are made of them.
//!
//! Generated enums have a variant for each action of an operation. What they have in common is here: [`Reply`], the steps
//! that one call leaves to the next, headers that every reply of an exchange has
//! ([`ExtraHeaders`]), and actions that this version does not know ([`UnknownAction`]).

pub(crate) mod action_call;
pub(crate) mod exchange;
pub(crate) mod pending_request;
pub(crate) mod rendering;
pub(crate) mod reply;
pub(crate) mod step;

use std::fmt;

use crate::call::client::Client;
use crate::call::response::ApiResponse;
use crate::operation::Operation;

pub use action_call::{ActionCall, ActionFuture};
pub use pending_request::FollowUp;
pub use reply::{Details, Reply};

use exchange::{Exchange, RequestFacts};
use rendering::{Content, Rendering, ResponseParts, TakeParts, failed, render};

pub(crate) mod sealed {
    /// Implemented by generated code alone.
    pub trait Sealed {}
}

/// The actions of an operation: an enum with a variant for each. Only generated types implement it.
pub trait Action: Sized + sealed::Sealed {
    /// The response that has the action.
    type Response;

    /// The operation.
    fn operation() -> &'static Operation;

    /// Reads a response, with what earlier calls of the same exchange left.
    #[doc(hidden)]
    fn read(response: Box<Self::Response>, exchange: Exchange) -> Self;

    /// What the client remembers of the response for a later request.
    #[doc(hidden)]
    fn remember(_: &Self::Response, _: RequestFacts, _: &Client) {}

    /// Reads the response of a first call. Nothing is then known of the client's request; awaiting the call knows it.
    fn of(response: Self::Response) -> Self {
        Self::read(Box::new(response), Exchange::default())
    }
}

/// A response of one operation alone. The registration operations share one; theirs are read with [`Action::of`]. Only
/// generated types implement it.
pub trait IntoAction: Sized + sealed::Sealed {
    /// The actions of the operation.
    type Action: Action<Response = Self>;

    /// The action in the response.
    fn into_action(self) -> Self::Action {
        Self::Action::of(self)
    }
}

impl<T: IntoAction> ApiResponse<T> {
    /// The action in the response.
    pub fn into_action(self) -> T::Action {
        T::Action::of(self.into_inner())
    }
}

/// Headers that calls before the last one asked for in the reply to the client, such as `DPoP-Nonce`.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct ExtraHeaders(Vec<(String, String)>);

impl ExtraHeaders {
    /// Puts them among the headers of a reply that the server makes itself; a value that cannot be a header is left out.
    pub fn add_to(&self, headers: &mut http::HeaderMap) {
        for (name, value) in &self.0 {
            if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
    }
}

impl fmt::Debug for ExtraHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A response with an action that this version does not know, or that lacks what its action needs. It dereferences to
/// the response as it came.
pub struct UnknownAction<R> {
    response: Box<R>,
    exchange: Exchange,
}

impl<R> UnknownAction<R> {
    #[doc(hidden)]
    pub fn new(response: Box<R>, exchange: Exchange) -> Self {
        Self { response, exchange }
    }

    /// The response, and the headers that earlier calls asked for, for a server that knows what to do.
    pub fn into_parts(self) -> (Box<R>, ExtraHeaders) {
        (self.response, self.exchange.headers)
    }
}

impl<R> std::ops::Deref for UnknownAction<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.response
    }
}

impl<R: fmt::Debug> fmt::Debug for UnknownAction<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.response.fmt(f)
    }
}

/// A page that the server has to show the user. Which one, the action says; what is on it is up to the server.
#[derive(Debug)]
#[must_use]
pub struct UserPage {
    operation: &'static Operation,
    status: u16,
    parts: ResponseParts,
    exchange: Exchange,
}

impl UserPage {
    #[doc(hidden)]
    pub fn new(operation: &'static Operation, status: u16, mut response: Box<dyn TakeParts>, before: Exchange) -> Self {
        let exchange = exchange(&*response, before);
        Self { operation, status, parts: response.take_parts(), exchange }
    }

    /// The status that fits.
    pub fn status(&self) -> http::StatusCode {
        http::StatusCode::from_u16(self.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The reply with the page.
    pub fn html(mut self, page: impl Into<String>) -> Reply {
        self.parts.content = Some(page.into());
        let content = Content::Response("text/html;charset=UTF-8");
        let rendering = Rendering { status: self.status, content, headers: &[], no_store: true };
        render(self.operation, &rendering, self.parts, &self.exchange)
    }
}

/// The extra headers with those that this response asks for.
pub fn extra_headers(response: &dyn TakeParts, mut extra: ExtraHeaders) -> ExtraHeaders {
    for (name, value) in response.always() {
        if let Some(value) = value {
            extra.0.retain(|(known, _)| known != name);
            extra.0.push((name.to_owned(), value));
        }
    }
    extra
}

/// The exchange with the headers that this response asks for.
pub fn exchange(response: &dyn TakeParts, mut before: Exchange) -> Exchange {
    before.headers = extra_headers(response, before.headers);
    before
}

/// The reply of an action that leaves nothing to do.
pub fn reply(
    operation: &'static Operation,
    rendering: &Rendering,
    mut response: Box<dyn TakeParts>,
    before: Exchange,
) -> Reply {
    let exchange = exchange(&*response, before);
    render(operation, rendering, response.take_parts(), &exchange)
}

/// The reply when the server's own call was wrong.
pub fn refused(operation: &'static Operation, mut response: Box<dyn TakeParts>, before: Exchange) -> Reply {
    let exchange = exchange(&*response, before);
    failed(operation, response.take_parts(), &exchange, "the call was wrong")
}

/// The reply to an action that this version does not know.
pub fn unknown<R: TakeParts + 'static>(operation: &'static Operation, unknown: UnknownAction<R>) -> Reply {
    let UnknownAction { response, exchange: before } = unknown;
    let mut response: Box<dyn TakeParts> = response;
    let exchange = exchange(&*response, before);
    failed(operation, response.take_parts(), &exchange, "the action is unknown, or lacks what it needs")
}
