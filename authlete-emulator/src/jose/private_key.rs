//! Private keys: made, read from JWKs, kept as PKCS #8, and used to sign.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsBigEndian, AsDer, Curve25519SeedBin, EcPrivateKeyBin, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use serde_json::{Value, json};
use x509_parser::asn1_rs::{FromDer, Integer, Sequence};

use super::jwk::{self, Jwk};
use super::{Algorithm, Family, encode};

/// A key that signs: asymmetric, or a secret that both sides have.
#[derive(Clone)]
pub(crate) enum PrivateKey {
    Secret(Arc<[u8]>),
    Rsa(Arc<rsa::KeyPair>),
    Ec(Arc<EcdsaKeyPair>),
    Ed(Arc<Ed25519KeyPair>),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Secret(_) => "Secret",
            Self::Rsa(_) => "Rsa",
            Self::Ec(_) => "Ec",
            Self::Ed(_) => "Ed",
        };
        f.debug_tuple(kind).finish()
    }
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("a key cannot be made for {}: both sides share it", .0.name())]
    Shared(Algorithm),
    #[error("the key cannot be made or read: {0}")]
    Rejected(String),
}

impl From<aws_lc_rs::error::Unspecified> for KeyError {
    fn from(error: aws_lc_rs::error::Unspecified) -> Self {
        Self::Rejected(error.to_string())
    }
}

impl From<aws_lc_rs::error::KeyRejected> for KeyError {
    fn from(error: aws_lc_rs::error::KeyRejected) -> Self {
        Self::Rejected(error.to_string())
    }
}

impl PrivateKey {
    /// A new key for an asymmetric algorithm; RSA keys have 2048 bits.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        match algorithm.family() {
            Family::Rsa => Ok(Self::Rsa(Arc::new(rsa::KeyPair::generate(rsa::KeySize::Rsa2048)?))),
            Family::Ec => Ok(Self::Ec(Arc::new(EcdsaKeyPair::generate(ecdsa(algorithm))?))),
            Family::Ed => Ok(Self::Ed(Arc::new(Ed25519KeyPair::generate()?))),
            Family::Hmac => Err(KeyError::Shared(algorithm)),
        }
    }

    /// A shared secret.
    pub(crate) fn from_secret(secret: &[u8]) -> Self {
        Self::Secret(secret.into())
    }

    /// The private key in a JWK (RFC 7518, section 6), if it is complete and for this algorithm.
    pub(crate) fn from_jwk(algorithm: Algorithm, jwk: &Jwk) -> Option<Self> {
        if !jwk::fits(jwk, algorithm) {
            return None;
        }
        match algorithm.family() {
            Family::Hmac => Some(Self::from_secret(&jwk::bytes(jwk, "k")?)),
            Family::Rsa => Some(Self::Rsa(Arc::new(rsa_pair(jwk)?))),
            Family::Ec => {
                let length = jwk::coordinate_length(algorithm.curve()?)?;
                let (private, public) = (jwk::coordinate(jwk, "d", length)?, jwk::point(jwk)?);
                let pair = EcdsaKeyPair::from_private_key_and_public_key(ecdsa(algorithm), &private, &public);
                Some(Self::Ec(Arc::new(pair.ok()?)))
            }
            Family::Ed => {
                let (seed, public) = (jwk::bytes(jwk, "d")?, jwk::bytes(jwk, "x")?);
                Some(Self::Ed(Arc::new(Ed25519KeyPair::from_seed_and_public_key(&seed, &public).ok()?)))
            }
        }
    }

    /// The key in a PKCS #8 document, for this algorithm.
    pub(crate) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        match algorithm.family() {
            Family::Rsa => Ok(Self::Rsa(Arc::new(rsa::KeyPair::from_pkcs8(der)?))),
            Family::Ec => Ok(Self::Ec(Arc::new(EcdsaKeyPair::from_pkcs8(ecdsa(algorithm), der)?))),
            Family::Ed => Ok(Self::Ed(Arc::new(Ed25519KeyPair::from_pkcs8(der)?))),
            Family::Hmac => Err(KeyError::Shared(algorithm)),
        }
    }

    /// The key as a PKCS #8 document.
    pub(crate) fn to_pkcs8(&self) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::Secret(_) => Err(KeyError::Shared(Algorithm::HS256)),
            Self::Rsa(pair) => Ok(pair.as_der()?.as_ref().to_vec()),
            Self::Ec(pair) => Ok(pair.to_pkcs8v1()?.as_ref().to_vec()),
            Self::Ed(pair) => Ok(pair.to_pkcs8v1()?.as_ref().to_vec()),
        }
    }

    /// The public key as a JWK that says which kind of key it is, and no more. Nothing of a secret.
    pub(crate) fn public(&self, algorithm: Algorithm) -> Option<Jwk> {
        let members = match self {
            Self::Secret(_) => return None,
            Self::Rsa(pair) => {
                let key = pair.public_key();
                json!({
                    "kty": "RSA",
                    "n": encode(key.modulus().big_endian_without_leading_zero()),
                    "e": encode(key.exponent().big_endian_without_leading_zero()),
                })
            }
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref().get(1..)?;
                let (x, y) = point.split_at_checked(point.len() / 2)?;
                json!({"kty": "EC", "crv": algorithm.curve(), "x": encode(x), "y": encode(y)})
            }
            Self::Ed(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key())}),
        };
        match members {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The whole key as a JWK, without saying more than its kind. Nothing of a secret.
    pub(crate) fn to_jwk(&self, algorithm: Algorithm) -> Option<Jwk> {
        let mut jwk = self.public(algorithm)?;
        let mut private = |name: &str, bytes: &[u8]| jwk.insert(name.to_owned(), json!(encode(bytes)));
        match self {
            Self::Secret(_) => return None,
            Self::Rsa(pair) => {
                let document: Pkcs8V1Der<'static> = pair.as_der().ok()?;
                let info = pkcs8::PrivateKeyInfo::try_from(document.as_ref()).ok()?;
                // RFC 8017, appendix A.1.2: the version, the two public parts, then the private ones in this order.
                let (_, sequence) = Sequence::from_der(info.private_key).ok()?;
                let numbers: Vec<Integer<'_>> = sequence.der_sequence_of::<Integer<'_>, _>().ok()?;
                for (name, number) in ["d", "p", "q", "dp", "dq", "qi"].into_iter().zip(numbers.iter().skip(3)) {
                    private(name, without_zeros(number.as_ref()));
                }
            }
            Self::Ec(pair) => {
                let bytes: EcPrivateKeyBin<'static> = pair.private_key().as_be_bytes().ok()?;
                private("d", bytes.as_ref());
            }
            Self::Ed(pair) => {
                let seed: Curve25519SeedBin<'static> = pair.seed().ok()?.as_be_bytes().ok()?;
                private("d", seed.as_ref());
            }
        }
        Some(jwk)
    }

    /// The public key as a `SubjectPublicKeyInfo` in DER (RFC 5280). Nothing of a secret.
    pub(crate) fn public_der(&self) -> Option<Vec<u8>> {
        let der: PublicKeyX509Der<'static> = match self {
            Self::Secret(_) => return None,
            Self::Rsa(pair) => pair.public_key().as_der().ok()?,
            Self::Ec(pair) => pair.public_key().as_der().ok()?,
            Self::Ed(pair) => pair.public_key().as_der().ok()?,
        };
        Some(der.as_ref().to_vec())
    }

    /// The signature over the message; none where the key is not for the algorithm.
    pub(crate) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Secret(secret) => {
                Some(hmac::sign(&hmac::Key::new(algorithm.hmac()?, secret), message).as_ref().to_vec())
            }
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(rsa_encoding(algorithm)?, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Self::Ec(pair) if algorithm.family() == Family::Ec && pair.algorithm() == ecdsa(algorithm) => {
                Some(pair.sign(&random, message).ok()?.as_ref().to_vec())
            }
            Self::Ed(pair) if algorithm == Algorithm::EdDSA => Some(pair.sign(message).as_ref().to_vec()),
            Self::Ec(_) | Self::Ed(_) => None,
        }
    }
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

/// An RSA key with all of its parts (RFC 7518, section 6.3.2).
pub(super) fn rsa_pair(jwk: &Jwk) -> Option<rsa::KeyPair> {
    let part = |name| jwk::number(jwk, name);
    let (n, e, d) = (part("n")?, part("e")?, part("d")?);
    let (p, q, dp, dq, qi) = (part("p")?, part("q")?, part("dp")?, part("dq")?, part("qi")?);
    let public_key = rsa::PublicKeyComponents { n: &n, e: &e };
    let parts = rsa::KeyPairComponents { public_key, d: &d, p: &p, q: &q, dP: &dp, dQ: &dq, qInv: &qi };
    rsa::KeyPair::from_components(&parts).ok()
}

fn rsa_encoding(algorithm: Algorithm) -> Option<&'static dyn RsaEncoding> {
    match algorithm {
        Algorithm::RS256 => Some(&RSA_PKCS1_SHA256),
        Algorithm::RS384 => Some(&RSA_PKCS1_SHA384),
        Algorithm::RS512 => Some(&RSA_PKCS1_SHA512),
        Algorithm::PS256 => Some(&RSA_PSS_SHA256),
        Algorithm::PS384 => Some(&RSA_PSS_SHA384),
        Algorithm::PS512 => Some(&RSA_PSS_SHA512),
        _ => None,
    }
}

fn ecdsa(algorithm: Algorithm) -> &'static EcdsaSigningAlgorithm {
    match algorithm {
        Algorithm::ES384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Algorithm::ES512 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        Algorithm::ES256K => &ECDSA_P256K1_SHA256_FIXED_SIGNING,
        _ => &ECDSA_P256_SHA256_FIXED_SIGNING,
    }
}

#[cfg(test)]
mod tests {
    use super::PrivateKey;
    use crate::jose::{Algorithm, signature};

    const ASYMMETRIC: [Algorithm; 8] = [
        Algorithm::RS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::ES512,
        Algorithm::ES256K,
        Algorithm::EdDSA,
    ];

    #[test]
    fn what_a_key_signs_its_public_part_verifies() {
        for algorithm in ASYMMETRIC {
            let key = PrivateKey::generate(algorithm).expect("a key");
            let public = key.public(algorithm).expect("a public key");
            let signature = key.sign(algorithm, b"message").expect("a signature");
            assert!(signature::verify(algorithm, &public, b"message", &signature), "{algorithm:?}");
            assert!(!signature::verify(algorithm, &public, b"massage", &signature), "{algorithm:?}");
        }
    }

    #[test]
    fn a_key_survives_pkcs8() {
        for algorithm in ASYMMETRIC {
            let key = PrivateKey::generate(algorithm).expect("a key");
            let document = key.to_pkcs8().expect("a document");
            let again = PrivateKey::from_pkcs8(algorithm, &document).expect("the same key");
            assert_eq!(key.public(algorithm), again.public(algorithm), "{algorithm:?}");
        }
    }

    #[test]
    fn a_key_survives_a_jwk() {
        for algorithm in ASYMMETRIC {
            let key = PrivateKey::generate(algorithm).expect("a key");
            let again = PrivateKey::from_jwk(algorithm, &key.to_jwk(algorithm).expect("a JWK")).expect("the same key");
            assert_eq!(key.public(algorithm), again.public(algorithm), "{algorithm:?}");
        }
    }

    #[test]
    fn a_key_signs_only_by_its_own_algorithm() {
        let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
        assert!(key.sign(Algorithm::ES256K, b"").is_none());
        assert!(key.sign(Algorithm::RS256, b"").is_none());
        assert!(PrivateKey::generate(Algorithm::HS256).is_err());
    }
}
