//! Replies from what the action table says of them.

use std::fmt;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, PRAGMA, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};

use super::exchange::Exchange;
use super::reply::{Details, Reply, SERVER_ERROR};
use crate::operation::Operation;

/// What a response says for a reply.
#[derive(Default)]
#[allow(missing_docs, reason = "named after the fields of responses")]
pub struct ResponseParts {
    pub action: Option<String>,
    pub code: Option<String>,
    pub message: Option<String>,
    pub content: Option<String>,
    /// Headers whose values are fields of their own.
    pub headers: Vec<(&'static str, Option<String>)>,
}

impl fmt::Debug for ResponseParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseParts").field("action", &self.action).field("code", &self.code).finish_non_exhaustive()
    }
}

/// A response that a reply is made from.
pub trait TakeParts {
    /// Takes out what a reply is made from.
    fn take_parts(&mut self) -> ResponseParts;

    /// Headers that every reply has.
    fn always(&self) -> Vec<(&'static str, Option<String>)>;
}

/// How the table says that an action is rendered.
#[derive(Debug)]
pub struct Rendering {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub content: Content,
    /// The headers, with where their values come from.
    pub headers: &'static [(&'static str, HeaderSource)],
    /// Whether the reply must not be stored by caches.
    pub no_store: bool,
}

/// What is in a reply's body.
#[derive(Debug)]
pub enum Content {
    /// Nothing.
    None,
    /// The content that the response has, with this media type.
    Response(&'static str),
    /// A media type, and a string.
    Fixed(&'static str, &'static str),
}

/// Where a header's value comes from.
#[derive(Debug)]
pub enum HeaderSource {
    /// The content that the response has.
    Content,
    /// A field of its own.
    Field,
    /// The table.
    Fixed(&'static str),
}

const FAILED: Rendering =
    Rendering { status: 500, content: Content::Fixed("application/json", SERVER_ERROR), headers: &[], no_store: true };

/// The reply of a response that is rendered as the table says, with what earlier ones left; a 500 when a value in
/// it cannot be sent.
pub fn render(
    operation: &'static Operation,
    rendering: &Rendering,
    parts: ResponseParts,
    exchange: &Exchange,
) -> Reply {
    let ResponseParts { action, code, message, content, headers } = parts;
    let mut details = Details { operation: Some(operation), action, code, message, ..Details::default() };
    match response(rendering, content, &headers, exchange) {
        Ok(response) => Reply::new(response, details),
        Err(reason) => {
            details.reason = Some(reason);
            // The extra headers stay, unless they are what cannot be sent.
            match response(&FAILED, None, &[], exchange) {
                Ok(response) => Reply::new(response, details),
                Err(_) => Reply::failed(details),
            }
        }
    }
}

/// A 500 that says nothing to the client.
pub(super) fn failed(
    operation: &'static Operation,
    parts: ResponseParts,
    exchange: &Exchange,
    reason: &'static str,
) -> Reply {
    let mut reply = render(operation, &FAILED, parts, exchange);
    reply.details_mut().reason.get_or_insert(reason);
    reply
}

fn is_challenge(header: &str) -> bool {
    header.eq_ignore_ascii_case(WWW_AUTHENTICATE.as_str())
}

/// A URL in ASCII (RFC 3986 2): other characters are percent-encoded, as browsers do.
fn ascii(url: &str) -> std::borrow::Cow<'_, str> {
    percent_encoding::utf8_percent_encode(url, &percent_encoding::AsciiSet::EMPTY).into()
}

fn response(
    rendering: &Rendering,
    content: Option<String>,
    fields: &[(&'static str, Option<String>)],
    exchange: &Exchange,
) -> Result<http::Response<Bytes>, &'static str> {
    let Rendering { status, content: form, headers: fixed, no_store } = rendering;
    let content = content.filter(|content| !content.is_empty());
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(*status).map_err(|_| "the status is not a valid HTTP status")?;
    let headers = response.headers_mut();
    let mut add = |name: &str, value: &str| -> Result<(), &'static str> {
        let name = HeaderName::try_from(name).map_err(|_| "a header has an invalid name")?;
        headers.insert(name, value.try_into().map_err(|_| "a value does not fit into a header")?);
        Ok(())
    };
    for (name, value) in *fixed {
        match value {
            // Without a token the client is told how to authenticate, and of no error (RFC 6750 3.1).
            HeaderSource::Fixed(value) if *status == 401 && exchange.request.is_anonymous && is_challenge(name) => {
                add(name, value.split(' ').next().unwrap_or(value))?;
            }
            HeaderSource::Fixed(value) => add(name, value)?,
            HeaderSource::Content => match &content {
                Some(content) if name.eq_ignore_ascii_case(LOCATION.as_str()) => add(name, &ascii(content))?,
                Some(content) => add(name, content)?,
                None if name.eq_ignore_ascii_case(LOCATION.as_str()) => return Err("there is nowhere to redirect to"),
                // There is no 401 without a challenge (RFC 9110 15.5.2).
                None if *status == 401 && is_challenge(name) => add(name, exchange.request.scheme())?,
                None => {}
            },
            HeaderSource::Field => {
                let value = fields.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.as_deref());
                value.map_or(Ok(()), |value| add(name, value))?;
            }
        }
    }
    for (name, value) in &exchange.headers.0 {
        add(name, value)?;
    }
    if *no_store {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    }
    let body = match form {
        Content::None => None,
        Content::Fixed(media, text) => Some((media, Bytes::from_static(text.as_bytes()))),
        Content::Response(media) => content.map(|content| (media, Bytes::from(content))),
    };
    if let Some((media, body)) = body {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        *response.body_mut() = body;
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::INFO;

    fn rendered(status: u16, headers: &'static [(&'static str, HeaderSource)], content: Option<&str>) -> Reply {
        let rendering = Rendering { status, content: Content::None, headers, no_store: false };
        let parts = ResponseParts { content: content.map(str::to_owned), ..ResponseParts::default() };
        let mut exchange = Exchange::default();
        exchange.request.is_anonymous = true;
        render(&INFO, &rendering, parts, &exchange)
    }

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        reply.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn a_challenge_without_a_token_names_the_scheme_alone() {
        const FIXED: &[(&str, HeaderSource)] = &[
            ("WWW-Authenticate", HeaderSource::Fixed("Bearer error=\"invalid_token\"")),
            ("X-Note", HeaderSource::Fixed("two words")),
        ];
        let reply = rendered(401, FIXED, None);
        assert_eq!((header(&reply, "www-authenticate"), header(&reply, "x-note")), (Some("Bearer"), Some("two words")));
        let reply = rendered(403, FIXED, None);
        assert_eq!(header(&reply, "www-authenticate"), Some("Bearer error=\"invalid_token\""));
        assert_eq!(reply.details().operation, Some(&INFO));
    }

    #[test]
    fn a_location_is_needed_and_is_in_ascii() {
        const LOCATION: &[(&str, HeaderSource)] = &[("Location", HeaderSource::Content)];
        assert_eq!(
            header(&rendered(302, LOCATION, Some("https://a.example/ä")), "location"),
            Some("https://a.example/%C3%A4")
        );
        let reply = rendered(302, LOCATION, None);
        assert_eq!((reply.status().as_u16(), reply.details().reason), (500, Some("there is nowhere to redirect to")));
        assert_eq!(reply.details().operation, Some(&INFO));
    }

    #[test]
    fn a_header_without_content_is_left_out_but_for_the_challenge_of_a_401() {
        const OTHER: &[(&str, HeaderSource)] = &[("X-Note", HeaderSource::Content)];
        const CHALLENGE: &[(&str, HeaderSource)] = &[("WWW-Authenticate", HeaderSource::Content)];
        assert_eq!(header(&rendered(401, CHALLENGE, None), "www-authenticate"), Some("Bearer"));
        assert_eq!(header(&rendered(400, CHALLENGE, None), "www-authenticate"), None);
        assert_eq!(header(&rendered(401, OTHER, None), "x-note"), None);
        // Locations alone are encoded.
        assert_eq!(rendered(401, OTHER, Some("ä")).headers()["x-note"].as_bytes(), "ä".as_bytes());
    }
}
