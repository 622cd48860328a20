//! A transport for tests of the layers: it plays steps, and counts.

use std::sync::Mutex;

use bytes::Bytes;

use crate::error::{TransportError, TransportErrorKind};
use crate::layers::Sent;
use crate::operation::Operation;
use crate::transport::{BoxFuture, Transport};

/// What happens to one call.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Answer { status: u16, headers: Vec<(&'static str, &'static str)>, body: &'static str },
    Fail(TransportErrorKind),
    Hang,
}

impl Step {
    pub(crate) fn status(status: u16) -> Self {
        Self::Answer { status, headers: Vec::new(), body: "{}" }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value));
        }
        self
    }
}

/// Plays its steps in order; the last one stays.
#[derive(Debug)]
pub(crate) struct Script {
    steps: Mutex<(Vec<Step>, usize)>,
}

impl Script {
    pub(crate) fn new(steps: &[Step]) -> Self {
        Self { steps: Mutex::new((steps.to_vec(), 0)) }
    }

    /// How many calls arrived.
    pub(crate) fn calls(&self) -> usize {
        self.steps.lock().unwrap().1
    }

    /// What happens from now on.
    pub(crate) fn set(&self, step: Step) {
        self.steps.lock().unwrap().0 = vec![step];
    }

    fn next(&self) -> Step {
        let mut steps = self.steps.lock().unwrap();
        steps.1 += 1;
        if steps.0.len() > 1 { steps.0.remove(0) } else { steps.0[0].clone() }
    }
}

impl Transport for Script {
    fn send<'a>(&'a self, _request: http::Request<Bytes>, _operation: &'static Operation) -> BoxFuture<'a, Sent> {
        Box::pin(async move {
            match self.next() {
                Step::Answer { status, headers, body } => {
                    let mut answer = http::Response::builder().status(status);
                    for (name, value) in headers {
                        answer = answer.header(name, value);
                    }
                    Ok(answer.body(Bytes::from_static(body.as_bytes())).unwrap())
                }
                Step::Fail(kind) => Err(TransportError::new(kind, "as the script says")),
                Step::Hang => std::future::pending().await,
            }
        })
    }
}

/// A request to anywhere.
pub(crate) fn request() -> http::Request<Bytes> {
    http::Request::get("https://authlete.example/api/1/service/get").body(Bytes::new()).unwrap()
}
