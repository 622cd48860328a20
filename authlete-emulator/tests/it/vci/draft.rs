//! The first implementer's draft, which a service keeps to that names no version.

use serde_json::{Value, json};

use super::issuer::{ISSUER, Issuer, Key, configurations, disclosed, person};
use crate::world::{assert_error, content};

async fn issuer(metadata: Value) -> Issuer {
    let mut all = configurations();
    for id in ["person", "membership"] {
        all[id]["format"] = json!("vc+sd-jwt");
    }
    let mut members = json!({
        "credentialsSupported": all.to_string(), "batchCredentialEndpoint": format!("{ISSUER}/batch"),
    });
    super::issuer::extend(&mut members, &metadata);
    Issuer::with(json!({"oid4vciVersion": null, "cnonceDuration": 100}), members, json!({})).await
}

async fn redeemed(issuer: &Issuer, configurations: &[&str]) -> Value {
    let offer = issuer.offer(configurations, &json!({})).await;
    issuer.redeem(&offer["preAuthorizedCode"], "").await
}

fn request(proof: Option<&str>) -> Value {
    let vct =
        if proof.is_some() { "https://issuer.example.com/person" } else { "https://issuer.example.com/membership" };
    let mut request = json!({"format": "vc+sd-jwt", "vct": vct});
    if let Some(proof) = proof {
        request["proof"] = json!({"proof_type": "jwt", "jwt": proof});
    }
    request
}

#[tokio::test]
async fn nonces_belong_to_tokens() {
    let issuer = issuer(json!({})).await;
    let document = content(&issuer.world.act("/vci/metadata", json!({})).await);
    assert_eq!(
        (&document["batch_credential_endpoint"], &document["nonce_endpoint"]),
        (&json!(format!("{ISSUER}/batch")), &Value::Null)
    );
    let answer = redeemed(&issuer, &["person"]).await;
    let (token, response) = (answer["accessToken"].clone(), content(&answer));
    assert_eq!((&response["c_nonce"], &response["c_nonce_expires_in"]), (&answer["cnonce"], &json!(100)), "{answer}");
    let seen = issuer.world.introspect(&token).await;
    assert_eq!((&seen["cnonce"], &seen["cnonceExpiresAt"]), (&answer["cnonce"], &answer["cnonceExpiresAt"]), "{seen}");
    let key = Key::new();
    let proof = issuer.proof(&key, &json!({}), &json!({"nonce": response["c_nonce"]})).await;
    let parsed = issuer.parse(&token, &request(Some(&proof))).await;
    assert_eq!((&parsed["action"], &parsed["info"]["format"]), (&json!("OK"), &json!("vc+sd-jwt")), "{parsed}");
    let answer = issuer.issue(&token, &parsed["info"]["identifier"], &json!({})).await;
    let response = content(&answer);
    let credential = response["credential"].as_str().expect("a credential");
    let header = jsonwebtoken::decode_header(credential.split('~').next().expect("a JWT")).expect("a header");
    assert_eq!(header.typ.as_deref(), Some("vc+sd-jwt"));
    assert_eq!(disclosed(credential).0["given_name"], "John");
    assert_ne!(response["c_nonce"], Value::Null, "{response}");
    // Each response brings another nonce; the one before is no good then.
    let wrong = issuer.parse(&token, &request(Some(&proof))).await;
    assert_error(&wrong, "BAD_REQUEST", "invalid_proof");
    let next = content(&wrong)["c_nonce"].clone();
    let proof = issuer.proof(&key, &json!({}), &json!({"nonce": next})).await;
    assert_eq!(issuer.parse(&token, &request(Some(&proof))).await["action"], "OK");
    issuer.world.advance(100);
    assert_error(&issuer.parse(&token, &request(Some(&proof))).await, "BAD_REQUEST", "invalid_proof");
}

#[tokio::test]
async fn what_is_asked_for_by_its_format() {
    let issuer = issuer(json!({})).await;
    let token = redeemed(&issuer, &["membership"]).await["accessToken"].clone();
    for (request, error) in [
        (json!({}), "invalid_credential_request"),
        (json!({"format": "jwt_vc_json"}), "unsupported_credential_format"),
        (json!({"format": "vc+sd-jwt", "vct": "other"}), "unsupported_credential_type"),
        (json!({"format": "vc+sd-jwt"}), "unsupported_credential_type"),
    ] {
        assert_error(&issuer.parse(&token, &request).await, "BAD_REQUEST", error);
    }
    assert_eq!(issuer.parse(&token, &request(None)).await["action"], "OK");
    let details =
        json!([{"type": "openid_credential", "format": "vc+sd-jwt", "vct": "https://issuer.example.com/person"}]);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("authorization_details", &details.to_string())
        .finish();
    let answer = issuer.world.exchange(&issuer.world.code(&query).await).await;
    assert_eq!(content(&answer)["authorization_details"], details);
    assert_ne!(answer["cnonce"], Value::Null);
}

#[tokio::test]
async fn several_credentials_in_one_request() {
    let issuer = issuer(json!({})).await;
    let token = redeemed(&issuer, &["membership"]).await["accessToken"].clone();
    let content_of = |requests: &Value| json!({"credential_requests": requests}).to_string();
    for requests in [json!(null), json!([]), json!([1])] {
        let body = json!({"accessToken": token, "requestContent": content_of(&requests)});
        let answer = issuer.world.act("/vci/batch/parse", body).await;
        assert_error(&answer, "BAD_REQUEST", "invalid_credential_request");
    }
    let requests = json!([request(None), request(None)]);
    let body = json!({"accessToken": token, "requestContent": content_of(&requests)});
    let answer = issuer.world.act("/vci/batch/parse", body.clone()).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    let ids: Vec<Value> =
        answer["info"].as_array().expect("a list").iter().map(|one| one["identifier"].clone()).collect();
    let orders = json!([
        {"requestIdentifier": ids[0], "credentialPayload": person().to_string()},
        {"requestIdentifier": ids[1], "issuanceDeferred": true},
    ]);
    let answer = issuer.world.act("/vci/batch/issue", json!({"accessToken": token, "orders": orders})).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    let responses = content(&answer)["credential_responses"].clone();
    assert!(responses[0]["credential"].is_string() && responses[1]["transaction_id"] == ids[1], "{responses}");

    // Later, it is still not there, and then it is.
    let order = json!({"order": {"requestIdentifier": ids[1], "issuanceDeferred": true}});
    assert_error(&issuer.world.act("/vci/deferred/issue", order).await, "BAD_REQUEST", "issuance_pending");
    let order = json!({"order": {"requestIdentifier": ids[1], "credentialPayload": person().to_string()}});
    let answer = issuer.world.act("/vci/deferred/issue", order).await;
    assert!(content(&answer)["credential"].is_string(), "{answer}");

    let answer = issuer.world.act("/vci/batch/parse", body).await;
    let orders: Vec<Value> = answer["info"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| json!({"requestIdentifier": one["identifier"], "issuanceDeferred": true}))
        .collect();
    let answer = issuer.world.act("/vci/batch/issue", json!({"accessToken": token, "orders": orders})).await;
    assert_eq!(answer["action"], "ACCEPTED", "{answer}");
    let answer = issuer.world.act("/vci/batch/issue", json!({"accessToken": token, "orders": []})).await;
    assert_error(&answer, "CALLER_ERROR", "server_error");
}

#[tokio::test]
async fn the_final_version_has_no_batch_requests() {
    let issuer = Issuer::new().await;
    let token = issuer.token(&["membership"]).await;
    for path in ["/vci/batch/parse", "/vci/batch/issue"] {
        let body = json!({"accessToken": token, "requestContent": "{}", "orders": []});
        assert_error(&issuer.world.act(path, body).await, "BAD_REQUEST", "invalid_credential_request");
    }
}
