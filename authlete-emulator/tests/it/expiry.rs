//! Everything ends at its time, by a clock that the test moves.

use serde_json::json;

use crate::world::{World, assert_error};

#[tokio::test]
async fn a_ticket_ends() {
    let world = World::plain().await;
    let ticket = world.authorize("").await["ticket"].clone();
    world.advance(3_600);
    let answer = world.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john"})).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_request");
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes_or_what_the_service_says() {
    for (service, seconds) in [(json!({}), 600), (json!({"authorizationCodeDuration": 60}), 60)] {
        let world = World::new(service, json!({})).await;
        let in_time = world.code("").await;
        world.advance(seconds - 2);
        assert_eq!(world.exchange(&in_time).await["action"], "OK");
        let late = world.code("").await;
        world.advance(seconds);
        assert_error(&world.exchange(&late).await, "BAD_REQUEST", "invalid_grant");
    }
}

#[tokio::test]
async fn tokens_end_when_the_service_says() {
    let world = World::new(json!({"accessTokenDuration": 100, "refreshTokenDuration": 1_000}), json!({})).await;
    let token = world.exchange(&world.code("").await).await;
    assert_eq!(token["accessTokenDuration"], 100);
    assert_eq!(token["refreshTokenDuration"], 1_000);
    world.advance(100);
    let answer = world.introspect(&token["accessToken"]).await;
    assert_eq!(answer["action"], "UNAUTHORIZED");
    assert_eq!(
        (&answer["existent"], &answer["usable"], &answer["refreshable"]),
        (&json!(true), &json!(false), &json!(true))
    );
    assert!(answer["responseContent"].as_str().expect("a challenge").starts_with("Bearer error=\"invalid_token\""));
    world.advance(900);
    let refresh =
        format!("grant_type=refresh_token&refresh_token={}", token["refreshToken"].as_str().expect("a token"));
    assert_error(&world.token(&refresh).await, "BAD_REQUEST", "invalid_grant");
    world.advance(4_000);
    assert_eq!(world.introspect(&token["accessToken"]).await["existent"], false);
}

#[tokio::test]
async fn the_shortest_of_service_client_and_scopes_counts() {
    let scope = json!({"name": "read", "attributes": [{"key": "access_token.duration", "value": "50"}]});
    let service = json!({"accessTokenDuration": 100, "supportedScopes": [scope, {"name": "write"}]});
    let extension = json!({"accessTokenDuration": 70, "refreshTokenDuration": 10_000_000});
    let world = World::new(service, json!({"extension": extension})).await;
    for (scope, seconds) in [("read", 50), ("write", 70)] {
        let token = world.exchange(&world.code(&format!("scope={scope}")).await).await;
        assert_eq!(token["accessTokenDuration"], seconds);
        // A client's longer time does not count.
        assert_eq!(token["refreshTokenDuration"], 864_000);
    }
}

#[tokio::test]
async fn the_call_can_set_other_durations() {
    let world = World::plain().await;
    let code = world.code("").await;
    let uri = crate::world::REDIRECT_URI;
    let mut body = world.token_body(&format!("grant_type=authorization_code&code={code}&redirect_uri={uri}"));
    body["accessTokenDuration"] = json!(7);
    body["refreshTokenDuration"] = json!(9);
    let token = world.act("/auth/token", body).await;
    assert_eq!((&token["accessTokenDuration"], &token["refreshTokenDuration"]), (&json!(7), &json!(9)));
    world.advance(7);
    assert_eq!(world.introspect(&token["accessToken"]).await["action"], "UNAUTHORIZED");
}
