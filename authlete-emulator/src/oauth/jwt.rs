//! JWTs that others made: reading them (RFC 7519), checking their times, verifying their signatures (RFC 7515).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::state::Client;

/// What a compact serialisation turned out to be.
#[derive(Debug)]
pub(crate) enum Compact {
    /// Signed or, with `alg` none, not.
    Signed(Jwt),
    /// Encrypted (RFC 7516), so that only its recipient knows more.
    Encrypted,
}

/// A JWT that has been read, but not verified.
#[derive(Debug)]
pub(crate) struct Jwt {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    /// The whole of it, as it was given.
    text: String,
}

impl Compact {
    /// Reads a compact serialisation; `None` if it is none, or its header or payload is no JSON object.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        match parts.as_slice() {
            [header, payload, _] => {
                let (header, claims) = (object(header)?, object(payload)?);
                Some(Self::Signed(Jwt { header, claims, text: text.to_owned() }))
            }
            [header, _, _, _, _] => object(header).map(|_| Self::Encrypted),
            _ => None,
        }
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

impl Jwt {
    /// A claim that is a text.
    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }

    /// The name of the signature algorithm; `None` for a JWT that is not signed.
    pub(crate) fn algorithm(&self) -> Option<&str> {
        let name = self.header.get("alg").and_then(Value::as_str)?;
        (name != "none" && !self.text.ends_with('.')).then_some(name)
    }

    /// Whether the algorithm is one with a secret that both sides know.
    pub(crate) fn is_symmetric(&self) -> bool {
        self.algorithm().is_some_and(|name| name.starts_with("HS"))
    }

    /// The audiences, or `None` if `aud` is neither a text nor a list of texts.
    pub(crate) fn audiences(&self) -> Option<Vec<&str>> {
        match self.claims.get("aud")? {
            Value::String(one) => Some(vec![one]),
            Value::Array(several) => several.iter().map(Value::as_str).collect(),
            _ => None,
        }
    }

    /// A claim that is a time, in seconds since 1970: `Err` if it is there but no time.
    fn time(&self, claim: &str) -> Result<Option<f64>, ()> {
        match self.claims.get(claim) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or(()),
        }
    }

    /// The first of `exp`, `iat` and `nbf` that the present time (milliseconds) does not fit, give or take `skew` seconds,
    /// or that is missing though it is required.
    pub(crate) fn wrong_time(&self, now: u64, skew: u64, required: &[&str]) -> Option<&'static str> {
        let seconds = |millis: u64| std::time::Duration::from_millis(millis).as_secs_f64();
        let (early, late) = (seconds(now) - seconds(1000 * skew), seconds(now) + seconds(1000 * skew));
        ["exp", "iat", "nbf"].into_iter().find(|claim| match self.time(claim) {
            Err(()) => true,
            Ok(None) => required.contains(claim),
            Ok(Some(time)) if *claim == "exp" => early >= time,
            Ok(Some(time)) => late < time,
        })
    }

    /// Whether one of the keys made the signature: the one that the header names, or any that fits.
    pub(crate) fn is_signed_by(&self, keys: &JwkSet) -> bool {
        let Some(algorithm) = self.algorithm().and_then(|name| name.parse::<Algorithm>().ok()) else { return false };
        let kid = self.header.get("kid").and_then(Value::as_str);
        let named = |key: &&Jwk| match (kid, &key.common.key_id) {
            (Some(wanted), Some(has)) => wanted == has,
            _ => true,
        };
        let keys = keys.keys.iter().filter(named).filter_map(|key| DecodingKey::from_jwk(key).ok());
        keys.into_iter().any(|key| self.verifies(&key, algorithm))
    }

    /// Whether the signature was made with this secret.
    pub(crate) fn is_signed_with_secret(&self, secret: &str) -> bool {
        let algorithm = self.algorithm().and_then(|name| name.parse::<Algorithm>().ok());
        let key = DecodingKey::from_secret(secret.as_bytes());
        !secret.is_empty() && algorithm.is_some_and(|algorithm| self.verifies(&key, algorithm))
    }

    fn verifies(&self, key: &DecodingKey, algorithm: Algorithm) -> bool {
        // Only the signature: the times are by the emulator's clock.
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode::<Map<String, Value>>(&self.text, key, &validation).is_ok()
    }
}

/// The public keys of a client.
pub(crate) fn keys_of_client(client: &Client) -> Result<JwkSet, ApiError> {
    if client.settings.text("jwksUri").is_some() {
        return Err(ApiError::not_implemented("the client setting jwksUri"));
    }
    let text = client.settings.text("jwks").unwrap_or("{\"keys\":[]}");
    serde_json::from_str(text).map_err(|_| {
        ApiError::invalid(format!("The jwks of client {} is no JWK set of public keys (RFC 7517).", client.id))
    })
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    use super::{Compact, Jwt};

    fn unsigned(claims: &Value) -> Jwt {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}.", part(&json!({"alg": "none"})), part(claims));
        match Compact::read(&text) {
            Some(Compact::Signed(jwt)) => jwt,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_no_jwt() {
        for text in ["", "a", "a.b", "a.b.c", "e30.e30", "e30.W10.", "a.b.c.d.e", "e30.e30.e30.e30"] {
            assert!(Compact::read(text).is_none(), "{text}");
        }
        assert!(matches!(Compact::read("e30.a.b.c.d"), Some(Compact::Encrypted)));
    }

    #[test]
    fn times() {
        let wrong = |claims: Value, required: &[&str]| unsigned(&claims).wrong_time(100_000, 0, required);
        assert_eq!(wrong(json!({}), &[]), None);
        assert_eq!(wrong(json!({}), &["exp"]), Some("exp"));
        assert_eq!(wrong(json!({"exp": 101, "iat": 100, "nbf": 99}), &["exp"]), None);
        assert_eq!(wrong(json!({"exp": 100}), &[]), Some("exp"));
        assert_eq!(wrong(json!({"exp": "200"}), &[]), Some("exp"));
        assert_eq!(wrong(json!({"iat": 100.5}), &[]), Some("iat"));
        assert_eq!(wrong(json!({"nbf": 101}), &[]), Some("nbf"));
        assert_eq!(unsigned(&json!({"exp": 98, "iat": 102})).wrong_time(100_000, 3, &[]), None);
    }

    #[test]
    fn an_unsigned_one_has_no_algorithm() {
        let jwt = unsigned(&json!({"aud": ["a", "b"]}));
        assert_eq!(jwt.algorithm(), None);
        assert_eq!(jwt.audiences(), Some(vec!["a", "b"]));
        assert!(!jwt.is_signed_with_secret("secret"));
    }
}
