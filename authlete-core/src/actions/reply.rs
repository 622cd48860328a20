//! An HTTP response that is ready to be sent.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::ExtraHeaders;
use crate::error::Error;
use crate::operation::Operation;
use crate::wire::decode::BodyError;
use crate::wire::outside::Outside;

/// What a client is told of failures that are not its own.
pub(crate) const SERVER_ERROR: &str = r#"{"error":"server_error"}"#;

/// An HTTP response that is ready to be sent, with details for the log.
///
/// It is an error too, so that `?` ends a handler with it: what a server sends when there is nothing more to do.
#[must_use = "it has to be sent"]
pub struct Reply(Box<Inner>);

struct Inner {
    response: Response<Bytes>,
    details: Details,
}

/// Why a response is what it is: for the log, never for the client. It holds no secrets.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Details {
    /// The operation that asked for the response.
    pub operation: Option<&'static Operation>,
    /// The action in its response.
    pub action: Option<String>,
    /// The `resultCode` in its response.
    pub code: Option<String>,
    /// The `resultMessage` in its response.
    pub message: Option<String>,
    /// What the library has to add.
    pub reason: Option<&'static str>,
    /// The error of the call, where the reply was made from one.
    pub error: Option<Arc<Error>>,
}

impl Details {
    /// Details with a reason alone.
    #[doc(hidden)]
    pub fn because(reason: &'static str) -> Self {
        Self { reason: Some(reason), ..Self::default() }
    }
}

impl Reply {
    /// A reply of the server's own, with details for the log.
    #[doc(hidden)]
    pub fn new(response: Response<Bytes>, details: Details) -> Self {
        Self(Box::new(Inner { response, details }))
    }

    /// A 500 that tells the client nothing.
    #[doc(hidden)]
    pub fn failed(details: Details) -> Self {
        Self::json(StatusCode::INTERNAL_SERVER_ERROR, SERVER_ERROR, details)
    }

    /// A 400 with a body in JSON.
    pub(crate) fn bad_request(body: &'static str, details: Details) -> Self {
        Self::json(StatusCode::BAD_REQUEST, body, details)
    }

    /// Headers alone, which are not to be stored.
    #[doc(hidden)]
    pub fn empty(status: StatusCode, details: Details) -> Self {
        let mut reply = Self::json(status, "", details);
        reply.headers_mut().remove(CONTENT_TYPE);
        reply
    }

    /// A body in JSON, which is not to be stored.
    #[doc(hidden)]
    pub fn json(status: StatusCode, body: impl Into<Bytes>, details: Details) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        Self::new(response, details)
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.response.status()
    }

    /// The status, to change it.
    pub fn status_mut(&mut self) -> &mut StatusCode {
        self.0.response.status_mut()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.0.response.headers()
    }

    /// The headers, to add what the server sends with every response.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        self.0.response.headers_mut()
    }

    /// The reply with the headers that earlier calls of the same exchange asked for, such as `DPoP-Nonce`, where the call that
    /// made it does not follow from theirs: introspection before a credential request, for example. A header that the reply
    /// has already is newer, and stays.
    pub fn with_extra_headers(mut self, extra_headers: &ExtraHeaders) -> Self {
        let mut earlier = HeaderMap::new();
        extra_headers.add_to(&mut earlier);
        let headers = self.headers_mut();
        for (name, value) in &earlier {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        self
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        self.0.response.body()
    }

    fn into_response(self) -> Response<Bytes> {
        let Inner { mut response, details } = *self.0;
        response.extensions_mut().insert(details);
        response
    }

    /// Why the response is what it is, for the log.
    pub fn details(&self) -> &Details {
        &self.0.details
    }

    #[doc(hidden)]
    pub fn details_mut(&mut self) -> &mut Details {
        &mut self.0.details
    }
}

/// A call that failed: to the client, a failure of the server.
impl From<Error> for Reply {
    fn from(error: Error) -> Self {
        #[cfg(feature = "tracing")]
        tracing::error!(error = %error, "a client gets status 500, since a call to Authlete failed");
        let details = Details {
            operation: error.operation(),
            reason: Some("the call failed"),
            error: Some(Arc::new(error)),
            ..Details::default()
        };
        Self::failed(details)
    }
}

/// JSON in a string of a response that cannot be read: to the client, a failure of the server.
impl From<BodyError> for Reply {
    fn from(error: BodyError) -> Self {
        #[cfg(feature = "tracing")]
        tracing::error!(error = %error, "a client gets status 500, since a response of Authlete cannot be read");
        let message = Some(error.to_string());
        Self::failed(Details { message, reason: Some("JSON in a response cannot be read"), ..Details::default() })
    }
}

/// A response of the server's own, such as a login page, so that a handler can end with it where it returns a `Reply`.
/// [`Details`] among its extensions become the reply's.
impl<B: Into<Bytes>> From<Response<B>> for Reply {
    fn from(response: Response<B>) -> Self {
        let mut response = response.map(Into::into);
        let details = response.extensions_mut().remove().unwrap_or_default();
        Self::new(response, details)
    }
}

/// With the [`Details`] among the response's extensions, for a layer that logs.
impl From<Reply> for Response<Bytes> {
    fn from(reply: Reply) -> Self {
        reply.into_response()
    }
}

/// With the [`Details`] among the response's extensions, for a layer that logs.
impl From<Reply> for Response<Vec<u8>> {
    fn from(reply: Reply) -> Self {
        reply.into_response().map(|body| body.to_vec())
    }
}

/// With the [`Details`] among the response's extensions, for a layer that logs. A body that is not UTF-8 loses what is not.
impl From<Reply> for Response<String> {
    fn from(reply: Reply) -> Self {
        reply.into_response().map(|body| String::from_utf8_lossy(&body).into_owned())
    }
}

/// With the [`Details`] among the response's extensions, for a layer that logs.
#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for Reply {
    fn into_response(self) -> axum_core::response::Response {
        Response::<Bytes>::from(self).map(axum_core::body::Body::from)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Locations hold codes, bodies hold tokens.
        f.debug_struct("Reply")
            .field("status", &self.status())
            .field("headers", &self.headers().keys().map(http::HeaderName::as_str).collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", self.body().len()))
            .field("details", &self.0.details)
            .field("error", &self.0.details.error)
            .finish()
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to be sent", self.status().as_u16())?;
        if let Some(error) = &self.0.details.error {
            return write!(f, ": {error}");
        }
        write!(f, ": {}", self.0.details)
    }
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.operation.map(|operation| operation.name);
        let parts = [operation, self.action.as_deref(), self.code.as_deref(), self.message.as_deref(), self.reason];
        for (index, part) in parts.into_iter().flatten().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { "; " }, Outside(part))?;
        }
        Ok(())
    }
}

/// On one line, as `Display` shows them.
impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Details({self})")
    }
}

impl std::error::Error for Reply {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.details.error.as_deref().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_to_the_log_and_not_to_the_client() {
        let error = || Error::request(&crate::test::INFO, "why");
        let reply = Reply::from(error());
        assert_eq!((reply.status(), &reply.body()[..]), (StatusCode::INTERNAL_SERVER_ERROR, SERVER_ERROR.as_bytes()));
        let details = reply.details();
        assert_eq!(details.operation.map(|operation| operation.name), Some("info"));
        assert_eq!(
            (details.to_string(), details.reason),
            ("info; the call failed".to_owned(), Some("the call failed"))
        );
        assert_eq!(reply.to_string(), format!("500 to be sent: {}", error()));
        assert_eq!(std::error::Error::source(&reply).map(ToString::to_string), Some(error().to_string()));
        let shown = format!("{reply:?}");
        assert!(
            shown.starts_with("Reply { status: 500, headers: [\"content-type\", ") && shown.contains("why"),
            "{shown}"
        );

        let error = crate::wire::decode::decode::<bool>(b"[").unwrap_err();
        let reply = Reply::from(error.clone());
        let details =
            Details { message: Some(error.to_string()), ..Details::because("JSON in a response cannot be read") };
        assert_eq!(format!("{:?}", reply.details()), format!("{details:?}"));
        assert_eq!(reply.to_string(), format!("500 to be sent: {details}"));
        assert_eq!(details.to_string(), format!("{error}; JSON in a response cannot be read"));
        assert_eq!(error.to_string(), "the body does not decode at $: expected a boolean at line 1 column 1");
    }

    #[test]
    fn what_is_added_to_the_details_stays() {
        let mut reply = Reply::failed(Details::default());
        reply.details_mut().action = Some("OK".to_owned());
        assert_eq!(reply.details().action.as_deref(), Some("OK"));
        assert_eq!(Response::<Bytes>::from(reply).extensions().get::<Details>().unwrap().to_string(), "OK");
    }

    #[test]
    fn a_status_can_be_changed() {
        let mut reply = Reply::failed(Details::default());
        *reply.status_mut() = StatusCode::BAD_GATEWAY;
        assert_eq!((reply.status().as_u16(), Response::<Bytes>::from(reply).status().as_u16()), (502, 502));
    }
}
