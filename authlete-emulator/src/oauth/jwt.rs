//! What is looked at in JWTs (RFC 7519) that come as grants, hints and tokens to exchange.

use serde_json::Value;

use super::client_keys::{UnknownKeys, client_keys};
use crate::error::ApiError;
use crate::jose::{Algorithm, Jwk, Jwt, jwk};
use crate::state::{Client, Tenant};

/// The name of the signature algorithm; `None` for a JWT that is not signed.
pub(crate) fn algorithm<'a>(jwt: &'a Jwt<'_>) -> Option<&'a str> {
    Some(jwt.alg()).filter(|name| !name.is_empty() && *name != "none")
}

/// Whether the algorithm is one with a secret that both sides know.
pub(crate) fn is_symmetric(jwt: &Jwt<'_>) -> bool {
    jwt.alg().starts_with("HS")
}

/// Whether `aud` is there, as a string or a list of strings.
pub(crate) fn has_audience(jwt: &Jwt<'_>) -> bool {
    match jwt.claims.get("aud") {
        Some(Value::String(_)) => true,
        Some(Value::Array(several)) => several.iter().all(Value::is_string),
        _ => false,
    }
}

/// The first of `exp`, `iat` and `nbf` that the present time (milliseconds) does not fit, give or take `skew` seconds, or
/// that is missing though it is required.
pub(crate) fn wrong_time(jwt: &Jwt<'_>, now: u64, skew: u64, required: &[&str]) -> Option<&'static str> {
    let (early, late) = ((now / 1000).saturating_sub(skew), (now / 1000).saturating_add(skew));
    ["exp", "iat", "nbf"].into_iter().find(|claim| match (jwt.claims.get(*claim), jwt.seconds(claim)) {
        (None, _) => required.contains(claim),
        (Some(_), None) => true,
        (Some(_), Some(time)) if *claim == "exp" => early >= time,
        (Some(_), Some(time)) => late < time,
    })
}

/// Whether the service made the signature, or could have: with its own key, or the client's secret.
pub(crate) fn is_signed_by_service(
    tenant: &mut Tenant,
    client: Option<&Client>,
    jwt: &Jwt<'_>,
) -> Result<bool, ApiError> {
    if is_symmetric(jwt) {
        return Ok(is_signed_with_secret(client, jwt));
    }
    let published = tenant.keys.published(&tenant.settings)?;
    Ok(is_signed_by_one_of(jwt, &jwk::elements(&published)))
}

/// Whether the client made the signature, with one of its keys or its secret.
pub(crate) fn is_signed_by_client(tenant: &Tenant, client: &Client, jwt: &Jwt<'_>) -> Result<bool, UnknownKeys> {
    if is_symmetric(jwt) {
        return Ok(is_signed_with_secret(Some(client), jwt));
    }
    Ok(is_signed_by_one_of(jwt, &client_keys(tenant, &client.settings)?))
}

fn is_signed_by_one_of(jwt: &Jwt<'_>, keys: &[Jwk]) -> bool {
    let algorithm = Algorithm::parse(jwt.alg()).filter(|_| !jwt.is_critical());
    algorithm.is_some_and(|algorithm| jwt.is_signed_by_one_of(algorithm, keys))
}

fn is_signed_with_secret(client: Option<&Client>, jwt: &Jwt<'_>) -> bool {
    let secret = client.and_then(|client| client.settings.string("clientSecret"));
    let algorithm = Algorithm::parse(jwt.alg()).filter(|_| !jwt.is_critical());
    secret.zip(algorithm).is_some_and(|(secret, algorithm)| jwt.is_signed_by_secret(algorithm, secret))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    use super::{algorithm, has_audience, wrong_time};
    use crate::jose::Jwt;

    fn unsigned(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&json!({"alg": "none"})), part(claims))
    }

    #[test]
    fn the_first_wrong_time() {
        let wrong = |claims: Value, skew, required: &[&str]| {
            wrong_time(&Jwt::read(&unsigned(&claims)).expect("a JWT"), 100_000, skew, required)
        };
        assert_eq!(wrong(json!({}), 0, &[]), None);
        assert_eq!(wrong(json!({}), 0, &["exp"]), Some("exp"));
        assert_eq!(wrong(json!({"exp": 101, "iat": 100, "nbf": 99}), 0, &["exp"]), None);
        assert_eq!(wrong(json!({"exp": 100}), 0, &[]), Some("exp"));
        assert_eq!(wrong(json!({"exp": "200"}), 0, &[]), Some("exp"));
        assert_eq!(wrong(json!({"iat": 101}), 0, &[]), Some("iat"));
        assert_eq!(wrong(json!({"nbf": null}), 0, &[]), Some("nbf"));
        assert_eq!(wrong(json!({"exp": 98, "iat": 102}), 3, &[]), None);
    }

    #[test]
    fn what_is_not_signed_and_for_whom() {
        let text = unsigned(&json!({"aud": ["a", 1]}));
        let jwt = Jwt::read(&text).expect("a JWT");
        assert_eq!(algorithm(&jwt), None);
        assert!(!has_audience(&jwt));
        assert!(has_audience(&Jwt::read(&unsigned(&json!({"aud": ["a", "b"]}))).expect("a JWT")));
    }
}
