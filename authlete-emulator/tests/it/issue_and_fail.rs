//! The two ends of an authorization request.

use serde_json::{Value, json};

use crate::world::{World, assert_error, parameter};

#[tokio::test]
async fn every_reason_has_its_error() {
    let world = World::plain().await;
    for (reason, error) in [
        ("UNKNOWN", "server_error"),
        ("NOT_LOGGED_IN", "login_required"),
        ("MAX_AGE_NOT_SUPPORTED", "login_required"),
        ("EXCEEDS_MAX_AGE", "login_required"),
        ("DIFFERENT_SUBJECT", "login_required"),
        ("ACR_NOT_SATISFIED", "unmet_authentication_requirements"),
        ("DENIED", "access_denied"),
        ("SERVER_ERROR", "server_error"),
        ("NOT_AUTHENTICATED", "login_required"),
        ("ACCOUNT_SELECTION_REQUIRED", "account_selection_required"),
        ("CONSENT_REQUIRED", "consent_required"),
        ("INTERACTION_REQUIRED", "interaction_required"),
        ("INVALID_TARGET", "invalid_target"),
    ] {
        let ticket = world.authorize("state=s1").await["ticket"].clone();
        let answer = world.act("/auth/authorization/fail", json!({"ticket": ticket, "reason": reason})).await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some(error), "{reason}");
        assert_eq!(parameter(&answer, "state").as_deref(), Some("s1"), "{reason}");
        assert!(parameter(&answer, "code").is_none(), "{reason}");
    }
}

#[tokio::test]
async fn a_description_of_ones_own() {
    let world = World::plain().await;
    let ticket = world.authorize("").await["ticket"].clone();
    let body = json!({"ticket": ticket, "reason": "DENIED", "description": "No \"thanks\""});
    let answer = world.act("/auth/authorization/fail", body).await;
    let description = parameter(&answer, "error_description").expect("a description");
    assert!(description.ends_with("No 'thanks'"), "{description}");
}

#[tokio::test]
async fn a_ticket_ends_with_its_first_use() {
    let world = World::plain().await;
    let issue = |ticket: &Value| json!({"ticket": ticket, "subject": "john"});
    let fail = |ticket: &Value| json!({"ticket": ticket, "reason": "DENIED"});
    let ticket = world.authorize("").await["ticket"].clone();
    world.act("/auth/authorization/fail", fail(&ticket)).await;
    assert_error(&world.act("/auth/authorization/issue", issue(&ticket)).await, "BAD_REQUEST", "invalid_request");
    let ticket = world.authorize("").await["ticket"].clone();
    world.act("/auth/authorization/issue", issue(&ticket)).await;
    assert_error(&world.act("/auth/authorization/fail", fail(&ticket)).await, "BAD_REQUEST", "invalid_request");
}

#[tokio::test]
async fn a_call_that_lacks_something_leaves_the_ticket_alone() {
    let world = World::plain().await;
    let ticket = world.authorize("").await["ticket"].clone();
    for (path, body) in [
        ("/auth/authorization/issue", json!({"subject": "john"})),
        ("/auth/authorization/issue", json!({"ticket": ticket})),
        ("/auth/authorization/issue", json!({"ticket": ticket, "subject": ""})),
        ("/auth/authorization/issue", json!({"ticket": ticket, "subject": "jöhn"})),
        ("/auth/authorization/issue", json!({"ticket": ticket, "subject": "j".repeat(101)})),
        ("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john", "claims": "[]"})),
        ("/auth/authorization/fail", json!({"reason": "DENIED"})),
        ("/auth/authorization/fail", json!({"ticket": ticket})),
    ] {
        assert_error(&world.act(path, body).await, "INTERNAL_SERVER_ERROR", "server_error");
    }
    let path = format!("/api/{}/auth/authorization/fail", world.service_id());
    let (status, _) = world.call("POST", &path, Some(&json!({"ticket": ticket, "reason": "RAIN"}))).await;
    assert_eq!(status, 400);
    let answer = world.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john"})).await;
    assert_eq!(answer["action"], "LOCATION");
}

#[tokio::test]
async fn the_server_decides_on_scopes_and_properties() {
    let world = World::plain().await;
    let answer = world.authorize("scope=read").await;
    let body = json!({
        "ticket": answer["ticket"],
        "subject": "john",
        "scopes": ["write", "openid", "unknown"],
        "properties": [{"key": "shown", "value": "1"}, {"key": "kept", "value": "2", "hidden": true}],
        "acr": "gold",
        "authTime": 1_000,
    });
    let code = world.act("/auth/authorization/issue", body).await["authorizationCode"].clone();
    let token = world.exchange(code.as_str().expect("a code")).await;
    assert_eq!(token["scopes"], json!(["write"]));
    let response = crate::world::content(&token);
    assert_eq!((response["shown"].as_str(), response.get("kept")), (Some("1"), None));
    let answer = world.introspect(&token["accessToken"]).await;
    assert_eq!((&answer["acr"], &answer["authTime"]), (&json!("gold"), &json!(1_000)));
    assert_eq!(answer["properties"].as_array().map(Vec::len), Some(2));
}
