//! The calls that the emulator has received, for a test to look at.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, Uri, header};
use serde_json::Value;

use crate::operation::Operation;

/// The record keeps the last calls: at most this many, and at most this many bytes (16 MiB) of them.
const CALLS: usize = 1_000;
const BYTES: usize = 16 << 20;

/// Headers whose values are credentials.
const CREDENTIALS: &[header::HeaderName] = &[header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE];

/// A call that the emulator has received, whatever it answered. `Debug` prints the operation, no values.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = authlete_emulator::Emulator::start().await?;
/// // … the code under test runs, and then:
/// for call in emulator.calls_of("auth_token")? {
///     let body = call.body().unwrap_or_default();
///     assert!(body["parameters"].as_str().is_some_and(|text| text.contains("code_verifier=")));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Call {
    operation: Option<&'static Operation>,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    response: OnceLock<(u16, Bytes)>,
}

impl Call {
    pub(crate) fn new(
        operation: Option<&'static Operation>,
        method: &str,
        uri: &Uri,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Self {
        let headers = headers.iter().map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let value = if CREDENTIALS.contains(name) || name == "dpop" { redacted(&text) } else { text.into_owned() };
            (name.as_str().to_owned(), value)
        });
        Self {
            operation,
            method: method.to_owned(),
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers: headers.collect(),
            body,
            response: OnceLock::new(),
        }
    }

    /// The operation of Authlete's description, such as `auth_token_api`; none where path and method are no operation's.
    pub fn operation_id(&self) -> Option<&str> {
        self.operation.map(|operation| operation.id)
    }

    /// The same operation's name in the Rust SDK, such as `auth_token`.
    pub fn operation_name(&self) -> Option<&str> {
        self.operation.map(|operation| operation.name)
    }

    /// The HTTP method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path, as it was sent.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query parameters, decoded.
    pub fn query(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    /// The headers, their names in small letters. Of credentials there is no more than the scheme: `Bearer [redacted]`.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The first header of a name, in whatever letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; none if it is not JSON.
    pub fn body(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as it was sent.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The status and the body of the response; none where the connection ended before there was one.
    pub fn response(&self) -> Option<(u16, &[u8])> {
        self.response.get().map(|(status, body)| (*status, body.as_ref()))
    }

    fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let response = self.response.get().map_or(0, |(_, body)| body.len());
        self.path.len() + self.query.len() + headers + self.body.len() + response
    }
}

/// Paths, queries, headers and bodies hold tokens, so none of them is printed.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation_id", &self.operation_id())
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// What is shown of credentials: their scheme, if they have one.
fn redacted(text: &str) -> String {
    match text.split_once(' ') {
        Some((scheme, _)) if scheme.bytes().all(|b| b.is_ascii_alphabetic()) => format!("{scheme} [redacted]"),
        _ => "[redacted]".to_owned(),
    }
}

/// The last calls, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Record(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    calls: VecDeque<Arc<Call>>,
    bytes: usize,
}

impl Kept {
    fn shrink(&mut self) {
        while self.calls.len() > CALLS || self.bytes > BYTES {
            let Some(oldest) = self.calls.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.size());
        }
    }
}

impl Record {
    pub(crate) fn add(&self, call: Call) -> Arc<Call> {
        let call = Arc::new(call);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += call.size();
        kept.calls.push_back(Arc::clone(&call));
        kept.shrink();
        call
    }

    /// Notes what a call of the record was answered.
    pub(crate) fn answered(&self, call: &Arc<Call>, status: u16, body: Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let size = body.len();
        if kept.calls.iter().rev().any(|one| Arc::ptr_eq(one, call)) && call.response.set((status, body)).is_ok() {
            kept.bytes += size;
            kept.shrink();
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<Call>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).calls.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::http::{HeaderMap, Uri};

    use super::{BYTES, CALLS, Call, Record};

    fn call(body: usize) -> Call {
        Call::new(None, "GET", &Uri::from_static("/"), &HeaderMap::new(), Bytes::from(vec![0; body]))
    }

    #[test]
    fn the_record_is_bounded_by_number_and_by_size() {
        let record = Record::default();
        for _ in 0..CALLS + 5 {
            record.add(call(0));
        }
        assert_eq!(record.all().len(), CALLS);
        record.add(call(BYTES - 2));
        assert_eq!(record.all().len(), 2);
        record.add(call(10));
        assert_eq!(record.all().len(), 1);
    }
}
