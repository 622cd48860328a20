//! Apps of one device that share a login session.

use serde_json::{Value, json};

use crate::keys::{Key, claims};
use crate::world::{World, assert_error, content};

const SCOPES: &str = "scope=openid+device_sso&nonce=n";

async fn world(service: Value) -> World {
    let types = json!(["AUTHORIZATION_CODE", "REFRESH_TOKEN", "TOKEN_EXCHANGE"]);
    let mut members = json!({
        "nativeSsoSupported": true,
        "supportedGrantTypes": types,
        "supportedScopes": [{"name": "openid"}, {"name": "device_sso"}, {"name": "read"}],
    });
    members.as_object_mut().expect("an object").extend(service.as_object().expect("an object").clone());
    World::new(members, json!({"grantTypes": types})).await
}

/// The response to the token request of the first app, in the login session `s1`.
async fn first(world: &World, more: &str) -> Value {
    let asked = world.authorize(SCOPES).await;
    assert_eq!(asked["nativeSsoRequested"], true, "{asked}");
    let body = json!({"ticket": asked["ticket"], "subject": "john", "sessionId": "s1"});
    let code = world.act("/auth/authorization/issue", body).await["authorizationCode"].clone();
    let (code, uri) = (code.as_str().expect("a code"), crate::world::REDIRECT_URI);
    world.token(&format!("grant_type=authorization_code&code={code}&redirect_uri={uri}{more}")).await
}

/// The token response that the first app gets, with the device secret `secret`.
async fn shared(world: &World) -> Value {
    let tokens = first(world, "").await;
    let body = json!({
        "accessToken": tokens["accessToken"], "refreshToken": tokens["refreshToken"], "deviceSecret": "secret",
    });
    let answer = world.act("/nativesso", body).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    content(&answer)
}

fn exchange(id_token: &str, secret: &str, more: &str) -> String {
    format!(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={id_token}\
         &subject_token_type=urn:ietf:params:oauth:token-type:id_token&actor_token={secret}\
         &actor_token_type=urn:openid:params:token-type:device-secret{more}"
    )
}

const TO_US: &str = "&audience=https://as.example.com&scope=openid+device_sso";

#[tokio::test]
async fn the_first_app() {
    let world = world(json!({})).await;
    let tokens = first(&world, "&device_secret=old").await;
    assert_eq!((&tokens["action"], &tokens["sessionId"]), (&json!("NATIVE_SSO"), &json!("s1")), "{tokens}");
    assert_eq!((&tokens["deviceSecret"], &tokens["grantType"]), (&json!("old"), &json!("AUTHORIZATION_CODE")));
    assert!(tokens.get("responseContent").is_none() && tokens.get("idToken").is_none());
    assert_eq!(world.introspect(&tokens["accessToken"]).await["action"], "OK");

    let body =
        json!({"accessToken": tokens["accessToken"], "refreshToken": tokens["refreshToken"], "deviceSecret": "secret"});
    let answer = world.act("/nativesso", body.clone()).await;
    let response = content(&answer);
    assert_eq!((&response["access_token"], &response["device_secret"]), (&tokens["accessToken"], &json!("secret")));
    assert!(response.get("issued_token_type").is_none());
    let id_token = claims(response["id_token"].as_str().expect("an ID token"));
    assert_eq!((&id_token["sid"], &id_token["nonce"]), (&json!("s1"), &json!("n")));
    // The base64url of the SHA-256 of `secret`.
    assert_eq!(id_token["ds_hash"], "K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols");
    let mut chosen = body;
    chosen["deviceSecretHash"] = json!("of one's own");
    chosen["claims"] = json!("{\"sid\":\"another\"}");
    let response = content(&world.act("/nativesso", chosen).await);
    let id_token = claims(response["id_token"].as_str().expect("an ID token"));
    assert_eq!((&id_token["ds_hash"], &id_token["sid"]), (&json!("of one's own"), &json!("s1")));
}

#[tokio::test]
async fn the_second_app() {
    let mut world = world(json!({})).await;
    let response = shared(&world).await;
    let id_token = response["id_token"].as_str().expect("an ID token");
    world.client = world.add_client(json!({"grantTypes": ["TOKEN_EXCHANGE"]})).await;
    let answer = world.token(&exchange(id_token, "secret", TO_US)).await;
    assert_eq!((&answer["action"], &answer["sessionId"]), (&json!("NATIVE_SSO"), &json!("s1")), "{answer}");
    assert_eq!((&answer["deviceSecret"], &answer["subject"]), (&json!("secret"), &json!("john")));
    assert_eq!(answer["deviceSecretHash"], claims(id_token)["ds_hash"]);
    assert_eq!(answer["clientId"], world.client["clientId"]);
    let body = json!({"accessToken": answer["accessToken"], "deviceSecret": "secret"});
    let response = content(&world.act("/nativesso", body).await);
    assert_eq!(response["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    let audience = claims(response["id_token"].as_str().expect("an ID token"))["aud"].clone();
    assert_eq!(audience, json!([world.client_id()]));
}

#[tokio::test]
async fn exchanges_that_are_refused() {
    let world = world(json!({})).await;
    let id_token = shared(&world).await["id_token"].clone();
    let id_token = id_token.as_str().expect("an ID token");
    let forged = Key::ec().sign(&claims(id_token));
    let plain = world.exchange(&world.code("scope=openid").await).await["idToken"].clone();
    let plain = plain.as_str().expect("an ID token");
    for (parameters, error) in [
        (exchange(&forged, "secret", TO_US), "invalid_request"),
        (exchange("no.jwt", "secret", TO_US), "invalid_request"),
        (exchange(id_token, "secret", "&scope=openid"), "invalid_request"),
        (exchange(id_token, "secret", "&audience=https://other.example.com&scope=openid"), "invalid_request"),
        (exchange(id_token, "secret", "&audience=https://as.example.com&scope=read"), "invalid_scope"),
        (exchange(plain, "secret", TO_US), "invalid_grant"),
    ] {
        assert_error(&world.token(&parameters).await, "BAD_REQUEST", error);
    }
    let from_nobody = json!({"parameters": exchange(id_token, "secret", TO_US)});
    assert_error(&world.act("/auth/token", from_nobody).await, "BAD_REQUEST", "unauthorized_client");
}

#[tokio::test]
async fn a_refresh_stays_in_the_session() {
    let world = world(json!({"idTokenReissuable": true})).await;
    let tokens = first(&world, "").await;
    let refresh = tokens["refreshToken"].as_str().expect("a refresh token").to_owned();
    let more = format!("grant_type=refresh_token&refresh_token={refresh}&device_secret=d");
    let answer = world.token(&more).await;
    assert_eq!((&answer["action"], &answer["sessionId"]), (&json!("NATIVE_SSO"), &json!("s1")), "{answer}");
    assert_eq!((&answer["deviceSecret"], &answer["grantType"]), (&json!("d"), &json!("REFRESH_TOKEN")));
    let refresh = answer["refreshToken"].as_str().expect("a refresh token");
    let narrow = world.token(&format!("grant_type=refresh_token&refresh_token={refresh}&scope=openid")).await;
    assert_eq!(narrow["action"], "ID_TOKEN_REISSUABLE", "{narrow}");
}

#[tokio::test]
async fn the_session_ends_for_all() {
    let world = world(json!({})).await;
    let response = shared(&world).await;
    let id_token = response["id_token"].as_str().expect("an ID token");
    world.token(&exchange(id_token, "secret", TO_US)).await;
    let answer = world.act("/nativesso/logout", json!({"sessionId": "s1"})).await;
    assert_eq!((&answer["action"], &answer["count"]), (&json!("OK"), &json!(2)), "{answer}");
    assert_eq!(world.introspect(&response["access_token"]).await["action"], "UNAUTHORIZED");
    assert_error(&world.token(&exchange(id_token, "secret", TO_US)).await, "BAD_REQUEST", "invalid_grant");
    assert_eq!(world.act("/nativesso/logout", json!({"sessionId": "s1"})).await["count"], 0);
    assert_eq!(world.act("/nativesso/logout", json!({})).await["action"], "CALLER_ERROR");
}

#[tokio::test]
async fn calls_that_are_wrong() {
    let world = world(json!({})).await;
    let ticket = world.authorize(SCOPES).await["ticket"].clone();
    let answer = world.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john"})).await;
    assert_error(&answer, "INTERNAL_SERVER_ERROR", "server_error");
    let tokens = first(&world, "").await;
    let plain = world.exchange(&world.code("scope=openid").await).await;
    for body in [
        json!({"deviceSecret": "d"}),
        json!({"accessToken": tokens["accessToken"]}),
        json!({"accessToken": "unknown", "deviceSecret": "d"}),
        json!({"accessToken": plain["accessToken"], "deviceSecret": "d"}),
        json!({"accessToken": tokens["accessToken"], "refreshToken": "unknown", "deviceSecret": "d"}),
    ] {
        assert_error(&world.act("/nativesso", body).await, "CALLER_ERROR", "server_error");
    }
}

#[tokio::test]
async fn without_the_feature_the_scope_is_a_scope() {
    let world = world(json!({"nativeSsoSupported": false})).await;
    let asked = world.authorize(SCOPES).await;
    assert_eq!(asked["nativeSsoRequested"], false);
    let body = json!({"ticket": asked["ticket"], "subject": "john", "sessionId": "s1"});
    let code = world.act("/auth/authorization/issue", body).await["authorizationCode"].clone();
    let token = world.exchange(code.as_str().expect("a code")).await;
    assert_eq!(token["action"], "OK", "{token}");
    assert!(token["idToken"].is_string() && token.get("sessionId").is_none());
}
