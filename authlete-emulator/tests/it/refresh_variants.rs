//! What a service may want beyond rotation: ID tokens at a refresh, and refresh tokens that may be sent again.

use serde_json::{Value, json};

use crate::keys::claims;
use crate::world::{World, assert_error, content};

async fn refresh(world: &World, token: &Value) -> Value {
    let token = token["refreshToken"].as_str().expect("a refresh token");
    world.token(&format!("grant_type=refresh_token&refresh_token={token}")).await
}

#[tokio::test]
async fn a_new_id_token() {
    let world = World::new(json!({"idTokenReissuable": true}), json!({})).await;
    let first = world.exchange(&world.code("scope=openid+read&nonce=n").await).await;
    let second = refresh(&world, &first).await;
    assert_eq!(second["action"], "ID_TOKEN_REISSUABLE", "{second}");
    assert!(content(&second).get("id_token").is_none());
    assert_eq!(content(&second)["access_token"], second["accessToken"]);

    let body = json!({
        "accessToken": second["accessToken"], "refreshToken": second["refreshToken"], "sub": "j",
        "claims": "{\"name\":\"John\",\"exp\":1}", "idTokenAudType": "string",
    });
    let answer = world.act("/idtoken/reissue", body).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    let response = content(&answer);
    assert_eq!((&response["access_token"], &response["id_token"]), (&second["accessToken"], &answer["idToken"]));
    assert_eq!(response["refresh_token"], second["refreshToken"]);
    let id_token = claims(answer["idToken"].as_str().expect("an ID token"));
    assert_eq!((&id_token["sub"], &id_token["name"]), (&json!("j"), &json!("John")));
    assert_eq!(id_token["aud"], world.client_id());
    assert!(id_token["exp"].as_u64().is_some_and(|exp| exp > world.now()) && id_token.get("nonce").is_none());

    for body in [
        json!({"accessToken": second["accessToken"]}),
        json!({"refreshToken": second["refreshToken"]}),
        json!({"accessToken": first["accessToken"], "refreshToken": second["refreshToken"]}),
        json!({"accessToken": second["accessToken"], "refreshToken": first["refreshToken"]}),
        json!({"accessToken": second["accessToken"], "refreshToken": second["refreshToken"], "claims": "x"}),
        json!({"accessToken": second["accessToken"], "refreshToken": second["refreshToken"], "idtHeaderParams": "x"}),
    ] {
        assert_error(&world.act("/idtoken/reissue", body).await, "CALLER_ERROR", "server_error");
    }
}

#[tokio::test]
async fn nothing_is_reissuable_without_openid() {
    let world = World::new(json!({"idTokenReissuable": true}), json!({})).await;
    let token = world.exchange(&world.code("scope=read").await).await;
    let token = refresh(&world, &token).await;
    assert_eq!(token["action"], "OK");
    let body = json!({"accessToken": token["accessToken"], "refreshToken": token["refreshToken"]});
    assert_error(&world.act("/idtoken/reissue", body).await, "CALLER_ERROR", "server_error");
}

#[tokio::test]
async fn a_refresh_token_that_is_sent_again_at_once() {
    let world = World::new(json!({"refreshTokenIdempotent": true}), json!({})).await;
    let first = world.exchange(&world.code("").await).await;
    let second = refresh(&world, &first).await;
    assert_eq!(second["previousRefreshTokenUsed"], false);
    let again = refresh(&world, &first).await;
    assert_eq!((&again["action"], &again["previousRefreshTokenUsed"]), (&json!("OK"), &json!(true)), "{again}");
    assert_eq!(again["refreshToken"], second["refreshToken"]);
    assert_eq!(world.introspect(&again["accessToken"]).await["action"], "OK");
    world.advance(60);
    assert_error(&refresh(&world, &first).await, "BAD_REQUEST", "invalid_grant");
    assert_error(&refresh(&world, &again).await, "BAD_REQUEST", "invalid_grant");
}

#[tokio::test]
async fn only_the_last_refresh_token_may_be_sent_again() {
    let world = World::new(json!({"refreshTokenIdempotent": true}), json!({})).await;
    let first = world.exchange(&world.code("").await).await;
    let second = refresh(&world, &first).await;
    let third = refresh(&world, &second).await;
    assert_eq!(third["action"], "OK");
    assert_error(&refresh(&world, &first).await, "BAD_REQUEST", "invalid_grant");
    assert_error(&refresh(&world, &third).await, "BAD_REQUEST", "invalid_grant");
}

#[tokio::test]
async fn a_property_that_is_set_again_stands_once() {
    let world = World::plain().await;
    let mut token = world.exchange(&world.code("").await).await;
    for value in ["1", "2", "3"] {
        let refresh = token["refreshToken"].as_str().expect("a refresh token");
        let mut body = world.token_body(&format!("grant_type=refresh_token&refresh_token={refresh}"));
        body["properties"] = json!([{"key": "count", "value": value, "hidden": true}]);
        token = world.act("/auth/token", body).await;
    }
    assert_eq!(token["properties"], json!([{"key": "count", "value": "3", "hidden": true}]), "{token}");
    assert!(content(&token).get("count").is_none());
}
