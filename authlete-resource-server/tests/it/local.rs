//! Tokens that are verified in this process: what passes, and what an attacker may try.

use authlete_resource_server::{JwtError, JwtVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use crate::issuer::{AUDIENCE, ISSUER, Key, Keys, claims, for_encryption, good, header, now};

fn verifier(keys: &Keys) -> JwtVerifier {
    JwtVerifier::new(ISSUER, AUDIENCE, keys.set())
}

/// A change of the good token, and what has to come of it.
type Case = (&'static str, fn(&mut Value, &mut Value), Result<(), JwtError>);

#[tokio::test]
async fn a_token_is_accepted_only_when_everything_about_it_is_right() {
    let key = Key::new("k1");
    let keys = Keys::new([&key]);
    let verifier = verifier(&keys);
    let cases: &[Case] = &[
        ("as it is", |_, _| {}, Ok(())),
        ("type with prefix and in other case", |h, _| h["typ"] = json!("Application/AT+JWT"), Ok(())),
        ("type with another prefix", |h, _| h["typ"] = json!("x-example-x/at+jwt"), Err(JwtError::Type)),
        ("an ID token", |h, _| h["typ"] = json!("JWT"), Err(JwtError::Type)),
        ("no type", |h, _| h["typ"] = Value::Null, Err(JwtError::Type)),
        ("a logout token", |h, _| h["typ"] = json!("logout+jwt"), Err(JwtError::Type)),
        ("critical headers", |h, _| h["crit"] = json!(["exp"]), Err(JwtError::CriticalHeader)),
        ("empty critical headers", |h, _| h["crit"] = json!([]), Err(JwtError::CriticalHeader)),
        ("no key id", |h, _| h["kid"] = Value::Null, Err(JwtError::UnknownKey)),
        ("a key id that is a path", |h, _| h["kid"] = json!("../../k1"), Err(JwtError::UnknownKey)),
        ("a key id that is a URL", |h, _| h["kid"] = json!("https://evil.example/jwks"), Err(JwtError::UnknownKey)),
        ("algorithm none", |h, _| h["alg"] = json!("none"), Err(JwtError::Algorithm)),
        ("algorithm None", |h, _| h["alg"] = json!("nOnE"), Err(JwtError::Algorithm)),
        ("another algorithm", |h, _| h["alg"] = json!("ES384"), Err(JwtError::Algorithm)),
        ("an RSA algorithm", |h, _| h["alg"] = json!("RS256"), Err(JwtError::Algorithm)),
        ("another issuer", |_, c| c["iss"] = json!("https://as.example.com/"), Err(JwtError::Issuer)),
        ("no issuer", |_, c| c["iss"] = Value::Null, Err(JwtError::Issuer)),
        ("issuers as a list", |_, c| c["iss"] = json!([ISSUER]), Err(JwtError::Issuer)),
        ("another audience", |_, c| c["aud"] = json!("https://other.example.com"), Err(JwtError::Audience)),
        ("no audience", |_, c| c["aud"] = Value::Null, Err(JwtError::Audience)),
        ("audiences", |_, c| c["aud"] = json!(["https://other.example.com", AUDIENCE]), Ok(())),
        ("an empty list of audiences", |_, c| c["aud"] = json!([]), Err(JwtError::Audience)),
        ("a slash after the host", |_, c| c["aud"] = json!("https://api.example.com/"), Ok(())),
        ("a path after the host", |_, c| c["aud"] = json!("https://api.example.com/x"), Err(JwtError::Audience)),
        ("expired", |_, c| c["exp"] = json!(now() - 61), Err(JwtError::Expired)),
        ("expired within the leeway", |_, c| c["exp"] = json!(now() - 5), Ok(())),
        ("no expiry", |_, c| c["exp"] = Value::Null, Err(JwtError::Expired)),
        ("expiry as a string", |_, c| c["exp"] = json!("9999999999"), Err(JwtError::Expired)),
        ("expiry beyond all numbers", |_, c| c["exp"] = json!(1e300), Err(JwtError::Expired)),
        ("a negative expiry", |_, c| c["exp"] = json!(-1), Err(JwtError::Expired)),
        ("not valid yet", |_, c| c["nbf"] = json!(now() + 120), Err(JwtError::NotYetValid)),
        ("issued in the future", |_, c| c["iat"] = json!(now() + 120), Err(JwtError::NotYetValid)),
        ("valid within the leeway", |_, c| c["nbf"] = json!(now() + 5), Ok(())),
        ("bound in an unknown way", |_, c| c["cnf"] = json!({"jwk": {}}), Err(JwtError::Binding)),
        ("bound twice", |_, c| c["cnf"] = json!({"jkt": "a", "x5t#S256": "b"}), Err(JwtError::Binding)),
        ("bound to nothing", |_, c| c["cnf"] = json!({}), Err(JwtError::Binding)),
    ];
    for (what, change, expected) in cases {
        let (mut header, mut claims) = (header(&key), claims());
        change(&mut header, &mut claims);
        let seen = verifier.claims(&key.sign(&header, &claims)).await;
        assert_eq!(seen.map(|_| ()), *expected, "{what}");
    }
}

#[tokio::test]
async fn key_references_in_the_header_are_not_followed() {
    let (key, attacker) = (Key::new("k1"), Key::new("k1"));
    let verifier = verifier(&Keys::new([&key]));
    for (name, value) in [
        ("jwk", serde_json::to_value(&attacker.public).unwrap()),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
    ] {
        let mut header = header(&attacker);
        header[name] = value;
        assert_eq!(verifier.claims(&attacker.sign(&header, &claims())).await, Err(JwtError::Signature), "{name}");
    }
}

#[tokio::test]
async fn the_public_key_is_no_secret_for_a_mac() {
    let key = Key::new("k1");
    let verifier = verifier(&Keys::new([&key]));
    let public = serde_json::to_vec(&key.public).unwrap();
    for secret in [public.as_slice(), b"", b"secret"] {
        let forged = Key { private: EncodingKey::from_secret(secret), algorithm: Algorithm::HS256, ..key.clone() };
        let mut header = header(&key);
        header["alg"] = json!("HS256");
        assert_eq!(verifier.claims(&forged.sign(&header, &claims())).await, Err(JwtError::Algorithm));
    }
}

#[tokio::test]
async fn keys_of_other_kinds_verify_nothing() {
    let key = Key::new("k1");
    let token = good(&key);
    for (what, set) in [
        ("for encryption", json!({"keys": [for_encryption(&key).public]})),
        ("symmetric", json!({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1", "alg": "HS256"}]})),
        ("of an unknown type", json!({"keys": [{"kty": "XYZ", "kid": "k1"}, 7, null]})),
        ("without an id", json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]})),
        ("pinned to another algorithm", {
            let mut public = serde_json::to_value(&key.public).unwrap();
            public["alg"] = json!("ES384");
            json!({"keys": [public]})
        }),
    ] {
        let keys = Keys::default();
        keys.publish_json(set);
        let seen = verifier(&keys).claims(&token).await;
        assert_eq!(seen, Err(JwtError::UnknownKey), "{what}");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_read_does_not_cost_the_others() {
    let key = Key::new("k1");
    let keys = Keys::default();
    keys.publish_json(json!({"keys": [{"kty": "XYZ"}, "?", {"kty": "RSA", "kid": "r"}, key.public]}));
    assert!(verifier(&keys).claims(&good(&key)).await.is_ok());
}

#[tokio::test]
async fn what_is_no_jwt_is_refused_in_bounded_time() {
    let key = Key::new("k1");
    let verifier = verifier(&Keys::new([&key]));
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let nested = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
    let token = good(&key);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    for (what, token, expected) in [
        ("nothing", String::new(), JwtError::Malformed),
        ("dots", "..".to_owned(), JwtError::Malformed),
        ("five parts", "a.b.c.d.e".to_owned(), JwtError::Malformed),
        ("no JSON", format!("{}.{}.x", encode("{"), encode("{}")), JwtError::Malformed),
        ("nested", format!("{}.{}.x", encode(&nested), encode("{}")), JwtError::Malformed),
        ("a list", format!("{}.{}.x", encode("[]"), encode("[]")), JwtError::Malformed),
        ("padding", format!("{}=.{}.x", encode("{\"alg\":\"ES256\"}"), encode("{}")), JwtError::Malformed),
        ("as large as it may be", "a".repeat(16 * 1024), JwtError::Malformed),
        ("larger", "a".repeat(16 * 1024 + 1), JwtError::TooLarge),
        ("huge", "a".repeat(32 * 1024), JwtError::TooLarge),
        ("nested claims", signed_text(&key, &nested), JwtError::Malformed),
        ("claims that are no object", signed_text(&key, "7"), JwtError::Malformed),
        ("no signature", format!("{signed}."), JwtError::Signature),
        ("a signature of zeros", format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 64])), JwtError::Signature),
        ("half a signature", format!("{signed}.{}", &signature[..signature.len() / 2]), JwtError::Signature),
        (
            "other claims",
            format!(
                "{}.{}.{signature}",
                signed.split('.').next().unwrap(),
                encode(&claims().to_string().replace("ada", "eve"))
            ),
            JwtError::Signature,
        ),
    ] {
        assert_eq!(verifier.claims(&token).await, Err(expected), "{what}");
    }
}

/// A token with these claims, whatever they are.
fn signed_text(key: &Key, claims: &str) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", encode(&header(key).to_string()), encode(claims));
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key.private, key.algorithm).unwrap();
    format!("{signed}.{signature}")
}

#[test]
fn errors_tell_nothing_of_the_token() {
    let text = format!("{} {:?}", JwtError::Signature, JwtError::Signature);
    assert_eq!(text, "the access token's signature is wrong Signature");
}

#[test]
fn a_token_may_be_good_only_where_the_keys_are_missing() {
    assert!(JwtError::KeysUnavailable.is_unavailable());
    for error in [JwtError::Signature, JwtError::UnknownKey, JwtError::Expired] {
        assert!(!error.is_unavailable(), "{error:?}");
    }
}
