//! The keys of a service, and what it signs with them.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::jose;
use crate::error::ApiError;

/// A private key for one algorithm. It never leaves the emulator.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub(crate) struct SigningKey {
    algorithm: Algorithm,
    private: EncodingKey,
    kid: Option<String>,
    /// What to publish; nothing of a secret that client and service share.
    public: Option<Value>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// A new key for an asymmetric algorithm.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, ApiError> {
        Self::from_private(algorithm, generate(algorithm).map_err(failed)?, None)
    }

    /// The key that is a client's secret (OpenID Connect Core 1.0, section 10.1).
    pub(crate) fn of_secret(algorithm: Algorithm, secret: &str) -> Self {
        Self { algorithm, private: EncodingKey::from_secret(secret.as_bytes()), kid: None, public: None }
    }

    /// A private key in a JWK (RFC 7518, section 6), which fits this algorithm.
    pub(crate) fn from_jwk(algorithm: Algorithm, jwk: &Map<String, Value>) -> Result<Self, ApiError> {
        let private = import(algorithm, jwk).ok_or_else(|| {
            ApiError::invalid(format!("A key in the service's jwks is no private key for {algorithm:?}."))
        })?;
        Self::from_private(algorithm, private, jwk.get("kid").and_then(Value::as_str))
    }

    fn from_private(algorithm: Algorithm, private: EncodingKey, kid: Option<&str>) -> Result<Self, ApiError> {
        // Where the user's program has chosen a provider, that one stays; where features name two, this decides.
        let _ = DEFAULT_PROVIDER.install_default();
        let mut public = Jwk::from_encoding_key(&private, algorithm).map_err(failed)?;
        let kid = match kid {
            Some(kid) => kid.to_owned(),
            None => public.thumbprint(ThumbprintHash::SHA256).map_err(failed)?,
        };
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        // One RSA key signs by all of RSA's algorithms. Clients hold `alg` against that of the signature.
        if algorithm.family() == AlgorithmFamily::Rsa {
            public.common.key_algorithm = None;
        }
        Ok(Self { algorithm, private, kid: Some(kid), public: Some(json!(public)) })
    }

    /// The same key for another algorithm of its kind.
    pub(crate) fn with_algorithm(&self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self.clone() }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half as a JWK.
    pub(crate) fn public(&self) -> Option<&Value> {
        self.public.as_ref()
    }

    /// A signed JWT with these claims, whose header says that it is of this type.
    pub(crate) fn sign(&self, typ: &str, claims: &Value) -> Result<String, ApiError> {
        self.sign_with(typ, &Map::new(), claims)
    }

    /// The same with more in the header. What is said about the signature stays.
    pub(crate) fn sign_with(&self, typ: &str, more: &Map<String, Value>, claims: &Value) -> Result<String, ApiError> {
        let mut header = Header::new(self.algorithm);
        header.typ = Some(typ.to_owned());
        header.kid.clone_from(&self.kid);
        for (name, value) in more.iter().filter(|(name, _)| !["alg", "kid", "typ", "crit"].contains(&name.as_str())) {
            header.extras.insert(name.as_str(), value);
        }
        jsonwebtoken::encode(&header, claims, &self.private)
            .map_err(|error| ApiError::internal(format!("cannot sign: {error}")))
    }
}

/// A key that the emulator has made, as a snapshot holds it.
#[derive(Serialize, Deserialize)]
struct Saved {
    algorithm: Algorithm,
    /// The private key's DER in base64url.
    private: String,
}

impl From<SigningKey> for Saved {
    fn from(key: SigningKey) -> Self {
        Self { algorithm: key.algorithm, private: URL_SAFE_NO_PAD.encode(key.private.as_bytes()) }
    }
}

impl TryFrom<Saved> for SigningKey {
    type Error = String;

    fn try_from(saved: Saved) -> Result<Self, String> {
        let der = jose::decode(&saved.private).ok_or("a key is not in base64url")?;
        let private = match saved.algorithm.family() {
            AlgorithmFamily::Rsa => EncodingKey::from_rsa_der(&der),
            AlgorithmFamily::Ec => EncodingKey::from_ec_der(&der),
            AlgorithmFamily::Ed => EncodingKey::from_ed_der(&der),
            AlgorithmFamily::Hmac => return Err("a key is a shared secret".to_owned()),
        };
        Self::from_private(saved.algorithm, private, None).map_err(|error| error.message)
    }
}

fn failed(error: impl fmt::Display) -> ApiError {
    ApiError::internal(format!("cannot make a key: {error}"))
}

fn generate(algorithm: Algorithm) -> Result<EncodingKey, String> {
    let unspecified = |error: aws_lc_rs::error::Unspecified| error.to_string();
    let random = SystemRandom::new();
    match algorithm.family() {
        AlgorithmFamily::Rsa => rsa_key(&rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map_err(unspecified)?),
        AlgorithmFamily::Ec => {
            let document = EcdsaKeyPair::generate_pkcs8(curve(algorithm), &random).map_err(unspecified)?;
            Ok(EncodingKey::from_ec_der(document.as_ref()))
        }
        AlgorithmFamily::Ed => {
            let document = Ed25519KeyPair::generate_pkcs8v1(&random).map_err(unspecified)?;
            Ok(EncodingKey::from_ed_der(document.as_ref()))
        }
        AlgorithmFamily::Hmac => Err(format!("{algorithm:?} has no key of the service's")),
    }
}

fn import(algorithm: Algorithm, jwk: &Map<String, Value>) -> Option<EncodingKey> {
    let part = |name: &str| jose::decode(jwk.get(name)?.as_str()?);
    match algorithm.family() {
        AlgorithmFamily::Rsa => {
            let (n, e, d) = (part("n")?, part("e")?, part("d")?);
            let (p, q, dp, dq, qi) = (part("p")?, part("q")?, part("dp")?, part("dq")?, part("qi")?);
            let public_key = rsa::PublicKeyComponents { n: &n, e: &e };
            let parts = rsa::KeyPairComponents { public_key, d: &d, p: &p, q: &q, dP: &dp, dQ: &dq, qInv: &qi };
            rsa_key(&rsa::KeyPair::from_components(&parts).ok()?).ok()
        }
        AlgorithmFamily::Ec => {
            let point = [&[4][..], &part("x")?, &part("y")?].concat();
            let pair = EcdsaKeyPair::from_private_key_and_public_key(curve(algorithm), &part("d")?, &point).ok()?;
            Some(EncodingKey::from_ec_der(pair.to_pkcs8v1().ok()?.as_ref()))
        }
        AlgorithmFamily::Ed => {
            let pair = Ed25519KeyPair::from_seed_and_public_key(&part("d")?, &part("x")?).ok()?;
            Some(EncodingKey::from_ed_der(pair.to_pkcs8v1().ok()?.as_ref()))
        }
        AlgorithmFamily::Hmac => None,
    }
}

/// The library that signs takes RSA keys in PKCS #1, the one that makes them gives PKCS #8.
fn rsa_key(pair: &rsa::KeyPair) -> Result<EncodingKey, String> {
    let document: Pkcs8V1Der<'static> = pair.as_der().map_err(|error| error.to_string())?;
    let info = pkcs8::PrivateKeyInfo::try_from(document.as_ref()).map_err(|error| error.to_string())?;
    Ok(EncodingKey::from_rsa_der(info.private_key))
}

fn curve(algorithm: Algorithm) -> &'static aws_lc_rs::signature::EcdsaSigningAlgorithm {
    match algorithm {
        Algorithm::ES384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        _ => &ECDSA_P256_SHA256_FIXED_SIGNING,
    }
}
