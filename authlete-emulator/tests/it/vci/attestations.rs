//! Key attestations (OpenID4VCI 1.0, appendix D).

use serde_json::{Value, json};

use super::issuer::{Authority, Issuer, Key, configurations, extend};
use crate::world::assert_error;

/// An issuer that trusts an attester, and takes its word as a proof, or beside one.
async fn issuer(demands: Value) -> (Issuer, Authority) {
    let attesters = Authority::new("Attesters");
    let mut all = configurations();
    all["person"]["proof_types_supported"] = json!({
        "attestation": {"proof_signing_alg_values_supported": ["ES256"], "key_attestations_required": demands},
        "jwt": {"proof_signing_alg_values_supported": ["ES256"], "key_attestations_required": demands},
    });
    let metadata = json!({"credentialsSupported": all.to_string()});
    // In DER, as the real service takes them too.
    let service = json!({"keyAttesterRootsEnabled": true, "keyAttesterRoots": [attesters.der()]});
    (Issuer::with(service, metadata, json!({})).await, attesters)
}

struct Attester {
    key: Key,
    chain: Vec<String>,
}

impl Attester {
    fn of(authority: &Authority) -> Self {
        let key = Key::new();
        Self { chain: vec![key.certified("attester", authority)], key }
    }

    async fn attest(&self, issuer: &Issuer, keys: &[&Key], header: &Value, claims: &Value) -> String {
        let mut full_header = json!({"typ": "key-attestation+jwt", "alg": "ES256", "x5c": self.chain});
        extend(&mut full_header, header);
        let now = issuer.world.now();
        let keys: Vec<&Value> = keys.iter().map(|key| &key.public).collect();
        let mut full_claims = json!({
            "iat": now, "exp": now + 100, "attested_keys": keys, "nonce": issuer.nonce().await,
            "key_storage": ["iso_18045_moderate"], "user_authentication": ["iso_18045_high"],
        });
        extend(&mut full_claims, claims);
        self.key.sign(&full_header, &full_claims)
    }
}

async fn parse(issuer: &Issuer, proofs: Value) -> Value {
    let token = issuer.token(&["person"]).await;
    issuer.parse(&token, &json!({"credential_configuration_id": "person", "proofs": proofs})).await
}

#[tokio::test]
async fn an_attestation_binds_to_all_of_its_keys() {
    let (issuer, authority) = issuer(json!({})).await;
    let attester = Attester::of(&authority);
    let keys = [Key::new(), Key::new()];
    let attestation = attester.attest(&issuer, &keys.each_ref(), &json!({}), &json!({"exp": null})).await;
    let answer = parse(&issuer, json!({"attestation": [attestation]})).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    let bound = answer["info"]["bindingKeys"].as_array().expect("keys");
    let bound: Vec<Value> =
        bound.iter().map(|key| serde_json::from_str(key.as_str().expect("a string")).expect("a JWK")).collect();
    assert_eq!(bound, keys.each_ref().map(|key| key.public.clone()));
    let twice = json!({"attestation": [attestation, attestation]});
    assert_error(&parse(&issuer, twice).await, "BAD_REQUEST", "invalid_credential_request");
}

#[tokio::test]
async fn attestations_that_are_no_good() {
    let (issuer, authority) = issuer(json!({"key_storage": ["iso_18045_high", "iso_18045_moderate"]})).await;
    let attester = Attester::of(&authority);
    let key = Key::new();
    let now = issuer.world.now();
    let self_signed = [Authority::new("attester").der()];
    let with_root = json!([attester.chain[0], authority.der()]);
    for (header, claims, error) in [
        (json!({"typ": "JWT"}), json!({}), "invalid_proof"),
        (json!({"x5c": null}), json!({}), "invalid_proof"),
        (json!({"x5c": self_signed}), json!({}), "invalid_proof"),
        (json!({"x5c": with_root}), json!({}), "invalid_proof"),
        (json!({"x5c": ["AA=="]}), json!({}), "invalid_proof"),
        (json!({}), json!({"iat": null}), "invalid_proof"),
        (json!({}), json!({"exp": now}), "invalid_proof"),
        (json!({}), json!({"nonce": null}), "invalid_proof"),
        (json!({}), json!({"nonce": "other"}), "invalid_nonce"),
        (json!({}), json!({"attested_keys": []}), "invalid_proof"),
        (json!({}), json!({"attested_keys": [key.private(&json!({}))]}), "invalid_proof"),
        (json!({}), json!({"key_storage": ["iso_18045_basic"]}), "invalid_proof"),
        (json!({}), json!({"key_storage": null}), "invalid_proof"),
    ] {
        let attestation = attester.attest(&issuer, &[&key], &header, &claims).await;
        let answer = parse(&issuer, json!({"attestation": [attestation]})).await;
        assert_eq!(answer["action"], "BAD_REQUEST", "{header} {claims}: {answer}");
        assert_error(&answer, "BAD_REQUEST", error);
    }
    // Of an attester whom the service does not know, and by a key that is not the certificate's.
    let stranger = Attester::of(&Authority::new("Attesters"));
    let attestation = stranger.attest(&issuer, &[&key], &json!({}), &json!({})).await;
    assert_error(&parse(&issuer, json!({"attestation": [attestation]})).await, "BAD_REQUEST", "invalid_proof");
    let forged = Attester { key: Key::new(), chain: attester.chain.clone() };
    let attestation = forged.attest(&issuer, &[&key], &json!({}), &json!({})).await;
    assert_error(&parse(&issuer, json!({"attestation": [attestation]})).await, "BAD_REQUEST", "invalid_proof");
    issuer.world.advance(40 * 365 * 86_400);
    let attestation = attester.attest(&issuer, &[&key], &json!({}), &json!({})).await;
    assert_error(&parse(&issuer, json!({"attestation": [attestation]})).await, "BAD_REQUEST", "invalid_proof");
}

#[tokio::test]
async fn an_attestation_beside_a_proof() {
    let (issuer, authority) = issuer(json!({})).await;
    let attester = Attester::of(&authority);
    let (key, second) = (Key::new(), Key::new());
    let attestation = attester.attest(&issuer, &[&key, &second], &json!({}), &json!({"nonce": null})).await;
    let proof = issuer.proof(&key, &json!({"key_attestation": attestation}), &json!({})).await;
    let answer = parse(&issuer, json!({"jwt": [proof]})).await;
    assert_eq!(answer["info"]["bindingKeys"].as_array().map(Vec::len), Some(2), "{answer}");

    let proof = issuer.proof(&key, &json!({}), &json!({})).await;
    assert_error(&parse(&issuer, json!({"jwt": [proof]})).await, "BAD_REQUEST", "invalid_proof");
    let proof = issuer.proof(&Key::new(), &json!({"key_attestation": attestation}), &json!({})).await;
    assert_error(&parse(&issuer, json!({"jwt": [proof]})).await, "BAD_REQUEST", "invalid_proof");
    let endless = attester.attest(&issuer, &[&key], &json!({}), &json!({"exp": null})).await;
    let proof = issuer.proof(&key, &json!({"key_attestation": endless}), &json!({})).await;
    assert_error(&parse(&issuer, json!({"jwt": [proof]})).await, "BAD_REQUEST", "invalid_proof");
    let proof = issuer.proof(&key, &json!({"key_attestation": 1}), &json!({})).await;
    assert_error(&parse(&issuer, json!({"jwt": [proof]})).await, "BAD_REQUEST", "invalid_proof");
}
