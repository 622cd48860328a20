//! The resource owner password credentials grant.

use serde_json::{Value, json};

use crate::world::{World, assert_error, content};

async fn world(service: Value, client: Value) -> World {
    let types = json!(["PASSWORD", "REFRESH_TOKEN"]);
    let mut merged = [json!({"supportedGrantTypes": types}), json!({"grantTypes": types})];
    for (base, more) in merged.iter_mut().zip([service, client]) {
        base.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    }
    let [service, client] = merged;
    World::new(service, client).await
}

const PARAMETERS: &str = "grant_type=password&username=john&password=s%20cret&scope=read+unknown";

#[tokio::test]
async fn a_right_password() {
    let world = world(json!({}), json!({})).await;
    let mut body = world.token_body(PARAMETERS);
    body["properties"] = json!([{"key": "first", "value": "1"}]);
    let answer = world.act("/auth/token", body).await;
    assert_eq!((&answer["action"], &answer["grantType"]), (&json!("PASSWORD"), &json!("PASSWORD")), "{answer}");
    assert_eq!((&answer["username"], &answer["password"]), (&json!("john"), &json!("s cret")));
    assert_eq!((&answer["scopes"], &answer["clientId"]), (&json!(["read"]), &world.client["clientId"]));
    assert!(answer.get("responseContent").is_none() && answer.get("accessToken").is_none());

    let properties = json!([{"key": "second", "value": "2", "hidden": true}]);
    let body = json!({
        "ticket": answer["ticket"], "subject": "john", "properties": properties, "accessTokenDuration": 60,
    });
    let issued = world.act("/auth/token/issue", body.clone()).await;
    assert_eq!((&issued["action"], &issued["subject"]), (&json!("OK"), &json!("john")));
    assert_eq!(issued["accessTokenDuration"], 60);
    let response = content(&issued);
    assert_eq!((&response["access_token"], &response["first"]), (&issued["accessToken"], &json!("1")));
    assert_eq!((&response["expires_in"], &response["scope"]), (&json!(60), &json!("read")));
    assert!(response["refresh_token"].is_string() && response.get("second").is_none());
    let seen = world.introspect(&issued["accessToken"]).await;
    assert_eq!((&seen["grantType"], &seen["subject"]), (&json!("PASSWORD"), &json!("john")));
    assert_eq!(seen["properties"].as_array().map(Vec::len), Some(2));

    assert_error(&world.act("/auth/token/issue", body).await, "INTERNAL_SERVER_ERROR", "server_error");
}

#[tokio::test]
async fn openid_gives_no_id_token_here() {
    let world = world(json!({}), json!({})).await;
    let answer = world.token("grant_type=password&username=john&password=x&scope=openid").await;
    let issued = world.act("/auth/token/issue", json!({"ticket": answer["ticket"], "subject": "john"})).await;
    assert_eq!((&issued["action"], &issued["scopes"]), (&json!("OK"), &json!(["openid"])));
    assert!(content(&issued).get("id_token").is_none() && issued.get("idToken").is_none());
}

#[tokio::test]
async fn a_wrong_password() {
    let world = world(json!({}), json!({})).await;
    for (reason, error) in [
        ("INVALID_RESOURCE_OWNER_CREDENTIALS", "invalid_request"),
        ("INVALID_TARGET", "invalid_target"),
        ("UNKNOWN", "server_error"),
    ] {
        let ticket = world.token(PARAMETERS).await["ticket"].clone();
        let body = json!({"ticket": ticket, "reason": reason});
        assert_error(&world.act("/auth/token/fail", body.clone()).await, "BAD_REQUEST", error);
        // The ticket is gone, for either operation.
        assert_error(&world.act("/auth/token/fail", body).await, "INTERNAL_SERVER_ERROR", "server_error");
        let body = json!({"ticket": ticket, "subject": "john"});
        assert_error(&world.act("/auth/token/issue", body).await, "INTERNAL_SERVER_ERROR", "server_error");
    }
}

#[tokio::test]
async fn what_is_missing_or_late() {
    let world = world(json!({}), json!({})).await;
    for parameters in ["grant_type=password&username=john", "grant_type=password&password=x"] {
        assert_error(&world.token(parameters).await, "BAD_REQUEST", "invalid_request");
    }
    let ticket = world.token(PARAMETERS).await["ticket"].clone();
    for (path, body) in [
        ("/auth/token/issue", json!({"subject": "john"})),
        ("/auth/token/issue", json!({"ticket": ticket})),
        ("/auth/token/issue", json!({"ticket": ticket, "subject": "jöhn"})),
        ("/auth/token/fail", json!({"ticket": ticket})),
        ("/auth/token/fail", json!({"reason": "UNKNOWN"})),
    ] {
        assert_error(&world.act(path, body).await, "INTERNAL_SERVER_ERROR", "server_error");
    }
    assert_eq!(world.status("/auth/token/fail", &json!({"ticket": ticket, "reason": "BORED"})).await, 400);
    world.advance(3_600);
    let body = json!({"ticket": ticket, "subject": "john"});
    assert_error(&world.act("/auth/token/issue", body).await, "INTERNAL_SERVER_ERROR", "server_error");
}

#[tokio::test]
async fn a_client_without_the_grant_type() {
    let world = world(json!({}), json!({"grantTypes": ["REFRESH_TOKEN"]})).await;
    assert_error(&world.token(PARAMETERS).await, "BAD_REQUEST", "unauthorized_client");
}

#[tokio::test]
async fn the_shortest_of_the_lifetimes() {
    let scopes =
        json!([{"name": "read"}, {"name": "pay", "attributes": [{"key": "access_token.duration", "value": "30"}]}]);
    let service = json!({"accessTokenDuration": 1_000, "supportedScopes": scopes});
    let world = world(service, json!({"extension": {"accessTokenDuration": 500, "refreshTokenDuration": 700}})).await;
    for (scope, access) in [("read", 500), ("pay", 30), ("read+pay", 30)] {
        let parameters = format!("grant_type=password&username=john&password=x&scope={scope}");
        let ticket = world.token(&parameters).await["ticket"].clone();
        let issued = world.act("/auth/token/issue", json!({"ticket": ticket, "subject": "john"})).await;
        assert_eq!((&issued["accessTokenDuration"], &issued["refreshTokenDuration"]), (&json!(access), &json!(700)));
    }
}
