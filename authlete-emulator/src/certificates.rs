//! Chains of X.509 certificates (RFC 5280): from the certificate of a signer to a root that is trusted.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::{Value, json};
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert,
};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::jose::{Jwk, encode};

/// A chain of more certificates is refused.
const LONGEST: usize = 10;

/// Certificates in DER, that of the signer first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chain(Vec<Vec<u8>>);

/// Why a chain does not lead to a root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChainError {
    #[error("its certificates cannot be read")]
    Unreadable,
    #[error("its certificate is its own issuer")]
    SelfSigned,
    #[error("its certificates contain the root")]
    Root,
    #[error("its certificate is not for signatures")]
    Usage,
    #[error("its certificates do not lead to a root of the service's: {0}")]
    Untrusted(webpki::Error),
}

/// Any purpose will do: who the certificates are for is known by the roots.
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, mut purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        purposes.try_for_each(|purpose| purpose.map(|_| ()))
    }
}

/// Whether a certificate is for a purpose, and leads over these others to one of the roots, at a time in milliseconds since
/// 1970. All are in DER. Revocation is not looked at.
pub(crate) fn verify_chain(
    leaf: &[u8],
    intermediates: &[Vec<u8>],
    roots: &[Vec<u8>],
    now_millis: u64,
    purpose: impl ExtendedKeyUsageValidator,
) -> Result<(), ChainError> {
    let leaf = CertificateDer::from(leaf);
    let leaf = EndEntityCert::try_from(&leaf).map_err(|_| ChainError::Unreadable)?;
    let roots: Vec<CertificateDer<'_>> = roots.iter().map(|root| CertificateDer::from(root.as_slice())).collect();
    let anchors: Vec<_> = roots.iter().filter_map(|root| anchor_from_trusted_cert(root).ok()).collect();
    let intermediates: Vec<CertificateDer<'_>> =
        intermediates.iter().map(|one| CertificateDer::from(one.as_slice())).collect();
    let time = UnixTime::since_unix_epoch(Duration::from_millis(now_millis));
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &intermediates, time, purpose, None, None)
        .map(|_| ())
        .map_err(ChainError::Untrusted)
}

/// A certificate in PEM, or in DER as base64 without markers, as DER.
pub(crate) fn from_text(text: &str) -> Option<Vec<u8>> {
    let der = match parse_x509_pem(text.as_bytes()) {
        Ok((_, pem)) => pem.contents,
        Err(_) => STANDARD.decode(text.split_ascii_whitespace().collect::<String>()).ok()?,
    };
    X509Certificate::from_der(&der).is_ok().then_some(der)
}

impl Chain {
    /// The certificates of the header `x5c` (RFC 7515, section 4.1.6).
    pub(crate) fn from_x5c(value: &Value) -> Option<Self> {
        let elements = value.as_array().filter(|elements| (1..=LONGEST).contains(&elements.len()))?;
        let decoded = elements.iter().map(|element| STANDARD.decode(element.as_str()?).ok());
        let certificates: Vec<Vec<u8>> = decoded.collect::<Option<_>>()?;
        let readable = certificates.iter().all(|der| X509Certificate::from_der(der).is_ok());
        readable.then_some(Self(certificates))
    }

    /// The public key of the signer's certificate.
    pub(crate) fn key(&self) -> Option<Jwk> {
        let (_, leaf) = X509Certificate::from_der(self.0.first()?).ok()?;
        public_key(&leaf)
    }

    /// Whether one of the certificates is its own issuer's, as those of trust anchors are.
    pub(crate) fn is_self_signed(&self) -> bool {
        let own = |der: &Vec<u8>| X509Certificate::from_der(der).is_ok_and(|(_, one)| one.subject() == one.issuer());
        self.0.iter().any(own)
    }

    /// Whether a signer can be trusted who shows this chain: it leads to one of the roots without containing it, and does
    /// not begin with it (OpenID4VC HAIP 1.0, section 4.5.1).
    pub(crate) fn check(&self, roots: &[Vec<u8>], now_millis: u64) -> Result<(), ChainError> {
        let (leaf, intermediates) = self.0.split_first().ok_or(ChainError::Unreadable)?;
        let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| ChainError::Unreadable)?;
        if parsed.subject() == parsed.issuer() {
            return Err(ChainError::SelfSigned);
        }
        if self.0.iter().any(|certificate| roots.contains(certificate)) {
            return Err(ChainError::Root);
        }
        let usage = parsed.key_usage().map_err(|_| ChainError::Unreadable)?;
        if usage.is_some_and(|usage| !usage.value.digital_signature()) {
            return Err(ChainError::Usage);
        }
        verify_chain(leaf, intermediates, roots, now_millis, AnyPurpose)
    }
}

/// The public key of a certificate as a JWK.
fn public_key(certificate: &X509Certificate<'_>) -> Option<Jwk> {
    let info = certificate.public_key();
    let members = match info.parsed().ok()? {
        PublicKey::RSA(key) => {
            let number = |bytes: &[u8]| {
                let start = bytes.iter().position(|byte| *byte != 0).unwrap_or_default();
                encode(bytes.get(start..).unwrap_or_default())
            };
            json!({"kty": "RSA", "n": number(key.modulus), "e": number(key.exponent)})
        }
        PublicKey::EC(point) => {
            let curve = match info.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string().as_str() {
                "1.2.840.10045.3.1.7" => "P-256",
                "1.3.132.0.34" => "P-384",
                "1.3.132.0.35" => "P-521",
                "1.3.132.0.10" => "secp256k1",
                _ => return None,
            };
            let coordinates = point.data().strip_prefix(&[4])?;
            let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
            json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)})
        }
        PublicKey::Unknown(bytes) if info.algorithm.algorithm.to_id_string() == "1.3.101.112" => {
            json!({"kty": "OKP", "crv": "Ed25519", "x": encode(bytes)})
        }
        _ => return None,
    };
    members.as_object().cloned()
}
