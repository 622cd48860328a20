//! Logout tokens: who was logged out is refused, and nothing else passes as a logout token.

use authlete_resource_server::{JwtVerifier, LogoutReceiver, ResourceServer};
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::issuer::{AUDIENCE, ISSUER, Key, Keys, good, now};

fn logout_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "rp", "iat": now(), "exp": now() + 120, "jti": "l1", "sub": "ada",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    })
}

fn logout_header(key: &Key) -> Value {
    json!({"typ": "logout+jwt", "alg": "ES256", "kid": key.public.common.key_id})
}

async fn call(server: &ResourceServer, token: &str) -> StatusCode {
    let api = axum::Router::new().route("/", get(|| async { "in" })).layer(server.protect());
    let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    api.oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn a_logout_token_ends_the_users_tokens() {
    let key = Key::new("k1");
    let keys = Keys::new([&key]);
    let server = ResourceServer::local(JwtVerifier::new(ISSUER, AUDIENCE, keys.set()));
    let receiver = LogoutReceiver::new(ISSUER, "rp", keys.set());
    let token = good(&key);
    assert_eq!(call(&server, &token).await, StatusCode::OK);
    let body = format!("logout_token={}", key.sign(&logout_header(&key), &logout_claims()));
    assert_eq!(receiver.receive(&body, &server).await.status(), StatusCode::OK);
    assert_eq!(call(&server, &token).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nothing_else_passes_as_a_logout_token() {
    let (key, other) = (Key::new("k1"), Key::new("k1"));
    let keys = Keys::new([&key]);
    let server = ResourceServer::local(JwtVerifier::new(ISSUER, AUDIENCE, keys.set()));
    let receiver = LogoutReceiver::new(ISSUER, "rp", keys.set());
    let changed = |change: fn(&mut Value, &mut Value)| {
        let (mut header, mut claims) = (logout_header(&key), logout_claims());
        change(&mut header, &mut claims);
        format!("logout_token={}", key.sign(&header, &claims))
    };
    for (what, body) in [
        ("nothing", String::new()),
        ("two", format!("{0}&{0}", changed(|_, _| {}))),
        ("an access token", format!("logout_token={}", good(&key))),
        ("an ID token", changed(|h, _| h["typ"] = json!("JWT"))),
        ("a nonce", changed(|_, c| c["nonce"] = json!("n"))),
        ("no event", changed(|_, c| c["events"] = json!({}))),
        ("another event", changed(|_, c| c["events"] = json!({"http://schemas.openid.net/event/x": {}}))),
        ("no user", changed(|_, c| c["sub"] = Value::Null)),
        ("another client", changed(|_, c| c["aud"] = json!("other"))),
        ("expired", changed(|_, c| c["exp"] = json!(now() - 100))),
        ("another key", format!("logout_token={}", other.sign(&logout_header(&key), &logout_claims()))),
    ] {
        assert_eq!(receiver.receive(&body, &server).await.status(), StatusCode::BAD_REQUEST, "{what}");
    }
    assert_eq!(call(&server, &good(&key)).await, StatusCode::OK, "nobody was logged out");
}
