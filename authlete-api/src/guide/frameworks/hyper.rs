use std::convert::Infallible;

use authlete_api::http_inputs::ClientRequest;
use authlete_api::prelude::*;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;

/// For `hyper::service::service_fn`. A token request is a few kilobytes at most.
pub async fn token(
    service: AuthleteService,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let Some(body) = text(body).await else {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(response);
    };
    let reply = answer(&service, &parts.headers, body).await.unwrap_or_else(|reply| reply);
    Ok(Response::<Bytes>::from(reply).map(Full::new))
}

async fn text(body: Incoming) -> Option<String> {
    let bytes = Limited::new(body, 64 * 1024).collect().await.ok()?.to_bytes();
    String::from_utf8(bytes.into()).ok()
}

async fn answer(service: &AuthleteService, headers: &http::HeaderMap, body: String) -> Result<Reply, Reply> {
    let request = ClientRequest::read(headers, body)?;
    // What is not ready are grants on which the server decides; this one offers none of them.
    Ok(service.token().process(request).await?.proceed()?.decline())
}
