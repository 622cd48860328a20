//! CIBA: from the request to the tokens, by each delivery mode.

use serde_json::{Value, json};

use crate::keys::claims;
use crate::world::{World, assert_error, content};

pub(crate) async fn world(service: Value, client: Value) -> World {
    let mut members = [
        json!({
            "supportedGrantTypes": ["CIBA", "REFRESH_TOKEN", "AUTHORIZATION_CODE"],
            "supportedBackchannelTokenDeliveryModes": ["POLL", "PING", "PUSH"],
        }),
        json!({
            "grantTypes": ["CIBA", "REFRESH_TOKEN", "AUTHORIZATION_CODE"],
            "bcDeliveryMode": "POLL",
            "bcNotificationEndpoint": "https://client.example.org/notify",
        }),
    ];
    for (base, more) in members.iter_mut().zip([service, client]) {
        base.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    }
    let [service, client] = members;
    World::new(service, client).await
}

pub(crate) async fn ask(world: &World, parameters: &str) -> Value {
    world.act("/backchannel/authentication", world.token_body(parameters)).await
}

/// A request that the client has the `auth_req_id` of: the ticket and the response to the issue call.
async fn issued(world: &World, parameters: &str) -> (Value, Value) {
    let asked = ask(world, parameters).await;
    assert_eq!(asked["action"], "USER_IDENTIFICATION", "{asked}");
    let answer = world.act("/backchannel/authentication/issue", json!({"ticket": asked["ticket"]})).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    (asked["ticket"].clone(), answer)
}

async fn complete(world: &World, ticket: &Value, more: Value) -> Value {
    let mut body = json!({"ticket": ticket});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    world.act("/backchannel/authentication/complete", body).await
}

async fn poll(world: &World, id: &Value) -> Value {
    let id = id.as_str().expect("an auth_req_id");
    world.token(&format!("grant_type=urn:openid:params:grant-type:ciba&auth_req_id={id}")).await
}

fn approval() -> Value {
    json!({"result": "AUTHORIZED", "subject": "john"})
}

const REQUEST: &str = "scope=openid+read&login_hint=john";

#[tokio::test]
async fn poll_mode() {
    let world = world(json!({"backchannelPollingInterval": 10, "backchannelAuthReqIdDuration": 100}), json!({})).await;
    let (ticket, answer) = issued(&world, REQUEST).await;
    let response = content(&answer);
    let id = &response["auth_req_id"];
    assert_eq!((id, &response["expires_in"], &response["interval"]), (&answer["authReqId"], &json!(100), &json!(10)));
    assert_error(&poll(&world, id).await, "BAD_REQUEST", "authorization_pending");
    assert_error(&poll(&world, id).await, "BAD_REQUEST", "slow_down");
    let mut decision = approval();
    decision["claims"] = json!("{\"name\":\"John\"}");
    decision["idTokenAudType"] = json!("string");
    let answer = complete(&world, &ticket, decision.clone()).await;
    assert_eq!((&answer["action"], &answer["deliveryMode"]), (&json!("NO_ACTION"), &json!("POLL")), "{answer}");
    // One decision is all there can be.
    assert_eq!(complete(&world, &ticket, decision).await["action"], "SERVER_ERROR");
    let token = poll(&world, id).await;
    assert_eq!((&token["action"], &token["grantType"]), (&json!("OK"), &json!("CIBA")), "{token}");
    let id_token = claims(content(&token)["id_token"].as_str().expect("an ID token"));
    assert_eq!((&id_token["sub"], &id_token["name"]), (&json!("john"), &json!("John")));
    assert_eq!(id_token["aud"], world.client_id());
    assert!(content(&token)["refresh_token"].is_string());
    assert_error(&poll(&world, id).await, "BAD_REQUEST", "invalid_grant");
}

#[tokio::test]
async fn ping_mode() {
    let world = world(json!({}), json!({"bcDeliveryMode": "PING"})).await;
    for (decision, error) in [
        (approval(), None),
        (json!({"result": "ACCESS_DENIED"}), Some("access_denied")),
        (json!({"result": "TRANSACTION_FAILED"}), Some("expired_token")),
    ] {
        let (ticket, answer) = issued(&world, &format!("{REQUEST}&client_notification_token=abc-123==")).await;
        let id = &answer["authReqId"];
        let told = complete(&world, &ticket, decision).await;
        assert_eq!((&told["action"], &told["clientNotificationToken"]), (&json!("NOTIFICATION"), &json!("abc-123==")));
        assert_eq!(told["clientNotificationEndpoint"], "https://client.example.org/notify");
        assert_eq!(content(&told), json!({"auth_req_id": id}));
        assert!(told.get("accessToken").is_none());
        let token = poll(&world, id).await;
        match error {
            None => assert_eq!(token["action"], "OK", "{token}"),
            Some(error) => assert_error(&token, "BAD_REQUEST", error),
        }
    }
}

#[tokio::test]
async fn push_mode() {
    let world = world(json!({}), json!({"bcDeliveryMode": "PUSH"})).await;
    let request = format!("{REQUEST}&client_notification_token=abc");
    let (ticket, answer) = issued(&world, &request).await;
    let id = &answer["authReqId"];
    assert!(content(&answer).get("interval").is_none());
    assert_error(&poll(&world, id).await, "BAD_REQUEST", "unauthorized_client");
    let told = complete(&world, &ticket, approval()).await;
    assert_eq!((&told["action"], &told["deliveryMode"]), (&json!("NOTIFICATION"), &json!("PUSH")), "{told}");
    let response = content(&told);
    assert_eq!((&response["auth_req_id"], &response["access_token"]), (id, &told["accessToken"]));
    assert_eq!((&response["id_token"], &response["refresh_token"]), (&told["idToken"], &told["refreshToken"]));
    let id_token = claims(response["id_token"].as_str().expect("an ID token"));
    assert_eq!(&id_token["urn:openid:params:jwt:claim:auth_req_id"], id);
    assert!(id_token["urn:openid:params:jwt:claim:rt_hash"].is_string() && id_token["at_hash"].is_string());
    assert_eq!(world.introspect(&told["accessToken"]).await["action"], "OK");
    assert_error(&poll(&world, id).await, "BAD_REQUEST", "unauthorized_client");

    let (ticket, answer) = issued(&world, &request).await;
    let decision = json!({"result": "ACCESS_DENIED", "errorDescription": "no"});
    let told = complete(&world, &ticket, decision).await;
    let expected = json!({"auth_req_id": answer["authReqId"], "error": "access_denied", "error_description": "no"});
    assert_eq!((&told["action"], content(&told)), (&json!("NOTIFICATION"), expected));

    let (ticket, _) = issued(&world, &request).await;
    world.advance(600);
    let told = complete(&world, &ticket, approval()).await;
    assert_eq!((&told["action"], &content(&told)["error"]), (&json!("NOTIFICATION"), &json!("expired_token")));
}

#[tokio::test]
async fn an_id_that_nobody_uses_ends() {
    let world = world(json!({}), json!({})).await;
    let (ticket, answer) = issued(&world, &format!("{REQUEST}&requested_expiry=30")).await;
    assert_eq!(answer["expiresIn"], 30);
    world.advance(30);
    assert_error(&poll(&world, &answer["authReqId"]).await, "BAD_REQUEST", "expired_token");
    assert_eq!(complete(&world, &ticket, approval()).await["action"], "SERVER_ERROR");
    let ticket = ask(&world, REQUEST).await["ticket"].clone();
    world.advance(3_600);
    let answer = world.act("/backchannel/authentication/issue", json!({"ticket": ticket})).await;
    assert_error(&answer, "INVALID_TICKET", "server_error");
}

#[tokio::test]
async fn a_ticket_is_issued_for_once() {
    let world = world(json!({}), json!({})).await;
    let asked = ask(&world, REQUEST).await;
    assert_eq!(complete(&world, &asked["ticket"], approval()).await["action"], "SERVER_ERROR");
    let body = json!({"ticket": asked["ticket"]});
    assert_eq!(world.act("/backchannel/authentication/issue", body.clone()).await["action"], "OK");
    assert_error(&world.act("/backchannel/authentication/issue", body).await, "INVALID_TICKET", "server_error");
    for (body, action) in [(json!({"ticket": "unknown"}), "INVALID_TICKET"), (json!({}), "INTERNAL_SERVER_ERROR")] {
        assert_error(&world.act("/backchannel/authentication/issue", body).await, action, "server_error");
    }
    for wrong in
        [json!({}), json!({"result": "AUTHORIZED"}), json!({"result": "AUTHORIZED", "subject": "john", "claims": "x"})]
    {
        assert_eq!(complete(&world, &asked["ticket"], wrong).await["action"], "SERVER_ERROR");
    }
    assert_eq!(complete(&world, &asked["ticket"], approval()).await["action"], "NO_ACTION");
}

#[tokio::test]
async fn every_reason_to_fail() {
    let world = world(json!({}), json!({})).await;
    for (reason, action, error) in [
        ("ACCESS_DENIED", "FORBIDDEN", "access_denied"),
        ("EXPIRED_LOGIN_HINT_TOKEN", "BAD_REQUEST", "expired_login_hint_token"),
        ("INVALID_BINDING_MESSAGE", "BAD_REQUEST", "invalid_binding_message"),
        ("INVALID_TARGET", "BAD_REQUEST", "invalid_target"),
        ("INVALID_USER_CODE", "BAD_REQUEST", "invalid_user_code"),
        ("MISSING_USER_CODE", "BAD_REQUEST", "missing_user_code"),
        ("SERVER_ERROR", "INTERNAL_SERVER_ERROR", "server_error"),
        ("UNAUTHORIZED_CLIENT", "BAD_REQUEST", "unauthorized_client"),
        ("UNKNOWN_USER_ID", "BAD_REQUEST", "unknown_user_id"),
    ] {
        let ticket = ask(&world, REQUEST).await["ticket"].clone();
        let body =
            json!({"ticket": ticket, "reason": reason, "errorDescription": "why", "errorUri": "https://e.example"});
        let answer = world.act("/backchannel/authentication/fail", body).await;
        assert_error(&answer, action, error);
        let response = content(&answer);
        assert_eq!(
            (&response["error_description"], &response["error_uri"]),
            (&json!("why"), &json!("https://e.example"))
        );
        let answer = world.act("/backchannel/authentication/issue", json!({"ticket": ticket})).await;
        assert_error(&answer, "INVALID_TICKET", "server_error");
    }
    let answer = world.act("/backchannel/authentication/fail", json!({})).await;
    assert_error(&answer, "INTERNAL_SERVER_ERROR", "server_error");
    assert_eq!(world.status("/backchannel/authentication/fail", &json!({"reason": "BORED"})).await, 400);
}

#[tokio::test]
async fn an_id_is_for_its_client_and_only_once_it_is_issued() {
    let mut world = world(json!({}), json!({})).await;
    assert_error(&poll(&world, &json!("unknown")).await, "BAD_REQUEST", "invalid_grant");
    let answer = world.token("grant_type=urn:openid:params:grant-type:ciba").await;
    assert_error(&answer, "BAD_REQUEST", "invalid_request");
    let (_, answer) = issued(&world, REQUEST).await;
    world.client = world.add_client(json!({"grantTypes": ["CIBA"], "bcDeliveryMode": "POLL"})).await;
    assert_error(&poll(&world, &answer["authReqId"]).await, "BAD_REQUEST", "invalid_grant");
}
