//! What comes with a request to prove who it is from: taken, and demanded, by every call that has the members for it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::certificates::certificate;
use crate::dpop;
use crate::keys::Key;
use crate::world::{REDIRECT_URI, World, assert_error, content};

const ELSEWHERE: &str = "https://elsewhere.example.com/endpoint";

/// A service with a grant to manage, and a token for it that is bound as the member and value say.
async fn bound(member: &str, value: Value) -> (World, Value, Value) {
    let scopes: Vec<Value> =
        ["openid", "read", "grant_management_query"].iter().map(|name| json!({"name": name})).collect();
    let service = json!({"supportedScopes": scopes, "grantManagementEndpoint": "https://as.example.com/grants"});
    let world = World::new(service, json!({})).await;
    let granted = world.exchange(&world.code("scope=read&grant_management_action=create").await).await;
    let mut body = json!({
        "grantType": "AUTHORIZATION_CODE", "clientId": world.client["clientId"], "subject": "john",
        "scopes": ["openid", "grant_management_query"],
    });
    body[member] = value;
    let token = world.act("/auth/token/create", body).await["accessToken"].clone();
    (world, token, content(&granted)["grant_id"].clone())
}

/// The calls that say whether a request to a resource may use the token.
fn uses(token: &Value, grant: &Value) -> [(&'static str, Value, &'static str); 3] {
    [
        ("/auth/introspection", json!({"token": token}), "OK"),
        ("/auth/userinfo", json!({"token": token}), "OK"),
        ("/gm", json!({"accessToken": token, "gmAction": "QUERY", "grantId": grant}), "OK"),
    ]
}

fn with(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

fn hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key() {
    let key = Key::ec();
    let jwk: Jwk = serde_json::from_value(key.public.clone()).expect("a JWK");
    let print = jwk.thumbprint(ThumbprintHash::SHA256).expect("a thumbprint");
    let (world, token, grant) = bound("dpopKeyThumbprint", json!(print)).await;
    let ath = hash(token.as_str().expect("a token").as_bytes());
    for (at, (path, body, action)) in uses(&token, &grant).into_iter().enumerate() {
        let claims = json!({"htm": "PUT", "htu": ELSEWHERE, "ath": ath});
        let proof = |id: &str| dpop::proof(&world, &key, &format!("{at}{id}"), &claims);
        let place = json!({"htm": "PUT", "htu": ELSEWHERE});
        let with_proof = with(with(body.clone(), &place), &json!({"dpop": proof("a")}));
        assert_eq!(world.act(path, with_proof).await["action"], action, "{path}");
        let demanding = with(with(body, &place), &json!({"dpop": proof("b"), "dpopNonceRequired": true}));
        let refused = world.act(path, demanding).await;
        assert!(refused["action"] == "UNAUTHORIZED" && refused["dpopNonce"].is_string(), "{path}: {refused}");
    }
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_certificate() {
    let (pem, der) = certificate("shop.example.org");
    use base64::engine::general_purpose::STANDARD;
    let print = hash(&STANDARD.decode(der).expect("base64"));
    let (world, token, grant) = bound("certificateThumbprint", json!(print)).await;
    for (path, body, action) in uses(&token, &grant) {
        let with_certificate = with(body, &json!({"clientCertificate": pem}));
        assert_eq!(world.act(path, with_certificate).await["action"], action, "{path}");
    }
}

#[tokio::test]
async fn a_request_that_is_pushed_with_a_proof() {
    let world = dpop::world(json!({}), json!({})).await;
    let key = Key::ec();
    let parameters = format!("response_type=code&redirect_uri={REDIRECT_URI}&scope=read");
    let push = async |id: &str, more: Value| {
        let claims = json!({"htm": "PUT", "htu": ELSEWHERE});
        let body = with(world.token_body(&parameters), &json!({"htm": "PUT", "htu": ELSEWHERE}));
        let body = with(body, &json!({"dpop": dpop::proof(&world, &key, id, &claims)}));
        world.act("/pushed_auth_req", with(body, &more)).await
    };
    assert_error(&push("1", json!({"dpopNonceRequired": true})).await, "BAD_REQUEST", "use_dpop_nonce");
    let pushed = push("2", json!({})).await;
    assert_eq!(pushed["action"], "CREATED", "{pushed}");
    let uri = pushed["requestUri"].as_str().expect("a URI");
    let asked = format!("client_id={}&request_uri={uri}", world.client_id());
    let ticket = world.act("/auth/authorization", json!({"parameters": asked})).await["ticket"].clone();
    let issued = world.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john"})).await;
    // The code is for whoever has the key.
    let refused = world.exchange(issued["authorizationCode"].as_str().expect("a code")).await;
    assert_eq!(refused["action"], "BAD_REQUEST", "{refused}");
}

#[tokio::test]
async fn a_token_request_that_reached_another_address() {
    let world = dpop::world(json!({}), json!({})).await;
    let proof = dpop::proof(&world, &Key::ec(), "1", &json!({"htm": "PUT", "htu": ELSEWHERE}));
    let body = with(world.token_body("grant_type=client_credentials"), &json!({"dpop": proof}));
    let token = world.act("/auth/token", with(body, &json!({"htm": "PUT", "htu": ELSEWHERE}))).await;
    assert_eq!(content(&token)["token_type"], "DPoP", "{token}");
}
