//! Which key of a service signs: one of its own `jwks`, or one that the emulator makes for it.

use std::collections::BTreeMap;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::signing::SigningKey;
use super::{OperationError, jose};
use crate::error::ApiError;
use crate::state::{Client, Settings};

/// One key of each kind is made, and serves all algorithms of its kind.
const MADE: &[Algorithm] = &[Algorithm::ES256, Algorithm::ES384, Algorithm::RS256, Algorithm::EdDSA];

const NO_KEY: &str = "A000201";

/// The keys that the emulator has made for a service, each when it was first needed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Keys {
    made: BTreeMap<String, SigningKey>,
}

impl Keys {
    /// The key for a JWT to this client. `kid_setting` is the member of the service that chooses among its own keys.
    pub(crate) fn signer(
        &mut self,
        service: &Settings,
        client: &Client,
        algorithm: &str,
        kid_setting: &str,
    ) -> Result<SigningKey, OperationError> {
        let Some(algorithm) = jose::algorithm(algorithm)? else {
            return Err(ApiError::not_implemented(format!("JWTs signed with {algorithm}")).into());
        };
        if algorithm.family() == AlgorithmFamily::Hmac {
            let secret = client.settings.string("clientSecret").unwrap_or_default();
            return Ok(SigningKey::of_secret(algorithm, secret));
        }
        self.of_service(service, algorithm, kid_setting)
    }

    /// The key of the service itself for an asymmetric algorithm.
    pub(crate) fn of_service(
        &mut self,
        service: &Settings,
        algorithm: Algorithm,
        kid_setting: &str,
    ) -> Result<SigningKey, OperationError> {
        if let Some(set) = service.string("jwks") {
            let wanted = service.string(kid_setting);
            let mut keys = jose::key_set(set).into_iter().filter(|key| signs(key, algorithm));
            let found = keys.find(|key| wanted.is_none() || key.get("kid").and_then(Value::as_str) == wanted);
            let found = found.ok_or_else(|| {
                OperationError::server(
                    NO_KEY,
                    &format!("The service's jwks has no private key that signs with {algorithm:?}."),
                )
            })?;
            return Ok(SigningKey::from_jwk(algorithm, &found)?);
        }
        Ok(self.made(algorithm)?.with_algorithm(algorithm))
    }

    /// The public keys of the service (RFC 7517, section 5).
    pub(crate) fn published(&mut self, service: &Settings) -> Result<Value, ApiError> {
        if let Some(set) = service.string("jwks") {
            let keys: Vec<Map<String, Value>> = jose::key_set(set).iter().filter_map(without_secrets).collect();
            return Ok(json!({"keys": keys}));
        }
        let mut keys = Vec::new();
        for algorithm in MADE {
            keys.push(self.made(*algorithm)?.public().cloned());
        }
        Ok(json!({"keys": keys}))
    }

    fn made(&mut self, algorithm: Algorithm) -> Result<&SigningKey, ApiError> {
        let kind = match algorithm.family() {
            AlgorithmFamily::Rsa => Algorithm::RS256,
            _ => algorithm,
        };
        let name = format!("{kind:?}");
        let key = match self.made.remove(&name) {
            Some(key) => key,
            None => SigningKey::generate(kind)?,
        };
        Ok(self.made.entry(name).or_insert(key))
    }
}

/// Whether a key of a set is private, and for this algorithm.
fn signs(key: &Map<String, Value>, algorithm: Algorithm) -> bool {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let fits = match algorithm.family() {
        AlgorithmFamily::Rsa => text("kty") == Some("RSA"),
        AlgorithmFamily::Ec => {
            text("kty") == Some("EC")
                && text("crv") == Some(if algorithm == Algorithm::ES384 { "P-384" } else { "P-256" })
        }
        AlgorithmFamily::Ed => text("kty") == Some("OKP") && text("crv") == Some("Ed25519"),
        AlgorithmFamily::Hmac => false,
    };
    let name = format!("{algorithm:?}");
    fits && text("d").is_some()
        && text("use").is_none_or(|one| one == "sig")
        && text("alg").is_none_or(|alg| alg == name)
}

/// The public part of a key; nothing of a symmetric one.
fn without_secrets(key: &Map<String, Value>) -> Option<Map<String, Value>> {
    const SECRET: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    let symmetric = key.get("kty").and_then(Value::as_str) == Some("oct");
    let public = key.iter().filter(|(name, _)| !SECRET.contains(&name.as_str()));
    (!symmetric).then(|| public.map(|(name, value)| (name.clone(), value.clone())).collect())
}
