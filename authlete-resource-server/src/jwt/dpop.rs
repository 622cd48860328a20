//! Verification of DPoP proofs (RFC 9449 section 4.3) for access tokens that are verified in this process.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The algorithms that proofs may be signed with: what the `algs` parameter of a challenge lists.
pub(crate) const ALGORITHMS: &str = "ES256 ES384 EdDSA PS256 PS384 PS512 RS256 RS384 RS512";
/// The largest proof that is read, in bytes.
const MAX_PROOF: usize = 8 * 1024;
/// How old a proof may be, and how far ahead of this server's clock.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);

/// What a good proof tells.
pub(crate) struct Proof {
    /// The thumbprint of its key (RFC 7638).
    pub(crate) thumbprint: String,
    /// Identifies the proof, so that it is used once: a hash over its key, `jti`, method and URL.
    pub(crate) id: [u8; 32],
    /// After this time the proof is too old, and need not be remembered.
    pub(crate) expires_at: SystemTime,
}

/// The request that a proof has to be for.
pub(crate) struct Target<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) token: &'a str,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Value,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: f64,
    ath: Option<String>,
}

/// Checks a proof.
///
/// # Errors
/// What is wrong with it, in the words of `error_description`.
pub(crate) fn check(proof: &str, target: &Target<'_>) -> Result<Proof, &'static str> {
    if proof.len() > MAX_PROOF {
        return Err("the DPoP proof is too large");
    }
    let malformed = "the DPoP proof is not a signed JWT";
    let mut parts = proof.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed);
    };
    let signed = &proof[..header.len() + 1 + payload.len()];
    let header: Header = json(header).ok_or(malformed)?;
    if !header.typ.eq_ignore_ascii_case("dpop+jwt") {
        return Err("the DPoP proof's typ is not dpop+jwt");
    }
    if header.crit.is_some() {
        return Err("the DPoP proof has critical headers");
    }
    // `d` is private in keys of all asymmetric types, `k` is the secret of symmetric ones.
    if ["d", "k", "p", "q", "dp", "dq", "qi"].iter().any(|private| header.jwk.get(private).is_some()) {
        return Err("the DPoP proof holds a private key");
    }
    let jwk: Jwk = serde_json::from_value(header.jwk).map_err(|_| "the DPoP proof has no public key that is known")?;
    let algorithm: Algorithm = header.alg.parse().map_err(|_| "the DPoP proof's algorithm is not supported")?;
    if !fits(&jwk, algorithm) {
        return Err("the DPoP proof's algorithm does not fit its key");
    }
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| "the DPoP proof has no public key that is known")?;
    if !jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, algorithm).unwrap_or(false) {
        return Err("the DPoP proof's signature is wrong");
    }

    let claims: Claims = json(payload).ok_or("the DPoP proof lacks jti, htm, htu or iat")?;
    if claims.htm != target.method {
        return Err("the DPoP proof is for another method");
    }
    if normalized(&claims.htu).is_none() || normalized(&claims.htu) != normalized(target.url) {
        return Err("the DPoP proof is for another URL");
    }
    if claims.ath.as_deref() != Some(&*URL_SAFE_NO_PAD.encode(Sha256::digest(target.token))) {
        return Err("the DPoP proof is for another access token");
    }
    if !(0.0..1e11).contains(&claims.iat) {
        return Err("the DPoP proof's iat is not a time");
    }
    let issued = UNIX_EPOCH + Duration::from_secs_f64(claims.iat);
    let now = SystemTime::now();
    if issued > now + WINDOW || issued + WINDOW < now {
        return Err("the DPoP proof is too old, or from the future");
    }
    let thumbprint =
        jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| "the DPoP proof has no public key that is known")?;
    let mut id = Sha256::new();
    for part in [thumbprint.as_str(), &claims.jti, &claims.htm, &claims.htu] {
        id.update((part.len() as u64).to_be_bytes());
        id.update(part);
    }
    Ok(Proof { thumbprint, id: id.finalize().into(), expires_at: issued + WINDOW })
}

/// Whether a key is of the type, and the curve, of an asymmetric algorithm.
fn fits(jwk: &Jwk, algorithm: Algorithm) -> bool {
    match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => matches!(
            algorithm,
            Algorithm::RS256
                | Algorithm::RS384
                | Algorithm::RS512
                | Algorithm::PS256
                | Algorithm::PS384
                | Algorithm::PS512
        ),
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => algorithm == Algorithm::ES256,
            EllipticCurve::P384 => algorithm == Algorithm::ES384,
            _ => false,
        },
        AlgorithmParameters::OctetKeyPair(_) => algorithm == Algorithm::EdDSA,
        _ => false,
    }
}

/// A URL without query and fragment, in the normal form of RFC 3986 section 6.2.2 and 6.2.3, to be compared.
fn normalized(url: &str) -> Option<String> {
    let mut url = url::Url::parse(url).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    // `Url` has lower-cased scheme and host, dropped the default port and resolved dots; what is left is the case of
    // percent-encodings, and unreserved characters that are encoded without need.
    Some(unreserved(url.as_str()))
}

fn unreserved(url: &str) -> String {
    let mut normal = String::with_capacity(url.len());
    let mut rest = url;
    while let Some(at) = rest.find('%') {
        normal.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => normal.push(char::from(byte)),
            Some(byte) => normal.push_str(&format!("%{byte:02X}")),
            None => {
                normal.push('%');
                rest = &rest[at + 1..];
                continue;
            }
        }
        rest = &rest[at + 3..];
    }
    normal.push_str(rest);
    normal
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::EncodingKey;
    use serde_json::json;

    use super::*;

    const TARGET: Target<'static> = Target { method: "GET", url: "https://api.example.com/a", token: "token" };

    /// What comes of a proof for the target with this algorithm in its header, and so many seconds old.
    fn checked(algorithm: &str, age: f64) -> Result<Proof, &'static str> {
        let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap().serialize_pem();
        let key = EncodingKey::from_ec_pem(pem.as_bytes()).unwrap();
        let jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        let public = serde_json::to_value(&jwk).unwrap();
        let public = json!({"kty": public["kty"], "crv": public["crv"], "x": public["x"], "y": public["y"]});
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(TARGET.token));
        let claims = json!({"jti": "1", "htm": TARGET.method, "htu": TARGET.url, "iat": now - age, "ath": ath});
        let header = json!({"typ": "dpop+jwt", "alg": algorithm, "jwk": public});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::ES256).unwrap();
        check(&format!("{signed}.{signature}"), &TARGET)
    }

    #[test]
    fn a_proof_is_good_around_its_time() {
        for age in [0.0, 50.0, -50.0] {
            let proof = checked("ES256", age).unwrap_or_else(|error| panic!("{age}: {error}"));
            let left = proof.expires_at.duration_since(SystemTime::now()).unwrap().as_secs_f64();
            assert!((left - (60.0 - age)).abs() < 5.0, "{age}: {left}");
        }
        for age in [65.0, 3600.0, -65.0, -3600.0] {
            assert_eq!(checked("ES256", age).err(), Some("the DPoP proof is too old, or from the future"), "{age}");
        }
    }

    #[test]
    fn the_algorithm_is_that_of_the_key() {
        for algorithm in ["ES384", "RS256", "EdDSA", "HS256"] {
            let error = checked(algorithm, 0.0).err();
            assert_eq!(error, Some("the DPoP proof's algorithm does not fit its key"), "{algorithm}");
        }
        assert_eq!(checked("none", 0.0).err(), Some("the DPoP proof's algorithm is not supported"));
    }

    #[test]
    fn a_proof_has_8_kib_at_most() {
        let error = |length: usize| check(&"a".repeat(length), &TARGET).err();
        assert_eq!(error(MAX_PROOF), Some("the DPoP proof is not a signed JWT"));
        for length in [MAX_PROOF + 1, 2 * MAX_PROOF] {
            assert_eq!(error(length), Some("the DPoP proof is too large"));
        }
    }

    #[test]
    fn urls_are_compared_in_normal_form() {
        let normal = normalized("https://api.example.com/a~b/c?x=1#y");
        for same in ["HTTPS://API.example.com:443/a%7eb/c", "https://api.example.com/x/../a~b/c?z"] {
            assert_eq!(normalized(same), normal, "{same}");
        }
        // What separates is not the same as itself escaped.
        assert_eq!(normalized("https://a.example/x%2fy").as_deref(), Some("https://a.example/x%2Fy"));
        assert_eq!(normalized("https://a.example/%zz%7e%").as_deref(), Some("https://a.example/%zz~%"));
        for other in [
            "http://api.example.com/a~b/c",
            "https://api.example.com:8443/a~b/c",
            "https://api.example.com/a~b/C",
            "https://api.example.com/a~b%2Fc",
        ] {
            assert_ne!(normalized(other), normal, "{other}");
        }
        assert_eq!(normalized("/a~b/c"), None);
    }
}
