//! Access tokens as the authorization server makes, lists, changes and ends them.

use serde_json::{Value, json};

use crate::world::{World, content};

async fn create(world: &World, more: Value) -> Value {
    let mut body = json!({"grantType": "AUTHORIZATION_CODE", "clientId": world.client["clientId"], "subject": "john"});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    world.act("/auth/token/create", body).await
}

async fn list(world: &World, query: &str) -> Value {
    let path = format!("/api/{}/auth/token/get/list{query}", world.service_id());
    let (status, body) = world.call("GET", &path, None).await;
    assert_eq!(status, 200, "{body}");
    body
}

#[tokio::test]
async fn a_created_token_works() {
    let world = World::plain().await;
    let properties = json!([{"key": "tier", "value": "gold"}]);
    let token = create(&world, json!({"scopes": ["read"], "properties": properties, "accessTokenDuration": 60})).await;
    assert_eq!(token["action"], "OK", "{token}");
    assert_eq!((&token["expiresIn"], &token["tokenType"]), (&json!(60), &json!("Bearer")));
    assert_eq!(token["properties"], json!([{"key": "tier", "value": "gold"}]));
    let seen = world.introspect(&token["accessToken"]).await;
    assert_eq!((&seen["subject"], &seen["scopes"]), (&json!("john"), &json!(["read"])));
    let refresh = token["refreshToken"].as_str().expect("a refresh token");
    let refreshed = world.token(&format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    assert_eq!(refreshed["action"], "OK", "{refreshed}");
    assert_eq!(content(&refreshed)["tier"], "gold");
    let other = create(&world, json!({"accessTokenDuration": 60})).await;
    world.advance(60);
    assert_eq!(world.introspect(&other["accessToken"]).await["action"], "UNAUTHORIZED");
}

#[tokio::test]
async fn a_token_that_is_brought_along() {
    let world = World::plain().await;
    let token = create(&world, json!({"accessToken": "old-at", "refreshToken": "old-rt"})).await;
    assert_eq!((&token["accessToken"], &token["refreshToken"]), (&json!("old-at"), &json!("old-rt")));
    assert_eq!(world.introspect(&json!("old-at")).await["action"], "OK");
    assert_eq!(create(&world, json!({"accessToken": "old-at"})).await["action"], "BAD_REQUEST");
    assert_eq!(create(&world, json!({"refreshToken": "old-rt"})).await["action"], "BAD_REQUEST");
}

#[tokio::test]
async fn a_persistent_token_does_not_end() {
    let world = World::plain().await;
    let token = create(&world, json!({"accessTokenPersistent": true, "accessTokenDuration": 1})).await;
    world.advance(50 * 365 * 86_400);
    assert_eq!(world.introspect(&token["accessToken"]).await["action"], "OK");
}

#[tokio::test]
async fn what_a_token_cannot_be_created_with() {
    let world = World::plain().await;
    for (more, action) in [
        (json!({"clientId": 0}), "BAD_REQUEST"),
        (json!({"clientId": 1}), "FORBIDDEN"),
        (json!({"grantType": null}), "BAD_REQUEST"),
        (json!({"grantType": "STEAL"}), "BAD_REQUEST"),
        (json!({"subject": null}), "BAD_REQUEST"),
        (json!({"subject": "x".repeat(101)}), "BAD_REQUEST"),
        (json!({"grantType": "CLIENT_CREDENTIALS"}), "BAD_REQUEST"),
        (json!({"scopes": ["unknown"]}), "BAD_REQUEST"),
    ] {
        let answer = create(&world, more.clone()).await;
        assert_eq!(answer["action"], action, "{more}");
        assert!(answer.get("accessToken").is_none());
    }
    let machine = create(&world, json!({"grantType": "CLIENT_CREDENTIALS", "subject": null})).await;
    assert!(machine["action"] == "OK" && machine.get("refreshToken").is_none(), "{machine}");
    for member in ["clientEntityIdUsed", "metadataDocumentUsed"] {
        // The client has neither an entity ID nor a document.
        assert_eq!(create(&world, json!({member: true})).await["action"], "BAD_REQUEST", "{member}");
    }
}

#[tokio::test]
async fn tokens_are_listed_in_pages_by_client_and_user() {
    let world = World::plain().await;
    let other = world.add_client(json!({})).await;
    create(&world, json!({"scopes": ["read"]})).await;
    create(&world, json!({"subject": "jane"})).await;
    create(&world, json!({"clientId": other["clientId"]})).await;
    let all = list(&world, "").await;
    assert_eq!((&all["totalCount"], all["accessTokens"].as_array().map(Vec::len)), (&json!(3), Some(3)));
    assert_eq!(all["accessTokens"][0]["scopes"], json!(["read"]));
    assert!(all["accessTokens"][0]["accessTokenHash"].as_str().is_some_and(|hash| hash.len() == 43));
    assert!(!all.to_string().contains("accessToken\""), "values stay secret");
    let mine = list(&world, &format!("?clientIdentifier={}&subject=john", world.client_id())).await;
    assert_eq!((&mine["totalCount"], &mine["client"]["clientId"]), (&json!(1), &world.client["clientId"]));
    assert_eq!(list(&world, "?subject=john").await["totalCount"], 2);
    assert_eq!(list(&world, "?start=2&end=9").await["accessTokens"].as_array().map(Vec::len), Some(1));
    world.advance(864_000);
    assert_eq!(list(&world, "").await["totalCount"], 0);
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let world = World::plain().await;
    let token = create(&world, json!({"scopes": ["read"]})).await;
    let access = token["accessToken"].clone();
    let update = |more: Value| {
        let mut body = json!({"accessToken": access});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        async { world.act("/auth/token/update", body).await }
    };
    let answer = update(json!({})).await;
    assert_eq!((&answer["action"], &answer["scopes"]), (&json!("OK"), &json!(["read"])));
    assert_eq!(answer["accessTokenExpiresAt"], token["expiresAt"]);
    let properties = json!([{"key": "a", "value": "b", "hidden": true}]);
    let answer = update(json!({"scopes": ["write", "unknown"], "properties": properties})).await;
    assert_eq!((&answer["scopes"], &answer["properties"]), (&json!(["write"]), &properties));
    assert_eq!(world.introspect(&access).await["scopes"], json!(["write"]));
    let later = token["expiresAt"].as_u64().expect("a time") + 5_000;
    assert_eq!(update(json!({"accessTokenExpiresAt": later})).await["accessTokenExpiresAt"], later);
    assert_eq!(update(json!({"accessTokenExpiresAt": -1})).await["accessTokenExpiresAt"], later);
    world.advance(100);
    let flag = json!({"scopes": ["read"], "accessTokenExpiresAtUpdatedOnScopeUpdate": true});
    let renewed = update(flag).await["accessTokenExpiresAt"].as_u64().expect("a time");
    assert!(renewed > later, "{renewed} {later}");
    let answer = update(json!({"accessTokenValueUpdated": true})).await;
    assert_ne!(answer["accessToken"], access);
    assert_eq!(world.introspect(&access).await["existent"], false);
    assert_eq!(world.introspect(&answer["accessToken"]).await["action"], "OK");
    assert_eq!(update(json!({})).await["action"], "NOT_FOUND");
    assert_eq!(world.act("/auth/token/update", json!({"scopes": []})).await["action"], "BAD_REQUEST");
}

#[tokio::test]
async fn tokens_are_deleted_by_value_and_by_hash() {
    let world = World::plain().await;
    let first = create(&world, json!({})).await["accessToken"].as_str().expect("a token").to_owned();
    create(&world, json!({})).await;
    let hash = list(&world, "").await["accessTokens"][1]["accessTokenHash"].as_str().expect("a hash").to_owned();
    for identifier in [first, hash] {
        let path = format!("/api/{}/auth/token/delete/{identifier}", world.service_id());
        assert_eq!(world.call("DELETE", &path, None).await.0, 204);
        assert_eq!(world.call("DELETE", &path, None).await.0, 404);
    }
    assert_eq!(list(&world, "").await["totalCount"], 0);
}

#[tokio::test]
async fn tokens_are_revoked_one_by_one_and_by_owner() {
    let world = World::plain().await;
    let path = format!("/api/{}/auth/token/revoke", world.service_id());
    let revoke = |body: Value| {
        let path = path.clone();
        async { world.call("POST", &{ path }, Some(&{ body })).await }
    };
    let one = create(&world, json!({})).await;
    let two = create(&world, json!({})).await;
    for (body, count) in [
        (json!({"accessTokenIdentifier": one["accessToken"]}), 1),
        (json!({"accessTokenIdentifier": one["accessToken"]}), 0),
        (json!({"refreshTokenIdentifier": two["refreshToken"]}), 1),
        (json!({"subject": "john"}), 0),
    ] {
        assert_eq!(revoke(body.clone()).await.1["count"], count, "{body}");
    }
    let client = world.client_id();
    for (body, count) in [
        (json!({"clientIdentifier": client, "subject": "jane"}), 1),
        (json!({"subject": "john"}), 1),
        (json!({"clientIdentifier": client}), 0),
    ] {
        if count == 1 {
            create(&world, json!({"subject": body["subject"]})).await;
        }
        assert_eq!(revoke(body.clone()).await.1["count"], count, "{body}");
    }
    assert_eq!(revoke(json!({})).await.0, 400);
    assert_eq!(revoke(json!({"clientIdentifier": "1"})).await.0, 404);
}

#[tokio::test]
async fn a_batch_makes_all_or_none() {
    let world = World::plain().await;
    let base = format!("/api/{}/auth/token/create/batch", world.service_id());
    let element = |access: &str| json!({"grantType": "AUTHORIZATION_CODE", "clientId": world.client["clientId"], "subject": "john", "accessToken": access});
    let wrong = json!({"grantType": "AUTHORIZATION_CODE", "clientId": world.client["clientId"]});
    for (query, body, result, count, made) in [
        ("?dryRun=true", json!([element("a"), element("b")]), "SUCCEEDED", 2, 0),
        ("", json!([element("a"), wrong]), "FAILED", 0, 0),
        ("", json!([element("a"), element("a")]), "FAILED", 0, 0),
        ("", json!([element("a"), element("b")]), "SUCCEEDED", 2, 2),
        ("", json!([element("b")]), "FAILED", 0, 2),
    ] {
        let (status, answer) = world.call("POST", &format!("{base}{query}"), Some(&body)).await;
        assert_eq!(status, 200, "{answer}");
        let id = answer["requestId"].as_str().expect("an id");
        let (_, answer) = world.call("GET", &format!("{base}/status/{id}"), None).await;
        let status = &answer["status"];
        assert_eq!((&status["result"], &status["tokenCount"]), (&json!(result), &json!(count)), "{answer}");
        assert_eq!(status["errorDescription"].is_string(), result == "FAILED");
        assert_eq!(list(&world, "").await["totalCount"], made);
    }
    assert_eq!(world.introspect(&json!("b")).await["action"], "OK");
    assert_eq!(world.call("POST", &base, Some(&json!({}))).await.0, 400);
    assert_eq!(world.call("POST", &base, Some(&json!([1]))).await.0, 400);
    assert_eq!(world.call("GET", &format!("{base}/status/unknown"), None).await.0, 404);
}

#[tokio::test]
async fn a_created_token_has_its_resources_details_and_bindings() {
    let world = World::new(json!({"accessTokenSignAlg": "ES256"}), json!({})).await;
    let details = json!({"elements": [{"type": "payment", "otherFields": "{\"amount\":3}"}]});
    let more = json!({
        "resources": ["https://rs.example.com"],
        "authorizationDetails": details,
        "certificateThumbprint": "x".repeat(43),
        "sessionId": "session",
        "jwtAtClaims": "{\"tier\": \"gold\"}",
    });
    let token = create(&world, more).await;
    assert_eq!((&token["action"], &token["sessionId"]), (&json!("OK"), &json!("session")));
    assert_eq!(token["authorizationDetails"]["elements"][0]["type"], "payment");
    let jwt = token["jwtAccessToken"].as_str().expect("a JWT");
    assert_eq!(jsonwebtoken::decode_header(jwt).expect("a header").typ.as_deref(), Some("at+jwt"));
    // Without the certificate it is good for nothing.
    assert_eq!(world.introspect(&json!(jwt)).await["action"], "UNAUTHORIZED");
    let seen = world.act("/auth/introspection/standard", json!({"parameters": format!("token={jwt}")})).await;
    let seen = content(&seen);
    assert_eq!((&seen["cnf"]["x5t#S256"], &seen["aud"]), (&json!("x".repeat(43)), &json!(["https://rs.example.com"])));
    assert_eq!(seen["authorization_details"], json!([{"type": "payment", "amount": 3}]));

    let body = json!({"accessToken": jwt, "dpopKeyThumbprint": "k".repeat(43), "scopes": ["read"]});
    let updated = world.act("/auth/token/update", body).await;
    assert_eq!((&updated["action"], &updated["tokenType"]), (&json!("OK"), &json!("DPoP")));
}
