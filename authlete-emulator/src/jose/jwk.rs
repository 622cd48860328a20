//! JSON Web Keys (RFC 7517) as JSON objects, and what is read from them.

use aws_lc_rs::digest;
use serde_json::{Map, Value, json};

use super::{Algorithm, Family, decode, encode};

/// A JSON Web Key.
pub(crate) type Jwk = Map<String, Value>;

/// The members that hold the private part of an asymmetric key, or a symmetric key.
const SECRET: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// A string member of the key.
pub(crate) fn string<'a>(jwk: &'a Jwk, name: &str) -> Option<&'a str> {
    jwk.get(name).and_then(Value::as_str)
}

/// The bytes of a member that is in base64url.
pub(crate) fn bytes(jwk: &Jwk, name: &str) -> Option<Vec<u8>> {
    decode(string(jwk, name)?)
}

/// A number in base64url without the zeros in front that some libraries write.
pub(crate) fn number(jwk: &Jwk, name: &str) -> Option<Vec<u8>> {
    let bytes = bytes(jwk, name)?;
    let start = bytes.iter().position(|byte| *byte != 0)?;
    bytes.get(start..).map(<[u8]>::to_vec)
}

/// A coordinate or private value of an elliptic curve, as long as the curve has them (RFC 7518, section 6.2.1.2).
/// Zeros in front that were left out are put back.
pub(crate) fn coordinate(jwk: &Jwk, name: &str, length: usize) -> Option<Vec<u8>> {
    let mut bytes = bytes(jwk, name)?;
    let missing = length.checked_sub(bytes.len())?;
    bytes.splice(0..0, std::iter::repeat_n(0, missing));
    Some(bytes)
}

/// How long the coordinates of a curve are, in bytes.
pub(crate) fn coordinate_length(curve: &str) -> Option<usize> {
    match curve {
        "P-256" | "secp256k1" => Some(32),
        "P-384" => Some(48),
        "P-521" => Some(66),
        _ => None,
    }
}

/// The uncompressed point of an elliptic curve key.
pub(crate) fn point(jwk: &Jwk) -> Option<Vec<u8>> {
    let length = coordinate_length(string(jwk, "crv")?)?;
    Some([&[4][..], &coordinate(jwk, "x", length)?, &coordinate(jwk, "y", length)?].concat())
}

/// Whether the key has the form that the algorithm's keys have, and says nothing that forbids to sign by it.
pub(crate) fn fits(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let kty = match algorithm.family() {
        Family::Hmac => "oct",
        Family::Rsa => "RSA",
        Family::Ec => "EC",
        Family::Ed => "OKP",
    };
    string(jwk, "kty") == Some(kty)
        && string(jwk, "crv") == algorithm.curve()
        && string(jwk, "use").is_none_or(|one| one == "sig" || one == "jwt-svid")
        && string(jwk, "alg").is_none_or(|alg| alg == algorithm.name() || (alg == "Ed25519" && kty == "OKP"))
}

/// Whether the key holds what must not be published.
pub(crate) fn is_private(jwk: &Jwk) -> bool {
    SECRET.iter().any(|name| jwk.contains_key(*name))
}

/// The public part of a key; nothing of a symmetric one.
pub(crate) fn public(jwk: &Jwk) -> Option<Jwk> {
    if string(jwk, "kty") == Some("oct") {
        return None;
    }
    let public = jwk.iter().filter(|(name, _)| !SECRET.contains(&name.as_str()));
    Some(public.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The thumbprint by SHA-256 in base64url (RFC 7638; RFC 8037, section 2).
pub(crate) fn thumbprint(jwk: &Jwk) -> Option<String> {
    // In lexicographic order, as the hash wants them.
    let required: &[&str] = match string(jwk, "kty")? {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "oct" => &["k", "kty"],
        _ => return None,
    };
    let members: Vec<String> =
        required.iter().map(|name| Some(format!("\"{name}\":{}", json!(string(jwk, name)?)))).collect::<Option<_>>()?;
    Some(encode(digest::digest(&digest::SHA256, format!("{{{}}}", members.join(",")).as_bytes())))
}

/// The keys of a JWK Set (RFC 7517, section 5).
pub(crate) fn elements(set: &Value) -> Vec<Jwk> {
    set["keys"].as_array().into_iter().flatten().filter_map(Value::as_object).cloned().collect()
}

/// The keys of a JWK Set that is kept as a string.
pub(crate) fn set(text: &str) -> Vec<Jwk> {
    elements(&serde_json::from_str(text).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Jwk, coordinate, fits, is_private, public, thumbprint};
    use crate::jose::Algorithm;

    #[allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    fn jwk(value: Value) -> Jwk {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn the_thumbprints_of_rfc_7638_and_rfc_8037() {
        let rsa = jwk(json!({
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        }));
        assert_eq!(thumbprint(&rsa).as_deref(), Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
        let ed = jwk(json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}));
        assert_eq!(thumbprint(&ed).as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
        assert_eq!(thumbprint(&jwk(json!({"kty": "EC", "crv": "P-256", "x": "AA"}))), None);
    }

    #[test]
    fn a_key_serves_the_algorithms_of_its_kind() {
        let key = jwk(json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}));
        assert!(fits(&key, Algorithm::ES512));
        assert!(!fits(&key, Algorithm::ES256));
        assert!(!fits(&key, Algorithm::RS256));
        let encryption = jwk(json!({"kty": "EC", "crv": "P-256", "use": "enc"}));
        assert!(!fits(&encryption, Algorithm::ES256));
        let bound = jwk(json!({"kty": "RSA", "alg": "PS256"}));
        assert!(fits(&bound, Algorithm::PS256) && !fits(&bound, Algorithm::RS256));
    }

    #[test]
    fn nothing_private_is_published() {
        let key = jwk(json!({"kty": "RSA", "n": "AA", "e": "AQAB", "d": "AA", "p": "AA", "kid": "1"}));
        assert!(is_private(&key));
        assert_eq!(public(&key), Some(jwk(json!({"kty": "RSA", "n": "AA", "e": "AQAB", "kid": "1"}))));
        assert_eq!(public(&jwk(json!({"kty": "oct", "k": "AA"}))), None);
    }

    #[test]
    fn short_coordinates_get_their_zeros_back() {
        let key = jwk(json!({"x": "AQ"}));
        assert_eq!(coordinate(&key, "x", 3), Some(vec![0, 0, 1]));
        assert_eq!(coordinate(&key, "x", 0), None);
    }
}
