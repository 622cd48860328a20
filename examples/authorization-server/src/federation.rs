//! OpenID Federation 1.0: what the server says of itself, and clients that register themselves by a chain of trust. The
//! service has keys and trust anchors for it, or these endpoints answer 404.

use authlete_api::types::{FederationConfigurationRequest, FederationRegistrationRequest};
use axum::extract::State;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use crate::inputs::refused;
use crate::{Answer, App, ready};

/// The entity configuration (section 9).
pub(crate) async fn configuration(State(app): State<App>) -> Answer {
    ready(app.service.federation().configuration(FederationConfigurationRequest::default()).await?)
}

/// Explicit registration (section 12.2), by the client's entity configuration or by its trust chain.
pub(crate) async fn register(State(app): State<App>, headers: HeaderMap, body: String) -> Answer {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let request = match kind.split(';').next().unwrap_or_default().trim() {
        "application/entity-statement+jwt" => FederationRegistrationRequest::default().entity_configuration(body),
        "application/trust-chain+json" => FederationRegistrationRequest::default().trust_chain(body.into()),
        _ => return Ok(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request")),
    };
    ready(app.service.federation().register(request).await?)
}
