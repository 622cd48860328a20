//! What a handler answers: an API result with an action, a plain object, text, or nothing.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::nulls;
use crate::operation::Shape;

/// A response, before it becomes HTTP.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    /// 200 with a JSON body.
    Json(Value),
    /// 200 with a JSON body that has line breaks.
    Pretty(Value),
    /// 201 with a JSON body.
    Created(Value),
    /// 204.
    NoContent,
    /// 200 with plain text.
    Text(&'static str),
}

impl Reply {
    /// The same response with one more member, or another value of it.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        if let Self::Json(Value::Object(members)) | Self::Created(Value::Object(members)) = &mut self {
            members.insert(name.to_owned(), value);
        }
        self
    }

    /// The same response under another code.
    pub(crate) fn coded(self, code: Code, message: &str) -> Self {
        self.with("resultCode", json!(code)).with("resultMessage", json!(result_message(code, message)))
    }
}

/// A result code and what it says: `[A004001] …` is made of both.
pub(crate) type Code = &'static str;

/// A call that ran, whatever its outcome: HTTP 200 with `action`, `resultCode`, `resultMessage` and the rest.
pub(crate) fn action(action: &str, code: Code, message: &str, rest: Value) -> Reply {
    let mut reply = result(code, message, rest);
    if let Reply::Json(members) = &mut reply {
        members["action"] = json!(action);
    }
    reply
}

/// A call that ran and has no action: HTTP 200 with `resultCode`, `resultMessage` and the rest.
pub(crate) fn result(code: Code, message: &str, rest: Value) -> Reply {
    let mut members = match rest {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    members.insert("resultCode".to_owned(), json!(code));
    members.insert("resultMessage".to_owned(), json!(result_message(code, message)));
    Reply::Json(Value::Object(members))
}

/// The code in brackets, then the string.
pub(crate) fn result_message(code: Code, message: &str) -> String {
    format!("[{code}] {message}")
}

/// Leaves out every member that has no value, at any depth: an absent one and a `null` mean the same to Authlete.
pub(crate) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(elements) => elements.into_iter().filter(|e| !e.is_null()).map(without_nulls).collect(),
        other => other,
    }
}

/// What the body of an error looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorForm {
    /// As Authlete's regional API has it: a result code, and a message.
    Regional,
    /// As its identity provider has it: a sentence, or a list of what is wrong with the request.
    IdentityProvider,
}

impl ErrorForm {
    fn body(self, error: &ApiError) -> Value {
        match self {
            Self::Regional => {
                json!({"resultCode": error.code, "resultMessage": result_message(error.code, &error.message)})
            }
            Self::IdentityProvider if error.status == 400 => json!({"errors": [error.message]}),
            Self::IdentityProvider => json!({"error": error.message}),
        }
    }
}

/// Turns what a handler gave into HTTP. Where a shape is given, what it knows and the response lacks is `null`.
pub(crate) fn to_http(result: Result<Reply, ApiError>, nulls: Option<Shape>, errors: ErrorForm) -> Response<Body> {
    let written = |value| {
        let mut value = without_nulls(value);
        if let Some(shape) = nulls {
            nulls::explicit(&mut value, shape);
        }
        value
    };
    match result {
        Ok(Reply::Json(value)) => json_response(200, &written(value)),
        Ok(Reply::Pretty(value)) => response(200, Some("application/json"), format!("{:#}", written(value))),
        Ok(Reply::Created(value)) => json_response(201, &written(value)),
        Ok(Reply::NoContent) => response(204, None, String::new()),
        Ok(Reply::Text(text)) => response(200, Some("text/plain;charset=utf-8"), text.to_owned()),
        Err(error) => {
            let mut response = json_response(error.status, &errors.body(&error));
            if let Some(allow) = error.allow.and_then(|methods| HeaderValue::try_from(methods).ok()) {
                response.headers_mut().insert(header::ALLOW, allow);
            }
            response
        }
    }
}

fn json_response(status: u16, value: &Value) -> Response<Body> {
    response(status, Some("application/json"), value.to_string())
}

fn response(status: u16, content_type: Option<&'static str>, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
