//! The vectors of RFC 7516, RFC 7518 and RFC 7520, every algorithm there and back, and what must not be decrypted.

use aws_lc_rs::agreement::{ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey as AgreementKey, X25519};
use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin, EcPrivateKeyBin};
use serde_json::{Map, Value, json};

use super::{Encoding, Error, Jwe, Management, agreement, encrypt};
use crate::jose::{Algorithm, Jwk, PrivateKey, decode, encode};

fn jwk(value: &Value) -> Jwk {
    value.as_object().cloned().expect("an object")
}

fn shared(length: usize) -> Jwk {
    jwk(&json!({"kty": "oct", "k": encode(vec![7; length])}))
}

/// A private key for agreement over this curve.
fn agreement_key(curve: &str) -> Jwk {
    let algorithm = match curve {
        "P-256" => &ECDH_P256,
        "P-384" => &ECDH_P384,
        "P-521" => &ECDH_P521,
        _ => &X25519,
    };
    let key = AgreementKey::generate(algorithm).expect("a key");
    let public = key.compute_public_key().expect("a public key");
    if curve == "X25519" {
        let seed: Curve25519SeedBin<'_> = key.as_be_bytes().expect("the private part");
        return jwk(&json!({"kty": "OKP", "crv": curve, "x": encode(public.as_ref()), "d": encode(seed.as_ref())}));
    }
    let (x, y) = public.as_ref()[1..].split_at(public.as_ref().len() / 2);
    let private: EcPrivateKeyBin<'_> = key.as_be_bytes().expect("the private part");
    jwk(&json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y), "d": encode(private.as_ref())}))
}

/// An RSA key of RFC 7516, appendix A.1, with its private part.
fn rsa_key() -> Jwk {
    vectors().into_iter().find(|vector| vector["key"]["kty"] == "RSA").map(|vector| jwk(&vector["key"])).expect("a key")
}

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("vectors.json")).expect("JSON")
}

fn keys(management: Management, encoding: Encoding) -> Vec<Jwk> {
    match management {
        Management::RsaOaep | Management::RsaOaep256 => {
            let mut key = rsa_key();
            key.remove("alg");
            vec![key]
        }
        Management::EcdhEs(_) => ["P-256", "P-384", "P-521", "X25519"].map(agreement_key).to_vec(),
        Management::Pbes2(_) => vec![jwk(&json!({"kty": "oct", "k": encode("a password")}))],
        _ => vec![shared(management.shared_length(encoding).expect("a length"))],
    }
}

#[test]
fn the_vectors_of_rfc_7516_and_rfc_7520() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 10);
    for vector in vectors {
        let jwe = Jwe::read(vector["compact"].as_str().expect("a string")).expect("a JWE");
        let content = jwe.decrypt(&[jwk(&vector["key"])]).map(|content| String::from_utf8(content).expect("UTF-8"));
        assert_eq!(content.as_deref(), Ok(vector["plaintext"].as_str().expect("a string")), "{}", vector["section"]);
    }
}

#[test]
fn the_agreed_key_of_rfc_7518_appendix_c() {
    let bob = jwk(&json!({
        "kty": "EC", "crv": "P-256",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
    }));
    let header = jwk(&json!({
        "alg": "ECDH-ES", "enc": "A128GCM", "apu": "QWxpY2U", "apv": "Qm9i",
        "epk": {
            "kty": "EC", "crv": "P-256",
            "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
        },
    }));
    let key = agreement::from_sender("A128GCM", 16, &bob, &header).map(encode);
    assert_eq!(key.as_deref(), Ok("VqqN6vgjbSBcIijNcacQGg"));
}

#[test]
fn every_algorithm_there_and_back() {
    for management in Management::ALL {
        for encoding in Encoding::ALL {
            for key in keys(management, encoding) {
                let text = encrypt(b"content", management, encoding, &key, Map::new()).expect("a JWE");
                let jwe = Jwe::read(&text).expect("a JWE");
                assert_eq!((jwe.management, jwe.encoding), (management, encoding));
                assert_eq!(jwe.decrypt(&[key]).as_deref(), Ok(&b"content"[..]), "{management:?} {encoding:?}");
            }
        }
    }
}

#[test]
fn whatever_is_changed_is_noticed() {
    for management in Management::ALL {
        for encoding in [Encoding::A128CbcHs256, Encoding::A256Gcm] {
            let keys = &keys(management, encoding)[..1];
            let text = encrypt(b"content", management, encoding, &keys[0], Map::new()).expect("a JWE");
            let parts: Vec<&str> = text.split('.').collect();
            for (at, part) in parts.iter().enumerate() {
                let Some(mut bytes) = decode(part).filter(|bytes| !bytes.is_empty()) else { continue };
                // The header stays readable: only what is authenticated changes.
                let changed = match at {
                    0 => {
                        let mut header: Map<String, Value> = serde_json::from_slice(&bytes).expect("a header");
                        header.insert("cty".to_owned(), json!("JWT"));
                        encode(Value::Object(header).to_string())
                    }
                    _ => {
                        let last = bytes.len() - 1;
                        bytes[last] ^= 1;
                        encode(bytes)
                    }
                };
                let mut all = parts.clone();
                all[at] = &changed;
                let result = Jwe::read(&all.join(".")).expect("a JWE").decrypt(keys);
                assert_eq!(result, Err(Error::Decryption), "{management:?} {encoding:?} part {at}");
            }
        }
    }
}

#[test]
fn only_a_key_that_fits_is_tried() {
    let (management, encoding) = (Management::EcdhEs(None), Encoding::A128Gcm);
    let mut key = agreement_key("P-256");
    key.insert("kid".to_owned(), json!("1"));
    let text = encrypt(b"", management, encoding, &key, Map::new()).expect("a JWE");
    let jwe = Jwe::read(&text).expect("a JWE");
    let with = |name: &str, value: &str| {
        let mut key = key.clone();
        key.insert(name.to_owned(), json!(value));
        key
    };
    assert_eq!(jwe.header("kid"), Some("1"));
    assert_eq!(jwe.decrypt(&[with("kid", "2"), with("use", "sig"), with("alg", "ECDH-ES+A128KW")]), Err(Error::NoKey));
    assert_eq!(jwe.decrypt(&[agreement_key("P-384")]), Err(Error::Key));
    assert_eq!(jwe.decrypt(&[agreement_key("P-256"), key]), Ok(Vec::new()));
}

#[test]
fn a_point_that_is_not_on_the_curve_is_refused() {
    let key = agreement_key("P-256");
    let text = encrypt(b"", Management::EcdhEs(None), Encoding::A128Gcm, &key, Map::new()).expect("a JWE");
    let mut jwe = Jwe::read(&text).expect("a JWE");
    jwe.header["epk"]["y"] = json!(encode([1; 32]));
    assert_eq!(jwe.decrypt(&[key]), Err(Error::Decryption));
}

#[test]
fn the_work_of_a_password_is_bounded() {
    let key = jwk(&json!({"kty": "oct", "k": encode("a password")}));
    let management = Management::parse("PBES2-HS256+A128KW").expect("an algorithm");
    let text = encrypt(b"", management, Encoding::A128Gcm, &key, Map::new()).expect("a JWE");
    for (name, value) in [("p2c", json!(999)), ("p2c", json!(100_001)), ("p2s", json!("AAAA"))] {
        let mut jwe = Jwe::read(&text).expect("a JWE");
        jwe.header.insert(name.to_owned(), value);
        assert_eq!(jwe.decrypt(std::slice::from_ref(&key)), Err(Error::Bounds), "{name}");
    }
}

#[test]
fn compressed_content_is_bounded() {
    let key = shared(16);
    let zip = jwk(&json!({"zip": "DEF"}));
    let long = |length: usize| {
        let text = encrypt(&vec![0; length], Management::Direct, Encoding::A128Gcm, &key, zip.clone()).expect("a JWE");
        assert!(text.len() < 5000);
        Jwe::read(&text).expect("a JWE").decrypt(std::slice::from_ref(&key))
    };
    assert_eq!(long(1 << 20).map(|content| content.len()), Ok(1 << 20));
    assert_eq!(long((1 << 20) + 1), Err(Error::Decryption));
}

#[test]
fn what_cannot_be_read_says_why() {
    let with = |header: Value| Jwe::read(&format!("{}....", encode(header.to_string()))).err();
    assert_eq!(Jwe::read("a.b.c").err(), Some(Error::Malformed));
    assert_eq!(with(json!({"alg": "RSA1_5", "enc": "A128GCM"})), Some(Error::Algorithm));
    assert_eq!(with(json!({"alg": "none", "enc": "A128GCM"})), Some(Error::Algorithm));
    assert_eq!(with(json!({"alg": "dir", "enc": "none"})), Some(Error::Encoding));
    assert_eq!(with(json!({"alg": "dir", "enc": "A128GCM", "crit": ["exp"]})), Some(Error::Critical));
}

#[test]
fn a_short_rsa_key_is_refused() {
    let short = jwk(&json!({"kty": "RSA", "n": encode([0xC1; 128]), "e": "AQAB"}));
    let result = encrypt(b"", Management::RsaOaep256, Encoding::A128Gcm, &short, Map::new());
    assert_eq!(result, Err(Error::Key));
}

#[test]
fn a_signing_key_does_not_encrypt() {
    let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
    let mut public = key.public(Algorithm::ES256).expect("a public key");
    public.insert("use".to_owned(), json!("sig"));
    assert!(super::recipient(&[public], Management::EcdhEs(None), Encoding::A128Gcm).is_none());
}
