//! Refresh tokens and client credentials.

use serde_json::{Value, json};

use crate::world::{World, assert_error, content};

fn refresh(token: &Value, more: &str) -> String {
    format!("grant_type=refresh_token&refresh_token={}{more}", token["refreshToken"].as_str().expect("a token"))
}

#[tokio::test]
async fn a_refresh_token_rotates() {
    let world = World::plain().await;
    let first = world.exchange(&world.code("scope=read+write").await).await;
    let second = world.token(&refresh(&first, "")).await;
    assert_eq!((&second["action"], &second["grantType"]), (&json!("OK"), &json!("REFRESH_TOKEN")));
    assert_ne!(second["refreshToken"], first["refreshToken"]);
    assert_eq!(world.introspect(&first["accessToken"]).await["action"], "UNAUTHORIZED");
    assert_eq!(world.introspect(&second["accessToken"]).await["action"], "OK");

    assert_error(&world.token(&refresh(&first, "")).await, "BAD_REQUEST", "invalid_grant");
    assert_eq!(world.introspect(&second["accessToken"]).await["action"], "UNAUTHORIZED");
    assert_error(&world.token(&refresh(&second, "")).await, "BAD_REQUEST", "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_that_the_service_keeps() {
    let world = World::new(json!({"refreshTokenKept": true, "refreshTokenDuration": 1_000}), json!({})).await;
    let first = world.exchange(&world.code("").await).await;
    world.advance(400);
    let second = world.token(&refresh(&first, "")).await;
    assert_eq!(second["refreshToken"], first["refreshToken"]);
    assert_eq!(second["refreshTokenExpiresAt"], first["refreshTokenExpiresAt"]);
    world.advance(600);
    assert_error(&world.token(&refresh(&second, "")).await, "BAD_REQUEST", "invalid_grant");
}

#[tokio::test]
async fn how_long_a_renewed_token_lasts() {
    for (settings, refresh_seconds, access_seconds) in [
        (json!({}), 1_000, 800),
        (json!({"refreshTokenDurationKept": true}), 600, 800),
        (json!({"refreshTokenDurationKept": true, "tokenExpirationLinked": true}), 600, 600),
        (json!({"refreshTokenKept": true, "refreshTokenDurationReset": true}), 1_000, 800),
    ] {
        let mut service = json!({"refreshTokenDuration": 1_000, "accessTokenDuration": 800});
        service.as_object_mut().expect("an object").extend(settings.as_object().expect("an object").clone());
        let world = World::new(service, json!({})).await;
        let first = world.exchange(&world.code("").await).await;
        world.advance(400);
        let second = world.token(&refresh(&first, "")).await;
        // The system's clock runs on underneath, so a second may have gone by.
        let near = |value: &Value, expected: u64| value.as_u64().is_some_and(|v| v == expected || v + 1 == expected);
        assert!(near(&second["refreshTokenDuration"], refresh_seconds), "{settings} {second}");
        assert!(near(&second["accessTokenDuration"], access_seconds), "{settings} {second}");
    }
}

#[tokio::test]
async fn a_refresh_can_ask_for_less_but_not_for_more() {
    let world = World::plain().await;
    let token = world.exchange(&world.code("scope=read+write").await).await;
    assert_error(&world.token(&refresh(&token, "&scope=read+openid")).await, "BAD_REQUEST", "invalid_scope");
    let narrow = world.token(&refresh(&token, "&scope=read")).await;
    assert_eq!((&narrow["scopes"], &narrow["refreshTokenScopes"]), (&json!(["read"]), &json!(["read", "write"])));
    let wide = world.token(&refresh(&narrow, "")).await;
    assert_eq!(wide["scopes"], json!(["read", "write"]));
}

#[tokio::test]
async fn a_refresh_token_is_for_its_client() {
    let mut world = World::plain().await;
    let token = world.exchange(&world.code("").await).await;
    let owner = std::mem::take(&mut world.client);
    world.client = world.add_client(json!({})).await;
    assert_error(&world.token(&refresh(&token, "")).await, "BAD_REQUEST", "invalid_grant");
    world.client = owner;
    assert_eq!(world.token(&refresh(&token, "")).await["action"], "OK");
}

#[tokio::test]
async fn no_refresh_token_for_a_client_that_may_not_use_it() {
    let world = World::new(json!({}), json!({"grantTypes": ["AUTHORIZATION_CODE"]})).await;
    let token = world.exchange(&world.code("").await).await;
    assert!(token.get("refreshToken").is_none());
    assert!(content(&token).get("refresh_token").is_none());
    assert_eq!(world.introspect(&token["accessToken"]).await["refreshable"], false);
}

#[tokio::test]
async fn client_credentials() {
    let world = World::plain().await;
    let token = world.token("grant_type=client_credentials&scope=read+openid").await;
    assert_eq!((&token["action"], &token["scopes"]), (&json!("OK"), &json!(["read"])));
    assert!(token.get("subject").is_none() && token.get("refreshToken").is_none());
    let answer = world.introspect(&token["accessToken"]).await;
    assert_eq!((&answer["action"], &answer["grantType"]), (&json!("OK"), &json!("CLIENT_CREDENTIALS")));
}

#[tokio::test]
async fn a_single_token_per_subject() {
    let world = World::new(json!({"singleAccessTokenPerSubject": true}), json!({})).await;
    let machine = world.token("grant_type=client_credentials").await;
    let first = world.exchange(&world.code("").await).await;
    let second = world.exchange(&world.code("").await).await;
    for (token, action) in [(&machine, "OK"), (&first, "UNAUTHORIZED"), (&second, "OK")] {
        assert_eq!(world.introspect(&token["accessToken"]).await["action"], action);
    }
}

#[tokio::test]
async fn grant_types() {
    let world = World::new(json!({}), json!({"grantTypes": ["AUTHORIZATION_CODE"]})).await;
    for (parameters, error) in [
        ("", "invalid_request"),
        ("code=x", "invalid_request"),
        ("grant_type=authorization_code", "invalid_request"),
        ("grant_type=authorization_code&code=unknown", "invalid_grant"),
        ("grant_type=authorization_code&code=a&code=b", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=nonsense", "unsupported_grant_type"),
        ("grant_type=client_credentials", "unauthorized_client"),
    ] {
        assert_error(&world.token(parameters).await, "BAD_REQUEST", error);
    }
    let body = json!({"clientId": world.client_id(), "clientSecret": world.client["clientSecret"]});
    assert_error(&world.act("/auth/token", body).await, "INTERNAL_SERVER_ERROR", "server_error");

    let types = json!(["PRE_AUTHORIZED_CODE"]);
    let world = World::new(json!({"supportedGrantTypes": types}), json!({"grantTypes": types})).await;
    let parameters = "grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code";
    // The service does not issue credentials.
    assert_error(&world.token(parameters).await, "BAD_REQUEST", "unsupported_grant_type");
}
