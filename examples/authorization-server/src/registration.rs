//! Dynamic client registration and its management (RFC 7591, RFC 7592). Anybody may register here; a product asks for an
//! initial access token, or approves clients by hand.

use authlete_api::types::{
    ClientRegistrationDeleteRequest, ClientRegistrationGetRequest, ClientRegistrationRequest,
    ClientRegistrationUpdateRequest,
};
use axum::extract::{Path, State};
use http::HeaderMap;

use crate::inputs::{access_token, given_token};
use crate::{Answer, App, ready};

pub(crate) async fn register(State(app): State<App>, headers: HeaderMap, json: String) -> Answer {
    let token = given_token(&headers, "")?.map(|given| given.token);
    let mut request = ClientRegistrationRequest::new(json);
    request.token = token;
    ready(app.service.registration().register(request).await?)
}

pub(crate) async fn get(State(app): State<App>, Path(client_id): Path<String>, headers: HeaderMap) -> Answer {
    let given = access_token(&headers, "")?;
    let request = ClientRegistrationGetRequest::new(client_id, given.token);
    ready(app.service.registration().get(request).await?)
}

pub(crate) async fn update(
    State(app): State<App>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    json: String,
) -> Answer {
    let given = access_token(&headers, "")?;
    let request = ClientRegistrationUpdateRequest::new(client_id, json, given.token);
    ready(app.service.registration().update(request).await?)
}

pub(crate) async fn delete(State(app): State<App>, Path(client_id): Path<String>, headers: HeaderMap) -> Answer {
    let given = access_token(&headers, "")?;
    let request = ClientRegistrationDeleteRequest::new(client_id, given.token);
    ready(app.service.registration().delete(request).await?)
}
