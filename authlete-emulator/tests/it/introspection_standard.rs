//! The introspection endpoint (RFC 7662).

use serde_json::{Value, json};

use crate::world::{World, assert_error, content};

async fn create(world: &World, more: Value) -> Value {
    let mut body = json!({"grantType": "AUTHORIZATION_CODE", "clientId": world.client["clientId"], "subject": "john"});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    world.act("/auth/token/create", body).await
}

#[tokio::test]
async fn the_standard_introspection_endpoint() {
    let world = World::plain().await;
    let properties = json!([{"key": "tier", "value": "gold"}, {"key": "note", "value": "x", "hidden": true}]);
    let token = create(&world, json!({"scopes": ["read", "write"], "properties": properties})).await;
    let ask = |token: &Value, more: Value| {
        let mut body = json!({"parameters": format!("token={}", token.as_str().expect("a token"))});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        async { world.act("/auth/introspection/standard", body).await }
    };
    let answer = ask(&token["accessToken"], json!({})).await;
    assert_eq!(answer["action"], "OK");
    let seen = content(&answer);
    assert_eq!((&seen["active"], &seen["sub"], &seen["scope"]), (&json!(true), &json!("john"), &json!("read write")));
    assert_eq!((&seen["client_id"], &seen["iss"]), (&json!(world.client_id()), &json!("https://as.example.com")));
    assert_eq!(seen["exp"].as_u64(), seen["iat"].as_u64().map(|iat| iat + 86_400));
    assert_eq!((&seen["token_type"], &seen["tier"], seen.get("note")), (&json!("Bearer"), &json!("gold"), None));
    let all = content(&ask(&token["accessToken"], json!({"withHiddenProperties": true})).await);
    assert_eq!(all["note"], "x");
    let refresh = content(&ask(&token["refreshToken"], json!({})).await);
    assert!(refresh["active"] == true && refresh.get("token_type").is_none(), "{refresh}");
    assert_eq!(content(&ask(&json!("unknown"), json!({})).await), json!({"active": false}));
    assert_error(
        &world.act("/auth/introspection/standard", json!({"parameters": ""})).await,
        "BAD_REQUEST",
        "invalid_request",
    );
    world.advance(86_400);
    assert_eq!(content(&ask(&token["accessToken"], json!({})).await), json!({"active": false}));

    let jwt = json!({"httpAcceptHeader": "application/json;q=0.5, application/token-introspection+jwt", "rsUri": "https://rs.example.com"});
    let answer = ask(&token["refreshToken"], jwt).await;
    assert_eq!(answer["action"], "JWT", "{answer}");
    let header = jsonwebtoken::decode_header(answer["responseContent"].as_str().expect("a JWT")).expect("a header");
    assert_eq!(header.typ.as_deref(), Some("token-introspection+jwt"));
}
