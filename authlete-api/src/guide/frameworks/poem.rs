use authlete_api::http_inputs::ClientRequest;
use authlete_api::prelude::*;
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
    let request = ClientRequest::read(headers, body)?;
    // What is not ready are grants on which the server decides; this one offers none of them.
    Ok(service.token().process(request).await?.proceed()?.decline())
}
