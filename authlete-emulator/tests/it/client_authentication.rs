//! Who may ask for tokens.

use serde_json::json;

use crate::world::{CHALLENGE, REDIRECT_URI, VERIFIER, World, assert_error};

#[tokio::test]
async fn a_secret_in_the_header() {
    let world = World::plain().await;
    let code = world.code("").await;
    let parameters = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}");
    let secret = world.client["clientSecret"].as_str().expect("a secret");
    let id = world.client_id();
    for body in [
        json!({"parameters": parameters}),
        json!({"parameters": parameters, "clientId": id}),
        json!({"parameters": parameters, "clientId": id, "clientSecret": ""}),
        json!({"parameters": parameters, "clientId": id, "clientSecret": "wrong"}),
        json!({"parameters": parameters, "clientId": "1", "clientSecret": secret}),
        json!({"parameters": format!("{parameters}&client_id={id}&client_secret={secret}")}),
    ] {
        assert_error(&world.act("/auth/token", body).await, "INVALID_CLIENT", "invalid_client");
    }
    let both = json!({"parameters": format!("{parameters}&client_secret=x"), "clientId": id, "clientSecret": secret});
    assert_error(&world.act("/auth/token", both).await, "BAD_REQUEST", "invalid_request");
    let two = json!({"parameters": format!("{parameters}&client_id=1"), "clientId": id, "clientSecret": secret});
    assert_error(&world.act("/auth/token", two).await, "BAD_REQUEST", "invalid_request");
    assert_eq!(world.token(&parameters).await["action"], "OK");
}

#[tokio::test]
async fn a_secret_in_the_body() {
    let world = World::new(json!({}), json!({"tokenAuthMethod": "CLIENT_SECRET_POST"})).await;
    let code = world.code("").await;
    let parameters = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}");
    assert_error(&world.token(&parameters).await, "INVALID_CLIENT", "invalid_client");
    let secret = world.client["clientSecret"].as_str().expect("a secret");
    let parameters = format!("{parameters}&client_id={}&client_secret={secret}", world.client_id());
    let answer = world.act("/auth/token", json!({"parameters": parameters})).await;
    assert_eq!((&answer["action"], &answer["clientAuthMethod"]), (&json!("OK"), &json!("CLIENT_SECRET_POST")));
}

#[tokio::test]
async fn a_public_client_has_none() {
    let world = World::new(json!({}), json!({"clientType": "PUBLIC"})).await;
    let code = world.code(&format!("code_challenge={CHALLENGE}&code_challenge_method=S256")).await;
    let parameters = format!(
        "grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}&client_id={}&code_verifier={VERIFIER}",
        world.client_id()
    );
    let answer = world.act("/auth/token", json!({"parameters": parameters})).await;
    assert_eq!((&answer["action"], &answer["clientAuthMethod"]), (&json!("OK"), &json!("NONE")));
    let parameters = format!("grant_type=client_credentials&client_id={}", world.client_id());
    let answer = world.act("/auth/token", json!({"parameters": parameters})).await;
    assert_error(&answer, "BAD_REQUEST", "unauthorized_client");
}

#[tokio::test]
async fn a_method_that_the_service_does_not_take() {
    let world = World::new(json!({"supportedTokenAuthMethods": ["CLIENT_SECRET_POST"]}), json!({})).await;
    assert_error(&world.token("grant_type=client_credentials").await, "INVALID_CLIENT", "invalid_client");
}
