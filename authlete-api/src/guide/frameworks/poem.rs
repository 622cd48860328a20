use authlete_api::prelude::*;
use authlete_api::{http_inputs, types};
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
    // What is not ready are grants on which the server decides; this one offers none of them.
    Ok(service.token().process(request).await?.proceed()?.decline())
}
