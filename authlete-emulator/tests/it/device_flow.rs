//! The device flow, between a device, a browser and the authorization server.

use serde_json::{Value, json};

use crate::keys::claims;
use crate::world::{World, assert_error, content};

async fn world(service: Value) -> World {
    let mut members = json!({
        "supportedGrantTypes": ["DEVICE_CODE", "REFRESH_TOKEN"],
        "deviceVerificationUri": "https://as.example.com/device",
        "deviceVerificationUriComplete": "https://as.example.com/device?code=USER_CODE",
        "supportedAcrs": ["gold"],
    });
    members.as_object_mut().expect("an object").extend(service.as_object().expect("an object").clone());
    World::new(members, json!({"grantTypes": ["DEVICE_CODE", "REFRESH_TOKEN"]})).await
}

async fn open(world: &World, parameters: &str) -> Value {
    world.act("/device/authorization", world.token_body(parameters)).await
}

async fn poll(world: &World, request: &Value) -> Value {
    let code = request["deviceCode"].as_str().expect("a device code");
    world.token(&format!("grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={code}")).await
}

async fn complete(world: &World, request: &Value, more: Value) -> Value {
    let mut body = json!({"userCode": request["userCode"]});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    world.act("/device/complete", body).await
}

#[tokio::test]
async fn the_whole_flow() {
    let world = world(json!({})).await;
    let request = open(&world, "scope=openid+read+email+unknown&acr_values=gold+silver").await;
    assert_eq!(request["action"], "OK", "{request}");
    let response = content(&request);
    let user_code = request["userCode"].as_str().expect("a user code");
    assert!(user_code.len() == 8 && user_code.chars().all(|c| "BCDFGHJKLMNPQRSTVWXZ".contains(c)), "{user_code}");
    assert_eq!((&response["user_code"], &response["device_code"]), (&request["userCode"], &request["deviceCode"]));
    assert_eq!((&response["expires_in"], &response["interval"]), (&json!(600), &json!(5)));
    assert_eq!(response["verification_uri"], "https://as.example.com/device");
    assert_eq!(response["verification_uri_complete"], format!("https://as.example.com/device?code={user_code}"));

    assert_error(&poll(&world, &request).await, "BAD_REQUEST", "authorization_pending");
    let page = world.act("/device/verification", json!({"userCode": user_code})).await;
    assert_eq!((&page["action"], &page["clientId"]), (&json!("VALID"), &world.client["clientId"]));
    assert_eq!((&page["acrs"], &page["scopes"][1]["name"]), (&json!(["gold"]), &json!("read")));

    let decision = json!({
        "result": "AUTHORIZED", "subject": "john", "sub": "j", "acr": "gold", "authTime": 1_000,
        "claims": "{\"email\":\"j@example.com\",\"iss\":\"https://evil.example\"}",
        "properties": [{"key": "tv", "value": "big"}], "accessTokenDuration": 77,
    });
    assert_eq!(complete(&world, &request, decision.clone()).await["action"], "SUCCESS");
    let token = poll(&world, &request).await;
    assert_eq!((&token["action"], &token["grantType"]), (&json!("OK"), &json!("DEVICE_CODE")), "{token}");
    assert_eq!((&token["subject"], &token["accessTokenDuration"]), (&json!("john"), &json!(77)));
    let response = content(&token);
    assert_eq!(response["tv"], "big");
    let id_token = claims(response["id_token"].as_str().expect("an ID token"));
    assert_eq!((&id_token["sub"], &id_token["email"]), (&json!("j"), &json!("j@example.com")));
    assert_eq!((&id_token["iss"], &id_token["acr"]), (&json!("https://as.example.com"), &json!("gold")));

    // Both codes have been used.
    assert_error(&poll(&world, &request).await, "BAD_REQUEST", "invalid_grant");
    assert_eq!(complete(&world, &request, decision).await["action"], "USER_CODE_NOT_EXIST");
    let page = world.act("/device/verification", json!({"userCode": user_code})).await;
    assert_eq!(page["action"], "NOT_EXIST");
}

#[tokio::test]
async fn a_device_that_asks_too_often_has_to_slow_down() {
    let world = world(json!({"deviceFlowPollingInterval": 10})).await;
    let request = open(&world, "scope=read").await;
    assert_eq!(request["interval"], 10);
    assert_error(&poll(&world, &request).await, "BAD_REQUEST", "authorization_pending");
    assert_error(&poll(&world, &request).await, "BAD_REQUEST", "slow_down");
    // 15 seconds by now.
    world.advance(12);
    assert_error(&poll(&world, &request).await, "BAD_REQUEST", "slow_down");
    world.advance(20);
    assert_error(&poll(&world, &request).await, "BAD_REQUEST", "authorization_pending");
    // Once there is a decision, nobody is told to wait for one.
    complete(&world, &request, json!({"result": "AUTHORIZED", "subject": "john"})).await;
    assert_eq!(poll(&world, &request).await["action"], "OK");
}

#[tokio::test]
async fn a_refusal_reaches_the_device() {
    let world = world(json!({})).await;
    for (result, error) in [("ACCESS_DENIED", "access_denied"), ("TRANSACTION_FAILED", "expired_token")] {
        let request = open(&world, "scope=read").await;
        let decision =
            json!({"result": result, "errorDescription": "not today", "errorUri": "https://as.example.com/e"});
        assert_eq!(complete(&world, &request, decision).await["action"], "SUCCESS");
        let answer = poll(&world, &request).await;
        assert_error(&answer, "BAD_REQUEST", error);
        let response = content(&answer);
        assert_eq!(response["error_description"], "not today");
        assert_eq!(response["error_uri"], "https://as.example.com/e");
    }
}

#[tokio::test]
async fn codes_end() {
    let world = world(json!({"deviceFlowCodeDuration": 60})).await;
    let request = open(&world, "scope=read").await;
    world.advance(60);
    assert_error(&poll(&world, &request).await, "BAD_REQUEST", "expired_token");
    let user_code = json!({"userCode": request["userCode"]});
    assert_eq!(world.act("/device/verification", user_code.clone()).await["action"], "EXPIRED");
    let decision = json!({"result": "AUTHORIZED", "subject": "john"});
    assert_eq!(complete(&world, &request, decision).await["action"], "USER_CODE_EXPIRED");
    world.advance(3_600);
    assert_error(&poll(&world, &request).await, "BAD_REQUEST", "invalid_grant");
    assert_eq!(world.act("/device/verification", user_code).await["action"], "NOT_EXIST");
}

#[tokio::test]
async fn calls_that_are_wrong() {
    let world = world(json!({})).await;
    let request = open(&world, "scope=read").await;
    for (wrong, action) in [
        (json!({"subject": "john"}), "INVALID_REQUEST"),
        (json!({"result": "AUTHORIZED"}), "INVALID_REQUEST"),
        (json!({"result": "AUTHORIZED", "subject": "john", "claims": "[]"}), "INVALID_REQUEST"),
        (json!({"result": "AUTHORIZED", "subject": "john", "idtHeaderParams": "x"}), "INVALID_REQUEST"),
        (json!({"result": "AUTHORIZED", "subject": "john", "userCode": ""}), "INVALID_REQUEST"),
        (json!({"result": "AUTHORIZED", "subject": "john", "userCode": "ZZZZZZZZ"}), "USER_CODE_NOT_EXIST"),
    ] {
        assert_eq!(complete(&world, &request, wrong.clone()).await["action"], action, "{wrong}");
    }
    assert_eq!(world.status("/device/complete", &json!({"userCode": "x", "result": "MAYBE"})).await, 400);
    // None of it was a decision.
    assert_error(&poll(&world, &request).await, "BAD_REQUEST", "authorization_pending");
}

#[tokio::test]
async fn a_device_code_is_for_its_client() {
    let mut world = world(json!({})).await;
    let request = open(&world, "scope=read").await;
    complete(&world, &request, json!({"result": "AUTHORIZED", "subject": "john"})).await;
    let owner = std::mem::take(&mut world.client);
    world.client = world.add_client(json!({"grantTypes": ["DEVICE_CODE"]})).await;
    assert_error(&poll(&world, &request).await, "BAD_REQUEST", "invalid_grant");
    world.client = owner;
    assert_eq!(poll(&world, &request).await["action"], "OK");
}

#[tokio::test]
async fn scopes_that_the_user_changes() {
    let world = world(json!({})).await;
    let request = open(&world, "scope=read+write").await;
    let decision = json!({"result": "AUTHORIZED", "subject": "john", "scopes": ["write", "openid"]});
    complete(&world, &request, decision).await;
    assert_eq!(poll(&world, &request).await["scopes"], json!(["write"]));
}

#[tokio::test]
async fn requests_that_are_not_opened() {
    let mut world = world(json!({"userCodeCharset": "NUMERIC", "userCodeLength": 12})).await;
    let digits = open(&world, "").await["userCode"].clone();
    let digits = digits.as_str().expect("a user code");
    assert!(digits.len() == 12 && digits.chars().all(|c| c.is_ascii_digit()), "{digits}");
    let body = json!({"parameters": "scope=read", "clientId": world.client_id(), "clientSecret": "wrong"});
    assert_error(&world.act("/device/authorization", body).await, "UNAUTHORIZED", "invalid_client");
    assert_error(&open(&world, "scope=read&scope=write").await, "BAD_REQUEST", "invalid_request");
    assert_error(&world.act("/device/authorization", json!({})).await, "INTERNAL_SERVER_ERROR", "server_error");
    assert_error(&open(&world, "grant_id=g").await, "BAD_REQUEST", "invalid_request");
    world.client = world.add_client(json!({})).await;
    assert_error(&open(&world, "scope=read").await, "BAD_REQUEST", "unauthorized_client");

    let world = self::world(json!({"deviceVerificationUri": null})).await;
    assert_error(&open(&world, "scope=read").await, "INTERNAL_SERVER_ERROR", "server_error");
}

#[tokio::test]
async fn a_public_client_is_welcome() {
    let mut world = world(json!({})).await;
    world.client = world.add_client(json!({"clientType": "PUBLIC", "grantTypes": ["DEVICE_CODE"]})).await;
    let parameters = format!("client_id={}&scope=read", world.client_id());
    let request = world.act("/device/authorization", json!({"parameters": parameters})).await;
    assert_eq!((&request["action"], &request["clientAuthMethod"]), (&json!("OK"), &json!("NONE")), "{request}");
}

#[tokio::test]
async fn resources_and_what_the_server_adds() {
    let (a, b) = ("https://rs.example.com/a", "https://rs.example.com/b");
    let world = world(json!({"accessTokenSignAlg": "ES256"})).await;
    let request = open(&world, &format!("scope=openid&resource={a}&resource={b}")).await;
    assert_eq!(request["resources"], json!([a, b]));
    let decision = json!({
        "result": "AUTHORIZED", "subject": "john", "jwtAtClaims": "{\"tenant\":\"t1\"}", "idtHeaderParams": "{\"x\":\"1\"}",
    });
    assert_eq!(complete(&world, &request, decision).await["action"], "SUCCESS");
    let code = request["deviceCode"].as_str().expect("a device code");
    let grant = format!("grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={code}");
    let wider = world.token(&format!("{grant}&resource=https://other.example.com")).await;
    assert_error(&wider, "BAD_REQUEST", "invalid_target");
    let token = world.token(&format!("{grant}&resource={a}")).await;
    assert_eq!((&token["resources"], &token["accessTokenResources"]), (&json!([a]), &json!([a])), "{token}");
    let known = world.introspect(&token["accessToken"]).await;
    assert_eq!(known["resources"], json!([a, b]));
    let access = claims(token["jwtAccessToken"].as_str().expect("a JWT"));
    assert_eq!((&access["tenant"], &access["aud"]), (&json!("t1"), &json!([a])));
    let header = jsonwebtoken::decode_header(token["idToken"].as_str().expect("an ID token")).expect("a header");
    assert_eq!(header.extras.get::<String>("x").expect("a string").as_deref(), Some("1"));
    assert_error(&open(&world, "resource=relative").await, "BAD_REQUEST", "invalid_target");
}
