//! The userinfo endpoint (OpenID Connect Core 1.0, 5.3): Authlete checks the token, the claims are ours.

use authlete_api::http_inputs::{self, AccessToken};
use authlete_api::types::UserInfoRequest;
use axum::extract::State;
use http::{HeaderMap, Method};

use crate::endpoints::{no_token, proof};
use crate::{Answer, App, ready};

pub(crate) async fn get(State(app): State<App>, headers: HeaderMap) -> Answer {
    userinfo(&app, &Method::GET, &headers, http_inputs::access_token(&headers)?).await
}

/// The token may be in the form (RFC 6750 2.2).
pub(crate) async fn post(State(app): State<App>, headers: HeaderMap, form: String) -> Answer {
    userinfo(&app, &Method::POST, &headers, http_inputs::access_token_or_form(&headers, &form)?).await
}

async fn userinfo(app: &App, method: &Method, headers: &HeaderMap, token: Option<AccessToken>) -> Answer {
    let Some(token) = token else { return Ok(no_token()) };
    let dpop = proof(headers, &token)?;
    let mut request =
        UserInfoRequest::new(token.token).htm(method.to_string()).htu(format!("{}/userinfo", app.url));
    request.dpop = dpop;
    let step = app.service.userinfo().process(request).await?.proceed()?;
    let claims = app.users.claims(step.subject().unwrap_or_default(), step.claims());
    ready(step.issue().claims(&claims)?.send(&app.service).await?)
}
