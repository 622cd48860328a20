//! Building the request of a call: its path, its query, its headers and its body.

use std::fmt::{self, Display, Write};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

use super::client::Client;
use super::{Call, Decode};
use crate::operation::{Idempotency, Operation};
use crate::wire::redact::Redacted;

/// Why a request could not be made from the values given.
pub type BuildError = Box<dyn std::error::Error + Send + Sync>;

/// What a path segment keeps unescaped: RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A value as one segment of a path, escaped while it is written.
pub fn path_segment<T: Display + ?Sized>(value: &T) -> PathSegment<'_, T> {
    PathSegment(value)
}

/// Escapes a value while it is written; see [`path_segment`].
pub struct PathSegment<'a, T: ?Sized>(&'a T);

impl<T: Display + ?Sized> Display for PathSegment<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

impl<T: ?Sized> fmt::Debug for PathSegment<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A token may stand in a path.
        f.debug_tuple("PathSegment").field(&Redacted).finish()
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        Display::fmt(&utf8_percent_encode(text, SEGMENT), self.0)
    }
}

/// A path, whose parameters were written with [`path_segment`].
pub fn path(path: fmt::Arguments<'_>) -> String {
    path.to_string()
}

/// Starts the request of an operation.
pub fn request<'a>(client: &'a Client, operation: &'static Operation) -> RequestBuilder<'a> {
    RequestBuilder {
        client,
        operation,
        path: String::new(),
        query: String::new(),
        // Those that a call has without any of the caller's, and the credentials: room for fewer would be outgrown.
        headers: HeaderMap::with_capacity(6),
        body: Bytes::new(),
        idempotency: operation.idempotency,
        method: None,
        error: None,
    }
}

/// The request of a call while it is being built. The first thing that goes wrong is kept until the call is made.
#[derive(Clone)]
#[must_use]
pub struct RequestBuilder<'a> {
    pub(super) client: &'a Client,
    pub(super) operation: &'static Operation,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) idempotency: Idempotency,
    /// Where it is not the operation's.
    pub(super) method: Option<http::Method>,
    pub(super) error: Option<String>,
}

impl<'a> RequestBuilder<'a> {
    /// Sets the path, which begins with `/api/` and whose parameters are escaped.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Adds a query parameter: nothing for `None`, one for each element of a list.
    pub fn query<T: Serialize + ?Sized>(self, name: &str, value: &T) -> Self {
        self.query_value(name, serde_json::to_value(value))
    }

    // Apart from `query`, so that it is compiled once.
    fn query_value(mut self, name: &str, value: Result<Value, serde_json::Error>) -> Self {
        let values = match value {
            Ok(Value::Null) => Vec::new(),
            Ok(Value::Array(values)) => values,
            Ok(value) => vec![value],
            Err(error) => return self.fail(error.into()),
        };
        let mut query = form_urlencoded::Serializer::new(std::mem::take(&mut self.query));
        for value in values {
            match value {
                Value::String(text) => query.append_pair(name, &text),
                other => query.append_pair(name, &other.to_string()),
            };
        }
        self.query = query.finish();
        self
    }

    /// Sets a header.
    pub fn header(
        mut self,
        name: impl TryInto<HeaderName, Error: Into<BuildError>>,
        value: impl TryInto<HeaderValue, Error: Into<BuildError>>,
    ) -> Self {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
                self
            }
            (Err(error), _) => self.fail(error.into()),
            (_, Err(error)) => self.fail(error.into()),
        }
    }

    /// Sets several headers.
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Asks for a response in JSON.
    pub fn accept_json(mut self) -> Self {
        self.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        self
    }

    /// Sets a body of JSON, as `serde_json::to_vec` wrote it.
    pub fn json(self, body: Result<Vec<u8>, serde_json::Error>) -> Self {
        match body {
            Ok(body) => self.typed_body("application/json", body),
            Err(error) => self.fail(error.into()),
        }
    }

    /// Sets a body of form parameters, from a value that `serde_json::to_value` makes an object.
    pub fn form(self, body: Result<Value, serde_json::Error>) -> Self {
        let members = match body {
            Ok(Value::Object(members)) => members,
            Ok(_) => return self.fail("a form is made from an object".into()),
            Err(error) => return self.fail(error.into()),
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &members {
            match value {
                Value::Null => {}
                Value::String(text) => {
                    form.append_pair(name, text);
                }
                other => {
                    form.append_pair(name, &other.to_string());
                }
            }
        }
        self.typed_body("application/x-www-form-urlencoded", form.finish())
    }

    /// Sets a body of another media type, which goes into the header `Content-Type`.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    fn typed_body(mut self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        self.body(body)
    }

    /// Says when this request may be sent again, where that depends on more than the operation.
    pub fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// Says that this request may not be sent again, where a value in it can be used once alone.
    pub fn not_idempotent_if(mut self, condition: bool) -> Self {
        if condition {
            self.idempotency = Idempotency::NotIdempotent;
        }
        self
    }

    /// Makes a call of it, whose response the decoder reads.
    pub fn call<T>(self, decode: Decode<T>) -> Call<'a, T> {
        Call::new(self, decode)
    }

    #[allow(clippy::needless_pass_by_value, reason = "so that callers convert what they have")]
    fn fail(mut self, error: BuildError) -> Self {
        self.fail_with(error.to_string());
        self
    }

    /// Notes why the request cannot be made; what was noted before counts.
    pub(super) fn fail_with(&mut self, error: String) {
        self.error.get_or_insert(error);
    }
}

/// Whether a client's request, in the form that its body has, holds a parameter that is not empty.
pub fn has_parameter(parameters: &str, name: &str) -> bool {
    form_urlencoded::parse(parameters.as_bytes()).any(|(found, value)| found == name && !value.is_empty())
}

impl fmt::Debug for RequestBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Path, query, headers and body hold secrets of all kinds.
        f.debug_struct("RequestBuilder").field("operation", &self.operation.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::{INFO, client};

    #[test]
    fn ids_stay_within_their_segment() {
        assert_eq!(path_segment("a/b?c#d e%2F").to_string(), "a%2Fb%3Fc%23d%20e%252F");
        assert_eq!(path_segment("AZaz09-._~").to_string(), "AZaz09-._~");
        assert_eq!(path_segment(&-7).to_string(), "-7");
    }

    #[test]
    fn query_parameters_are_left_out_or_repeated() {
        let client = client();
        let query = |value: &Value| request(&client, &INFO).query("q", value).query;
        assert_eq!(query(&serde_json::json!(null)), "");
        assert_eq!(query(&serde_json::json!("a b&c")), "q=a+b%26c");
        assert_eq!(query(&serde_json::json!([1, true])), "q=1&q=true");
    }
}
