use authlete_api::prelude::*;
use authlete_api::{actions::TokenNext, http_inputs, types};
use poem::web::Data;
use poem::{Response, handler};

#[handler]
pub async fn token(service: Data<&AuthleteService>, headers: &http::HeaderMap, body: String) -> Response {
    let reply = answer(service.0, headers, body).await.unwrap_or_else(|reply| reply);
    let mut response = Response::builder().status(reply.status()).body(reply.body().clone());
    *response.headers_mut() = reply.headers().clone();
    response
}

async fn answer(service: &AuthleteService, headers: &http::HeaderMap, body: String) -> Result<Reply, Reply> {
    let mut request = types::TokenRequest::new(body);
    if let Some(client) = http_inputs::client_credentials(headers)? {
        request = request.client_id(client.id).client_secret(client.secret);
    }
    match service.token().process(request).await?.proceed()? {
        TokenNext::TokenExchange(step) => Ok(step.decline()),
        TokenNext::IdTokenReissuable(step) => Ok(step.decline()),
        TokenNext::Password(step) => Ok(step.decline()),
        TokenNext::JwtBearer(step) => Ok(step.decline()),
        TokenNext::NativeSso(step) => Ok(step.decline()),
    }
}
