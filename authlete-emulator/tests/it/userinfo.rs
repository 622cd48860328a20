//! The userinfo endpoint.

use serde_json::{Value, json};

use crate::keys::claims;
use crate::world::{World, content};

async fn world(client: Value) -> World {
    let scopes = json!([{"name": "openid"}, {"name": "email"}, {"name": "phone"}, {"name": "read"}]);
    World::new(json!({"supportedScopes": scopes}), client).await
}

async fn token(world: &World, scopes: &str) -> Value {
    world.exchange(&world.code(&format!("scope={scopes}")).await).await["accessToken"].clone()
}

#[tokio::test]
async fn claims_in_json() {
    let world = world(json!({})).await;
    let token = token(&world, "openid+email+phone+read").await;
    let answer = world.act("/auth/userinfo", json!({"token": token})).await;
    assert_eq!((&answer["action"], &answer["subject"]), (&json!("OK"), &json!("john")), "{answer}");
    let names = json!(["email", "email_verified", "phone_number", "phone_number_verified"]);
    assert_eq!((&answer["claims"], &answer["token"]), (&names, &token));
    assert_eq!(answer["clientId"], world.client["clientId"]);

    let body = json!({"token": token, "claims": "{\"email\":\"j@example.com\",\"sub\":\"somebody else\"}"});
    let issued = world.act("/auth/userinfo/issue", body).await;
    assert_eq!(issued["action"], "JSON", "{issued}");
    assert_eq!(content(&issued), json!({"email": "j@example.com", "sub": "john"}));
    let issued = world.act("/auth/userinfo/issue", json!({"token": token, "sub": "pseudonym"})).await;
    assert_eq!(content(&issued), json!({"sub": "pseudonym"}));
}

#[tokio::test]
async fn claims_in_a_signed_jwt() {
    for algorithm in ["ES256", "RS256", "HS256"] {
        let world = world(json!({"userInfoSignAlg": algorithm})).await;
        let token = token(&world, "openid").await;
        let issued =
            world.act("/auth/userinfo/issue", json!({"token": token, "claims": "{\"iss\":\"x\",\"a\":1}"})).await;
        assert_eq!(issued["action"], "JWT", "{issued}");
        let jwt = issued["responseContent"].as_str().expect("a JWT");
        let expected = json!({"iss": "https://as.example.com", "aud": [world.client_id()], "sub": "john", "a": 1});
        assert_eq!(claims(jwt), expected);
        let body = json!({"jose": jwt, "clientIdentifier": world.client_id()});
        let (status, verified) =
            world.call("POST", &format!("/api/{}/jose/verify", world.service_id()), Some(&body)).await;
        assert_eq!((status, &verified["valid"]), (200, &json!(true)), "{algorithm} {verified}");
    }
}

#[tokio::test]
async fn every_refusal() {
    let world = world(json!({})).await;
    let plain = token(&world, "read").await;
    let dead = token(&world, "openid").await;
    world.advance(86_400);
    let no_user = world.token("grant_type=client_credentials&scope=read").await["accessToken"].clone();
    let plain_again = token(&world, "read").await;
    for path in ["/auth/userinfo", "/auth/userinfo/issue"] {
        for (body, action, error) in [
            (json!({}), "BAD_REQUEST", "invalid_request"),
            (json!({"token": "unknown"}), "UNAUTHORIZED", "invalid_token"),
            (json!({"token": dead}), "UNAUTHORIZED", "invalid_token"),
            (json!({"token": plain}), "UNAUTHORIZED", "invalid_token"),
            (json!({"token": no_user}), "UNAUTHORIZED", "invalid_token"),
            (json!({"token": plain_again}), "FORBIDDEN", "insufficient_scope"),
        ] {
            let answer = world.act(path, body).await;
            assert_eq!(answer["action"], action, "{answer}");
            let challenge = answer["responseContent"].as_str().expect("a challenge");
            let start = format!("Bearer error=\"{error}\",error_description=\"[A0913");
            assert!(challenge.starts_with(&start), "{challenge}");
            assert_eq!(challenge.ends_with(",scope=\"openid\""), action == "FORBIDDEN", "{challenge}");
            assert!(answer.get("subject").is_none());
        }
    }
}

#[tokio::test]
async fn what_cannot_be_made_is_not_made_up() {
    let world = world(json!({})).await;
    let token = token(&world, "openid").await;
    let answer = world.act("/auth/userinfo/issue", json!({"token": token, "claims": "[]"})).await;
    assert_eq!(answer["action"], "INTERNAL_SERVER_ERROR");
    assert!(answer["responseContent"].as_str().expect("a challenge").starts_with("Bearer error=\"server_error\""));
    let world = self::world(json!({"userInfoEncryptionAlg": "RSA1_5"})).await;
    let token = self::token(&world, "openid").await;
    assert_eq!(world.status("/auth/userinfo/issue", &json!({"token": token})).await, 501);
}

#[tokio::test]
async fn claims_that_are_asked_for_one_by_one() {
    let world = world(json!({})).await;
    let asked = "{\"userinfo\":{\"nickname\":{\"essential\":true},\"email\":null}}";
    let asked: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
    let token = token(&world, &format!("openid+phone&claims={asked}")).await;
    let answer = world.act("/auth/userinfo", json!({"token": token})).await;
    let mut names: Vec<&str> = answer["claims"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["email", "nickname", "phone_number", "phone_number_verified"], "{answer}");
    let claims: Value = serde_json::from_str(answer["userInfoClaims"].as_str().expect("a string")).expect("JSON");
    assert_eq!(claims, json!({"nickname": {"essential": true}, "email": null}));
}
