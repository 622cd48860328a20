//! Keys of clients, and what they sign.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// How long a client assertion is good, in seconds.
const ASSERTION_SECONDS: u64 = 60;

/// A key could not be made, or did not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's cryptography failed")]
pub struct KeyError(());

impl From<aws_lc_rs::error::Unspecified> for KeyError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self(())
    }
}

/// A key on P-256, which signs by ES256.
pub struct TestKey {
    pair: EcdsaKeyPair,
}

impl fmt::Debug for TestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestKey").finish_non_exhaustive()
    }
}

impl TestKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        Ok(Self { pair })
    }

    /// The public part as a JWK (RFC 7517).
    pub fn public_jwk(&self) -> Value {
        // An uncompressed point: 4, then both coordinates.
        let point = self.pair.public_key().as_ref();
        let part = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
        json!({"kty": "EC", "crv": "P-256", "x": part(1), "y": part(33)})
    }

    /// A JWK set with the public part, as a client's setting `jwks` has it.
    pub fn jwks(&self) -> String {
        json!({"keys": [self.public_jwk()]}).to_string()
    }

    /// The thumbprint of the key (RFC 7638), which tokens are bound to.
    pub fn thumbprint(&self) -> String {
        let jwk = self.public_jwk();
        // The members in the order that RFC 7638, section 3 gives them.
        let canonical = format!(
            r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#,
            jwk.get("x").unwrap_or(&Value::Null),
            jwk.get("y").unwrap_or(&Value::Null)
        );
        sha256(canonical.as_bytes())
    }

    /// A DPoP proof (RFC 9449, section 4.2) for a request, about to be signed.
    pub fn dpop_proof(&self, method: &str, url: &str, now: SystemTime) -> DpopProof<'_> {
        let claims = json!({"htm": method, "htu": url, "iat": seconds(now)});
        DpopProof { key: self, claims }
    }

    /// An assertion by which a client authenticates with `private_key_jwt` (RFC 7523, section 3). It is good for a minute.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn client_assertion(&self, client_id: &str, audience: &str, now: SystemTime) -> Result<String, KeyError> {
        let now = seconds(now);
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + ASSERTION_SECONDS,
            "jti": random_id()?,
        });
        self.sign(&json!({"alg": "ES256", "typ": "JWT"}), &claims)
    }

    /// A JWS (RFC 7515) with this header and these claims.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn sign(&self, header: &Value, claims: &Value) -> Result<String, KeyError> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// A DPoP proof that is about to be signed.
#[must_use]
pub struct DpopProof<'a> {
    key: &'a TestKey,
    claims: Value,
}

impl fmt::Debug for DpopProof<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A nonce is among the claims.
        f.debug_struct("DpopProof").finish_non_exhaustive()
    }
}

impl DpopProof<'_> {
    /// Binds the proof to an access token: `ath`, as a resource server wants it.
    pub fn access_token(self, token: &str) -> Self {
        self.claim("ath", sha256(token.as_bytes()))
    }

    /// The nonce that a server asked for.
    pub fn nonce(self, nonce: &str) -> Self {
        self.claim("nonce", nonce)
    }

    /// Any claim, also a wrong one.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Some(claims) = self.claims.as_object_mut() {
            claims.insert(name.to_owned(), value.into());
        }
        self
    }

    /// The value of the header `DPoP`, with an id of its own unless one was set.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn sign(self) -> Result<String, KeyError> {
        let id = random_id()?;
        let proof = if self.claims.get("jti").is_none() { self.claim("jti", id) } else { self };
        let header = json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": proof.key.public_jwk()});
        proof.key.sign(&header, &proof.claims)
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn random_id() -> Result<String, KeyError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn sha256(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, bytes))
}
