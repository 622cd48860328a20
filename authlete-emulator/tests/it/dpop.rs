//! Tokens that are bound to a key by DPoP (RFC 9449).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::keys::Key;
use crate::world::{REDIRECT_URI, World, assert_error, content};

const TOKEN_ENDPOINT: &str = "https://as.example.com/token";
const RESOURCE: &str = "https://rs.example.com/api";

/// A proof with these claims on top of the usual ones for the token endpoint.
pub(crate) fn proof(world: &World, key: &Key, id: &str, more: &Value) -> String {
    let mut claims = json!({"htm": "POST", "htu": TOKEN_ENDPOINT, "iat": world.now(), "jti": id});
    for (name, value) in more.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some("dpop+jwt".to_owned());
    header.jwk = Some(jwk(key));
    key.sign_with(&header, &claims)
}

fn jwk(key: &Key) -> Jwk {
    serde_json::from_value(key.public.clone()).expect("a JWK")
}

fn thumbprint(key: &Key) -> String {
    jwk(key).thumbprint(ThumbprintHash::SHA256).expect("a thumbprint")
}

fn ath(token: &Value) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_str().expect("a token")))
}

pub(crate) async fn world(service: Value, client: Value) -> World {
    let mut members = json!({"tokenEndpoint": TOKEN_ENDPOINT});
    members.as_object_mut().expect("an object").extend(service.as_object().expect("an object").clone());
    World::new(members, client).await
}

async fn token(world: &World, parameters: &str, proof: Option<&str>) -> Value {
    let mut body = world.token_body(parameters);
    body["dpop"] = json!(proof);
    world.act("/auth/token", body).await
}

async fn exchange(world: &World, code: &str, proof: Option<&str>) -> Value {
    token(world, &format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}"), proof).await
}

async fn introspect(world: &World, token: &Value, proof: Option<&str>) -> Value {
    let body = json!({"token": token, "dpop": proof, "htm": "GET", "htu": RESOURCE});
    world.act("/auth/introspection", body).await
}

fn at_resource(token: &Value) -> Value {
    json!({"htm": "GET", "htu": RESOURCE, "ath": ath(token)})
}

#[tokio::test]
async fn a_bound_token_is_good_for_whoever_has_the_key() {
    let world = world(json!({}), json!({})).await;
    let (key, other) = (Key::ec(), Key::ec());
    let answer = exchange(&world, &world.code("scope=read").await, Some(&proof(&world, &key, "1", &json!({})))).await;
    assert_eq!(content(&answer)["token_type"], "DPoP", "{answer}");
    let token = answer["accessToken"].clone();
    let claims = at_resource(&token);
    let answer = introspect(&world, &token, Some(&proof(&world, &key, "2", &claims))).await;
    assert_eq!(answer["action"], "OK", "{answer}");

    for (refused, error) in [
        (None, "invalid_token"),
        (Some(proof(&world, &key, "2", &claims)), "invalid_dpop_proof"),
        (Some(proof(&world, &other, "3", &claims)), "invalid_token"),
        (Some(proof(&world, &key, "4", &json!({"htm": "GET", "htu": RESOURCE}))), "invalid_dpop_proof"),
        (
            Some(proof(&world, &key, "5", &json!({"htm": "GET", "htu": RESOURCE, "ath": ath(&json!("x"))}))),
            "invalid_dpop_proof",
        ),
    ] {
        let answer = introspect(&world, &token, refused.as_deref()).await;
        assert_eq!(answer["action"], "UNAUTHORIZED", "{answer}");
        let challenge = answer["responseContent"].as_str().expect("a challenge");
        assert!(challenge.starts_with(&format!("DPoP error=\"{error}\"")), "{challenge}");
        assert!(challenge.contains("algs=\"ES256 "), "{challenge}");
    }
}

#[tokio::test]
async fn a_token_without_a_key_is_not_made_better_by_a_proof() {
    let world = world(json!({}), json!({})).await;
    let token = exchange(&world, &world.code("").await, None).await["accessToken"].clone();
    assert_eq!(introspect(&world, &token, None).await["action"], "OK");
    let answer = introspect(&world, &token, Some(&proof(&world, &Key::ec(), "1", &at_resource(&token)))).await;
    assert_eq!(answer["action"], "UNAUTHORIZED", "{answer}");
}

#[tokio::test]
async fn every_claim_of_a_proof_counts() {
    let world = world(json!({}), json!({})).await;
    let key = Key::ec();
    let code = world.code("").await;
    let now = world.now();
    for more in [
        json!({"htm": "GET"}),
        json!({"htu": "https://as.example.com/other"}),
        json!({"htu": "https://evil.example.com/token"}),
        json!({"iat": now - 301}),
        json!({"iat": now + 400}),
        json!({"iat": null}),
        json!({"jti": null}),
    ] {
        let answer = exchange(&world, &code, Some(&proof(&world, &key, "1", &more))).await;
        assert_error(&answer, "BAD_REQUEST", "invalid_dpop_proof");
    }
    // The query and the letters of scheme and host make no difference.
    let same = json!({"htu": "HTTPS://AS.example.com:443/token?a=b#c"});
    assert_eq!(exchange(&world, &code, Some(&proof(&world, &key, "1", &same))).await["action"], "OK");
    let code = world.code("").await;
    let again = exchange(&world, &code, Some(&proof(&world, &key, "1", &json!({})))).await;
    assert_error(&again, "BAD_REQUEST", "invalid_dpop_proof");
    world.advance(700);
    let code = world.code("").await;
    let later = exchange(&world, &code, Some(&proof(&world, &key, "1", &json!({})))).await;
    assert_eq!(later["action"], "OK", "an id may come back once no proof with it can be current: {later}");
}

#[tokio::test]
async fn what_is_no_proof() {
    let world = world(json!({}), json!({})).await;
    let (key, other) = (Key::ec(), Key::ec());
    let code = world.code("").await;
    let claims = json!({"htm": "POST", "htu": TOKEN_ENDPOINT, "iat": world.now(), "jti": "1"});
    let plain = key.sign(&claims);
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some("dpop+jwt".to_owned());
    let without_key = key.sign_with(&header, &claims);
    header.jwk = Some(jwk(&other));
    let with_another_key = key.sign_with(&header, &claims);
    header.alg = Algorithm::HS256;
    let with_a_secret = Key::secret(Algorithm::HS256, "secret").sign_with(&header, &claims);
    for wrong in ["nonsense", &plain, &without_key, &with_another_key, &with_a_secret] {
        assert_error(&exchange(&world, &code, Some(wrong)).await, "BAD_REQUEST", "invalid_dpop_proof");
    }
}

#[tokio::test]
async fn a_client_that_has_to_use_it() {
    let world = world(json!({}), json!({"dpopRequired": true})).await;
    let code = world.code("").await;
    assert_error(&exchange(&world, &code, None).await, "BAD_REQUEST", "invalid_dpop_proof");
    let proof = proof(&world, &Key::ec(), "1", &json!({}));
    assert_eq!(exchange(&world, &code, Some(&proof)).await["action"], "OK");
}

#[tokio::test]
async fn nonces_are_handed_out_and_required() {
    let world = world(json!({"dpopNonceRequired": true, "dpopNonceDuration": 100}), json!({})).await;
    let key = Key::ec();
    let code = world.code("").await;
    let answer = exchange(&world, &code, Some(&proof(&world, &key, "1", &json!({})))).await;
    assert_error(&answer, "BAD_REQUEST", "use_dpop_nonce");
    let nonce = answer["dpopNonce"].as_str().expect("a nonce").to_owned();
    let answer = exchange(&world, &code, Some(&proof(&world, &key, "1", &json!({"nonce": nonce})))).await;
    assert_eq!(answer["action"], "OK", "{answer}");
    assert!(answer["dpopNonce"].is_string());
    let token = answer["accessToken"].clone();
    let answer = introspect(&world, &token, Some(&proof(&world, &key, "2", &at_resource(&token)))).await;
    let challenge = answer["responseContent"].as_str().expect("a challenge");
    assert!(challenge.starts_with("DPoP error=\"use_dpop_nonce\""), "{challenge}");

    world.advance(200);
    let code = world.code("").await;
    let old = exchange(&world, &code, Some(&proof(&world, &key, "3", &json!({"nonce": nonce})))).await;
    assert_error(&old, "BAD_REQUEST", "use_dpop_nonce");
    assert_ne!(old["dpopNonce"], nonce);
}

#[tokio::test]
async fn a_call_can_require_a_nonce_by_itself() {
    let world = world(json!({}), json!({})).await;
    let code = world.code("").await;
    let mut body = world.token_body(&format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}"));
    body["dpop"] = json!(proof(&world, &Key::ec(), "1", &json!({})));
    body["dpopNonceRequired"] = json!(true);
    assert_error(&world.act("/auth/token", body).await, "BAD_REQUEST", "use_dpop_nonce");
}

#[tokio::test]
async fn the_refresh_token_of_a_public_client_needs_the_same_key() {
    for (kind, same_key_needed) in [("PUBLIC", true), ("CONFIDENTIAL", false)] {
        let world = world(json!({}), json!({"clientType": kind})).await;
        let (key, other) = (Key::ec(), Key::ec());
        let id = world.client_id();
        let code = world.code("").await;
        let parameters =
            format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}&client_id={id}");
        let first = token(&world, &parameters, Some(&proof(&world, &key, "1", &json!({})))).await;
        let refresh = |answer: &Value| {
            let refresh_token = answer["refreshToken"].as_str().expect("a refresh token");
            format!("grant_type=refresh_token&refresh_token={refresh_token}&client_id={id}")
        };
        let stolen = token(&world, &refresh(&first), Some(&proof(&world, &other, "2", &json!({})))).await;
        if same_key_needed {
            assert_error(&stolen, "BAD_REQUEST", "invalid_grant");
            assert_error(&token(&world, &refresh(&first), None).await, "BAD_REQUEST", "invalid_grant");
            let renewed = token(&world, &refresh(&first), Some(&proof(&world, &key, "3", &json!({})))).await;
            assert_eq!(content(&renewed)["token_type"], "DPoP", "{renewed}");
        } else {
            // The client is known by its secret, so it may change its key.
            assert_eq!(content(&stolen)["token_type"], "DPoP", "{stolen}");
            let access = stolen["accessToken"].clone();
            let answer = introspect(&world, &access, Some(&proof(&world, &other, "4", &at_resource(&access)))).await;
            assert_eq!(answer["action"], "OK", "{answer}");
        }
    }
}

#[tokio::test]
async fn a_code_can_be_bound_to_a_key() {
    let world = world(json!({}), json!({})).await;
    let (key, other) = (Key::ec(), Key::ec());
    let code = world.code(&format!("dpop_jkt={}", thumbprint(&key))).await;
    assert_error(&exchange(&world, &code, None).await, "BAD_REQUEST", "invalid_grant");
    let wrong = exchange(&world, &code, Some(&proof(&world, &other, "1", &json!({})))).await;
    assert_error(&wrong, "BAD_REQUEST", "invalid_grant");
    let right = exchange(&world, &code, Some(&proof(&world, &key, "2", &json!({})))).await;
    assert_eq!(right["action"], "OK", "{right}");
}

#[tokio::test]
async fn a_server_that_says_nowhere_where_its_endpoint_is() {
    let world = World::plain().await;
    let code = world.code("").await;
    let answer = exchange(&world, &code, Some(&proof(&world, &Key::ec(), "1", &json!({})))).await;
    assert_error(&answer, "INTERNAL_SERVER_ERROR", "server_error");
}

#[tokio::test]
async fn the_userinfo_endpoint_asks_for_the_key_too() {
    const USERINFO: &str = "https://as.example.com/userinfo";
    let world = world(json!({"userInfoEndpoint": USERINFO}), json!({})).await;
    let (key, other) = (Key::ec(), Key::ec());
    let answer = exchange(&world, &world.code("scope=openid").await, Some(&proof(&world, &key, "1", &json!({})))).await;
    let token = answer["accessToken"].clone();
    let claims = json!({"htm": "GET", "htu": USERINFO, "ath": ath(&token)});
    for (proof, action) in [
        (Some(proof(&world, &key, "2", &claims)), "OK"),
        (Some(proof(&world, &other, "3", &claims)), "UNAUTHORIZED"),
        (None, "UNAUTHORIZED"),
    ] {
        let answer = world.act("/auth/userinfo", json!({"token": token, "dpop": proof, "htm": "GET"})).await;
        assert_eq!(answer["action"], action, "{answer}");
        if action != "OK" {
            let challenge = answer["responseContent"].as_str().expect("a challenge");
            assert!(
                challenge.starts_with("DPoP error=\"invalid_token\"") && challenge.contains("algs="),
                "{challenge}"
            );
            assert!(answer.get("subject").is_none());
        }
    }
}
