//! Tests without a server: canned responses per operation, a list of what was called, and exchanges that were recorded.

mod record;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::actions::{Action, IntoAction};
use crate::error::{TransportError, TransportErrorKind};
use crate::operation::Operation;
use crate::transport::{BoxFuture, Transport};

pub use record::Recorder;

/// A transport that responds to calls with what it is given, and keeps a list of them. Clones share both.
///
/// The responses of an operation are used in the order in which they are given; the last one stays. An operation without one
/// is answered with HTTP 501, and an error that names it.
///
/// ```
/// use authlete_api::mock::Mock;
/// use authlete_api::types::IntrospectionResponse;
/// use authlete_api::{AuthleteService, operations};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), authlete_api::Error> {
/// let mock = Mock::new().respond(IntrospectionResponse::default().action("OK"));
/// let service = AuthleteService::mocked(&mock);
///
/// let response = service.introspection().process("token").raw().await?;
/// assert_eq!(response.action, Some("OK".into()));
/// assert_eq!(mock.calls()[0].operation.name, "auth_introspection");
/// assert_eq!(mock.calls_of(&operations::AUTH_INTROSPECTION)[0].body["token"], "token");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Mock(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    responses: HashMap<String, VecDeque<Canned>>,
    calls: Vec<MockCall>,
}

#[derive(Clone)]
enum Canned {
    Response { status: StatusCode, body: Bytes },
    Failure(TransportErrorKind),
}

/// A call that a [`Mock`] saw.
#[derive(Clone)]
#[non_exhaustive]
pub struct MockCall {
    /// The operation.
    pub operation: &'static Operation,
    /// The path of the URL.
    pub path: String,
    /// The query of the URL, where there is one.
    pub query: Option<String>,
    /// The headers, with the credentials where the client has some.
    pub headers: HeaderMap,
    /// The body; `null` where there is none or it is not JSON.
    pub body: Value,
}

impl fmt::Debug for MockCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Paths, headers and bodies hold tokens.
        f.debug_struct("MockCall").field("operation", &self.operation.name).finish_non_exhaustive()
    }
}

impl Mock {
    /// A mock without responses.
    pub fn new() -> Self {
        Self::default()
    }

    /// Responds to the operation that the response belongs to.
    #[must_use]
    pub fn respond<R: IntoAction + Serialize>(self, response: R) -> Self {
        self.respond_to(R::Action::operation(), response)
    }

    /// Responds to an operation with HTTP 200 and a response of its type, or anything else that has a form in JSON.
    #[must_use]
    pub fn respond_to(self, operation: &'static Operation, response: impl Serialize) -> Self {
        self.respond_with(operation, StatusCode::OK, response)
    }

    /// Responds to an operation with another status.
    #[must_use]
    pub fn respond_with(self, operation: &'static Operation, status: StatusCode, response: impl Serialize) -> Self {
        let canned = match serde_json::to_vec(&response) {
            Ok(body) => Canned::Response { status, body: body.into() },
            // The test sees it when the operation is called.
            Err(error) => problem(&format!("the response for `{}` has no form in JSON: {error}", operation.name)),
        };
        self.add(operation.name, canned)
    }

    /// Lets calls of an operation fail without a response.
    #[must_use]
    pub fn fail(self, operation: &'static Operation, kind: TransportErrorKind) -> Self {
        self.add(operation.name, Canned::Failure(kind))
    }

    /// Responds with what a [`Recorder`] wrote into a file.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what a [`Recorder`] writes.
    pub fn replay(path: impl AsRef<Path>) -> std::io::Result<Self> {
        let mut mock = Self::new();
        for exchange in record::read(path.as_ref())? {
            let status = StatusCode::from_u16(exchange.status).map_err(std::io::Error::other)?;
            let body = match exchange.response {
                Value::Null => Bytes::new(),
                body => body.to_string().into(),
            };
            mock = mock.add(&exchange.operation, Canned::Response { status, body });
        }
        Ok(mock)
    }

    fn add(self, operation: &str, canned: Canned) -> Self {
        self.state().responses.entry(operation.to_owned()).or_default().push_back(canned);
        self
    }

    /// The calls so far, in their order.
    pub fn calls(&self) -> Vec<MockCall> {
        self.state().calls.clone()
    }

    /// The calls of one operation so far, in their order.
    pub fn calls_of(&self, operation: &'static Operation) -> Vec<MockCall> {
        self.state().calls.iter().filter(|call| call.operation.name == operation.name).cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn problem(message: &str) -> Canned {
    let body = json!({"resultCode": "MOCK", "resultMessage": message}).to_string().into();
    Canned::Response { status: StatusCode::NOT_IMPLEMENTED, body }
}

impl Transport for Mock {
    fn send<'a>(
        &'a self,
        request: http::Request<Bytes>,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response<Bytes>, TransportError>> {
        let mut state = self.state();
        let (parts, body) = request.into_parts();
        state.calls.push(MockCall {
            operation,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        });
        let canned = match state.responses.get_mut(operation.name) {
            Some(responses) if responses.len() > 1 => responses.pop_front(),
            Some(responses) => responses.front().cloned(),
            None => None,
        };
        let canned = canned.unwrap_or_else(|| {
            problem(&format!(
                "the mock has no response for `{0}`; give it one with `respond` or `respond_to`",
                operation.name
            ))
        });
        Box::pin(async move {
            match canned {
                Canned::Failure(kind) => Err(TransportError::new(kind, "as the mock was told")),
                Canned::Response { status, body } => {
                    let mut response = Response::new(body);
                    *response.status_mut() = status;
                    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                    Ok(response)
                }
            }
        })
    }
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let mut responses: Vec<_> = state.responses.keys().collect();
        responses.sort();
        f.debug_struct("Mock").field("responses", &responses).field("calls", &state.calls).finish()
    }
}
