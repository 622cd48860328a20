//! The keys that a service signs with, and the JWTs that it makes with them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::jose::jwk::{self, Jwk};
use crate::jose::{Algorithm, Family, PrivateKey, decode, encode};

/// A private key for one algorithm. It leaves the emulator only where a call asks for private keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub(crate) struct SigningKey {
    algorithm: Algorithm,
    private: PrivateKey,
    kid: Option<String>,
    /// What to publish; nothing of a secret that client and service share.
    public: Option<Jwk>,
}

impl SigningKey {
    /// A new key for an asymmetric algorithm.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, ApiError> {
        let private = PrivateKey::generate(algorithm).map_err(ApiError::internal)?;
        Ok(Self::from_private(algorithm, private, None))
    }

    /// The key that is a client's secret (OpenID Connect Core 1.0, section 10.1).
    pub(crate) fn of_secret(algorithm: Algorithm, secret: &str) -> Self {
        Self { algorithm, private: PrivateKey::from_secret(secret.as_bytes()), kid: None, public: None }
    }

    /// A private key in a JWK (RFC 7518, section 6), which fits this algorithm.
    pub(crate) fn from_jwk(algorithm: Algorithm, jwk: &Jwk) -> Result<Self, ApiError> {
        let private = PrivateKey::from_jwk(algorithm, jwk).ok_or_else(|| {
            ApiError::invalid(format!("A key in the service's jwks is no private key for {}.", algorithm.name()))
        })?;
        Ok(Self::from_private(algorithm, private, jwk::string(jwk, "kid")))
    }

    fn from_private(algorithm: Algorithm, private: PrivateKey, kid: Option<&str>) -> Self {
        let mut public = private.public(algorithm);
        let kid = kid.map(str::to_owned).or_else(|| jwk::thumbprint(public.as_ref()?));
        if let Some(public) = &mut public {
            public.insert("kid".to_owned(), json!(kid));
            public.insert("use".to_owned(), json!("sig"));
            // One RSA key signs by all of RSA's algorithms. Clients hold `alg` against that of the signature.
            if algorithm.family() != Family::Rsa {
                public.insert("alg".to_owned(), json!(algorithm.name()));
            }
        }
        Self { algorithm, private, kid, public }
    }

    /// The same key for another algorithm of its kind.
    pub(crate) fn with_algorithm(&self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self.clone() }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half as a JWK.
    pub(crate) fn public(&self) -> Option<&Jwk> {
        self.public.as_ref()
    }

    /// Both halves as a JWK.
    pub(crate) fn to_jwk(&self) -> Option<Jwk> {
        let mut jwk = self.private.to_jwk(self.algorithm)?;
        jwk.extend(self.public.clone()?);
        Some(jwk)
    }

    /// A signature over some bytes.
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, ApiError> {
        let signature = self.private.sign(self.algorithm, message);
        signature.ok_or_else(|| ApiError::internal(format!("The key cannot sign by {}.", self.algorithm.name())))
    }

    /// A signed JWT with these claims, whose header says that it is of this type.
    pub(crate) fn sign(&self, typ: &str, claims: &Value) -> Result<String, ApiError> {
        self.sign_with(typ, &Map::new(), claims)
    }

    /// The same with more in the header. What is said about the signature stays.
    pub(crate) fn sign_with(&self, typ: &str, more: &Map<String, Value>, claims: &Value) -> Result<String, ApiError> {
        let mut header = more.clone();
        header.remove("crit");
        header.insert("alg".to_owned(), json!(self.algorithm.name()));
        header.insert("typ".to_owned(), json!(typ));
        match &self.kid {
            Some(kid) => header.insert("kid".to_owned(), json!(kid)),
            None => header.remove("kid"),
        };
        let message = format!("{}.{}", encode(Value::Object(header).to_string()), encode(claims.to_string()));
        let signature = encode(self.sign_bytes(message.as_bytes())?);
        Ok(format!("{message}.{signature}"))
    }
}

/// A key that the emulator has made, as a snapshot holds it.
#[derive(Serialize, Deserialize)]
struct Saved {
    algorithm: Algorithm,
    /// The private key as PKCS #8 in base64url; empty for one that cannot be written so.
    private: String,
}

impl From<SigningKey> for Saved {
    fn from(key: SigningKey) -> Self {
        Self { algorithm: key.algorithm, private: encode(key.private.to_pkcs8().unwrap_or_default()) }
    }
}

impl TryFrom<Saved> for SigningKey {
    type Error = String;

    fn try_from(saved: Saved) -> Result<Self, String> {
        let der = decode(&saved.private).ok_or("a key is not in base64url")?;
        let private = PrivateKey::from_pkcs8(saved.algorithm, &der).map_err(|error| error.to_string())?;
        Ok(Self::from_private(saved.algorithm, private, None))
    }
}
