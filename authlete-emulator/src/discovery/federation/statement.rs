//! Entity statements (OpenID Federation 1.0, section 3): what an entity says of itself, or of a subordinate.

use serde_json::{Map, Value};

use crate::jose::jwk::{self, Jwk};
use crate::jose::{Algorithm, Jwt};

/// The type of entity statements.
pub(crate) const TYP: &str = "entity-statement+jwt";

/// A statement that has been read, but whose signature has not been verified.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    text: String,
    pub(super) claims: Map<String, Value>,
}

impl Statement {
    /// Reads a statement, and checks what does not depend on who signed it (section 3.2). Times are in seconds.
    pub(super) fn read(text: &str, now: u64, skew: u64) -> Result<Self, String> {
        let jwt = Jwt::read(text.trim()).map_err(|_| "an entity statement is not a JWT".to_owned())?;
        let wrong = |what: &str| Err(format!("an entity statement has {what}"));
        if jwt.header.get("typ").and_then(Value::as_str) != Some(TYP) {
            return wrong("another typ than entity-statement+jwt");
        }
        if jwt.header.get("kid").and_then(Value::as_str).is_none_or(str::is_empty) {
            return wrong("no kid");
        }
        if jwt.header.contains_key("crit") || jwt.claims.contains_key("crit") {
            return wrong("critical extensions");
        }
        if jwt.string("iss").is_none() || jwt.string("sub").is_none() {
            return wrong("no iss or sub");
        }
        if jwt.seconds("iat").is_none() || jwt.seconds("exp").is_none() || !jwt.is_current(now, skew) {
            return wrong("expired, is not valid yet, or does not say when");
        }
        if jwk::elements(jwt.claims.get("jwks").unwrap_or(&Value::Null)).is_empty() {
            return wrong("no jwks");
        }
        Ok(Self { text: text.trim().to_owned(), claims: jwt.claims })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn string(&self, claim: &str) -> &str {
        self.claims.get(claim).and_then(Value::as_str).unwrap_or_default()
    }

    /// The strings of a claim that is a list.
    pub(super) fn strings(&self, claim: &str) -> Vec<String> {
        let elements = self.claims.get(claim).and_then(Value::as_array).into_iter().flatten();
        elements.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// When it ends, in seconds since 1970.
    pub(super) fn expires_at(&self) -> u64 {
        self.claims.get("exp").and_then(Value::as_u64).unwrap_or_default()
    }

    /// The keys of its subject.
    pub(super) fn keys(&self) -> Vec<Jwk> {
        jwk::elements(self.claims.get("jwks").unwrap_or(&Value::Null))
    }

    /// A member of one kind of its metadata, or of its policy: the second level of these claims.
    pub(super) fn of_type(&self, claim: &str, entity_type: &str) -> Option<&Value> {
        self.claims.get(claim)?.get(entity_type)
    }

    /// Whether it is signed by one of these keys: the one that `kid` names, which has to be there.
    pub(super) fn is_signed_by(&self, keys: &[Jwk]) -> bool {
        let Ok(jwt) = Jwt::read(&self.text) else { return false };
        let kid = jwt.header.get("kid");
        let named: Vec<Jwk> = keys.iter().filter(|key| key.get("kid") == kid).cloned().collect();
        Algorithm::parse(jwt.alg()).is_some_and(|algorithm| jwt.is_signed_by_one_of(algorithm, &named))
    }
}
