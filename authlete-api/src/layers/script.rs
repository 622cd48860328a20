//! A transport for tests of the layers: it plays steps, and counts.

use std::sync::Mutex;

use bytes::Bytes;

use super::Outcome;
use crate::transport::BoxFuture;
use crate::{Operation, Transport, TransportError, TransportErrorKind};

/// What happens to one call.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Answer { status: u16, headers: Vec<(&'static str, &'static str)>, body: &'static str },
    Fail(TransportErrorKind),
    Hang,
}

impl Step {
    pub(super) fn status(status: u16) -> Self {
        Self::Answer { status, headers: Vec::new(), body: "{}" }
    }

    pub(super) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value));
        }
        self
    }
}

/// Plays its steps in order; the last one stays.
#[derive(Debug)]
pub(super) struct Script {
    steps: Mutex<(Vec<Step>, usize)>,
}

impl Script {
    pub(super) fn new(steps: &[Step]) -> Self {
        Self { steps: Mutex::new((steps.to_vec(), 0)) }
    }

    /// How many calls arrived.
    pub(super) fn calls(&self) -> usize {
        self.steps.lock().unwrap().1
    }

    /// What happens from now on.
    pub(super) fn set(&self, step: Step) {
        self.steps.lock().unwrap().0 = vec![step];
    }

    fn next(&self) -> Step {
        let mut steps = self.steps.lock().unwrap();
        steps.1 += 1;
        if steps.0.len() > 1 { steps.0.remove(0) } else { steps.0[0].clone() }
    }
}

impl Transport for Script {
    fn send<'a>(&'a self, _request: reqwest::Request, _operation: &'static Operation) -> BoxFuture<'a, Outcome> {
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
pub(super) fn request() -> reqwest::Request {
    let url = "https://authlete.example/api/1/service/get".parse().unwrap();
    reqwest::Request::new(http::Method::GET, url)
}
