//! Grants: made and changed by authorization requests, asked for and revoked at the grant management endpoint.

use serde_json::{Value, json};

use crate::world::{World, assert_error, content, parameter};

async fn world() -> World {
    let scopes = ["openid", "read", "write", "grant_management_query", "grant_management_revoke"];
    let scopes: Vec<Value> = scopes.iter().map(|name| json!({"name": name})).collect();
    let service = json!({"supportedScopes": scopes, "grantManagementEndpoint": "https://as.example.com/grants"});
    World::new(service, json!({})).await
}

/// The tokens of a request for these scopes that does this to a grant.
async fn tokens(world: &World, scope: &str, grant: &str) -> Value {
    let token = world.exchange(&world.code(&format!("scope={scope}&{grant}")).await).await;
    assert_eq!(token["action"], "OK", "{token}");
    token
}

async fn manage(world: &World, action: &str, id: &Value, token: &Value) -> Value {
    world.act("/gm", json!({"gmAction": action, "grantId": id, "accessToken": token["accessToken"]})).await
}

#[tokio::test]
async fn a_grant_is_made_merged_replaced_and_revoked() {
    let world = world().await;
    let manager =
        world.token("grant_type=client_credentials&scope=grant_management_query+grant_management_revoke").await;
    let first = tokens(&world, "read", "grant_management_action=create").await;
    let id = content(&first)["grant_id"].clone();
    assert_eq!(first["grantId"], id);
    let scopes = |answer: &Value| content(answer)["scopes"].clone();
    let answer = manage(&world, "QUERY", &id, &manager).await;
    assert_eq!((&answer["action"], scopes(&answer)), (&json!("OK"), json!([{"scope": "read"}])));

    let named = |action: &str| format!("grant_management_action={action}&grant_id={}", id.as_str().expect("an id"));
    let request = world.authorize(&format!("scope=write&{}", named("merge"))).await;
    assert_eq!(
        (&request["gmAction"], &request["grantId"], &request["grantSubject"]),
        (&json!("MERGE"), &id, &json!("john"))
    );
    assert_eq!(request["grant"]["scopes"], json!([{"scope": "read", "resource": []}]));
    let second = tokens(&world, "write", &named("merge")).await;
    assert_eq!(content(&second)["grant_id"], id);
    assert_eq!(scopes(&manage(&world, "QUERY", &id, &manager).await), json!([{"scope": "read write"}]));
    assert_eq!(world.introspect(&second["accessToken"]).await["grantId"], id);
    tokens(&world, "write", &named("replace")).await;
    assert_eq!(scopes(&manage(&world, "QUERY", &id, &manager).await), json!([{"scope": "write"}]));

    let other = tokens(&world, "read", "grant_management_action=create").await;
    let answer = manage(&world, "REVOKE", &id, &manager).await;
    assert!(answer["action"] == "NO_CONTENT" && answer.get("responseContent").is_none(), "{answer}");
    for (token, existent) in [(&first, false), (&second, false), (&other, true), (&manager, true)] {
        assert_eq!(world.introspect(&token["accessToken"]).await["existent"], existent);
    }
    let refresh =
        format!("grant_type=refresh_token&refresh_token={}", first["refreshToken"].as_str().expect("a token"));
    assert_error(&world.token(&refresh).await, "BAD_REQUEST", "invalid_grant");
    assert_eq!(manage(&world, "QUERY", &id, &manager).await["action"], "NOT_FOUND");
}

#[tokio::test]
async fn what_the_endpoint_refuses() {
    let mut world = world().await;
    let token = tokens(&world, "read", "grant_management_action=create").await;
    let id = content(&token)["grant_id"].clone();
    let query = "grant_type=client_credentials&scope=grant_management_query";
    let manager = world.token(query).await;
    for (action, id, token, expected) in [
        ("QUERY", &id, &json!({"accessToken": "unknown"}), "UNAUTHORIZED"),
        ("QUERY", &id, &token, "FORBIDDEN"),
        ("REVOKE", &id, &manager, "FORBIDDEN"),
        ("QUERY", &json!("unknown"), &manager, "NOT_FOUND"),
        ("CREATE", &id, &manager, "CALLER_ERROR"),
        ("QUERY", &Value::Null, &manager, "CALLER_ERROR"),
    ] {
        let answer = manage(&world, action, id, token).await;
        assert_eq!(answer["action"], expected, "{answer}");
        let challenge = answer["responseContent"].as_str().unwrap_or_default();
        assert_eq!(challenge.starts_with("Bearer error=\""), expected != "CALLER_ERROR", "{answer}");
    }
    world.client = world.add_client(json!({})).await;
    let others = world.token(query).await;
    assert_eq!(manage(&world, "QUERY", &id, &others).await["action"], "FORBIDDEN");
}

#[tokio::test]
async fn what_an_authorization_request_cannot_ask_for() {
    let mut world = world().await;
    let token = tokens(&world, "read", "grant_management_action=create").await;
    let id = content(&token)["grant_id"].as_str().expect("an id").to_owned();
    for (parameters, error) in [
        (format!("grant_id={id}"), "invalid_request"),
        (format!("grant_management_action=create&grant_id={id}"), "invalid_request"),
        ("grant_management_action=merge".to_owned(), "invalid_request"),
        ("grant_management_action=update".to_owned(), "invalid_request"),
        ("grant_management_action=merge&grant_id=unknown".to_owned(), "invalid_grant_id"),
    ] {
        let answer = world.authorize(&parameters).await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some(error), "{parameters}");
    }
    let merge = format!("grant_management_action=merge&grant_id={id}");
    let ticket = world.authorize(&merge).await["ticket"].clone();
    let answer = world.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "jane"})).await;
    assert_eq!(parameter(&answer, "error").as_deref(), Some("access_denied"));

    world.client = world.add_client(json!({})).await;
    assert_eq!(parameter(&world.authorize(&merge).await, "error").as_deref(), Some("invalid_grant_id"));
    world.client = world.add_client(json!({"clientType": "PUBLIC"})).await;
    let answer = world.authorize("grant_management_action=create").await;
    assert_eq!(parameter(&answer, "error").as_deref(), Some("unauthorized_client"));
    let strict = World::new(json!({"grantManagementActionRequired": true}), json!({})).await;
    assert_eq!(parameter(&strict.authorize("scope=read").await, "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn a_token_that_is_bound_needs_its_key_here_too() {
    let world = world().await;
    let token = tokens(&world, "read", "grant_management_action=create").await;
    let id = content(&token)["grant_id"].clone();
    let body = json!({
        "grantType": "CLIENT_CREDENTIALS",
        "clientId": world.client["clientId"],
        "scopes": ["grant_management_query"],
        "dpopKeyThumbprint": "k".repeat(43),
    });
    let bound = world.act("/auth/token/create", body).await;
    let answer = manage(&world, "QUERY", &id, &bound).await;
    assert_eq!(answer["action"], "UNAUTHORIZED", "{answer}");
    assert!(answer["responseContent"].as_str().is_some_and(|challenge| challenge.starts_with("DPoP ")), "{answer}");
}
