//! Mobile documents (ISO/IEC 18013-5).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ciborium::Value as Cbor;
use coset::{CborSerializable, CoseSign1, iana};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::issuer::{Issuer, Key, license};
use crate::world::assert_error;

fn parsed(bytes: &[u8]) -> Cbor {
    ciborium::from_reader(bytes).expect("CBOR")
}

fn encoded(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("it is written");
    bytes
}

fn member<'a>(map: &'a Cbor, name: &str) -> &'a Cbor {
    let found = map.as_map().expect("a map").iter().find(|(key, _)| key.as_text() == Some(name));
    &found.unwrap_or_else(|| panic!("no {name}: {map:?}")).1
}

/// What is in bytes that are tagged as CBOR.
fn unwrapped(value: &Cbor) -> Cbor {
    match value {
        Cbor::Tag(24, inner) => parsed(inner.as_bytes().expect("bytes")),
        other => panic!("not tagged: {other:?}"),
    }
}

fn date(seconds: u64) -> Cbor {
    let time = time::OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).expect("a time")).expect("a time");
    let text = time.format(&time::format_description::well_known::Rfc3339).expect("a date");
    Cbor::Tag(0, Box::new(Cbor::from(text)))
}

#[tokio::test]
async fn an_mdoc_and_its_digests() {
    let issuer = Issuer::new().await;
    let key = Key::new();
    let order = json!({"credentialPayload": license().to_string(), "credentialDuration": 100});
    let credentials = issuer.credentials("license", &[&key], &order).await;
    let issued = parsed(&URL_SAFE_NO_PAD.decode(&credentials[0]).expect("base64url"));
    let names: Vec<_> = issued.as_map().expect("a map").iter().map(|(name, _)| name.as_text()).collect();
    assert_eq!(names, [Some("nameSpaces"), Some("issuerAuth")]);

    let signed = CoseSign1::from_slice(&encoded(member(&issued, "issuerAuth"))).expect("COSE_Sign1 without a tag");
    assert_eq!(signed.protected.header.alg, Some(coset::Algorithm::Assigned(iana::Algorithm::ES256)));
    let (label, chain) = &signed.unprotected.rest[0];
    assert_eq!(label, &coset::Label::Int(33));
    let certificate = chain.as_bytes().expect("one certificate");
    let expected = crate::world::content(&issuer.world.act("/vci/jwks", json!({})).await)["keys"][0]["x5c"][0].clone();
    assert_eq!(STANDARD.encode(certificate), expected.as_str().expect("a certificate"));
    let public = issuer.key.point();
    signed
        .verify_signature(&[], |signature, message| {
            let key =
                aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED, &public);
            key.verify(message, signature)
        })
        .expect("a good signature");

    let security = unwrapped(&parsed(signed.payload.as_deref().expect("a payload")));
    assert_eq!(member(&security, "docType").as_text(), Some("org.iso.18013.5.1.mDL"));
    assert_eq!(member(&security, "digestAlgorithm").as_text(), Some("SHA-256"));
    let now = issuer.world.now();
    let validity = member(&security, "validityInfo");
    assert_eq!((member(validity, "signed"), member(validity, "validUntil")), (&date(now), &date(now + 100)));
    let device = member(member(&security, "deviceKeyInfo"), "deviceKey");
    let x = URL_SAFE_NO_PAD.decode(key.public["x"].as_str().expect("x")).expect("base64url");
    assert!(device.as_map().expect("a map").contains(&(Cbor::from(-2), Cbor::Bytes(x))), "{device:?}");

    let items = member(member(&issued, "nameSpaces"), "org.iso.18013.5.1").as_array().expect("items");
    let digests = member(member(&security, "valueDigests"), "org.iso.18013.5.1").as_map().expect("digests");
    assert_eq!((items.len(), digests.len()), (5, 5));
    for item in items {
        let inner = unwrapped(item);
        let id = member(&inner, "digestID");
        let (_, digest) = digests.iter().find(|(key, _)| key == id).expect("a digest");
        assert_eq!(digest.as_bytes().expect("bytes"), &Sha256::digest(encoded(item)).to_vec());
        assert_eq!(member(&inner, "random").as_bytes().map(Vec::len), Some(16));
        let value = member(&inner, "elementValue");
        match member(&inner, "elementIdentifier").as_text().expect("a name") {
            "birth_date" => assert_eq!(value, &Cbor::Tag(1004, Box::new(Cbor::from("1990-01-01")))),
            "portrait" => assert_eq!(value, &Cbor::Bytes(vec![0xff, 0xd8])),
            "age_over_18" => assert_eq!(value, &Cbor::Bool(true)),
            "family_name" => assert_eq!(value, &Cbor::from("Doe")),
            _ => assert!(value.is_array(), "{value:?}"),
        }
    }
}

#[tokio::test]
async fn an_mdoc_without_an_end_has_one_far_away() {
    let issuer = Issuer::new().await;
    let order = json!({"credentialPayload": license().to_string()});
    let credentials = issuer.credentials("license", &[&Key::new()], &order).await;
    let issued = parsed(&URL_SAFE_NO_PAD.decode(&credentials[0]).expect("base64url"));
    let signed = CoseSign1::from_slice(&encoded(member(&issued, "issuerAuth"))).expect("COSE_Sign1");
    let security = unwrapped(&parsed(signed.payload.as_deref().expect("a payload")));
    let until = member(member(&security, "validityInfo"), "validUntil");
    assert_eq!(until, &date(issuer.world.now() + 3_155_760_000));
}

#[tokio::test]
async fn payloads_that_are_wrong() {
    let issuer = Issuer::new().await;
    let token = issuer.token(&["license"]).await;
    let identifier = issuer.parsed(&token, &issuer.request("license", &[&Key::new()]).await).await;
    for payload in [
        json!({"claims": {}}),
        json!({"doctype": "d"}),
        json!({"doctype": "d", "claims": {"n": 1}}),
        json!({"doctype": "d", "claims": {"n": {"a": "cbor:h'0'"}}}),
    ] {
        let order = json!({"credentialPayload": payload.to_string()});
        assert_error(&issuer.issue(&token, &identifier, &order).await, "CALLER_ERROR", "server_error");
    }
    // Nobody could verify it.
    let keys = json!({"keys": [Key::new().private(&json!({}))]}).to_string();
    let issuer = Issuer::with(json!({"credentialJwks": keys}), json!({}), json!({})).await;
    let token = issuer.token(&["license"]).await;
    let identifier = issuer.parsed(&token, &issuer.request("license", &[&Key::new()]).await).await;
    let order = json!({"credentialPayload": license().to_string()});
    let answer = issuer.issue(&token, &identifier, &order).await;
    assert_error(&answer, "INTERNAL_SERVER_ERROR", "server_error");
}
