//! Keys of clients, and what they sign.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey, Header};
use serde_json::{Value, json};

/// A private key and its public half.
pub(crate) struct Key {
    algorithm: Algorithm,
    private: EncodingKey,
    pub(crate) public: Value,
}

impl Key {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let random = SystemRandom::new();
        let private = match algorithm.family() {
            AlgorithmFamily::Rsa => {
                let der: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048).expect("a key").as_der().expect("DER");
                let info = pkcs8::PrivateKeyInfo::try_from(der.as_ref()).expect("PKCS #8");
                EncodingKey::from_rsa_der(info.private_key)
            }
            AlgorithmFamily::Ed => {
                EncodingKey::from_ed_der(Ed25519KeyPair::generate_pkcs8v1(&random).expect("a key").as_ref())
            }
            _ => {
                let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
                EncodingKey::from_ec_der(der.as_ref())
            }
        };
        let public = json!(Jwk::from_encoding_key(&private, algorithm).expect("a JWK"));
        Self { algorithm, private, public }
    }

    pub(crate) fn ec() -> Self {
        Self::new(Algorithm::ES256)
    }

    /// A key that both sides know.
    pub(crate) fn secret(algorithm: Algorithm, secret: &str) -> Self {
        Self { algorithm, private: EncodingKey::from_secret(secret.as_bytes()), public: Value::Null }
    }

    /// The client's `jwks` with this key.
    pub(crate) fn set(&self) -> String {
        json!({"keys": [self.public]}).to_string()
    }

    /// A service's `jwks` with this key on P-256, private part included.
    pub(crate) fn private_set(&self) -> String {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        // PKCS #8 has the private part of a key on P-256 at this place.
        let d = URL_SAFE_NO_PAD.encode(&self.private.as_bytes()[36..68]);
        let mut key = self.public.clone();
        key["d"] = json!(d);
        json!({"keys": [key]}).to_string()
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&Header::new(self.algorithm), claims)
    }

    pub(crate) fn sign_with(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.private).expect("a JWT")
    }
}

/// A JWT that nobody signed.
pub(crate) fn unsigned(claims: &Value) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": "none"})), part(claims))
}

/// The claims of a JWT whose signature somebody else has looked at.
pub(crate) fn claims(jwt: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = jwt.split('.').nth(1).unwrap_or_else(|| panic!("not a JWT: {jwt}"));
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}
