//! What the answers of operations ask of the server that called, as types.
//!
//! Every operation that answers with an `action` has an enum here, with a variant for each action. Match on it, or call
//! `proceed()`, which leaves what there is to do and makes a [`Reply`] of everything else:
//!
//! ```no_run
//! use authlete_api::actions::AuthorizationNext;
//! use authlete_api::{Reply, Service};
//!
//! # fn log_in() -> String { String::new() }
//! async fn authorize(service: &Service, query: &str) -> Result<Reply, Reply> {
//!     match service.authorization().process(query).await?.into_action().proceed()? {
//!         AuthorizationNext::Interaction(pending) => {
//!             // Keep `pending` in the session (it serialises) while the user logs in; then:
//!             let issued = pending.issue("subject").send(service).await?;
//!             Ok(issued.into_reply())
//!         }
//!         AuthorizationNext::NoInteraction(pending) => {
//!             let denied = pending.fail("NOT_LOGGED_IN".into()).send(service).await?;
//!             Ok(denied.into_reply())
//!         }
//!     }
//! }
//! ```
//!
//! The enums are exhaustive: a new action is a new major version, and the compiler shows where it matters.

mod linked;
mod login;
mod notification;
mod row;
mod token_response;
mod view;

use std::fmt;

use crate::{Operation, Reply};

pub use crate::generated::actions::*;
pub use linked::{Follow, Linked, Unsent};
#[allow(unused_imports, reason = "empty where a crate is generated from another description")]
pub use login::*;
#[allow(unused_imports, reason = "empty where a crate is generated from another description")]
pub use notification::*;

use row::{build, failed};

/// What an operation answers, by its actions.
pub trait Outcome: Sized {
    /// The response that this is read from.
    type Response;

    /// The operation.
    fn operation() -> &'static Operation;

    /// Reads a response; `carried` is what earlier calls said for the headers of the same answer.
    fn read(response: Box<Self::Response>, carried: Carried) -> Self;

    /// Reads the response of a first call.
    fn of(response: Self::Response) -> Self {
        Self::read(Box::new(response), Carried::default())
    }
}

/// A response of one operation alone. The registration operations share one; theirs are read with [`Outcome::of`].
pub trait Answered: Sized {
    /// What the response asks for.
    type Outcome: Outcome<Response = Self>;

    /// What the response asks for.
    fn into_action(self) -> Self::Outcome {
        Self::Outcome::of(self)
    }
}

impl<T: Answered> crate::ResponseValue<T> {
    /// What the response asks for.
    pub fn into_action(self) -> T::Outcome {
        T::Outcome::of(self.into_inner())
    }
}

/// Headers that calls before the last one said the answer has, such as `DPoP-Nonce`.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Carried(Vec<(String, String)>);

impl Carried {
    /// Puts them among the headers of an answer that the server makes itself; a value that cannot be a header is left
    /// out.
    pub fn add_to(&self, headers: &mut http::HeaderMap) {
        for (name, value) in &self.0 {
            if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A response with an action that this version does not know, or that lacks what its action needs. It dereferences to
/// the response as it came.
pub struct Unforeseen<R> {
    response: Box<R>,
    carried: Carried,
}

impl<R> Unforeseen<R> {
    pub(crate) fn new(response: Box<R>, carried: Carried) -> Self {
        Self { response, carried }
    }

    /// The response, and the headers that earlier calls said the answer has, for a server that knows what to do.
    pub fn into_parts(self) -> (Box<R>, Carried) {
        (self.response, self.carried)
    }
}

impl<R> std::ops::Deref for Unforeseen<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.response
    }
}

impl<R: fmt::Debug> fmt::Debug for Unforeseen<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.response.fmt(f)
    }
}

/// A page of the server's own that is due: which one, the action says; the text is the server's.
#[derive(Debug)]
#[must_use]
pub struct Page {
    operation: &'static Operation,
    status: u16,
    said: Said,
    carried: Carried,
}

impl Page {
    pub(crate) fn new(
        operation: &'static Operation,
        status: u16,
        mut answer: Box<dyn Answer>,
        carried: Carried,
    ) -> Self {
        let carried = carry(&*answer, carried);
        Self { operation, status, said: answer.say(), carried }
    }

    /// The status that fits.
    pub fn status(&self) -> http::StatusCode {
        http::StatusCode::from_u16(self.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The answer with the page.
    pub fn html(mut self, page: impl Into<String>) -> Reply {
        self.said.content = Some(page.into());
        let row = Row(self.status, Content::Body("text/html;charset=UTF-8"), &[], true);
        build(self.operation, &row, self.said, &self.carried)
    }
}

/// What a response says for an answer.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) action: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) content: Option<String>,
    pub(crate) extra: Vec<(&'static str, Option<String>)>,
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Said").field("action", &self.action).field("code", &self.code).finish_non_exhaustive()
    }
}

/// A response that an answer is made from.
pub(crate) trait Answer {
    /// Takes out what an answer is made from.
    fn say(&mut self) -> Said;

    /// Headers that every answer carries.
    fn always(&self) -> Vec<(&'static str, Option<String>)>;
}

/// An answer as the table has it: status, content, headers, and whether it must not be stored.
pub(crate) struct Row(pub(crate) u16, pub(crate) Content, pub(crate) Headers, pub(crate) bool);

type Headers = &'static [(&'static str, Value)];

/// What is in an answer's body.
#[allow(dead_code, reason = "a table need not use every form")]
pub(crate) enum Content {
    /// Nothing.
    None,
    /// The content that the response has, with this media type.
    Body(&'static str),
    /// A media type, and a text.
    Fixed(&'static str, &'static str),
}

/// Where a header's value comes from.
#[allow(dead_code, reason = "a table need not use every form")]
pub(crate) enum Value {
    /// The content that the response has.
    Content,
    /// A field of its own.
    Extra,
    /// The table.
    Fixed(&'static str),
}

/// Adds to what is carried what this response says of it.
pub(crate) fn carry(answer: &dyn Answer, mut carried: Carried) -> Carried {
    for (name, value) in answer.always() {
        if let Some(value) = value {
            carried.0.retain(|(known, _)| known != name);
            carried.0.push((name.to_owned(), value));
        }
    }
    carried
}

/// The answer that a row and a response make.
pub(crate) fn reply(op: &'static Operation, row: &Row, mut answer: Box<dyn Answer>, carried: Carried) -> Reply {
    let carried = carry(&*answer, carried);
    build(op, row, answer.say(), &carried)
}

/// The answer when our call was wrong.
pub(crate) fn refused(op: &'static Operation, mut answer: Box<dyn Answer>, carried: Carried) -> Reply {
    let carried = carry(&*answer, carried);
    failed(op, answer.say(), &carried, "the call was wrong")
}

/// The answer to what we do not understand.
pub(crate) fn unknown<R: Answer + 'static>(op: &'static Operation, unforeseen: Unforeseen<R>) -> Reply {
    let Unforeseen { response, carried } = unforeseen;
    let mut answer: Box<dyn Answer> = response;
    let carried = carry(&*answer, carried);
    failed(op, answer.say(), &carried, "the action is unknown, or lacks what it needs")
}

/// What generated code uses.
pub(crate) mod prelude {
    pub(crate) use super::view::{from_text, kept, to_text, view};
    pub(crate) use super::{
        Answer, Answered, Carried, Content, Follow, Linked, Outcome, Page, Row, Said, Unforeseen, Value, carry,
        refused, reply, unknown,
    };
    pub(crate) use crate::{Call, Client, Operation, Reply, operations, types};
}
