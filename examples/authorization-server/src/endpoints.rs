//! The endpoints that clients and resource servers call, where Authlete's answer is all there is to send.

use authlete_api::actions::TokenNext;
use authlete_api::http_inputs::{self, AccessToken, Malformed, TokenScheme};
use authlete_api::types::{
    GrantManagementAction, GrantManagementRequest, PushedAuthorizationRequest, RevocationRequest,
    StandardIntrospectionRequest, TokenFailReason, TokenRequest,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, StatusCode};
use subtle::ConstantTimeEq;

use crate::{Answer, App, ready};

pub(crate) async fn par(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    let (client_id, client_secret) = client(&headers)?;
    let dpop = http_inputs::dpop_proof(&headers)?;
    let mut request = PushedAuthorizationRequest::new(form);
    request.client_id = client_id;
    request.client_secret = client_secret;
    request.dpop = dpop;
    ready(app.service.pushed_authorization().process(request).await?)
}

pub(crate) async fn token(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    let (client_id, client_secret) = client(&headers)?;
    let mut request = TokenRequest::new(form).htm("POST").htu(format!("{}/token", app.url));
    request.client_id = client_id;
    request.client_secret = client_secret;
    request.dpop = http_inputs::dpop_proof(&headers)?;
    match app.service.token().process(request).await?.proceed()? {
        TokenNext::Password(step) => {
            let user = app.users.log_in(step.username().unwrap_or_default(), step.password().unwrap_or_default());
            match user {
                Some(subject) => ready(step.issue(subject).send(&app.service).await?),
                None => {
                    let reason = TokenFailReason::InvalidResourceOwnerCredentials;
                    ready(step.fail(reason).send(&app.service).await?)
                }
            }
        }
        // What is left to the server by these: whom to trust, and for what. This one trusts nobody.
        TokenNext::TokenExchange(step) => ready(step.decline()),
        TokenNext::JwtBearer(step) => ready(step.decline()),
        TokenNext::NativeSso(step) => ready(step.decline()),
        TokenNext::IdTokenReissuable(step) => ready(step.reissue().send(&app.service).await?),
    }
}

pub(crate) async fn revoke(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    let (client_id, client_secret) = client(&headers)?;
    let mut request = RevocationRequest::new(form);
    request.client_id = client_id;
    request.client_secret = client_secret;
    ready(app.service.revocation().process(request).await?)
}

/// RFC 7662, for resource servers that are elsewhere. To know them is our part.
pub(crate) async fn introspect(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    let given = http_inputs::client_credentials(&headers)?.map(|given| format!("{}:{}", given.id, given.secret));
    let known = given.is_some_and(|given| given.as_bytes().ct_eq(app.resource_server.as_bytes()).into());
    if !known {
        return Ok((StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Basic realm=\"introspection\"")]).into_response());
    }
    let http_accept_header = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).map(str::to_owned);
    let mut request = StandardIntrospectionRequest::new(form);
    request.http_accept_header = http_accept_header;
    ready(app.service.introspection().process_standard(request).await?)
}

pub(crate) async fn configuration(State(app): State<App>) -> Answer {
    Ok(Json(app.service.configuration().await?.into_inner()).into_response())
}

pub(crate) async fn jwks(State(app): State<App>) -> Answer {
    Ok(match app.service.jwks(None, None).await?.into_inner() {
        Some(keys) => Json(keys).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

/// Grant Management for OAuth 2.0: a client looks at a grant, or gives it back.
pub(crate) async fn grant(
    State(app): State<App>,
    method: Method,
    Path(grant_id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let Some(token) = http_inputs::access_token(&headers)? else { return Ok(no_token()) };
    let action = if method == Method::DELETE { GrantManagementAction::Revoke } else { GrantManagementAction::Query };
    let mut request = GrantManagementRequest::new(token.token.clone(), action, grant_id.clone());
    request.dpop = proof(&headers, &token)?;
    request.htm = Some(method.to_string());
    request.htu = Some(format!("{}/grants/{grant_id}", app.url));
    ready(app.service.grant_management().process(request).await?)
}

/// The client's id and secret, for Authlete to check. A client certificate would be taken from the proxy's headers here,
/// by `http_inputs::client_certificates`.
pub(crate) fn client(headers: &HeaderMap) -> Result<(Option<String>, Option<String>), Malformed> {
    Ok(http_inputs::client_credentials(headers)?.map(|given| (given.id, given.secret)).unzip())
}

/// The proof of possession that belongs to a token which is bound to a key.
pub(crate) fn proof(headers: &HeaderMap, token: &AccessToken) -> Result<Option<String>, Malformed> {
    if token.scheme == TokenScheme::DPoP { http_inputs::dpop_proof(headers) } else { Ok(None) }
}

/// The answer to a request without a token (RFC 6750 3).
pub(crate) fn no_token() -> Response {
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response()
}
