//! An issuer of JWT access tokens, with keys that can be changed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use authlete_resource_server::{KeySet, KeySource, KeySourceError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const ISSUER: &str = "https://as.example.com";
pub(crate) const AUDIENCE: &str = "https://api.example.com";

/// A private key, with its public half.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) private: EncodingKey,
    pub(crate) public: Jwk,
    pub(crate) algorithm: Algorithm,
}

impl Key {
    pub(crate) fn new(kid: &str) -> Self {
        let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap().serialize_pem();
        Self::of(EncodingKey::from_ec_pem(pem.as_bytes()).unwrap(), Algorithm::ES256, kid)
    }

    pub(crate) fn of(private: EncodingKey, algorithm: Algorithm, kid: &str) -> Self {
        let mut public = Jwk::from_encoding_key(&private, algorithm).unwrap();
        public.common.key_id = Some(kid.to_owned());
        Self { private, public, algorithm }
    }

    pub(crate) fn thumbprint(&self) -> String {
        self.public.thumbprint(ThumbprintHash::SHA256).unwrap()
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &self.private, self.algorithm).unwrap();
        format!("{signed}.{signature}")
    }

    /// A DPoP proof for a request with a token.
    pub(crate) fn proof(&self, method: &str, url: &str, token: &str, jti: &str) -> String {
        let mut public = self.public.clone();
        public.common = Default::default();
        let header = json!({"typ": "dpop+jwt", "alg": self.algorithm, "jwk": public});
        let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
        self.sign(&header, &json!({"jti": jti, "htm": method, "htu": url, "iat": now(), "ath": ath}))
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub(crate) fn header(key: &Key) -> Value {
    let header = serde_json::to_value(Header::new(key.algorithm)).unwrap();
    json!({"typ": "at+jwt", "alg": header["alg"], "kid": key.public.common.key_id})
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "client_id": "4711", "scope": "orders:read orders:write",
        "iat": now(), "exp": now() + 300, "jti": "token-1",
    })
}

/// The token that is good in all respects.
pub(crate) fn good(key: &Key) -> String {
    key.sign(&header(key), &claims())
}

/// The issuer's key set: counts fetches, and can be away.
#[derive(Clone, Default)]
pub(crate) struct Keys(Arc<State>);

#[derive(Default)]
struct State {
    keys: Mutex<Option<Value>>,
    fetches: AtomicUsize,
}

impl Keys {
    pub(crate) fn new<'a>(keys: impl IntoIterator<Item = &'a Key>) -> Self {
        let this = Self::default();
        this.publish(keys);
        this
    }

    pub(crate) fn publish<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) {
        let keys: Vec<&Jwk> = keys.into_iter().map(|key| &key.public).collect();
        self.publish_json(json!({"keys": keys}));
    }

    pub(crate) fn publish_json(&self, set: Value) {
        *self.0.keys.lock().unwrap() = Some(set);
    }

    pub(crate) fn go_away(&self) {
        *self.0.keys.lock().unwrap() = None;
    }

    pub(crate) fn fetches(&self) -> usize {
        self.0.fetches.load(Ordering::SeqCst)
    }

    pub(crate) fn set(&self) -> KeySet {
        KeySet::new(self.clone())
    }
}

impl KeySource for Keys {
    fn fetch(&self) -> authlete_api::BoxFuture<'_, Result<Vec<u8>, KeySourceError>> {
        self.0.fetches.fetch_add(1, Ordering::SeqCst);
        let keys = self.0.keys.lock().unwrap().clone();
        Box::pin(
            async move { keys.map(|keys| keys.to_string().into_bytes()).ok_or_else(|| "the issuer is away".into()) },
        )
    }
}

/// A key of an encryption algorithm is not for signatures.
pub(crate) fn for_encryption(key: &Key) -> Key {
    let mut key = key.clone();
    key.public.common.public_key_use = Some(PublicKeyUse::Encryption);
    key
}
