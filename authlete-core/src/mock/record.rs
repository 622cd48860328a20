//! Recording exchanges into a file, without their secrets.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{TransportError, TransportErrorKind};
use crate::operation::Operation;
use crate::transport::{BoxFuture, BoxTransport, Transport, TransportLayer};

/// One call and its response.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Exchange {
    pub(super) operation: String,
    pub(super) request: Value,
    pub(super) status: u16,
    pub(super) response: Value,
}

/// Records the calls of a client into a file, for [`Mock::replay`](super::Mock::replay). It is given to the builder as a
/// transport layer; `authlete_api::mock::record_to` makes one.
///
/// The file has operations, statuses and bodies; it has neither headers nor URLs. Of bodies it keeps numbers, flags, and the
/// strings of members that the description says are public everywhere; every other string is written as `secret-1`,
/// `secret-2`, …, the same string as the same one, so that a ticket is still known again.
#[derive(Clone)]
pub struct Recorder {
    path: PathBuf,
    public: &'static [&'static str],
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

impl Recorder {
    /// Records into a file, which is replaced by the first call. `public` are the members whose strings may be shown.
    #[doc(hidden)]
    pub fn new(path: impl Into<PathBuf>, public: &'static [&'static str]) -> Self {
        Self { path: path.into(), public, exchanges: Arc::default() }
    }

    fn keep(&self, exchange: Exchange) -> io::Result<()> {
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        exchanges.push(exchange);
        let mut scrubber = Scrubber { public: self.public, secrets: BTreeMap::new() };
        let mut shown = exchanges.clone();
        for exchange in &mut shown {
            scrubber.scrub(None, &mut exchange.request);
            scrubber.scrub(None, &mut exchange.response);
        }
        std::fs::write(&self.path, serde_json::to_string_pretty(&shown)?)
    }
}

/// What a recorder wrote.
pub(super) fn read(path: &Path) -> io::Result<Vec<Exchange>> {
    let text = std::fs::read_to_string(path)?;
    serde_json::from_str(&text)
        .map_err(|error| io::Error::other(format!("{} is not what a recorder writes: {error}", path.display())))
}

struct Scrubber {
    public: &'static [&'static str],
    secrets: BTreeMap<String, usize>,
}

impl Scrubber {
    fn scrub(&mut self, name: Option<&str>, value: &mut Value) {
        match value {
            Value::String(text) => {
                if !name.is_some_and(|name| self.public.contains(&name)) && !text.is_empty() {
                    let next = self.secrets.len() + 1;
                    let number = *self.secrets.entry(std::mem::take(text)).or_insert(next);
                    *text = format!("secret-{number}");
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.scrub(name, item)),
            Value::Object(members) => members.iter_mut().for_each(|(name, value)| self.scrub(Some(name), value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

impl TransportLayer for Recorder {
    fn layer(self: Box<Self>, inner: BoxTransport) -> BoxTransport {
        Box::new(Recording { recorder: *self, inner })
    }
}

struct Recording {
    recorder: Recorder,
    inner: BoxTransport,
}

impl Transport for Recording {
    fn send<'a>(
        &'a self,
        request: Request<Bytes>,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let json = |body: &Bytes| serde_json::from_slice(body).unwrap_or_default();
            let asked = json(request.body());
            let response = self.inner.send(request, operation).await?;
            let exchange = Exchange {
                operation: operation.name.to_owned(),
                request: asked,
                status: response.status().as_u16(),
                response: json(response.body()),
            };
            self.recorder.keep(exchange).map_err(|error| {
                let path = self.recorder.path.display();
                let error = format!("the recording cannot be written into {path}: {error}");
                TransportError::new(TransportErrorKind::Interrupted, error)
            })?;
            Ok(response)
        })
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("path", &self.path).finish_non_exhaustive()
    }
}
