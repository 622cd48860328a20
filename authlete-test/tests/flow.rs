//! What `TestAuthlete` and `TestKey` are for: a token bound to a key, from a client that authenticates by another.

use std::time::Duration;

use authlete_test::{ISSUER, TestAuthlete, TestKey};
use serde_json::{Value, json};

#[tokio::test]
async fn a_bound_token_of_a_client_with_a_key() {
    let (client_key, key) = (TestKey::generate().expect("a key"), TestKey::generate().expect("a key"));
    let authlete = TestAuthlete::builder()
        .service("tokenEndpoint", "https://as.example.com/token")
        .client("tokenAuthMethod", "PRIVATE_KEY_JWT")
        .client("jwks", client_key.jwks())
        .start()
        .await
        .expect("it starts");
    let now = authlete.emulator().clock().now();
    let assertion = client_key.client_assertion(authlete.client().id(), ISSUER, now).expect("an assertion");
    let proof = key.dpop_proof("POST", "https://as.example.com/token", now).sign().expect("a proof");
    let parameters = format!(
        "grant_type=client_credentials&scope=read&client_assertion={assertion}\
         &client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    let issued = call(&authlete, "auth/token", json!({"parameters": parameters, "dpop": proof})).await;
    let token = issued["accessToken"].as_str().expect("a token").to_owned();
    let look = |proof: String| {
        let body = json!({"token": token, "dpop": proof, "htm": "GET", "htu": "https://rs.example.com/a"});
        call(&authlete, "auth/introspection", body)
    };
    let proof = || key.dpop_proof("GET", "https://rs.example.com/a", authlete.emulator().clock().now());
    let good = look(proof().access_token(&token).sign().expect("a proof")).await;
    assert_eq!(good["action"], "OK", "{good}");
    let without_ath = look(proof().sign().expect("a proof")).await;
    assert_eq!(without_ath["action"], "UNAUTHORIZED");
    authlete.emulator().clock().advance(Duration::from_secs(86_401));
    let late = look(proof().access_token(&token).sign().expect("a proof")).await;
    assert_eq!(late["action"], "UNAUTHORIZED");
}

async fn call(authlete: &TestAuthlete, path: &str, body: Value) -> Value {
    let service = authlete.service();
    let path = format!("/api/{}/{path}", service.id());
    let response = service.client().request(http::Method::POST, &path, Some(&body)).await.expect("a response");
    serde_json::from_slice(&response).expect("JSON")
}

#[tokio::test]
async fn a_setting_that_there_is_not_is_an_error() {
    let error = TestAuthlete::builder().service("isuer", "x").start().await.expect_err("a typo");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text += &cause.to_string();
        source = cause.source();
    }
    assert!(text.contains("isuer"), "{text}");
}

#[test]
fn the_thumbprint_is_that_of_the_key() {
    let key = TestKey::generate().expect("a key");
    assert_eq!(key.thumbprint().len(), 43);
    assert_ne!(key.thumbprint(), TestKey::generate().expect("a key").thumbprint());
}
