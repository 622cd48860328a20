//! Elliptic Curve Diffie-Hellman Ephemeral Static (RFC 7518, section 4.6; RFC 8037, section 3.2).

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest};
use serde_json::{Map, Value, json};

use super::Error;
use crate::jose::jwk::{self, Jwk};
use crate::jose::{decode, encode};

/// A key of this length, agreed on with the recipient. The ephemeral public key goes into the header.
pub(super) fn to_recipient(
    name: &str,
    length: usize,
    recipient: &Jwk,
    header: &mut Map<String, Value>,
) -> Result<Vec<u8>, Error> {
    let curve = jwk::string(recipient, "crv").ok_or(Error::Key)?;
    let algorithm = algorithm(curve).ok_or(Error::Key)?;
    let ephemeral = PrivateKey::generate(algorithm).map_err(|_| Error::Encryption)?;
    let public = ephemeral.compute_public_key().map_err(|_| Error::Encryption)?;
    header.insert("epk".to_owned(), public_jwk(curve, public.as_ref()).ok_or(Error::Encryption)?);
    let peer = public_key(curve, recipient).ok_or(Error::Key)?;
    derive(&ephemeral, algorithm, peer, name, length, header).ok_or(Error::Key)
}

/// The key that the sender agreed on with us.
pub(super) fn from_sender(name: &str, length: usize, key: &Jwk, header: &Map<String, Value>) -> Result<Vec<u8>, Error> {
    let curve = jwk::string(key, "crv").ok_or(Error::Key)?;
    let algorithm = algorithm(curve).ok_or(Error::Key)?;
    let private = jwk::coordinate(key, "d", private_length(curve)).ok_or(Error::Key)?;
    let private = PrivateKey::from_private_key(algorithm, &private).map_err(|_| Error::Key)?;
    let sender = header.get("epk").and_then(Value::as_object).ok_or(Error::Malformed)?;
    if jwk::string(sender, "crv") != Some(curve) {
        return Err(Error::Key);
    }
    let peer = public_key(curve, sender).ok_or(Error::Malformed)?;
    derive(&private, algorithm, peer, name, length, header).ok_or(Error::Decryption)
}

/// Whether keys can be agreed on over this curve.
pub(super) fn is_supported(curve: &str) -> bool {
    algorithm(curve).is_some()
}

fn algorithm(curve: &str) -> Option<&'static agreement::Algorithm> {
    match curve {
        "P-256" => Some(&ECDH_P256),
        "P-384" => Some(&ECDH_P384),
        "P-521" => Some(&ECDH_P521),
        "X25519" => Some(&X25519),
        _ => None,
    }
}

fn private_length(curve: &str) -> usize {
    jwk::coordinate_length(curve).unwrap_or(32)
}

fn public_key(curve: &str, jwk: &Jwk) -> Option<Vec<u8>> {
    if curve == "X25519" { jwk::bytes(jwk, "x") } else { jwk::point(jwk) }
}

fn public_jwk(curve: &str, key: &[u8]) -> Option<Value> {
    if curve == "X25519" {
        return Some(json!({"kty": "OKP", "crv": curve, "x": encode(key)}));
    }
    let point = key.get(1..)?;
    let (x, y) = point.split_at_checked(point.len() / 2)?;
    Some(json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)}))
}

/// The Concat KDF (RFC 7518, section 4.6.2), which is the one-step derivation of NIST SP 800-56C.
fn derive(
    private: &PrivateKey,
    algorithm: &'static agreement::Algorithm,
    peer: Vec<u8>,
    name: &str,
    length: usize,
    header: &Map<String, Value>,
) -> Option<Vec<u8>> {
    let party = |member: &str| match header.get(member) {
        None => Some(Vec::new()),
        Some(value) => decode(value.as_str()?),
    };
    let mut info = Vec::new();
    for part in [name.as_bytes().to_vec(), party("apu")?, party("apv")?] {
        info.extend(u32::try_from(part.len()).ok()?.to_be_bytes());
        info.extend(part);
    }
    info.extend(u32::try_from(length * 8).ok()?.to_be_bytes());
    let sha256 = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256)?;
    let mut key = vec![0; length];
    agreement::agree(private, UnparsedPublicKey::new(algorithm, peer), (), |secret| {
        sskdf_digest(sha256, secret, &info, &mut key).map_err(|_| ())
    })
    .ok()?;
    Some(key)
}
