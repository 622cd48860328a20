//! A token that is bound to a key (RFC 9449), from the token endpoint to the API behind the layer.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PublicKeyData};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{URL, World, credentials};

/// A client's key.
pub(super) struct Key(KeyPair);

impl Key {
    pub(super) fn new() -> Self {
        Self(KeyPair::generate().unwrap())
    }

    /// A proof for a request with this method and URL, and for this token.
    pub(super) fn proof(&self, method: &str, url: &str, token: Option<&str>) -> String {
        let point = self.0.der_bytes();
        let jwk = json!({
            "kty": "EC", "crv": "P-256",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
        });
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("dpop+jwt".to_owned());
        header.jwk = serde_json::from_value(jwk).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut claims = json!({"htm": method, "htu": url, "iat": now.as_secs(), "jti": format!("{now:?}")});
        if let Some(token) = token {
            claims["ath"] = json!(URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
        }
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ec_der(self.0.serialized_der())).unwrap()
    }
}

/// What the API answers to a token with a proof, and its challenge.
async fn me(world: &World, scheme: &str, token: &str, proof: Option<&str>) -> (u16, String) {
    let request = http::Request::get(format!("{URL}/api/me")).header("authorization", format!("{scheme} {token}"));
    let request = proof.into_iter().fold(request, |request, proof| request.header("dpop", proof));
    let answer = world.carry(request.body(Vec::new()).unwrap()).await.unwrap();
    let challenge = answer.headers().get("www-authenticate").map_or("", |value| value.to_str().unwrap());
    (answer.status().as_u16(), challenge.to_owned())
}

#[tokio::test]
async fn a_token_is_good_with_its_key_alone() {
    let world = World::start().await;
    let (key, other) = (Key::new(), Key::new());
    let (id, secret) = credentials(&world.demo.backend);
    let endpoint = format!("{URL}/token");
    let request = http::Request::post(&endpoint)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
        .header("dpop", key.proof("POST", &endpoint, None));
    let request = request.body(b"grant_type=client_credentials&scope=profile".to_vec()).unwrap();
    let answer: Value = serde_json::from_slice(world.carry(request).await.unwrap().body()).unwrap();
    assert_eq!(answer["token_type"], "DPoP", "{answer}");
    let token = answer["access_token"].as_str().unwrap();

    let api = format!("{URL}/api/me");
    let good = key.proof("GET", &api, Some(token));
    assert_eq!(me(&world, "DPoP", token, Some(&good)).await.0, 200);
    for (why, scheme, proof) in [
        ("the proof was used before", "DPoP", Some(good)),
        ("there is no proof", "DPoP", None),
        ("it is no bearer token", "Bearer", None),
        ("it is no bearer token, proof or not", "Bearer", Some(key.proof("GET", &api, Some(token)))),
        ("the key is another", "DPoP", Some(other.proof("GET", &api, Some(token)))),
        ("the method is another", "DPoP", Some(key.proof("POST", &api, Some(token)))),
        ("the URL is another", "DPoP", Some(key.proof("GET", &format!("{URL}/api/you"), Some(token)))),
        ("the proof is for another token", "DPoP", Some(key.proof("GET", &api, Some("another")))),
    ] {
        let (status, challenge) = me(&world, scheme, token, proof.as_deref()).await;
        assert!(status == 401 && challenge.contains("error="), "{why}: {status} {challenge}");
    }
}
