//! Values in URLs.

use std::fmt::{self, Display, Write};

use http::HeaderValue;
use http::header::CONTENT_TYPE;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::ser::{Error, Serialize, Serializer};
use serde_json::Value;

use crate::call::BuildError;

/// What a path segment keeps unescaped: RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A value as one segment of a path, escaped while it is written.
pub(crate) fn path_segment<T: Display + ?Sized>(value: &T) -> PathSegment<'_, T> {
    PathSegment(value)
}

pub(crate) struct PathSegment<'a, T: ?Sized>(&'a T);

impl<T: Display + ?Sized> Display for PathSegment<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        Display::fmt(&utf8_percent_encode(text, SEGMENT), self.0)
    }
}

/// Completes a request with a JSON body.
pub(crate) fn json(
    request: reqwest::RequestBuilder,
    body: Result<Vec<u8>, serde_json::Error>,
) -> Result<reqwest::Request, BuildError> {
    let mut request = request.build()?;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(body?.into());
    Ok(request)
}

/// A query parameter: none for `None`, several for a list.
pub(crate) struct QueryParam<'a, T> {
    name: &'a str,
    value: &'a T,
}

impl<'a, T> QueryParam<'a, T> {
    pub(crate) fn new(name: &'a str, value: &'a T) -> Self {
        Self { name, value }
    }
}

impl<T: Serialize> Serialize for QueryParam<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = serde_json::to_value(self.value).map_err(S::Error::custom)?;
        let values = match value {
            Value::Null => Vec::new(),
            Value::Array(values) => values,
            value => vec![value],
        };
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        serializer.collect_seq(values.into_iter().map(|value| (self.name, text(value))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_within_their_segment() {
        assert_eq!(path_segment("a/b?c#d e%2F").to_string(), "a%2Fb%3Fc%23d%20e%252F");
        assert_eq!(path_segment("AZaz09-._~").to_string(), "AZaz09-._~");
        assert_eq!(path_segment(&-7).to_string(), "-7");
    }

    #[test]
    fn query_parameters_are_left_out_or_repeated() {
        let query = |value: &serde_json::Value| {
            let url = reqwest::Client::new().get("http://localhost/").query(&QueryParam::new("q", value));
            url.build().unwrap().url().query().unwrap_or_default().to_owned()
        };
        assert_eq!(query(&serde_json::json!(null)), "");
        assert_eq!(query(&serde_json::json!("a b&c")), "q=a+b%26c");
        assert_eq!(query(&serde_json::json!([1, true])), "q=1&q=true");
    }
}
