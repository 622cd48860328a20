//! An MCP server (Model Context Protocol, Streamable HTTP) whose access tokens Authlete issues. `rmcp` does the protocol
//! and `authlete-resource-server` the protection; this has the tools, and says which scope each of them needs.

mod tools;

use std::sync::Arc;

use authlete_api::AuthleteService;
use authlete_resource_server::{Principal, Refusal, ResourceMetadata, ResourceServer};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderName, Method, StatusCode};
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use url::Url;

pub use tools::SCOPES;
use tools::{BASE_SCOPE, Notes, scope_of};

/// No request is longer, in bytes.
const LONGEST_REQUEST: usize = 64 * 1024;

/// The MCP server, as a router. `resource` is the URL that clients know it by, and at the same time the one identifier that
/// tokens have to be for; `issuer` is the authorization server that gives such tokens; `origins` are those of web pages
/// that may call it, such as `https://app.example.com:443` or, with any port, `http://localhost:*`.
///
/// # Errors
/// When `resource` is not a URL with a host.
pub fn router(
    service: &AuthleteService,
    resource: &str,
    issuer: &str,
    origins: &[String],
) -> Result<Router, url::ParseError> {
    let url = Url::parse(resource)?;
    let host = url.host_str().ok_or(url::ParseError::EmptyHost)?;
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    // Agents ask for all scopes that stand here, so these are the fewest that make sense. Other tools get theirs when they
    // are called.
    let metadata = ResourceMetadata::new(resource)
        .authorization_server(issuer)
        .scopes_supported([BASE_SCOPE])
        .member("resource_name", "Notes");
    // Every request is introspected: agents work in the background, so that a user who revokes a token means it at once.
    let server = ResourceServer::new(service.clone()).resource(metadata);
    // Names of other hosts can be made to lead here, so only our own is good (DNS rebinding).
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(LONGEST_REQUEST)
        .with_allowed_hosts([authority])
        .with_allowed_origins(origins)
        .enforce_origin_validation();
    let notes = Notes::default();
    let mcp = StreamableHttpService::new(move || Ok(notes.clone()), Arc::<NeverSessionManager>::default(), config);
    Ok(Router::new()
        .route_service(url.path(), mcp)
        .route_layer(from_fn(step_up))
        .route_layer(server.protect().scopes([BASE_SCOPE]))
        .route_layer(from_fn(log))
        .route_layer(from_browsers())
        .layer(server.metadata_layer()))
}

/// Refuses the call of a tool whose scope the token does not have. The response names the scopes to ask for, which are
/// those of the token and the one that is missing, and the client asks its user for them (step-up).
///
/// The scope follows from the body, which is read here as `rmcp` reads it. Headers that name the tool may say otherwise.
async fn step_up(principal: Principal, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_REQUEST).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    if let Some(scope) = tool(&body).and_then(|tool| scope_of(&tool))
        && let Err(refused) = principal.require_scopes([scope])
    {
        return refused.into_response();
    }
    next.run(Request::from_parts(parts, body.into())).await
}

/// The tool that a request calls.
fn tool(body: &[u8]) -> Option<String> {
    let JsonRpcMessage::Request(message) = serde_json::from_slice::<ClientJsonRpcMessage>(body).ok()? else {
        return None;
    };
    let ClientRequest::CallToolRequest(call) = message.request else { return None };
    Some(call.params.name.into_owned())
}

/// Lets clients that are web pages send requests and read challenges. Which pages these are, `origins` says.
fn from_browsers() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([WWW_AUTHENTICATE, HeaderName::from_static("dpop-nonce")])
}

/// Tells the operator why requests fail. Clients learn what they have to do, and no more.
async fn log(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(refusal) = response.extensions().get::<Refusal>().filter(|_| response.status().is_server_error()) {
        eprintln!("{refusal}");
    }
    response
}
