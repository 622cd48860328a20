//! An issuer of JWT access tokens, and a client with a key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use authlete_api::BoxFuture;
use authlete_resource_server::{KeySource, KeySourceError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const ISSUER: &str = "https://as.example.com";
pub const AUDIENCE: &str = "https://api.example.com";

/// A key pair for ES256.
#[derive(Clone)]
pub struct Issuer(Arc<Key>);

struct Key {
    private: EncodingKey,
    public: Jwk,
    proofs: AtomicU64,
}

impl Issuer {
    pub fn new() -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key pair");
        let pem = pair.serialize_pem();
        let private = EncodingKey::from_ec_pem(pem.as_bytes()).expect("a key");
        let mut public = Jwk::from_encoding_key(&private, Algorithm::ES256).expect("a public key");
        public.common.key_id = Some("k1".to_owned());
        Self(Arc::new(Key { private, public, proofs: AtomicU64::new(0) }))
    }

    /// The public key's coordinates, in base64url.
    pub fn coordinates(&self) -> (String, String) {
        let public = serde_json::to_value(&self.0.public).expect("JSON");
        let part = |name: &str| public[name].as_str().unwrap_or_default().to_owned();
        (part("x"), part("y"))
    }

    /// An access token as Authlete issues them, for an hour.
    pub fn token(&self, thumbprint: Option<&str>) -> String {
        let mut claims = json!({
            "iss": ISSUER, "aud": [AUDIENCE], "sub": "user-4711", "client_id": "26478243745571",
            "scope": "openid history.read timeline.read", "iat": now(), "exp": now() + 3600,
            "jti": "yOVrWlEjKqTj9nGQ5rX0q3nGxhd0Nd2R7Jc0pUDaH8k", "auth_time": now(), "grant_type": "authorization_code",
        });
        if let Some(thumbprint) = thumbprint {
            claims["cnf"] = json!({"jkt": thumbprint});
        }
        self.sign(&json!({"typ": "at+jwt", "alg": "ES256", "kid": "k1"}), &claims)
    }

    /// A client with a key of its own, and a token that is bound to it.
    pub fn bound_token(&self) -> (Self, String) {
        let client = Self::new();
        let token = self.token(Some(&client.0.public.thumbprint(ThumbprintHash::SHA256).expect("a thumbprint")));
        (client, token)
    }

    /// A DPoP proof for a GET.
    pub fn proof(&self, url: &str, token: &str) -> String {
        let mut public = self.0.public.clone();
        public.common = Default::default();
        let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
        let jti = format!("proof-{}", self.0.proofs.fetch_add(1, Ordering::Relaxed));
        let claims = json!({"jti": jti, "htm": "GET", "htu": url, "iat": now(), "ath": ath});
        self.sign(&json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": public}), &claims)
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &self.0.private, Algorithm::ES256);
        format!("{signed}.{}", signature.expect("a signature"))
    }
}

impl KeySource for Issuer {
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<u8>, KeySourceError>> {
        let set = json!({"keys": [self.0.public]}).to_string().into_bytes();
        Box::pin(async { Ok(set) })
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
