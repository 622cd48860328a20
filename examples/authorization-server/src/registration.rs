//! Dynamic client registration and its management (RFC 7591, RFC 7592). Anybody may register here; a product asks for an
//! initial access token, or approves clients by hand.

use authlete_api::actions::{
    Action, ClientRegistration, ClientRegistrationDelete, ClientRegistrationGet, ClientRegistrationUpdate,
};
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
    let request = ClientRegistrationRequest { token, ..ClientRegistrationRequest::new(json) };
    let response = app.service.registration().register(request).await?.into_inner();
    ready(ClientRegistration::of(response))
}

pub(crate) async fn get(State(app): State<App>, Path(client_id): Path<String>, headers: HeaderMap) -> Answer {
    let given = access_token(&headers, "")?;
    let request = ClientRegistrationGetRequest { client_id, token: given.token, json: None };
    let response = app.service.registration().get(request).await?.into_inner();
    ready(ClientRegistrationGet::of(response))
}

pub(crate) async fn update(
    State(app): State<App>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    json: String,
) -> Answer {
    let given = access_token(&headers, "")?;
    let request = ClientRegistrationUpdateRequest { client_id, token: given.token, json: json.into() };
    let response = app.service.registration().update(request).await?.into_inner();
    ready(ClientRegistrationUpdate::of(response))
}

pub(crate) async fn delete(State(app): State<App>, Path(client_id): Path<String>, headers: HeaderMap) -> Answer {
    let given = access_token(&headers, "")?;
    let request = ClientRegistrationDeleteRequest { client_id, token: given.token, json: None };
    let response = app.service.registration().delete(request).await?.into_inner();
    ready(ClientRegistrationDelete::of(response))
}
