//! What a token is for: resources (RFC 8707), rich authorization (RFC 9396), the form of a JWT (RFC 9068).

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::certificates::certificate;
use crate::world::{REDIRECT_URI, World, assert_error, content, parameter};

const A: &str = "https://rs.example.com/a";
const B: &str = "https://rs.example.com/b";

fn encoded(value: &Value) -> String {
    form_urlencoded::byte_serialize(value.to_string().as_bytes()).collect()
}

fn exchange(code: &str, more: &str) -> String {
    format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}{more}")
}

#[tokio::test]
async fn a_token_request_can_narrow_the_resources_but_not_widen_them() {
    let world = World::plain().await;
    let code = world.code(&format!("resource={A}&resource={B}")).await;
    let wider = world.token(&exchange(&code, "&resource=https://other.example.com/")).await;
    assert_error(&wider, "BAD_REQUEST", "invalid_target");
    let token = world.token(&exchange(&code, &format!("&resource={A}"))).await;
    assert_eq!((&token["resources"], &token["accessTokenResources"]), (&json!([A]), &json!([A])));
    let access = token["accessToken"].clone();
    let answer = world.act("/auth/introspection", json!({"token": access, "resources": [A]})).await;
    assert_eq!((&answer["action"], &answer["accessTokenResources"]), (&json!("OK"), &json!([A])));
    assert_eq!(answer["resources"], json!([A, B]));
    let answer = world.act("/auth/introspection", json!({"token": access, "resources": [B]})).await;
    assert_eq!(answer["action"], "FORBIDDEN", "{answer}");

    let refresh = token["refreshToken"].as_str().expect("a refresh token");
    let token = world.token(&format!("grant_type=refresh_token&refresh_token={refresh}&resource={B}")).await;
    assert_eq!((&token["resources"], &token["accessTokenResources"]), (&json!([B]), &json!([B])));
}

#[tokio::test]
async fn resources_that_only_the_token_request_names_hold_for_its_refresh_token() {
    let world = World::plain().await;
    let token = world.token(&exchange(&world.code("").await, &format!("&resource={A}"))).await;
    let refresh = token["refreshToken"].as_str().expect("a refresh token");
    let wider = world.token(&format!("grant_type=refresh_token&refresh_token={refresh}&resource={B}")).await;
    assert_error(&wider, "BAD_REQUEST", "invalid_target");
    let renewed = world.token(&format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    assert_eq!((&renewed["accessTokenResources"], renewed.get("resources")), (&json!([A]), None));
}

#[tokio::test]
async fn what_is_no_resource() {
    let world = World::plain().await;
    for wrong in ["relative", "https://rs.example.com/%23f"] {
        let answer = world.authorize(&format!("resource={wrong}")).await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_target"), "{wrong}");
        let answer = world.token(&format!("grant_type=client_credentials&resource={wrong}")).await;
        assert_error(&answer, "BAD_REQUEST", "invalid_target");
    }
    let answer = world.token(&format!("grant_type=client_credentials&resource={A}")).await;
    assert_eq!(answer["accessTokenResources"], json!([A]));
}

async fn banking() -> World {
    let types = json!(["payment", "account"]);
    let service = json!({"supportedAuthorizationDetailsTypes": types});
    World::new(service, json!({"authorizationDetailsTypes": ["payment"]})).await
}

#[tokio::test]
async fn authorization_details_go_all_the_way() {
    let world = banking().await;
    let first = json!({"type": "payment", "actions": ["pay"], "amount": {"value": "3.00"}});
    let second = json!({"type": "payment", "locations": [A]});
    let answer = world.authorize(&format!("authorization_details={}", encoded(&json!([first, second])))).await;
    let element = &answer["authorizationDetails"]["elements"][0];
    assert_eq!((&element["type"], &element["actions"]), (&json!("payment"), &json!(["pay"])));
    assert_eq!(element["otherFields"], json!({"amount": {"value": "3.00"}}).to_string());

    let body = json!({"ticket": answer["ticket"], "subject": "john"});
    let code = world.act("/auth/authorization/issue", body).await["authorizationCode"].clone();
    let code = code.as_str().expect("a code");
    let wider = encoded(&json!([{"type": "payment", "actions": ["steal"]}]));
    let answer = world.token(&exchange(code, &format!("&authorization_details={wider}"))).await;
    assert_error(&answer, "BAD_REQUEST", "invalid_authorization_details");
    let narrow = encoded(&json!([first]));
    let token = world.token(&exchange(code, &format!("&authorization_details={narrow}"))).await;
    assert_eq!(content(&token)["authorization_details"], json!([first]));
    let answer = world.introspect(&token["accessToken"]).await;
    assert_eq!(answer["authorizationDetails"], token["authorizationDetails"]);
}

#[tokio::test]
async fn the_server_can_grant_other_details() {
    let world = banking().await;
    let asked = encoded(&json!([{"type": "payment"}]));
    let ticket = world.authorize(&format!("authorization_details={asked}")).await["ticket"].clone();
    let granted = json!({"elements": [{"type": "payment", "identifier": "i1", "otherFields": "{\"limit\":5}"}]});
    let body = json!({"ticket": ticket, "subject": "john", "authorizationDetails": granted});
    let code = world.act("/auth/authorization/issue", body).await["authorizationCode"].clone();
    let token = world.exchange(code.as_str().expect("a code")).await;
    let expected = json!([{"type": "payment", "identifier": "i1", "limit": 5}]);
    assert_eq!(content(&token)["authorization_details"], expected);
}

#[tokio::test]
async fn details_that_cannot_be_granted() {
    let world = banking().await;
    for wrong in [
        json!({}),
        json!([{}]),
        json!([{"type": "unknown"}]),
        json!([{"type": "account"}]),
        json!([{"type": "payment", "actions": "pay"}]),
        json!([{"type": "payment", "identifier": 1}]),
    ] {
        let answer = world.authorize(&format!("authorization_details={}", encoded(&wrong))).await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_authorization_details"), "{wrong}");
    }
}

#[tokio::test]
async fn access_tokens_in_the_form_of_a_jwt() {
    let world = World::new(json!({"accessTokenSignAlg": "PS256"}), json!({})).await;
    let token = world.exchange(&world.code(&format!("scope=read&resource={A}")).await).await;
    let jwt = token["jwtAccessToken"].as_str().expect("a JWT");
    assert_eq!(content(&token)["access_token"], jwt);
    assert_ne!(token["accessToken"], jwt);
    assert_eq!(jsonwebtoken::decode_header(jwt).expect("a header").typ.as_deref(), Some("at+jwt"));
    let claims = world.verified(jwt, Algorithm::PS256).await;
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("https://as.example.com"), &json!("john")));
    assert_eq!((&claims["aud"], &claims["scope"]), (&json!([A]), &json!("read")));
    assert_eq!((&claims["client_id"], claims.get("cnf")), (&json!(world.client_id()), None));
    for form in [json!(jwt), token["accessToken"].clone()] {
        assert_eq!(world.introspect(&form).await["subject"], "john");
    }
    let refresh = token["refreshToken"].as_str().expect("a refresh token");
    let renewed = world.token(&format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    assert_ne!(renewed["jwtAccessToken"], jwt);
    assert_eq!(world.introspect(&json!(jwt)).await["action"], "UNAUTHORIZED");
    assert_eq!(world.introspect(&renewed["jwtAccessToken"]).await["action"], "OK");
}

#[tokio::test]
async fn what_the_server_adds_to_jwts() {
    let world = World::new(json!({"accessTokenSignAlg": "ES256"}), json!({})).await;
    let ticket = world.authorize("scope=openid").await["ticket"].clone();
    let body = json!({
        "ticket": ticket,
        "subject": "john",
        "idtHeaderParams": "{\"x\":\"1\",\"alg\":\"none\",\"kid\":\"evil\"}",
        "jwtAtClaims": "{\"tenant\":\"t1\",\"sub\":\"evil\"}",
    });
    let code = world.act("/auth/authorization/issue", body).await["authorizationCode"].clone();
    let mut body = world.token_body(&exchange(code.as_str().expect("a code"), ""));
    body["jwtAtClaims"] = json!("{\"extra\":2}");
    let token = world.act("/auth/token", body).await;
    let claims = world.verified(token["jwtAccessToken"].as_str().expect("a JWT"), Algorithm::ES256).await;
    assert_eq!((&claims["tenant"], &claims["extra"], &claims["sub"]), (&json!("t1"), &json!(2), &json!("john")));
    let id_token = token["idToken"].as_str().expect("an ID token");
    let header = jsonwebtoken::decode_header(id_token).expect("a header");
    assert_eq!(header.extras.get::<String>("x").expect("a string").as_deref(), Some("1"));
    assert_eq!(world.verified(id_token, Algorithm::ES256).await["sub"], "john");
}

#[tokio::test]
async fn a_secret_signs_no_access_tokens() {
    let world = World::new(json!({"accessTokenSignAlg": "HS256"}), json!({})).await;
    let body = world.token_body("grant_type=client_credentials");
    assert_eq!(world.call("POST", &format!("/api/{}/auth/token", world.service_id()), Some(&body)).await.0, 501);
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_certificate() {
    let flag = "tlsClientCertificateBoundAccessTokens";
    let world = World::new(json!({flag: true, "accessTokenSignAlg": "ES256"}), json!({flag: true})).await;
    let code = world.code("").await;
    assert_error(&world.exchange(&code).await, "BAD_REQUEST", "invalid_request");
    let (pem, _) = certificate("shop.example.org");
    let mut body = world.token_body(&exchange(&code, ""));
    body["clientCertificate"] = json!(pem);
    let token = world.act("/auth/token", body).await;
    assert_eq!(token["action"], "OK", "{token}");
    let introspect = |certificate: Option<String>| {
        let body = json!({"token": token["jwtAccessToken"], "clientCertificate": certificate});
        world.act("/auth/introspection", body)
    };
    let answer = introspect(Some(pem)).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    let claims = world.verified(token["jwtAccessToken"].as_str().expect("a JWT"), Algorithm::ES256).await;
    assert_eq!(claims["cnf"]["x5t#S256"], answer["certificateThumbprint"]);
    for wrong in [None, Some(certificate("shop.example.org").0)] {
        assert_eq!(introspect(wrong).await["action"], "UNAUTHORIZED");
    }
}
