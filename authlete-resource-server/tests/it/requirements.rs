//! What a route wants beyond a good token, and what a handler learns of a token that Authlete knows.

use std::time::{Duration, UNIX_EPOCH};

use authlete_api::http_inputs::client_certificates;
use authlete_resource_server::{
    Binding, JwtVerifier, Principal, ProtectLayer, Refusal, ResourceMetadata, ResourceServer, VerdictCache,
};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::authlete::{Canned, Said};
use crate::issuer::{AUDIENCE, ISSUER, Key, Keys, claims, header, now};

const OK: StatusCode = StatusCode::OK;
const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;

async fn call(layer: ProtectLayer, headers: &[(&str, &str)]) -> Response<Body> {
    let handler =
        |principal: Principal| async { Response::builder().extension(principal).body(Body::empty()).unwrap() };
    let api = Router::new().route("/", get(handler).layer(layer));
    let request = headers.iter().fold(Request::get("/"), |request, (name, value)| request.header(*name, *value));
    api.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

/// What a handler is told of a token of which Authlete says this.
async fn introspected(said: &'static str) -> Principal {
    let server = ResourceServer::new(Canned::new(&[Said::This(200, said)]).service(1, "a"));
    let response = call(server.protect(), &[("authorization", "Bearer token")]).await;
    response.extensions().get::<Principal>().cloned().expect("the token is good")
}

/// How a layer of an API that verifies tokens itself answers to one with other claims.
async fn local(layer: fn(&ResourceServer) -> ProtectLayer, change: impl FnOnce(&mut Value)) -> StatusCode {
    let issuer = Key::new("k1");
    let server = ResourceServer::local(JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([&issuer]).set()));
    let mut claims = claims();
    change(&mut claims);
    let token = issuer.sign(&header(&issuer), &claims);
    call(layer(&server), &[("authorization", &format!("Bearer {token}"))]).await.status()
}

#[tokio::test]
async fn the_user_must_have_authenticated_well_enough_and_lately() {
    let strict =
        |server: &ResourceServer| server.protect().acr_values(["gold", "silver"]).max_age(Duration::from_secs(300));
    for (acr, age, expected) in [
        (Some("gold"), Some(100), OK),
        (Some("silver"), Some(100), OK),
        (Some("bronze"), Some(100), UNAUTHORIZED),
        (Some("gold"), Some(400), UNAUTHORIZED),
        (Some("bronze"), Some(400), UNAUTHORIZED),
        (None, Some(100), UNAUTHORIZED),
        (Some("gold"), None, UNAUTHORIZED),
    ] {
        let change = |claims: &mut Value| {
            claims["acr"] = json!(acr);
            claims["auth_time"] = json!(age.map(|age| now() - age));
        };
        assert_eq!(local(strict, change).await, expected, "{acr:?}, {age:?} seconds ago");
    }
    // What a route does not ask for may be anything.
    let change = |claims: &mut Value| {
        claims["acr"] = json!("bronze");
        claims["auth_time"] = json!(now() - 400);
    };
    assert_eq!(local(ResourceServer::protect, change).await, OK);
}

#[tokio::test]
async fn a_token_of_which_authlete_names_another_resource_is_refused() {
    for (said, expected) in [
        (r#"{"action": "OK"}"#, OK),
        (r#"{"action": "OK", "accessTokenResources": ["https://api.example.com"]}"#, OK),
        (r#"{"action": "OK", "accessTokenResources": ["https://other.example.com"]}"#, UNAUTHORIZED),
    ] {
        let authlete = Canned::new(&[Said::This(200, said)]);
        let server = ResourceServer::new(authlete.service(1, "a")).resource(ResourceMetadata::new(AUDIENCE));
        assert_eq!(call(server.protect(), &[("authorization", "Bearer token")]).await.status(), expected, "{said}");
        assert_eq!(authlete.asked()[0].question["resources"], json!([AUDIENCE]));
    }
}

#[tokio::test]
async fn the_log_says_that_a_bound_token_was_presented_without_its_key() {
    let issuer = Key::new("k1");
    let server = ResourceServer::local(JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([&issuer]).set()));
    for (cnf, scheme, reason) in [
        (json!({"jkt": "a"}), "Bearer", "the access token is bound to a key, and was not presented as such"),
        (json!({"x5t#S256": "a"}), "Bearer", "the client certificate is not the one that the access token is bound to"),
        (json!({"x5t#S256": "a"}), "DPoP", "the access token is not bound to a key, and was presented as if it were"),
    ] {
        let mut claims = claims();
        claims["cnf"] = cnf;
        let token = issuer.sign(&header(&issuer), &claims);
        let server = server.clone().resource(ResourceMetadata::new(AUDIENCE)).certificates(client_certificates);
        let proof = issuer.proof("GET", &format!("{AUDIENCE}/"), &token, "p");
        let authorization = format!("{scheme} {token}");
        let response = call(server.protect(), &[("authorization", &authorization), ("dpop", &proof)]).await;
        assert_eq!(response.extensions().get::<Refusal>().map(Refusal::reason), Some(reason));
    }
}

#[tokio::test]
async fn a_token_that_authlete_knows_has_the_claims_of_a_jwt() {
    let principal = introspected(
        r#"{"action": "OK", "subject": "ada", "clientId": 4711, "scopes": ["orders:read", "orders:write"],
            "expiresAt": 4102444800000, "accessTokenResources": ["https://api.example.com"], "acr": "gold",
            "authTime": 1700000000, "grantId": "g1", "certificateThumbprint": "thumb",
            "properties": [{"key": "tenant", "value": "acme"}, {"key": "sub", "value": "eve"}],
            "authorizationDetails": {"elements": [{"type": "payment"}]}}"#,
    )
    .await;
    let expected = json!({
        "sub": "ada", "client_id": "4711", "scope": "orders:read orders:write", "exp": 4102444800u64,
        "aud": ["https://api.example.com"], "acr": "gold", "auth_time": 1700000000, "grant_id": "g1",
        "authorization_details": [{"type": "payment"}], "tenant": "acme",
    });
    assert_eq!(Value::from(principal.claims().clone()), expected);
    let time = |seconds| Some(UNIX_EPOCH + Duration::from_secs(seconds));
    assert_eq!(principal.expires_at(), time(4102444800));
    assert_eq!(principal.authenticated_at(), time(1700000000));
    assert_eq!(principal.binding(), Some(&Binding::Certificate("thumb".to_owned())));
    assert_eq!(principal.property("tenant"), Some("acme"));
}

#[tokio::test]
async fn what_authlete_does_not_say_is_no_claim() {
    let principal = introspected(r#"{"action": "OK", "authTime": 0, "scopes": [], "accessTokenResources": []}"#).await;
    assert_eq!(Value::from(principal.claims().clone()), json!({}));
    assert_eq!(principal.authenticated_at(), None);
}

#[tokio::test]
async fn a_client_has_the_id_that_it_uses() {
    for (said, expected) in [
        (r#"{"action": "OK", "clientId": 4711}"#, "4711"),
        (r#"{"action": "OK", "clientId": 4711, "clientIdAlias": "shop", "clientIdAliasUsed": true}"#, "shop"),
        (r#"{"action": "OK", "clientId": 4711, "clientIdAlias": "shop", "clientIdAliasUsed": false}"#, "4711"),
        (
            r#"{"action": "OK", "clientId": 4711, "metadataDocumentUsed": true,
                "metadataDocumentLocation": "https://client.example/metadata"}"#,
            "https://client.example/metadata",
        ),
        (
            r#"{"action": "OK", "clientId": 4711, "metadataDocumentUsed": false,
                "metadataDocumentLocation": "https://client.example/metadata"}"#,
            "4711",
        ),
    ] {
        assert_eq!(introspected(said).await.client_id(), Some(expected), "{said}");
    }
}

/// An API that asks Authlete about tokens with proofs, and a request to it.
async fn proven(authlete: &Canned, server: &ResourceServer, jti: &str) -> StatusCode {
    let before = authlete.calls();
    let proof = Key::new("c").proof("GET", &format!("{AUDIENCE}/"), "token", jti);
    let status = call(server.protect(), &[("authorization", "DPoP token"), ("dpop", &proof)]).await.status();
    assert!(authlete.calls() > before, "a proof is for one request");
    status
}

#[tokio::test]
async fn whether_a_token_is_bound_is_asked_once() {
    let unauthorized = r#"{"action": "UNAUTHORIZED", "responseContent": "DPoP error=\"invalid_token\""}"#;
    let authlete = Canned::new(&[Said::This(200, unauthorized), Said::Good]);
    let server = ResourceServer::new(authlete.service(1, "a")).resource(ResourceMetadata::new(AUDIENCE));
    for n in 0..3 {
        assert_eq!(proven(&authlete, &server, &n.to_string()).await, OK);
    }
    let with_proof: Vec<bool> = authlete.asked().iter().map(|asked| asked.question.get("dpop").is_some()).collect();
    assert_eq!(with_proof, [false, true, true, true]);
}

#[tokio::test]
async fn what_authlete_could_not_tell_of_a_token_makes_it_no_bound_one() {
    let failed = Said::This(200, r#"{"action": "INTERNAL_SERVER_ERROR"}"#);
    let authlete = Canned::new(&[failed, failed, Said::Good]);
    let server = ResourceServer::new(authlete.service(1, "a")).resource(ResourceMetadata::new(AUDIENCE));
    let server = server.cache(VerdictCache::default());
    assert_eq!(proven(&authlete, &server, "1").await, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(proven(&authlete, &server, "2").await, UNAUTHORIZED, "it is good without a proof, so it is not bound");
}
