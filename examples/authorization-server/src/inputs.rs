//! What requests of clients say of themselves: credentials, tokens, and what they accept. Where that cannot be read, the
//! answer has the form of the endpoint's other errors.

use authlete_api::http_inputs::{self, AccessToken, TokenScheme};
use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use headers_accept::Accept;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use mediatype::{MediaType, MediaTypeBuf, Name, ReadParams, names};
use serde_json::json;

use crate::Stop;

/// An error as the token endpoint and others like it have it (RFC 6749 5.2).
pub(crate) fn refused(status: StatusCode, error: &str) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], Json(json!({"error": error}))).into_response()
}

/// A client, or a resource server, that is not who it says it is (RFC 6749 5.2, RFC 7662 2.3).
pub(crate) fn unauthorized() -> Response {
    let mut response = refused(StatusCode::UNAUTHORIZED, "invalid_client");
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"clients\""));
    response
}

/// A challenge to who brings an access token, or should have (RFC 6750 3).
pub(crate) fn challenge(status: StatusCode, challenge: &'static str) -> Response {
    (status, [(WWW_AUTHENTICATE, challenge), (CACHE_CONTROL, "no-store")]).into_response()
}

/// Gives what the framework says of bodies that it cannot read the form of the endpoint's errors.
pub(crate) async fn token_errors(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match unreadable(&response) {
        Some(status) => refused(status, "invalid_request"),
        None => response,
    }
}

/// The same for registration (RFC 7591 3.2.2).
pub(crate) async fn registration_errors(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match unreadable(&response) {
        Some(status) => refused(status, "invalid_client_metadata"),
        None => response,
    }
}

/// The same for endpoints that access tokens are for (RFC 6750 3).
pub(crate) async fn resource_errors(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match unreadable(&response) {
        Some(status) => challenge(status, "Bearer error=\"invalid_request\""),
        None => response,
    }
}

/// The status of an answer that the framework gave: of those, and no others, the text is plain.
fn unreadable(response: &Response) -> Option<StatusCode> {
    let kind = response.headers().get(CONTENT_TYPE)?;
    let status = response.status();
    (status.is_client_error() && kind.as_bytes().starts_with(b"text/plain")).then_some(status)
}

/// The access token that a request has to have, in the header or in a form (RFC 6750 2.1 and 2.2).
pub fn access_token(headers: &HeaderMap, form: &str) -> Result<AccessToken, Stop> {
    let none = || Stop::with(challenge(StatusCode::UNAUTHORIZED, "Bearer"));
    given_token(headers, form)?.ok_or_else(none)
}

/// The access token, if there is one.
pub(crate) fn given_token(headers: &HeaderMap, form: &str) -> Result<Option<AccessToken>, Stop> {
    // A parameter without a value counts as left out (RFC 6749 3.1).
    let has_value = |pair: &&str| form_urlencoded::parse(pair.as_bytes()).any(|(_, value)| !value.is_empty());
    let form: Vec<_> = form.split('&').filter(has_value).collect();
    http_inputs::access_token_or_form(headers, &form.join("&"))
        .map_err(|_| Stop::with(challenge(StatusCode::BAD_REQUEST, "Bearer error=\"invalid_request\"")))
}

/// The proof of possession that belongs to a token which is bound to a key.
pub fn proof(headers: &HeaderMap, token: &AccessToken) -> Result<Option<String>, Stop> {
    match token.scheme {
        TokenScheme::DPoP => http_inputs::dpop_proof(headers)
            .map_err(|_| Stop::with(challenge(StatusCode::BAD_REQUEST, "DPoP error=\"invalid_request\""))),
        _ => Ok(None),
    }
}

/// A form that introspection can answer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Introspected {
    /// RFC 7662.
    Json,
    /// RFC 9701.
    Jwt,
}

impl Introspected {
    pub(crate) const JWT: &str = "application/token-introspection+jwt";

    /// The one of these that the client wants most (RFC 9110 12.5.1). Who accepts nothing that there is, and does not
    /// refuse JSON either, gets JSON; `None` is for who wants what is not among these.
    pub(crate) fn wanted(headers: &HeaderMap, of: &[Self]) -> Option<Self> {
        static NAMES: [(Introspected, MediaType<'_>); 2] = [
            (Introspected::Json, MediaType::new(names::APPLICATION, names::JSON)),
            (
                Introspected::Jwt,
                MediaType::from_parts(
                    names::APPLICATION,
                    Name::new_unchecked("token-introspection"),
                    Some(names::JWT),
                    &[],
                ),
            ),
        ];
        let all: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        // A header that cannot be read says nothing, like one that is not there.
        let accept = all.join(",").parse::<Accept>().ok().filter(|accept| accept.media_types().next().is_some());
        let Some(accept) = accept else { return of.first().copied() };
        let best = |of: &[Self]| {
            let offered: Vec<_> = NAMES.iter().filter(|(form, _)| of.contains(form)).collect();
            let best = accept.negotiate(offered.iter().map(|(_, name)| name))?;
            offered.iter().find(|(_, name)| name == best).map(|(form, _)| *form)
        };
        let is_0 = |weight: mediatype::Value<'_>| weight.as_str().parse() == Ok(0.0);
        let refuses =
            |range: &MediaTypeBuf| range.essence() == NAMES[0].1 && range.get_param(names::Q).is_some_and(is_0);
        best(of).or_else(|| {
            let knows_nothing = best(&[Self::Json, Self::Jwt]).is_none() && !accept.media_types().any(refuses);
            knows_nothing.then_some(Self::Json)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_is_weighed() {
        use Introspected::{Json, Jwt};
        for (accept, wanted) in [
            ("", Some(Json)),
            ("*/*", Some(Json)),
            ("application/json", Some(Json)),
            ("application/json; charset=utf-8", Some(Json)),
            ("Application/Token-Introspection+JWT", Some(Jwt)),
            ("application/token-introspection+jwt;q=0", Some(Json)),
            ("application/token-introspection+jwt;q=0, */*", Some(Json)),
            ("application/token-introspection+jwt;q=0.5, application/json", Some(Json)),
            ("application/token-introspection+jwt, application/json;q=0.9", Some(Jwt)),
            ("application/*;q=0.1, application/json;q=0", Some(Jwt)),
            ("text/html, image/*", Some(Json)),
            ("application/json;q=0", None),
            ("application/token-introspection+jwt;q=0, application/json;q=0.0", None),
            ("not an accept header", Some(Json)),
        ] {
            let mut headers = HeaderMap::new();
            if !accept.is_empty() {
                headers.insert(ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(Introspected::wanted(&headers, &[Json, Jwt]), wanted, "{accept}");
        }
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT, HeaderValue::from_static("application/json;q=0.1"));
        headers.append(ACCEPT, HeaderValue::from_static("application/token-introspection+jwt"));
        assert_eq!(Introspected::wanted(&headers, &[Json, Jwt]), Some(Jwt));
        assert_eq!(Introspected::wanted(&headers, &[Json]), Some(Json));
        headers.remove(ACCEPT);
        headers.append(ACCEPT, HeaderValue::from_static("application/token-introspection+jwt"));
        assert_eq!(Introspected::wanted(&headers, &[Json]), None);
    }
}
