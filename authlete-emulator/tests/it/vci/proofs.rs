//! Proofs of keys (OpenID4VCI 1.0, appendix F), and what its section on security wants refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::issuer::{Authority, Issuer, Key};
use crate::world::assert_error;

/// The response to a request with these proofs for a credential of a person.
async fn with_proofs(issuer: &Issuer, proofs: &Value) -> Value {
    let token = issuer.token(&["person"]).await;
    issuer.parse(&token, &json!({"credential_configuration_id": "person", "proofs": proofs})).await
}

async fn with_proof(issuer: &Issuer, key: &Key, header: Value, claims: Value) -> Value {
    let proof = issuer.proof(key, &header, &claims).await;
    with_proofs(issuer, &json!({"jwt": [proof]})).await
}

#[tokio::test]
async fn what_a_proof_has_to_say() {
    let issuer = Issuer::new().await;
    let (key, other) = (Key::new(), Key::new());
    let now = issuer.world.now();
    let private = json!({"jwk": key.private(&json!({}))});
    for (header, claims) in [
        (json!({"typ": "JWT"}), json!({})),
        (json!({"typ": null}), json!({})),
        (json!({"alg": "none"}), json!({})),
        (json!({"alg": "HS256"}), json!({})),
        (json!({"alg": "ES384"}), json!({})),
        (json!({"crit": ["exp"]}), json!({})),
        (json!({"jwk": other.public}), json!({})),
        (json!({"jwk": null}), json!({})),
        (json!({"jwk": {"kty": "EC"}}), json!({})),
        (json!({"kid": "did:web:example.org#1"}), json!({})),
        (json!({"jwk": null, "kid": "did:web:example.org#1"}), json!({})),
        (private, json!({})),
        // A proof for another issuer.
        (json!({}), json!({"aud": "https://other.example.com"})),
        (json!({}), json!({"aud": ["https://issuer.example.com", "https://other.example.com"]})),
        (json!({}), json!({"aud": null})),
        (json!({}), json!({"iat": null})),
        (json!({}), json!({"iat": now - 330})),
        (json!({}), json!({"iat": now + 330})),
        (json!({}), json!({"exp": now - 330})),
        (json!({}), json!({"nonce": null})),
        (json!({}), json!({"nonce": 1})),
    ] {
        let answer = with_proof(&issuer, &key, header.clone(), claims.clone()).await;
        assert_eq!(answer["action"], "BAD_REQUEST", "{header} {claims}: {answer}");
        assert_error(&answer, "BAD_REQUEST", "invalid_proof");
    }
    for (header, claims) in [
        (json!({}), json!({"aud": ["https://issuer.example.com"]})),
        (json!({"kid": "my key"}), json!({"iat": now - 270, "iss": "whoever"})),
    ] {
        let answer = with_proof(&issuer, &key, header, claims).await;
        assert_eq!(answer["action"], "OK", "{answer}");
    }
}

#[tokio::test]
async fn a_nonce_is_of_its_time() {
    let issuer = Issuer::with(json!({"cnonceDuration": 60}), json!({}), json!({})).await;
    let key = Key::new();
    let nonce = issuer.nonce().await;
    assert_eq!(issuer.nonce().await, nonce, "everybody has the same in one window");
    let answer = with_proof(&issuer, &key, json!({}), json!({"nonce": nonce})).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    issuer.world.advance(60);
    assert_ne!(issuer.nonce().await, nonce);
    let answer = with_proof(&issuer, &key, json!({}), json!({"nonce": nonce})).await;
    assert_eq!(answer["action"], "OK", "the window before is good: {answer}");
    issuer.world.advance(60);
    let answer = with_proof(&issuer, &key, json!({}), json!({"nonce": nonce})).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_nonce");
    let other = Issuer::new().await.nonce().await;
    assert_error(&with_proof(&issuer, &key, json!({}), json!({"nonce": other})).await, "BAD_REQUEST", "invalid_nonce");

    // Where there is no nonce endpoint, none is needed.
    let issuer = Issuer::with(json!({}), json!({"nonceEndpoint": null}), json!({})).await;
    let answer = with_proof(&issuer, &key, json!({}), json!({"nonce": null})).await;
    assert_eq!(answer["action"], "OK", "{answer}");
}

#[tokio::test]
async fn who_a_proof_is_from() {
    let issuer = Issuer::new().await;
    let key = Key::new();
    let code = issuer.world.code("scope=person").await;
    let token = issuer.world.exchange(&code).await["accessToken"].clone();
    for (iss, action) in [
        (json!(issuer.world.client_id()), "OK"),
        (Value::Null, "OK"),
        (json!("1"), "BAD_REQUEST"),
        (json!(1), "BAD_REQUEST"),
    ] {
        let proof = issuer.proof(&key, &json!({}), &json!({"iss": iss})).await;
        let request = json!({"credential_configuration_id": "person", "proofs": {"jwt": [proof]}});
        let answer = issuer.parse(&token, &request).await;
        assert_eq!(answer["action"], action, "{iss}: {answer}");
    }
}

#[tokio::test]
async fn keys_by_did_and_by_certificate() {
    let issuer = Issuer::new().await;
    let key = Key::new();
    let did = format!("did:jwk:{}#0", URL_SAFE_NO_PAD.encode(key.public.to_string()));
    let chain = [key.certified("wallet", &Authority::new("Wallets"))];
    for header in [json!({"jwk": null, "kid": did}), json!({"jwk": null, "x5c": chain})] {
        let answer = with_proof(&issuer, &key, header, json!({})).await;
        assert_eq!(answer["action"], "OK", "{answer}");
        let bound: Value = serde_json::from_str(answer["info"]["bindingKey"].as_str().expect("a key")).expect("JSON");
        assert_eq!(bound, key.public);
    }
    let answer = with_proof(&issuer, &key, json!({"x5c": chain}), json!({})).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_proof");
}

#[tokio::test]
async fn how_many_proofs_there_may_be() {
    let issuer = Issuer::new().await;
    let key = Key::new();
    let proof = issuer.proof(&key, &json!({}), &json!({})).await;
    for (proofs, error) in [
        (Value::Null, "invalid_proof"),
        (json!({}), "invalid_credential_request"),
        (json!([]), "invalid_credential_request"),
        (json!({"jwt": []}), "invalid_credential_request"),
        (json!({"jwt": proof}), "invalid_credential_request"),
        (json!({"jwt": [proof], "attestation": [proof]}), "invalid_credential_request"),
        (json!({"jwt": [proof, proof, proof, proof]}), "invalid_credential_request"),
        (json!({"jwt": [1]}), "invalid_proof"),
        (json!({"di_vp": [{}]}), "invalid_proof"),
        (json!({"cwt": ["x"]}), "invalid_proof"),
        (json!({"jwt": ["x"]}), "invalid_proof"),
        (json!({"jwt": [proof, "x"]}), "invalid_proof"),
    ] {
        let answer = with_proofs(&issuer, &proofs).await;
        assert_eq!(answer["action"], "BAD_REQUEST", "{proofs}: {answer}");
        assert_error(&answer, "BAD_REQUEST", error);
    }
    // The same key twice is one key.
    let answer = with_proofs(&issuer, &json!({"jwt": [proof, proof]})).await;
    assert_eq!(answer["info"]["bindingKeys"].as_array().map(Vec::len), Some(1), "{answer}");
    // OpenID4VCI 1.0 has no `proof`.
    let token = issuer.token(&["person"]).await;
    let proof = json!({"proof_type": "jwt", "jwt": issuer.proof(&key, &json!({}), &json!({})).await});
    let answer = issuer.parse(&token, &json!({"credential_configuration_id": "person", "proof": proof})).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_credential_request");
}
