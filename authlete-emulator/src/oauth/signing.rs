//! The key of a service, and the ID tokens (OpenID Connect Core 1.0, section 2) that it signs.

use std::fmt;

use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use p256::SecretKey;
use p256::elliptic_curve::rand_core::OsRng;
use p256::pkcs8::EncodePrivateKey;
use serde_json::{Value, json};

use crate::error::ApiError;

/// The algorithms that ID tokens can be signed with.
pub(crate) const ALGORITHMS: &[&str] = &["ES256"];

/// An ES256 key. Its private part never leaves the emulator.
pub(crate) struct SigningKey {
    private: EncodingKey,
    public: Jwk,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.public.common.key_id).finish_non_exhaustive()
    }
}

impl SigningKey {
    pub(crate) fn generate() -> Result<Self, ApiError> {
        // Where the user's program has chosen a provider, that one stays; where features name two, this decides.
        let _ = DEFAULT_PROVIDER.install_default();
        let failed = |error: &dyn fmt::Display| ApiError::internal(format!("cannot make a key: {error}"));
        let der = SecretKey::random(&mut OsRng).to_pkcs8_der().map_err(|e| failed(&e))?;
        let private = EncodingKey::from_ec_der(der.as_bytes());
        let mut public = Jwk::from_encoding_key(&private, Algorithm::ES256).map_err(|e| failed(&e))?;
        public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256).map_err(|e| failed(&e))?);
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        public.common.key_algorithm = Some(KeyAlgorithm::ES256);
        Ok(Self { private, public })
    }

    /// The key set to publish.
    pub(crate) fn jwks(&self) -> Value {
        json!({"keys": [self.public]})
    }

    /// A signed JWT with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, ApiError> {
        self.sign_as("JWT", claims)
    }

    /// The same, with a media type in its header.
    pub(crate) fn sign_as(&self, typ: &str, claims: &Value) -> Result<String, ApiError> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid.clone_from(&self.public.common.key_id);
        jsonwebtoken::encode(&header, claims, &self.private)
            .map_err(|error| ApiError::internal(format!("cannot sign: {error}")))
    }
}
