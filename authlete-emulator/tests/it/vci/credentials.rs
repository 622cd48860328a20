//! SD-JWT VCs, from the request to the credential.

use serde_json::{Value, json};

use super::issuer::{ISSUER, Issuer, Key, disclosed, person};
use crate::world::{assert_error, content};

#[tokio::test]
async fn a_credential_bound_to_the_wallets_key() {
    let issuer = Issuer::new().await;
    let key = Key::new();
    let token = issuer.token(&["person"]).await;
    let request = issuer.request("person", &[&key]).await;
    let answer = issuer.parse(&token, &request).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    let info = &answer["info"];
    assert_eq!(info["credentialConfigurationId"], "person", "{answer}");
    let bound: Value = serde_json::from_str(info["bindingKey"].as_str().expect("a key")).expect("a JWK");
    assert_eq!((&bound, info["bindingKeys"].as_array().map(Vec::len)), (&key.public, Some(1)));
    let answer = issuer.issue(&token, &info["identifier"], &json!({"credentialDuration": 60})).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    let response = content(&answer);
    let credential = response["credentials"][0]["credential"].as_str().expect("a credential");
    assert!(credential.ends_with('~'), "{credential}");

    let jwt = credential.split('~').next().expect("a JWT");
    let header = jsonwebtoken::decode_header(jwt).expect("a header");
    assert_eq!((header.typ.as_deref(), header.x5c.map(|chain| chain.len())), (Some("dc+sd-jwt"), Some(1)));
    let public = serde_json::from_value(issuer.key.public.clone()).expect("a JWK");
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let decoding = jsonwebtoken::DecodingKey::from_jwk(&public).expect("a key");
    jsonwebtoken::decode::<Value>(jwt, &decoding, &validation).expect("a good signature");

    let (all, visible) = disclosed(credential);
    let now = issuer.world.now();
    assert_eq!((&all["iss"], &all["iat"], &all["exp"]), (&json!(ISSUER), &json!(now), &json!(now + 60)), "{all}");
    assert_eq!(all["cnf"]["jwk"]["x"], key.public["x"], "{all}");
    for (name, value) in person().as_object().expect("an object") {
        assert_eq!(&all[name], value);
    }
    let names: Vec<&String> = visible.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["_sd", "_sd_alg", "address", "cnf", "exp", "iat", "iss", "vct"]);
}

#[tokio::test]
async fn several_proofs_give_several_credentials() {
    let issuer = Issuer::new().await;
    let keys = [Key::new(), Key::new(), Key::new()];
    let credentials = issuer.credentials("person", &keys.each_ref(), &json!({})).await;
    let bound: Vec<Value> = credentials.iter().map(|one| disclosed(one).1["cnf"]["jwk"]["x"].clone()).collect();
    assert_eq!(bound, keys.each_ref().map(|key| key.public["x"].clone()));
    // The same claim is hidden in another way each time.
    let digests: Vec<Value> = credentials.iter().map(|one| disclosed(one).1["_sd"].clone()).collect();
    assert!(digests[0] != digests[1] && digests[1] != digests[2]);
}

#[tokio::test]
async fn a_credential_without_a_key() {
    let issuer = Issuer::with(json!({"credentialDuration": 90}), json!({}), json!({})).await;
    let order = json!({"credentialPayload": json!({"vct": "v", "iss": "mine", "cnf": {}, "iat": 5}).to_string()});
    let credentials = issuer.credentials("membership", &[], &order).await;
    let (all, _) = disclosed(&credentials[0]);
    let expected = json!({"vct": "v", "iss": ISSUER, "iat": 5, "exp": issuer.world.now() + 90});
    assert_eq!((credentials.len(), all), (1, expected));
    let order = json!({"credentialPayload": "{\"vct\": \"v\"}", "credentialDuration": -1});
    let credentials = issuer.credentials("membership", &[], &order).await;
    assert_eq!(disclosed(&credentials[0]).0["exp"], Value::Null);
}

#[tokio::test]
async fn orders_that_are_wrong() {
    let issuer = Issuer::new().await;
    let token = issuer.token(&["membership"]).await;
    let request = issuer.request("membership", &[]).await;
    let identifier = issuer.parsed(&token, &request).await;
    for order in [
        json!({"requestIdentifier": null}),
        json!({"requestIdentifier": "unknown"}),
        json!({"credentialPayload": null}),
        json!({"credentialPayload": "[]"}),
        json!({"credentialPayload": "{}"}),
        json!({"credentialPayload": "{\"vct\": \"v\", \"_sd\": []}"}),
        json!({"signingKeyId": "unknown"}),
    ] {
        assert_error(&issuer.issue(&token, &identifier, &order).await, "CALLER_ERROR", "server_error");
    }
    let other = issuer.token(&["membership"]).await;
    assert_error(&issuer.issue(&other, &identifier, &json!({})).await, "CALLER_ERROR", "server_error");
    assert_eq!(issuer.issue(&token, &identifier, &json!({})).await["action"], "OK");
    assert_error(&issuer.issue(&token, &identifier, &json!({})).await, "CALLER_ERROR", "server_error");
}

#[tokio::test]
async fn the_key_that_signs() {
    let (first, second) = (Key::new(), Key::new());
    let keys = json!({"keys": [
        first.public, first.private(&json!({"kid": "other", "use": "enc"})), second.private(&json!({"kid": "second"})),
        first.private(&json!({"kid": "first"})),
    ]});
    let issuer = Issuer::with(json!({"credentialJwks": keys.to_string()}), json!({}), json!({})).await;
    for (order, kid) in [(json!({}), "second"), (json!({"signingKeyId": "first"}), "first")] {
        let credentials = issuer.credentials("membership", &[], &order).await;
        let header = jsonwebtoken::decode_header(credentials[0].split('~').next().expect("a JWT")).expect("a header");
        assert_eq!((header.kid.as_deref(), header.x5c), (Some(kid), None));
    }
    let mut key = first.private(&json!({}));
    key.as_object_mut().expect("an object").remove("alg");
    let keys = json!({"keys": [key]}).to_string();
    let issuer = Issuer::with(json!({"credentialJwks": keys}), json!({}), json!({})).await;
    let token = issuer.token(&["membership"]).await;
    let identifier = issuer.parsed(&token, &issuer.request("membership", &[]).await).await;
    let answer = issuer.issue(&token, &identifier, &json!({})).await;
    assert_error(&answer, "INTERNAL_SERVER_ERROR", "server_error");
}

#[tokio::test]
async fn a_request_is_denied() {
    let issuer = Issuer::new().await;
    let token = issuer.token(&["membership"]).await;
    let identifier = issuer.parsed(&token, &issuer.request("membership", &[]).await).await;
    let body = json!({"accessToken": token, "order": {"requestIdentifier": identifier}, "denied": true});
    let answer = issuer.world.act("/vci/single/issue", body.clone()).await;
    assert_error(&answer, "BAD_REQUEST", "credential_request_denied");
    assert_error(&issuer.world.act("/vci/single/issue", body).await, "CALLER_ERROR", "server_error");
}

#[tokio::test]
async fn a_request_waits_for_ten_minutes() {
    let issuer = Issuer::new().await;
    let token = issuer.token(&["membership"]).await;
    let identifier = issuer.parsed(&token, &issuer.request("membership", &[]).await).await;
    issuer.world.advance(600);
    assert_error(&issuer.issue(&token, &identifier, &json!({})).await, "CALLER_ERROR", "server_error");
}
