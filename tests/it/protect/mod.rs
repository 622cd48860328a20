//! The layer that protects an API: against the emulator, and against answers that the emulator does not give.

mod emulated;
mod scripted;

use authlete_resource_server::{Principal, ProtectLayer, Refusal};
use axum::body::Body;
use axum::routing::get;
use http::{HeaderMap, Request, Response, StatusCode};
use tower::ServiceExt;

/// An API of one route, which says whose request it was.
fn api(layer: ProtectLayer) -> axum::Router {
    async fn subject(principal: Principal) -> String {
        format!("{} {}", principal.subject().unwrap_or("nobody"), principal.scopes().join(","))
    }
    axum::Router::new().route("/orders", get(subject).post(subject)).layer(layer)
}

fn get_with(headers: &[(&str, &str)]) -> Request<Body> {
    let request = headers.iter().fold(Request::get("/orders"), |request, (name, value)| request.header(*name, *value));
    request.body(Body::empty()).unwrap()
}

/// What of an answer matters.
#[derive(Debug)]
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    refusal: Option<Refusal>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn challenge(&self) -> &str {
        self.header("www-authenticate")
    }
}

async fn send(api: &axum::Router, request: Request<Body>) -> Got {
    let response: Response<Body> = api.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 16).await.unwrap();
    Got {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
        refusal: parts.extensions.get().cloned(),
    }
}
