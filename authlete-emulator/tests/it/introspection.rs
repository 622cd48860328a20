//! Each action of `auth_introspection_api`.

use serde_json::{Value, json};

use crate::world::World;

async fn assert_refused(world: &World, body: Value, action: &str, challenge: &str) {
    let answer = world.act("/auth/introspection", body).await;
    assert_eq!(answer["action"], action, "{answer}");
    let content = answer["responseContent"].as_str().expect("a challenge");
    assert!(content.starts_with(&format!("Bearer error=\"{challenge}\",error_description=\"[A0563")), "{content}");
    assert_eq!(answer["sufficient"], action == "UNAUTHORIZED" && answer["existent"] == true, "{answer}");
}

#[tokio::test]
async fn every_action() {
    let world = World::plain().await;
    let token = world.exchange(&world.code("scope=read").await).await["accessToken"].clone();
    assert_refused(&world, json!({}), "BAD_REQUEST", "invalid_request").await;
    assert_refused(&world, json!({"token": ""}), "BAD_REQUEST", "invalid_request").await;
    assert_refused(&world, json!({"token": "unknown"}), "UNAUTHORIZED", "invalid_token").await;
    let body = json!({"token": token, "scopes": ["read", "write"]});
    assert_refused(&world, body, "FORBIDDEN", "insufficient_scope").await;
    assert_refused(&world, json!({"token": token, "subject": "jane"}), "FORBIDDEN", "invalid_request").await;
    let body = json!({"token": token, "acrValues": ["gold"]});
    assert_refused(&world, body, "UNAUTHORIZED", "insufficient_user_authentication").await;
    let body = json!({"token": token, "maxAge": 60});
    assert_refused(&world, body, "UNAUTHORIZED", "insufficient_user_authentication").await;

    let body = json!({"token": token, "scopes": ["read"], "subject": "john"});
    let answer = world.act("/auth/introspection", body).await;
    assert_eq!(answer["action"], "OK");
    assert_eq!(answer["scopes"], json!(["read"]));
    assert_eq!(answer["scopeDetails"], json!([{"name": "read", "description": "Reading"}]));
    assert_eq!(answer["grantType"], "AUTHORIZATION_CODE");
    assert_eq!(answer["clientId"], world.client["clientId"]);
}

#[tokio::test]
async fn the_challenge_names_the_scopes_and_nothing_breaks_out_of_it() {
    let world = World::plain().await;
    let token = world.exchange(&world.code("").await).await["accessToken"].clone();
    let body = json!({"token": token, "scopes": ["write", "a\"b\r\nX: y"]});
    let answer = world.act("/auth/introspection", body).await;
    let content = answer["responseContent"].as_str().expect("a challenge");
    assert!(content.ends_with(",scope=\"write abX: y\""), "{content}");
}

#[tokio::test]
async fn a_recent_login_and_its_acr_suffice() {
    let world = World::plain().await;
    let ticket = world.authorize("").await["ticket"].clone();
    let now = world.emulator.clock().now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let body = json!({"ticket": ticket, "subject": "john", "acr": "gold", "authTime": now});
    let code = world.act("/auth/authorization/issue", body).await["authorizationCode"].clone();
    let token = world.exchange(code.as_str().expect("a code")).await["accessToken"].clone();
    let body = json!({"token": token, "acrValues": ["silver", "gold"], "maxAge": 60});
    assert_eq!(world.act("/auth/introspection", body.clone()).await["action"], "OK");
    world.advance(120);
    let answer = world.act("/auth/introspection", body).await;
    assert!(answer["responseContent"].as_str().expect("a challenge").ends_with(",max_age=\"60\""), "{answer}");
}
