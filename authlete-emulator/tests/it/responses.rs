//! What an authorization response has, and how it travels.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::keys;
use crate::world::{REDIRECT_URI, World, assert_error, fragment, parameter};

const ALL: [&str; 8] =
    ["NONE", "CODE", "TOKEN", "ID_TOKEN", "CODE_TOKEN", "CODE_ID_TOKEN", "ID_TOKEN_TOKEN", "CODE_ID_TOKEN_TOKEN"];

async fn world(service: Value, client: Value) -> World {
    let grants = json!(["AUTHORIZATION_CODE", "IMPLICIT", "REFRESH_TOKEN"]);
    let mut services = json!({"supportedResponseTypes": ALL, "supportedGrantTypes": grants});
    services.as_object_mut().expect("an object").extend(service.as_object().expect("an object").clone());
    let mut clients = json!({"responseTypes": ALL, "grantTypes": grants});
    clients.as_object_mut().expect("an object").extend(client.as_object().expect("an object").clone());
    World::new(services, clients).await
}

async fn request(world: &World, response_type: &str, more: &str) -> Value {
    let id = world.client_id();
    let response_type = response_type.replace(' ', "+");
    let parameters = format!("response_type={response_type}&client_id={id}&redirect_uri={REDIRECT_URI}&state=s1{more}");
    world.act("/auth/authorization", json!({"parameters": parameters})).await
}

async fn issue(world: &World, response_type: &str, more: &str) -> Value {
    let answer = request(world, response_type, more).await;
    assert_eq!(answer["action"], "INTERACTION", "{response_type} {answer}");
    world.act("/auth/authorization/issue", json!({"ticket": answer["ticket"], "subject": "john"})).await
}

fn half_hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16])
}

#[tokio::test]
async fn every_response_type_has_its_parameters() {
    let world = world(json!({}), json!({})).await;
    for (response_type, names) in [
        ("token", vec!["access_token"]),
        ("id_token", vec!["id_token"]),
        ("code token", vec!["code", "access_token"]),
        ("code id_token", vec!["code", "id_token"]),
        ("id_token token", vec!["access_token", "id_token"]),
        ("token id_token code", vec!["code", "access_token", "id_token"]),
    ] {
        let answer = issue(&world, response_type, "&scope=openid+read&nonce=n1").await;
        for name in ["code", "access_token", "id_token"] {
            let given = fragment(&answer, name);
            assert_eq!(given.is_some(), names.contains(&name), "{response_type} {name} {answer}");
        }
        assert_eq!(fragment(&answer, "state").as_deref(), Some("s1"));
        assert_eq!(fragment(&answer, "iss").as_deref(), Some("https://as.example.com"));
        if let Some(token) = fragment(&answer, "access_token") {
            assert_eq!(answer["accessToken"], token);
            assert_eq!(fragment(&answer, "token_type").as_deref(), Some("Bearer"));
            assert_eq!(fragment(&answer, "expires_in").as_deref(), Some("86400"));
            let known = world.introspect(&json!(token)).await;
            assert_eq!((&known["action"], &known["refreshable"]), (&json!("OK"), &json!(false)));
        }
        if let Some(id_token) = fragment(&answer, "id_token") {
            let claims = keys::claims(&id_token);
            assert_eq!((&claims["sub"], &claims["nonce"]), (&json!("john"), &json!("n1")));
            let hash = |name| fragment(&answer, name).map_or(Value::Null, |text| json!(half_hash(&text)));
            let claimed = |name| claims.get(name).cloned().unwrap_or_default();
            assert_eq!(claimed("at_hash"), hash("access_token"), "{response_type}");
            assert_eq!(claimed("c_hash"), hash("code"), "{response_type}");
            assert_eq!(claimed("s_hash"), json!(half_hash("s1")));
        }
    }
    let answer = issue(&world, "none", "").await;
    assert_eq!(answer["responseContent"], format!("{REDIRECT_URI}?state=s1&iss=https%3A%2F%2Fas.example.com"));
}

#[tokio::test]
async fn the_code_of_a_hybrid_response_is_like_any_other() {
    let world = world(json!({}), json!({})).await;
    let answer = issue(&world, "code id_token token", "&scope=openid&nonce=n1").await;
    let code = fragment(&answer, "code").expect("a code");
    let token = world.exchange(&code).await;
    assert_eq!(token["action"], "OK", "{token}");
    assert_ne!(token["accessToken"], answer["accessToken"]);
    assert_error(&world.exchange(&code).await, "BAD_REQUEST", "invalid_grant");
    assert_eq!(world.introspect(&token["accessToken"]).await["action"], "UNAUTHORIZED");
}

#[tokio::test]
async fn tokens_from_here_need_what_openid_connect_asks_and_stay_out_of_the_query() {
    let world = world(json!({}), json!({})).await;
    for (response_type, more, error) in [
        ("id_token", "&scope=openid", "invalid_request"),
        ("code id_token", "&scope=openid", "invalid_request"),
        ("id_token", "&scope=read&nonce=n1", "invalid_scope"),
        ("id_token token id_token", "&scope=openid&nonce=n1", "unsupported_response_type"),
    ] {
        let answer = request(&world, response_type, more).await;
        let found = fragment(&answer, "error").or_else(|| parameter(&answer, "error"));
        assert_eq!(found.as_deref(), Some(error), "{response_type}{more}");
    }
    for mode in ["query", "query.jwt"] {
        let answer = request(&world, "token", &format!("&response_mode={mode}")).await;
        assert_eq!(answer["action"], "LOCATION", "{answer}");
        assert!(!answer["responseContent"].as_str().expect("a URI").contains("access_token"));
    }
}

#[tokio::test]
async fn a_client_whose_tokens_are_bound_gets_none_from_here() {
    let bound = "tlsClientCertificateBoundAccessTokens";
    for (service, client) in [(json!({}), json!({"dpopRequired": true})), (json!({bound: true}), json!({bound: true}))]
    {
        let world = world(service, client).await;
        assert_eq!(fragment(&request(&world, "token", "").await, "error").as_deref(), Some("invalid_request"));
        assert_eq!(request(&world, "code", "").await["action"], "INTERACTION");
    }
}

#[tokio::test]
async fn implicit_needs_the_grant_type_too() {
    let grants = json!(["AUTHORIZATION_CODE"]);
    let service = world(json!({"supportedGrantTypes": grants}), json!({})).await;
    let error = fragment(&request(&service, "token", "").await, "error");
    assert_eq!(error.as_deref(), Some("unsupported_response_type"));
    let client = world(json!({}), json!({"grantTypes": grants})).await;
    assert_eq!(fragment(&request(&client, "token", "").await, "error").as_deref(), Some("unauthorized_client"));
}

#[tokio::test]
async fn responses_in_a_jwt() {
    let world = world(json!({"authorizationResponseDuration": 30}), json!({"authorizationSignAlg": "ES256"})).await;
    for (mode, response_type, action, start) in [
        ("jwt", "code", "LOCATION", format!("{REDIRECT_URI}?response=")),
        ("jwt", "token", "LOCATION", format!("{REDIRECT_URI}#response=")),
        ("query.jwt", "code", "LOCATION", format!("{REDIRECT_URI}?response=")),
        ("fragment.jwt", "code", "LOCATION", format!("{REDIRECT_URI}#response=")),
        ("form_post.jwt", "code", "FORM", "<!DOCTYPE html>".to_owned()),
    ] {
        let answer = issue(&world, response_type, &format!("&response_mode={mode}")).await;
        assert_eq!(answer["action"], action);
        let content = answer["responseContent"].as_str().expect("a string");
        assert!(content.starts_with(&start), "{content}");
        assert!(!content.contains("state=") && !content.contains("name=\"code\""), "{content}");
        if action == "FORM" {
            continue;
        }
        let jwt = content.split("response=").nth(1).expect("a JWT");
        let claims: Value = world.verified(jwt, jsonwebtoken::Algorithm::ES256).await;
        assert_eq!((&claims["iss"], &claims["state"]), (&json!("https://as.example.com"), &json!("s1")));
        assert_eq!(claims["aud"], world.client_id());
        assert!(claims["exp"].as_u64().is_some_and(|exp| exp <= world.now() + 30));
        let (name, member) =
            if response_type == "code" { ("code", "authorizationCode") } else { ("access_token", "accessToken") };
        assert_eq!(claims[name], answer[member], "{mode}");
    }
}

#[tokio::test]
async fn errors_travel_in_a_jwt_too() {
    let world = world(json!({}), json!({})).await;
    let answer = request(&world, "code", "&response_mode=jwt&prompt=dance").await;
    let jwt = parameter(&answer, "response").expect("a JWT");
    // The default of JARM, section 3.
    let claims = world.verified(&jwt, jsonwebtoken::Algorithm::RS256).await;
    assert_eq!((&claims["error"], &claims["state"]), (&json!("invalid_request"), &json!("s1")));
    let ticket = request(&world, "code", "&response_mode=query.jwt").await["ticket"].clone();
    let answer = world.act("/auth/authorization/fail", json!({"ticket": ticket, "reason": "DENIED"})).await;
    assert_eq!(keys::claims(&parameter(&answer, "response").expect("a JWT"))["error"], "access_denied");
}
