//! Faults that a test asks for: what a network or a server does wrong, on demand.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use futures_core::Stream;
use serde_json::{Value, json};

use crate::operation::{Operation, UnknownOperation};

/// At most this many faults wait at a time; a further one pushes out the oldest.
const CAPACITY: usize = 1_000;

/// Something that goes wrong with calls, given to [`Emulator::inject`](crate::Emulator::inject).
///
/// It hits the next call, whatever the operation, unless [`on`](Self::on) and [`times`](Self::times) say otherwise.
/// Faults that wait for the same call hit it in the order in which they were given, one call each; a delay hits
/// together with what comes after it.
///
/// ```
/// use authlete_emulator::Fault;
/// use std::time::Duration;
///
/// let slow = Fault::delay(Duration::from_millis(50)).on("auth_token_api").times(2);
/// let busy = Fault::status(429).header("Retry-After", "1");
/// let broken = Fault::status(502).body("<html>Bad Gateway</html>");
/// let lost = Fault::disconnect_after_serving();
/// # let _ = (slow, busy, broken, lost);
/// ```
#[derive(Clone)]
#[must_use]
pub struct Fault {
    kind: Kind,
    operation_id: Option<String>,
    times: usize,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<String>,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Delay(Duration),
    Status(StatusCode),
    Disconnect { served: bool },
    Truncate,
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self { kind, operation_id: None, times: 1, headers: Vec::new(), body: None }
    }

    /// The call is served after this time, by the system's clock.
    pub fn delay(by: Duration) -> Self {
        Self::new(Kind::Delay(by))
    }

    /// The call is not served, and answered with this status. One that HTTP does not have counts as 500. Unless
    /// [`body`](Self::body) gives another, the body is the JSON that Authlete gives with an error.
    pub fn status(status: u16) -> Self {
        Self::new(Kind::Status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)))
    }

    /// The connection ends before the call is served: nothing happened.
    pub fn disconnect_before_serving() -> Self {
        Self::new(Kind::Disconnect { served: false })
    }

    /// The call is served, and the connection ends without a response: it happened, and the caller cannot know.
    pub fn disconnect_after_serving() -> Self {
        Self::new(Kind::Disconnect { served: true })
    }

    /// The call is served, and the connection ends in the middle of the response's body.
    pub fn truncate() -> Self {
        Self::new(Kind::Truncate)
    }

    /// Hits the calls of this operation alone, named as Authlete's description or as the Rust SDK names it:
    /// `auth_token_api`, `auth_token`. [`Emulator::inject`](crate::Emulator::inject) fails if there is none of that name.
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.operation_id = Some(operation.into());
        self
    }

    /// Hits this many calls; the default is one.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// A header of the response of [`status`](Self::status), such as `Retry-After`. One that HTTP does not allow is left
    /// out.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (name.parse(), value.parse()) {
            self.headers.push((name, value));
        }
        self
    }

    /// The body of the response of [`status`](Self::status).
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The fault with the operation's name as the description has it.
    pub(crate) fn resolved(mut self, operations: &'static [Operation]) -> Result<Self, UnknownOperation> {
        if let Some(name) = &self.operation_id {
            self.operation_id = Some(Operation::named(operations, name)?.id.to_owned());
        }
        Ok(self)
    }

    /// What goes wrong.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The response with this status.
    pub(crate) fn answer(self, status: StatusCode) -> Response<Body> {
        let json = self.body.is_none();
        let body = self.body.unwrap_or_else(|| {
            "{\"resultCode\":\"A001999\",\"resultMessage\":\"[A001999] A test asked for this fault.\"}".to_owned()
        });
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        if json {
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("kind", &self.kind)
            .field("operation_id", &self.operation_id)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// The faults that wait for their calls.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<VecDeque<Fault>>);

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= CAPACITY {
            waiting.pop_front();
        }
        waiting.push_back(fault);
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The faults that have not hit yet, as the control API tells of them.
    pub(crate) fn waiting(&self) -> Vec<Value> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let described = |fault: &Fault| {
            let (kind, status, delay) = match fault.kind {
                Kind::Delay(by) => ("delay", None, Some(by.as_millis())),
                Kind::Status(status) => ("status", Some(status.as_u16()), None),
                Kind::Disconnect { served: false } => ("disconnectBeforeServing", None, None),
                Kind::Disconnect { served: true } => ("disconnectAfterServing", None, None),
                Kind::Truncate => ("truncate", None, None),
            };
            let delay = delay.map(|millis| u64::try_from(millis).unwrap_or(u64::MAX));
            json!({
                "kind": kind, "operation": fault.operation_id, "times": fault.times, "status": status,
                "delayMillis": delay,
            })
        };
        waiting.iter().map(described).collect()
    }

    /// The faults that hit a call: delays, and the first of another kind. They are used up.
    pub(crate) fn take(&self, operation_id: Option<&str>) -> Vec<Fault> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hitting: Vec<Fault> = Vec::new();
        for fault in waiting.iter_mut() {
            let meant = fault.operation_id.is_none() || fault.operation_id.as_deref() == operation_id;
            if !meant || fault.times == 0 {
                continue;
            }
            fault.times -= 1;
            hitting.push(fault.clone());
            if !matches!(fault.kind, Kind::Delay(_)) {
                break;
            }
        }
        waiting.retain(|fault| fault.times > 0);
        hitting
    }
}

/// A response that ends the connection before it says anything.
pub(crate) fn nothing() -> Response<Body> {
    Response::new(Body::from_stream(Cut { parts: VecDeque::new() }))
}

/// The first half of a response, whose head promises the whole.
pub(crate) async fn half(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole.slice(..whole.len() / 2);
    Response::from_parts(head, Body::from_stream(Cut { parts: VecDeque::from([Some(half), None]) }))
}

/// A body that ends in an error, which makes the server close the connection. Where a part is missing it waits for one
/// turn, in which the server sends what it has.
struct Cut {
    parts: VecDeque<Option<Bytes>>,
}

impl Stream for Cut {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.parts.pop_front() {
            Some(Some(part)) => Poll::Ready(Some(Ok(part))),
            Some(None) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Ready(Some(Err(std::io::Error::other("a test asked for this")))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Fault, Faults, Kind};

    #[test]
    fn faults_hit_in_order_and_are_used_up() {
        let faults = Faults::default();
        faults.add(Fault::delay(Duration::ZERO));
        faults.add(Fault::status(503).on("a").times(2));
        faults.add(Fault::truncate());
        let kinds = |id| faults.take(Some(id)).iter().map(Fault::kind).collect::<Vec<_>>();
        let busy = Fault::status(503).kind();
        assert_eq!(kinds("b"), [Kind::Delay(Duration::ZERO), Kind::Truncate]);
        assert_eq!(kinds("a"), [busy]);
        assert_eq!(kinds("a"), [busy]);
        assert_eq!(kinds("a"), []);
    }
}
