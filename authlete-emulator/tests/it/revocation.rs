//! The revocation endpoint (RFC 7009).

use serde_json::{Value, json};

use crate::world::{World, assert_error};

async fn revoke(world: &World, parameters: &str) -> Value {
    world.act("/auth/revocation", world.token_body(parameters)).await
}

#[tokio::test]
async fn the_revocation_endpoint() {
    let world = World::plain().await;
    let token = world.exchange(&world.code("scope=read").await).await;
    let access = token["accessToken"].as_str().expect("a token");
    let answer = revoke(&world, &format!("token={access}&token_type_hint=refresh_token&callback=app.done")).await;
    assert_eq!((&answer["action"], &answer["responseContent"]), (&json!("OK"), &json!("app.done();")));
    assert_eq!(world.introspect(&token["accessToken"]).await["existent"], false);
    let again = revoke(&world, &format!("token={access}&callback=alert(1)")).await;
    assert!(again["action"] == "OK" && again.get("responseContent").is_none(), "{again}");

    let token = world.exchange(&world.code("scope=read").await).await;
    let refresh = token["refreshToken"].as_str().expect("a token");
    assert_eq!(revoke(&world, &format!("token={refresh}")).await["action"], "OK");
    assert_eq!(world.introspect(&token["accessToken"]).await["existent"], false);
    assert_eq!(revoke(&world, "token=unknown").await["action"], "OK");
}

#[tokio::test]
async fn what_the_revocation_endpoint_refuses() {
    let mut world = World::plain().await;
    let token = world.exchange(&world.code("").await).await["accessToken"].clone();
    let parameters = format!("token={}", token.as_str().expect("a token"));
    assert_error(&revoke(&world, "").await, "BAD_REQUEST", "invalid_request");
    let body = json!({"parameters": parameters, "clientId": world.client_id(), "clientSecret": "wrong"});
    assert_error(&world.act("/auth/revocation", body).await, "INVALID_CLIENT", "invalid_client");
    assert_error(&world.act("/auth/revocation", json!({})).await, "INTERNAL_SERVER_ERROR", "server_error");
    world.client = world.add_client(json!({})).await;
    assert_error(&revoke(&world, &parameters).await, "BAD_REQUEST", "invalid_request");
    assert_eq!(world.introspect(&token).await["action"], "OK");
}
