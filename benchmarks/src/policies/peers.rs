//! What others do: `axum-jwt-auth`, and `jsonwebtoken` in an extractor of one's own.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::routing::get;
use axum_jwt_auth::{Claims, Decoder, LocalDecoder};
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::{AUDIENCE, ISSUER, Issuer};

/// The claims that handlers look at.
#[derive(Deserialize)]
struct AccessToken {
    sub: Option<String>,
    #[allow(dead_code, reason = "decoded, as a handler would want them")]
    client_id: String,
    #[allow(dead_code, reason = "decoded, as a handler would want them")]
    scope: String,
}

/// `axum-jwt-auth` with the issuer's key at hand, checking issuer, audience and times.
pub(super) fn axum_jwt_auth(issuer: &Issuer) -> Router {
    async fn orders(token: Claims<AccessToken>, _: State<Decoder<AccessToken>>) -> &'static str {
        assert!(token.claims.sub.is_some());
        "orders"
    }
    let (x, y) = issuer.coordinates();
    let key = jsonwebtoken_10::DecodingKey::from_ec_components(&x, &y).expect("a key");
    let mut validation = jsonwebtoken_10::Validation::new(jsonwebtoken_10::Algorithm::ES256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    let decoder = LocalDecoder::builder().keys(vec![key]).validation(validation).build().expect("a decoder");
    let decoder: Decoder<AccessToken> = Arc::new(decoder);
    Router::new().route("/orders", get(orders)).with_state(decoder)
}

/// The same checks by `jsonwebtoken` itself, with the backend that our layer has.
pub(super) fn by_hand(issuer: &Issuer) -> Router {
    async fn orders(token: ByHand) -> &'static str {
        assert!(token.0.sub.is_some());
        "orders"
    }
    let (x, y) = issuer.coordinates();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    let key = DecodingKey::from_ec_components(&x, &y).expect("a key");
    Router::new().route("/orders", get(orders)).with_state(Arc::new(Keys { key, validation }))
}

struct Keys {
    key: DecodingKey,
    validation: Validation,
}

struct ByHand(AccessToken);

impl FromRequestParts<Arc<Keys>> for ByHand {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, keys: &Arc<Keys>) -> Result<Self, StatusCode> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|header| header.strip_prefix("Bearer ")).ok_or(StatusCode::UNAUTHORIZED)?;
        let decoded = jsonwebtoken::decode(token, &keys.key, &keys.validation);
        decoded.map(|decoded| Self(decoded.claims)).map_err(|_| StatusCode::UNAUTHORIZED)
    }
}
