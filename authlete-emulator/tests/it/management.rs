//! Services and clients as they are managed: updated, locked, deleted.

use serde_json::{Value, json};

use crate::world::{REDIRECT_URI, World, assert_error};

async fn of_service(world: &World, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    world.call(method, &format!("/api/{}{path}", world.service_id()), body.as_ref()).await
}

#[tokio::test]
async fn a_deleted_service_is_gone_with_its_token() {
    let world = World::plain().await;
    let other = world.add_service(json!({})).await;
    let token = world.emulator.service_token(&world.service_id()).expect("a token");
    assert_eq!(of_service(&world, "DELETE", "/service/delete", None).await, (204, json!("")));
    assert_eq!(of_service(&world, "GET", "/service/get", None).await.0, 404);
    let request = world.request("GET", "/api/service/get/list").bearer_auth(token);
    assert_eq!(crate::world::send(request).await.0, 401);
    let (_, all) = world.call("GET", "/api/service/get/list", None).await;
    assert_eq!(all["services"], json!([other]));
}

#[tokio::test]
async fn a_service_token_deletes_its_own_service_and_no_other() {
    let world = World::plain().await;
    let other = world.add_service(json!({})).await["apiKey"].clone();
    let token = world.emulator.service_token(&world.service_id()).expect("a token");
    for (id, status) in [(other.to_string(), 403), (world.service_id(), 204)] {
        let request = world.request("DELETE", &format!("/api/{id}/service/delete")).bearer_auth(&token);
        assert_eq!(crate::world::send(request).await.0, status);
    }
}

#[tokio::test]
async fn a_client_is_updated_and_keeps_what_the_server_assigns() {
    let world = World::plain().await;
    let path = format!("/client/update/{}", world.client_id());
    let mut changed = world.client.clone();
    changed["clientName"] = json!("Renamed");
    changed["clientSecret"] = json!("mine");
    changed["clientId"] = json!(1);
    changed["attributes"] = json!([{"key": "a", "value": "b"}]);
    let (status, answer) = of_service(&world, "POST", &path, Some(changed)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!((&answer["clientName"], &answer["clientId"]), (&json!("Renamed"), &world.client["clientId"]));
    assert_eq!(answer["clientSecret"], world.client["clientSecret"]);
    assert_eq!(of_service(&world, "GET", &format!("/client/get/{}", world.client_id()), None).await.1, answer);
    assert_eq!(of_service(&world, "POST", &path, Some(json!({"clientType": "SECRET"}))).await.0, 400);
    assert_eq!(of_service(&world, "POST", "/client/update/1", Some(json!({}))).await.0, 404);
}

#[tokio::test]
async fn two_clients_cannot_come_to_share_an_alias() {
    let world = World::plain().await;
    let alias = json!({"clientIdAlias": "shop", "redirectUris": [REDIRECT_URI]});
    world.add_client(alias.clone()).await;
    let path = format!("/client/update/{}", world.client_id());
    assert_eq!(of_service(&world, "POST", &path, Some(alias.clone())).await.0, 400);
    let other = json!({"clientIdAlias": "store"});
    assert_eq!(of_service(&world, "POST", &path, Some(other.clone())).await.0, 200);
    assert_eq!(of_service(&world, "POST", &path, Some(other)).await.0, 200);
}

#[tokio::test]
async fn a_deleted_client_is_gone_with_its_tokens() {
    let world = World::plain().await;
    let token = world.exchange(&world.code("scope=read").await).await["accessToken"].clone();
    let ticket = world.authorize("").await["ticket"].clone();
    let path = format!("/client/delete/{}", world.client_id());
    assert_eq!(of_service(&world, "DELETE", &path, None).await.0, 204);
    assert_eq!(of_service(&world, "DELETE", &path, None).await.0, 404);
    assert_eq!(world.introspect(&token).await["existent"], false);
    assert_error(&world.token("grant_type=client_credentials").await, "INVALID_CLIENT", "invalid_client");
    let issue = json!({"ticket": ticket, "subject": "john"});
    assert_eq!(of_service(&world, "POST", "/auth/authorization/issue", Some(issue)).await.0, 404);
}

#[tokio::test]
async fn a_locked_client_does_nothing_until_it_is_unlocked() {
    let world = World::plain().await;
    let path = format!("/client/lock_flag/update/{}", world.client_id());
    let token = world.token_body("grant_type=client_credentials");
    for (locked, status) in [(true, 403), (false, 200)] {
        let (_, answer) = of_service(&world, "POST", &path, Some(json!({"clientLocked": locked}))).await;
        assert!(answer["resultCode"].is_string(), "{answer}");
        assert_eq!(of_service(&world, "POST", "/auth/token", Some(token.clone())).await.0, status);
    }
    assert_eq!(of_service(&world, "POST", &path, Some(json!({}))).await.0, 400);
    assert_eq!(of_service(&world, "POST", &path, Some(json!({"clientLocked": "maybe"}))).await.0, 400);
}

#[tokio::test]
async fn a_secret_is_replaced_at_once() {
    let mut world = World::plain().await;
    let id = world.client_id();
    let (_, answer) = of_service(&world, "GET", &format!("/client/secret/refresh/{id}"), None).await;
    assert_eq!(answer["oldClientSecret"], world.client["clientSecret"]);
    assert_eq!(answer["newClientSecret"].as_str().map(str::len), Some(86));
    assert_error(&world.token("grant_type=client_credentials").await, "INVALID_CLIENT", "invalid_client");
    world.client["clientSecret"] = answer["newClientSecret"].clone();
    assert_eq!(world.token("grant_type=client_credentials").await["action"], "OK");

    let path = format!("/client/secret/update/{id}");
    let (_, answer) = of_service(&world, "POST", &path, Some(json!({"clientSecret": "my-own_1"}))).await;
    assert_eq!(answer["newClientSecret"], "my-own_1");
    world.client["clientSecret"] = json!("my-own_1");
    assert_eq!(world.token("grant_type=client_credentials").await["action"], "OK");
    for secret in [json!(""), json!("with space"), json!("x".repeat(87)), Value::Null] {
        assert_eq!(of_service(&world, "POST", &path, Some(json!({"clientSecret": secret}))).await.0, 400, "{secret}");
    }
}

#[tokio::test]
async fn requestable_scopes_hold_a_client_to_them() {
    let world = World::plain().await;
    let id = world.client_id();
    let path = |verb: &str| format!("/client/extension/requestable_scopes/{verb}/{id}");
    assert_eq!(of_service(&world, "GET", &path("get"), None).await, (200, json!({})));
    let body = json!({"requestableScopes": ["read", "unknown"]});
    for method in ["PUT", "POST"] {
        let answer = of_service(&world, method, &path("update"), Some(body.clone())).await;
        assert_eq!(answer, (200, json!({"requestableScopes": ["read"]})));
    }
    assert_eq!(of_service(&world, "GET", &path("get"), None).await.1, json!({"requestableScopes": ["read"]}));
    assert_eq!(world.authorize("scope=read+write").await["scopes"][1], Value::Null);
    let none = of_service(&world, "PUT", &path("update"), Some(json!({"requestableScopes": []}))).await;
    assert_eq!(none, (200, json!({"requestableScopes": []})));
    assert!(world.authorize("scope=read+write").await.get("scopes").is_none());
    assert_eq!(of_service(&world, "DELETE", &path("delete"), None).await.0, 204);
    assert_eq!(world.authorize("scope=read+write").await["scopes"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn granted_scopes_grow_and_are_forgotten() {
    let world = World::plain().await;
    let id = world.client_id();
    let path = format!("/client/granted_scopes/get/{id}");
    let (_, none) = of_service(&world, "GET", &format!("{path}?subject=john"), None).await;
    assert!(none.get("latestGrantedScopes").is_none() && none["subject"] == "john", "{none}");
    let token = world.exchange(&world.code("scope=read").await).await["accessToken"].clone();
    world.code("scope=write").await;
    let (_, by_query) = of_service(&world, "GET", &format!("{path}?subject=john"), None).await;
    let (_, by_path) = of_service(&world, "GET", &format!("{path}/john"), None).await;
    let (_, by_body) = of_service(&world, "POST", &path, Some(json!({"subject": "john"}))).await;
    assert_eq!((&by_path, &by_body), (&by_query, &by_query));
    assert_eq!(by_query["latestGrantedScopes"], json!(["write"]));
    assert_eq!(by_query["mergedGrantedScopes"], json!(["read", "write"]));
    assert_eq!(
        (&by_query["clientId"], &by_query["serviceApiKey"]),
        (&world.client["clientId"], &world.service["apiKey"])
    );
    assert_eq!(of_service(&world, "GET", &path, None).await.0, 400);

    let delete = format!("/client/granted_scopes/delete/{id}");
    assert_eq!(of_service(&world, "DELETE", &format!("{delete}/john"), None).await.0, 200);
    assert!(of_service(&world, "GET", &format!("{path}/john"), None).await.1.get("mergedGrantedScopes").is_none());
    assert_eq!(world.introspect(&token).await["action"], "OK");
    assert_eq!(of_service(&world, "DELETE", &format!("{delete}?subject=john"), None).await.0, 200);
}

#[tokio::test]
async fn authorizations_are_the_clients_that_hold_a_users_tokens() {
    let world = World::plain().await;
    let id = world.client_id();
    world.add_client(json!({"clientName": "Without tokens"})).await;
    let path = "/client/authorization/get/list";
    let (_, none) = of_service(&world, "GET", &format!("{path}?subject=john"), None).await;
    assert_eq!((&none["totalCount"], &none["clients"]), (&json!(0), &json!([])));
    let token = world.exchange(&world.code("scope=read").await).await["accessToken"].clone();
    let (_, by_query) = of_service(&world, "GET", &format!("{path}?subject=john"), None).await;
    assert_eq!((&by_query["totalCount"], &by_query["clients"][0]["clientId"]), (&json!(1), &world.client["clientId"]));
    assert!(by_query["clients"][0].get("clientSecret").is_none());
    assert_eq!(of_service(&world, "GET", &format!("{path}/john"), None).await.1, by_query);
    assert_eq!(of_service(&world, "POST", path, Some(json!({"subject": "john"}))).await.1, by_query);
    let body = json!({"subject": "john", "start": 1, "end": 2});
    assert_eq!(of_service(&world, "POST", path, Some(body)).await.1["clients"], json!([]));
    assert_eq!(of_service(&world, "GET", path, None).await.0, 400);

    let update = format!("/client/authorization/update/{id}");
    let body = json!({"subject": "john", "scopes": ["write", "unknown"]});
    assert_eq!(of_service(&world, "POST", &update, Some(body)).await.0, 200);
    assert_eq!(world.introspect(&token).await["scopes"], json!(["write"]));

    let delete = format!("/client/authorization/delete/{id}");
    assert_eq!(of_service(&world, "DELETE", &format!("{delete}/jane"), None).await.0, 200);
    assert_eq!(world.introspect(&token).await["action"], "OK");
    assert_eq!(of_service(&world, "POST", &delete, Some(json!({"subject": "john"}))).await.0, 200);
    assert_eq!(world.introspect(&token).await["existent"], false);
    assert_eq!(of_service(&world, "DELETE", &format!("{delete}?subject=john"), None).await.0, 200);
}
