use actix_web::{HttpRequest, HttpResponse, web};
use authlete_api::http_inputs::ClientRequest;
use authlete_api::prelude::*;

pub async fn token(service: web::Data<AuthleteService>, request: HttpRequest, body: String) -> HttpResponse {
    let reply = answer(&service, &headers(&request), body).await.unwrap_or_else(|reply| reply);
    let mut response = HttpResponse::build(status(&reply));
    for (name, value) in reply.headers() {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    response.body(reply.body().clone())
}

async fn answer(service: &AuthleteService, headers: &http::HeaderMap, body: String) -> Result<Reply, Reply> {
    let request = ClientRequest::read(headers, body)?;
    // What is not ready are grants on which the server decides; this one offers none of them.
    Ok(service.token().process(request).await?.proceed()?.decline())
}

/// actix-web has header and status types of an older `http`; bytes and numbers lead from one to the other.
fn headers(request: &HttpRequest) -> http::HeaderMap {
    let pairs = request.headers().iter().filter_map(|(name, value)| {
        let name = http::HeaderName::from_bytes(name.as_ref()).ok()?;
        Some((name, http::HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    let mut headers = http::HeaderMap::new();
    pairs.for_each(|(name, value)| {
        headers.append(name, value);
    });
    headers
}

fn status(reply: &Reply) -> actix_web::http::StatusCode {
    actix_web::http::StatusCode::from_u16(reply.status().as_u16())
        .unwrap_or(actix_web::http::StatusCode::INTERNAL_SERVER_ERROR)
}
