//! JSON Web Signatures (RFC 7515) in the compact form, as others send them: reading, finding the key, verifying.

use serde_json::{Map, Value};

use super::jwk::{self, Jwk};
use super::{Algorithm, decode, signature};

/// A JWT whose signature nobody has looked at yet.
#[derive(Debug)]
pub(crate) struct Jwt<'a> {
    text: &'a str,
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
}

/// Why a string cannot be read as a JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It has five parts: a JWE (RFC 7516).
    Encrypted,
    Malformed,
}

impl<'a> Jwt<'a> {
    pub(crate) fn read(text: &'a str) -> Result<Self, Unreadable> {
        let parts: Vec<&str> = text.split('.').collect();
        let (header, claims) = match parts.as_slice() {
            [header, claims, _] => (*header, *claims),
            [_, _, _, _, _] => return Err(Unreadable::Encrypted),
            _ => return Err(Unreadable::Malformed),
        };
        let object = |part| serde_json::from_slice(&decode(part)?).ok();
        match (object(header), object(claims)) {
            (Some(header), Some(claims)) => Ok(Self { text, header, claims }),
            _ => Err(Unreadable::Malformed),
        }
    }

    /// The value of `alg`.
    pub(crate) fn alg(&self) -> &str {
        self.header.get("alg").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the header names extensions that must be understood (RFC 7515, section 4.1.11). None are.
    pub(crate) fn is_critical(&self) -> bool {
        self.header.contains_key("crit")
    }

    /// A claim that is a string.
    pub(crate) fn string(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }

    /// A claim that is a time, in whole seconds since 1970.
    pub(crate) fn seconds(&self, claim: &str) -> Option<u64> {
        let value = self.claims.get(claim)?;
        value.as_u64().or_else(|| value.as_f64().filter(|seconds| *seconds >= 0.0).map(|seconds| seconds as u64))
    }

    /// Whether `aud` is, or has, one of these.
    pub(crate) fn is_for(&self, audiences: &[&str]) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => audiences.contains(&one.as_str()),
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).any(|one| audiences.contains(&one)),
            _ => false,
        }
    }

    /// Whether the time is within `exp`, `nbf` and `iat`, of which those count that are there. All are in seconds.
    pub(crate) fn is_current(&self, now: u64, skew: u64) -> bool {
        let given = |claim| self.claims.contains_key(claim);
        let ends = !given("exp") || self.seconds("exp").is_some_and(|end| now < end.saturating_add(skew));
        let begins =
            |claim| !given(claim) || self.seconds(claim).is_some_and(|start| start <= now.saturating_add(skew));
        ends && begins("nbf") && begins("iat")
    }

    /// Whether the signature is by this secret.
    pub(crate) fn is_signed_by_secret(&self, algorithm: Algorithm, secret: &str) -> bool {
        self.signed().is_some_and(|(message, bytes)| {
            signature::verify_secret(algorithm, secret.as_bytes(), message.as_bytes(), &bytes)
        })
    }

    /// Whether the signature is by this key.
    pub(crate) fn is_signed_by(&self, algorithm: Algorithm, key: &Jwk) -> bool {
        self.signed().is_some_and(|(message, bytes)| signature::verify(algorithm, key, message.as_bytes(), &bytes))
    }

    /// Whether the signature is by an asymmetric key of the set: the one that `kid` names, or any if it names none.
    pub(crate) fn is_signed_by_one_of(&self, algorithm: Algorithm, keys: &[Jwk]) -> bool {
        let kid = self.header.get("kid");
        let mut candidates = keys.iter().filter(|key| kid.is_none() || key.get("kid") == kid);
        !algorithm.is_symmetric()
            && candidates.any(|key| jwk::public(key).is_some_and(|key| self.is_signed_by(algorithm, &key)))
    }

    /// What is signed, and the signature.
    fn signed(&self) -> Option<(&str, Vec<u8>)> {
        let (message, signature) = self.text.rsplit_once('.')?;
        Some((message, decode(signature)?))
    }
}

#[cfg(test)]
mod tests {
    use super::{Jwt, Unreadable};

    fn jwt(claims: &str) -> String {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn what_is_no_jwt() {
        for text in ["", "a.b", "a.b.c", "e30.W10.", "e30.e30.x.y"] {
            assert_eq!(Jwt::read(text).err(), Some(Unreadable::Malformed), "{text}");
        }
        assert_eq!(Jwt::read("a.b.c.d.e").err(), Some(Unreadable::Encrypted));
    }

    #[test]
    fn times_that_are_there_have_to_be_right() {
        for (claims, expected) in [
            ("{}", true),
            (r#"{"exp":101}"#, true),
            (r#"{"exp":100}"#, false),
            (r#"{"exp":"101"}"#, false),
            (r#"{"nbf":101}"#, false),
            (r#"{"iat":100.5,"exp":1e18}"#, true),
        ] {
            assert_eq!(Jwt::read(&jwt(claims)).expect("a JWT").is_current(100, 0), expected, "{claims}");
        }
        assert!(Jwt::read(&jwt(r#"{"exp":91,"nbf":110}"#)).expect("a JWT").is_current(100, 10));
    }

    #[test]
    fn an_audience_is_a_text_or_a_list() {
        assert!(Jwt::read(&jwt(r#"{"aud":"a"}"#)).expect("a JWT").is_for(&["b", "a"]));
        assert!(Jwt::read(&jwt(r#"{"aud":["x","a"]}"#)).expect("a JWT").is_for(&["a"]));
        assert!(!Jwt::read(&jwt("{}")).expect("a JWT").is_for(&["a"]));
    }
}
