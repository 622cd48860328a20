//! What a test or a person does to the emulator over HTTP, beside the API that it imitates: the clock, faults, the record of
//! calls, named states, seeds. `control-api.json` describes it for programs; for people there is a page at `/`.

mod api;
mod page;
mod states;

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::random;
use crate::server::Server;
use states::States;

/// What every path of the control API begins with. No path of Authlete's does.
const PREFIX: &str = "/emulator/";

/// The state that the emulator started with.
pub(crate) const START: &str = "start";

/// No call of the control API needs a body longer than this (64 MiB): a whole state goes in.
const LONGEST_BODY: usize = 64 << 20;

/// What the control API and the page need to know.
#[derive(Debug)]
pub(crate) struct Control {
    /// Whether there are a control API and a page at all.
    enabled: bool,
    token: String,
    /// Whether others than this machine can reach the emulator: then the page wants the token too.
    exposed: bool,
    /// Stands in the page's forms, so that no other site can send them.
    form_token: String,
    states: States,
}

impl Control {
    pub(crate) fn new(enabled: bool, token: Option<String>, exposed: bool) -> Result<Self, ApiError> {
        Ok(Self {
            enabled,
            token: token.map_or_else(random::token::<32>, Ok)?,
            exposed,
            form_token: random::token::<32>()?,
            states: States::default(),
        })
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Whether the header brings the control token, as a bearer token or as the password of Basic authentication, which
    /// browsers have.
    fn is_authorized(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some((scheme, credentials)) = value.split_once(' ') else { return false };
        let credentials = credentials.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return random::same(credentials, &self.token);
        }
        let decoded = STANDARD.decode(credentials).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let password = decoded.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password);
        scheme.eq_ignore_ascii_case("basic") && password.is_some_and(|password| random::same(password, &self.token))
    }
}

/// Keeps the state that the emulator starts with, to go back to.
pub(crate) fn keep_start(server: &Server) -> Result<(), ApiError> {
    if server.control.enabled { server.control.states.save(server, START) } else { Ok(()) }
}

/// Whether the path is the control API's, the page's or the health check's.
pub(crate) fn owns(server: &Server, path: &str) -> bool {
    path == "/health" || (server.control.enabled && (path == "/" || path.starts_with(PREFIX)))
}

/// The response to a call of the control API, of the page, or of the health check.
pub(crate) async fn respond(server: &Arc<Server>, head: &Parts, body: Body) -> Response<Body> {
    let path = head.uri.path();
    if path == "/health" {
        return json_response(StatusCode::OK, &json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
    }
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
        return error(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.");
    };
    if path == "/" {
        return page(server, head, &body);
    }
    let path = path.strip_prefix(PREFIX).unwrap_or(path).trim_end_matches('/');
    if path == "openapi.json" {
        return text("application/json", include_str!("../../control-api.json"));
    }
    if !server.control.is_authorized(&head.headers) {
        let mut response = error(StatusCode::UNAUTHORIZED, "The call needs the control token as a bearer token.");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return response;
    }
    match api::call(server, head, path, &body) {
        Ok(Value::Null) => status_only(StatusCode::NO_CONTENT),
        Ok(value) => json_response(StatusCode::OK, &value),
        Err(api::Error { status, message }) => {
            error(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &message)
        }
    }
}

fn page(server: &Arc<Server>, head: &Parts, body: &Bytes) -> Response<Body> {
    let control = &server.control;
    if control.exposed && !control.is_authorized(&head.headers) {
        let mut response = text("text/plain;charset=utf-8", "The page needs the control token as the password.\n");
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        let challenge = HeaderValue::from_static("Basic realm=\"authlete-emulator\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        return response;
    }
    // Another site could point a name of its own at this address, and would then be the page's own origin.
    if !control.exposed && !is_local(&head.headers) {
        return error(
            StatusCode::MISDIRECTED_REQUEST,
            "The page is for localhost and the addresses of loopback alone.",
        );
    }
    match head.method.as_str() {
        "GET" | "HEAD" => page::show(server, head.uri.query().unwrap_or_default()),
        "POST" => match page::act(server, &control.form_token, body) {
            Ok(()) => {
                let mut response = status_only(StatusCode::SEE_OTHER);
                response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/"));
                response
            }
            Err(api::Error { status, message }) => {
                error(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &message)
            }
        },
        _ => error(StatusCode::METHOD_NOT_ALLOWED, "The page takes GET and POST."),
    }
}

/// Whether the request was sent to this machine by a name that only this machine has.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

fn error(status: StatusCode, message: &str) -> Response<Body> {
    json_response(status, &json!({"message": message}))
}

fn json_response(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = text("application/json", value.to_string());
    *response.status_mut() = status;
    response
}

fn status_only(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn text(media_type: &'static str, content: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(content.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::is_local;

    #[test]
    fn the_page_is_for_this_machine() {
        let with = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_str(host).expect("a header"));
            is_local(&headers)
        };
        for host in ["localhost", "localhost:8080", "127.0.0.1:1", "127.0.0.9", "[::1]:80", "LOCALHOST"] {
            assert!(with(host), "{host}");
        }
        for host in
            ["", "evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "192.0.2.1:80", "[2001:db8::1]"]
        {
            assert!(!with(host), "{host}");
        }
        assert!(!is_local(&HeaderMap::new()));
    }
}
