//! Answers from rows of the table.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, PRAGMA};
use http::{HeaderName, HeaderValue, StatusCode};

use super::{Carried, Content, Row, Said, Value};
use crate::Operation;
use crate::reply::{Details, Reply, SERVER_ERROR};

const FAILED: Row = Row(500, Content::Fixed("application/json", SERVER_ERROR), &[], true);

/// The answer that a row, a response and earlier ones make; a 500 when a value in it cannot be sent.
pub(super) fn build(operation: &'static Operation, row: &Row, said: Said, carried: &Carried) -> Reply {
    let Said { action, code, message, content, extra } = said;
    let mut details = Details { operation: Some(operation), action, code, message, reason: None };
    match response(row, content, &extra, carried) {
        Ok(response) => Reply::new(response, details),
        Err(reason) => {
            details.reason = Some(reason);
            // What is carried stays, unless it is what cannot be sent.
            match response(&FAILED, None, &[], carried) {
                Ok(response) => Reply::new(response, details),
                Err(_) => Reply::failed(details),
            }
        }
    }
}

/// A 500 that says nothing to the client.
pub(super) fn failed(operation: &'static Operation, said: Said, carried: &Carried, reason: &'static str) -> Reply {
    let mut reply = build(operation, &FAILED, said, carried);
    reply.details_mut().reason.get_or_insert(reason);
    reply
}

fn response(
    row: &Row,
    content: Option<String>,
    extra: &[(&'static str, Option<String>)],
    carried: &Carried,
) -> Result<http::Response<Bytes>, &'static str> {
    let Row(status, form, fixed, no_store) = row;
    let content = content.filter(|content| !content.is_empty());
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(*status).map_err(|_| "the status is none")?;
    let headers = response.headers_mut();
    let mut add = |name: &str, value: &str| -> Result<(), &'static str> {
        let name = HeaderName::try_from(name).map_err(|_| "a header's name is none")?;
        headers.insert(name, value.try_into().map_err(|_| "a value does not fit into a header")?);
        Ok(())
    };
    for (name, value) in *fixed {
        match value {
            Value::Fixed(value) => add(name, value)?,
            Value::Content => match &content {
                Some(content) => add(name, content)?,
                None if name.eq_ignore_ascii_case(LOCATION.as_str()) => return Err("there is nowhere to redirect to"),
                None => {}
            },
            Value::Extra => {
                let value = extra.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.as_deref());
                value.map_or(Ok(()), |value| add(name, value))?;
            }
        }
    }
    for (name, value) in &carried.0 {
        add(name, value)?;
    }
    if *no_store {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    }
    let body = match form {
        Content::None => None,
        Content::Fixed(media, text) => Some((media, Bytes::from_static(text.as_bytes()))),
        Content::Body(media) => content.map(|content| (media, Bytes::from(content))),
    };
    if let Some((media, body)) = body {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        *response.body_mut() = body;
    }
    Ok(response)
}
