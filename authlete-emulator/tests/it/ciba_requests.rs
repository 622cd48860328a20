//! What a backchannel authentication request may say, and must.

use serde_json::{Value, json};

use crate::ciba::{ask, world};
use crate::keys::{Key, unsigned};
use crate::world::{World, assert_error};

#[tokio::test]
async fn what_the_authorization_server_gets_to_know() {
    let service = json!({
        "backchannelUserCodeParameterSupported": true,
        "supportedAcrs": ["gold"],
        "supportedScopes": [{"name": "openid"}, {"name": "email"}],
    });
    let world = world(service, json!({"bcUserCodeRequired": true})).await;
    let parameters = "scope=openid+email&login_hint_token=t&user_code=1234&binding_message=W4SCT&acr_values=gold+x\
                      &requested_expiry=120";
    let answer = ask(&world, parameters).await;
    assert_eq!(answer["action"], "USER_IDENTIFICATION", "{answer}");
    assert_eq!((&answer["hintType"], &answer["hint"]), (&json!("LOGIN_HINT_TOKEN"), &json!("t")));
    assert_eq!((&answer["userCode"], &answer["userCodeRequired"]), (&json!("1234"), &json!(true)));
    assert_eq!((&answer["bindingMessage"], &answer["requestedExpiry"]), (&json!("W4SCT"), &json!(120)));
    assert_eq!((&answer["acrs"], &answer["claimNames"]), (&json!(["gold"]), &json!(["email", "email_verified"])));
    assert_eq!((&answer["clientName"], &answer["deliveryMode"]), (&json!("Test client"), &json!("POLL")));
    let answer = ask(&world, "scope=openid&login_hint=john").await;
    assert_error(&answer, "BAD_REQUEST", "missing_user_code");
}

#[tokio::test]
async fn requests_that_are_refused() {
    let world = world(json!({}), json!({"bcDeliveryMode": "PING"})).await;
    let token = "client_notification_token=abc";
    for (parameters, error) in [
        (format!("scope=openid&{token}"), "invalid_request"),
        (format!("scope=openid&login_hint=a&login_hint_token=b&{token}"), "invalid_request"),
        (format!("login_hint=a&{token}"), "invalid_request"),
        (format!("scope=read&login_hint=a&{token}"), "invalid_scope"),
        ("scope=openid&login_hint=a".to_owned(), "invalid_request"),
        ("scope=openid&login_hint=a&client_notification_token=a%20b".to_owned(), "invalid_request"),
        (format!("scope=openid&login_hint=a&client_notification_token={}", "x".repeat(1025)), "invalid_request"),
        (format!("scope=openid&login_hint=a&requested_expiry=0&{token}"), "invalid_request"),
        (format!("scope=openid&login_hint=a&requested_expiry=soon&{token}"), "invalid_request"),
        (format!("scope=openid&login_hint=a&login_hint=b&{token}"), "invalid_request"),
    ] {
        assert_error(&ask(&world, &parameters).await, "BAD_REQUEST", error);
    }
    let parameters = format!("scope=openid&login_hint=a&grant_id=g&{token}");
    assert_error(&ask(&world, &parameters).await, "BAD_REQUEST", "invalid_request");
    let body = json!({"parameters": "scope=openid&login_hint=a", "clientId": world.client_id(), "clientSecret": "x"});
    assert_error(&world.act("/backchannel/authentication", body).await, "UNAUTHORIZED", "invalid_client");
    let answer = world.act("/backchannel/authentication", json!({})).await;
    assert_error(&answer, "INTERNAL_SERVER_ERROR", "server_error");
}

#[tokio::test]
async fn clients_that_may_not_ask() {
    let mut world = world(json!({"supportedBackchannelTokenDeliveryModes": ["POLL"]}), json!({})).await;
    for (client, action, error) in [
        (json!({"grantTypes": ["CIBA"]}), "BAD_REQUEST", "unauthorized_client"),
        (json!({"bcDeliveryMode": "POLL"}), "BAD_REQUEST", "unauthorized_client"),
        (json!({"grantTypes": ["CIBA"], "bcDeliveryMode": "PING"}), "BAD_REQUEST", "unauthorized_client"),
        (
            json!({"grantTypes": ["CIBA"], "bcDeliveryMode": "POLL", "clientType": "PUBLIC"}),
            "UNAUTHORIZED",
            "invalid_client",
        ),
    ] {
        world.client = world.add_client(client).await;
        let parameters = format!("scope=openid&login_hint=john&client_id={}", world.client_id());
        assert_error(&ask(&world, &parameters).await, action, error);
    }
    let world = self::world(json!({}), json!({"bcDeliveryMode": "PUSH", "bcNotificationEndpoint": null})).await;
    let answer = ask(&world, "scope=openid&login_hint=john&client_notification_token=a").await;
    assert_error(&answer, "INTERNAL_SERVER_ERROR", "server_error");
}

#[tokio::test]
async fn an_id_token_as_the_hint() {
    for algorithm in ["ES256", "HS256"] {
        let world = world(json!({}), json!({"idTokenSignAlg": algorithm})).await;
        let id_token = world.exchange(&world.code("scope=openid").await).await["idToken"].clone();
        let id_token = id_token.as_str().expect("an ID token");
        // It may be old.
        world.advance(100_000);
        let answer = ask(&world, &format!("scope=openid&id_token_hint={id_token}")).await;
        assert_eq!((&answer["hintType"], &answer["sub"]), (&json!("ID_TOKEN_HINT"), &json!("john")), "{answer}");

        let (rest, signature) = id_token.rsplit_once('.').expect("a JWT");
        let flipped = if signature.starts_with('A') { "B" } else { "A" };
        let forged = format!("{rest}.{flipped}{}", &signature[1..]);
        for hint in [forged.as_str(), "no.jwt", &unsigned(&json!({"sub": "john"}))] {
            let answer = ask(&world, &format!("scope=openid&id_token_hint={hint}")).await;
            assert_error(&answer, "BAD_REQUEST", "invalid_request");
        }
    }
}

#[tokio::test]
async fn an_id_token_of_another_client_is_no_hint() {
    let mut world = world(json!({}), json!({})).await;
    let id_token = world.exchange(&world.code("scope=openid").await).await["idToken"].clone();
    let hint = format!("scope=openid&id_token_hint={}", id_token.as_str().expect("an ID token"));
    world.client = world.add_client(json!({"grantTypes": ["CIBA"], "bcDeliveryMode": "POLL"})).await;
    assert_error(&ask(&world, &hint).await, "BAD_REQUEST", "invalid_request");
}

fn request_object(world: &World) -> Value {
    let now = world.now();
    json!({
        "iss": world.client_id(), "aud": "https://as.example.com", "jti": "1", "iat": now, "nbf": now, "exp": now + 60,
        "scope": "openid", "login_hint": "john", "requested_expiry": 45, "request_context": {"device": "tv"},
    })
}

#[tokio::test]
async fn a_signed_request() {
    let key = Key::ec();
    let world = world(json!({}), json!({"bcRequestSignAlg": "ES256", "jwks": key.set()})).await;
    let object = request_object(&world);
    let answer = ask(&world, &format!("request={}", key.sign(&object))).await;
    assert_eq!((&answer["action"], &answer["hint"]), (&json!("USER_IDENTIFICATION"), &json!("john")), "{answer}");
    assert_eq!((&answer["requestedExpiry"], &answer["requestContext"]), (&json!(45), &json!("{\"device\":\"tv\"}")));

    let mixed = format!("request={}&binding_message=x", key.sign(&object));
    let stranger = format!("request={}", Key::ec().sign(&object));
    let not_signed = format!("request={}", unsigned(&object));
    for parameters in [&mixed, &stranger, &not_signed, "request=x", "scope=openid&login_hint=john"] {
        assert_error(&ask(&world, parameters).await, "BAD_REQUEST", "invalid_request");
    }
    for (claim, value) in [
        ("iss", json!("another")),
        ("aud", json!("https://other.example.com")),
        ("jti", json!(null)),
        ("exp", json!(world.now() - 1)),
        ("exp", json!(null)),
        ("iat", json!(world.now() + 100)),
        ("nbf", json!(null)),
    ] {
        let mut object = object.clone();
        object[claim] = value;
        let answer = ask(&world, &format!("request={}", key.sign(&object))).await;
        assert_error(&answer, "BAD_REQUEST", "invalid_request");
    }
    assert_error(&ask(&world, "request=a.b.c.d.e").await, "BAD_REQUEST", "invalid_request");
}

#[tokio::test]
async fn tokens_that_are_pushed_cannot_be_bound() {
    let world = world(json!({}), json!({"bcDeliveryMode": "PUSH", "dpopRequired": true})).await;
    let body = world.token_body("scope=openid&login_hint=john&client_notification_token=a");
    assert_eq!(world.status("/backchannel/authentication", &body).await, 501);
}

#[tokio::test]
async fn fapi_wants_a_message_that_binds_the_devices() {
    let openid = json!([{"name": "openid"}, {"name": "pay", "attributes": [{"key": "fapi", "value": "rw"}]}]);
    for (required, refused) in [(true, true), (false, false)] {
        let service = json!({
            "backchannelBindingMessageRequiredInFapi": required, "supportedServiceProfiles": ["FAPI"],
            "supportedScopes": openid,
        });
        let world = world(service, json!({})).await;
        let asked = ask(&world, "scope=openid+pay&login_hint=john").await;
        match refused {
            true => assert_error(&asked, "BAD_REQUEST", "invalid_request"),
            false => assert_eq!(asked["action"], "USER_IDENTIFICATION", "{asked}"),
        }
        for good in ["scope=openid+pay&login_hint=john&binding_message=W4SCT", "scope=openid&login_hint=john"] {
            assert_eq!(ask(&world, good).await["action"], "USER_IDENTIFICATION", "{good}");
        }
    }
}
