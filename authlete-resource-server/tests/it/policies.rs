//! The policies, seen by the calls that reach Authlete, which the emulator stands in for.

use std::time::Duration;

use authlete_api::types::{GrantType, OAuthClient, Scope, Service, TokenRequest};
use authlete_api::{Authlete, AuthleteService};
use authlete_emulator::Emulator;
use authlete_resource_server::{
    JwtVerifier, KeySet, Principal, ResourceMetadata, ResourceServer, Revocation, Revocations, VerdictCache, VerifiedBy,
};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{HeaderMap, Request, StatusCode};
use serde_json::json;
use tower::ServiceExt as _;

use crate::issuer::{AUDIENCE, ISSUER, Key, Keys, claims, good, header};

/// The emulator, a service and a client that gets tokens for itself.
struct World {
    emulator: Emulator,
    service: AuthleteService,
    revocations: Revocations,
    client: OAuthClient,
}

impl World {
    async fn new() -> Self {
        let emulator = Emulator::start().await.unwrap();
        let revocations = Revocations::default();
        let builder =
            || Authlete::builder().base_url(emulator.base_url()).organization_token(emulator.organization_token());
        let settings = Service::default()
            .issuer(ISSUER)
            .supported_scopes([Scope::default().name("orders:read")])
            .supported_grant_types([GrantType::ClientCredentials])
            .access_token_duration(300);
        let id = builder().build().unwrap().services().create(settings).await.unwrap().api_key.unwrap();
        let service = builder().service_id(id).transport_layer(revocations.layer()).build_service().unwrap();
        let client = OAuthClient::default().grant_types([GrantType::ClientCredentials]);
        let client = service.clients().create(client).await.unwrap().into_inner();
        Self { emulator, service, revocations, client }
    }

    async fn token(&self) -> String {
        let mut request = TokenRequest::new("grant_type=client_credentials&scope=orders:read");
        request.client_id = self.client.client_id.map(|id| id.to_string());
        request.client_secret = self.client.client_secret.clone();
        self.service.token().process(request).raw().await.unwrap().access_token.clone().unwrap()
    }

    fn introspections(&self) -> usize {
        self.emulator.calls_of("auth_introspection").unwrap().len()
    }
}

fn api(server: &ResourceServer) -> Router {
    async fn who(principal: Principal) -> String {
        format!("{:?} {}", principal.verified_by(), principal.subject().unwrap_or("-"))
    }
    let layer = server.protect().scopes(["orders:read"]);
    let sensitive = get(who).layer(server.protect().introspect());
    let bound = get(who).layer(server.protect().require_dpop());
    Router::new().route("/", get(who).layer(layer)).route("/sensitive", sensitive).route("/bound", bound)
}

async fn call(api: &Router, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    let response = api.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 16).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn status(api: &Router, path: &str, token: &str) -> StatusCode {
    call(api, path, &[("authorization", &format!("Bearer {token}"))]).await.0
}

#[tokio::test]
async fn a_token_costs_one_call_while_its_verdict_is_kept() {
    let world = World::new().await;
    let server = ResourceServer::new(world.service.clone())
        .cache(VerdictCache::default())
        .revocations(world.revocations.clone());
    let api = api(&server);
    let token = world.token().await;
    for _ in 0..20 {
        assert_eq!(status(&api, "/", &token).await, StatusCode::OK);
        assert_eq!(status(&api, "/", "made-up").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(world.introspections(), 2, "one for the good token, one for the bad");
    // Requests at the same time share one call.
    let other = world.token().await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (api, other) = (api.clone(), other.clone());
            tokio::spawn(async move { status(&api, "/", &other).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(world.introspections(), 3);
    // A sensitive route asks every time.
    assert_eq!(status(&api, "/sensitive", &token).await, StatusCode::OK);
    assert_eq!(status(&api, "/sensitive", &token).await, StatusCode::OK);
    assert_eq!(world.introspections(), 5);
}

#[tokio::test]
async fn a_verdict_is_not_used_after_the_token_has_expired() {
    let world = World::new().await;
    world.service.modify(|service| service.access_token_duration = Some(2)).await.unwrap();
    let server = ResourceServer::new(world.service.clone()).cache(VerdictCache::default());
    let api = api(&server);
    let token = world.token().await;
    assert_eq!(status(&api, "/", &token).await, StatusCode::OK);
    world.emulator.clock().advance(Duration::from_secs(3));
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(status(&api, "/", &token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(world.introspections(), 2);
}

#[tokio::test]
async fn what_ends_a_token_is_noticed_at_once() {
    let world = World::new().await;
    let server = ResourceServer::new(world.service.clone())
        .cache(VerdictCache::default())
        .revocations(world.revocations.clone());
    let api = api(&server);
    let (revoked, kept) = (world.token().await, world.token().await);
    for token in [&revoked, &kept] {
        assert_eq!(status(&api, "/", token).await, StatusCode::OK);
    }
    let _ = world.service.access_tokens().delete(revoked.as_str()).await.unwrap();
    assert_eq!(status(&api, "/", &revoked).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&api, "/", &kept).await, StatusCode::OK);
    server.revoke(Revocation::token(&kept)).await.unwrap();
    assert_eq!(status(&api, "/", &kept).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn jwts_are_verified_here_and_now_and_then_by_authlete() {
    let world = World::new().await;
    let key = Key::new("k1");
    let verifier = JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([&key]).set());
    let token = good(&key);

    let local = ResourceServer::new(world.service.clone()).verifier(verifier.clone());
    let (status_, _, body) = call(&api(&local), "/", &[("authorization", &format!("Bearer {token}"))]).await;
    assert_eq!((status_, body), (StatusCode::OK, format!("{:?} ada", VerifiedBy::Signature)));
    assert_eq!(world.introspections(), 0);
    // Other tokens are Authlete's.
    assert_eq!(status(&api(&local), "/", &world.token().await).await, StatusCode::OK);
    assert_eq!(world.introspections(), 1);

    // Authlete does not know this token: where it is asked, it is refused.
    let sampled =
        ResourceServer::new(world.service.clone()).verifier(verifier.clone()).introspect_every(Duration::from_secs(60));
    assert_eq!(status(&api(&sampled), "/", &token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&api(&local), "/sensitive", &token).await, StatusCode::UNAUTHORIZED);

    // Without a service, a route that wants introspection is a failure of ours, and nothing passes.
    let alone = ResourceServer::local(verifier);
    assert_eq!(status(&api(&alone), "/", &token).await, StatusCode::OK);
    assert_eq!(status(&api(&alone), "/", &world.token().await).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&api(&alone), "/sensitive", &token).await, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn the_service_is_a_source_of_keys() {
    let world = World::new().await;
    world
        .service
        .modify(|service| {
            service.jwks = Some(authlete_api::JsonString::from(
                r#"{"keys":[{"kty":"EC","crv":"P-256","use":"sig","kid":"s1","alg":"ES256",
                "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
                "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}]}"#,
            ));
        })
        .await
        .unwrap();
    let keys = KeySet::new(world.service.clone());
    keys.refresh().await.unwrap();
    assert!(format!("{keys:?}").contains("s1"), "{keys:?}");
}

#[tokio::test]
async fn a_bound_token_needs_the_proof_of_its_key() {
    let (issuer, client, thief) = (Key::new("k1"), Key::new("c"), Key::new("t"));
    let verifier = JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([&issuer]).set());
    let server = ResourceServer::local(verifier).resource(ResourceMetadata::new(AUDIENCE));
    let api = api(&server);
    let mut claims = claims();
    claims["cnf"] = json!({"jkt": client.thumbprint()});
    let token = issuer.sign(&header(&issuer), &claims);
    let url = format!("{AUDIENCE}/bound");
    let dpop = format!("DPoP {token}");
    let proof = client.proof("GET", &url, &token, "p1");
    let with =
        async |scheme: &str, proof: &str| call(&api, "/bound", &[("authorization", scheme), ("dpop", proof)]).await.0;
    assert_eq!(with(&dpop, &proof).await, StatusCode::OK);
    assert_eq!(with(&dpop, &proof).await, StatusCode::UNAUTHORIZED, "used twice");
    assert_eq!(with(&dpop, &thief.proof("GET", &url, &token, "p2")).await, StatusCode::UNAUTHORIZED, "another key");
    assert_eq!(
        with(&dpop, &client.proof("POST", &url, &token, "p3")).await,
        StatusCode::UNAUTHORIZED,
        "another method"
    );
    assert_eq!(
        with(&dpop, &client.proof("GET", AUDIENCE, &token, "p4")).await,
        StatusCode::UNAUTHORIZED,
        "another URL"
    );
    assert_eq!(with(&dpop, &client.proof("GET", &url, "other", "p5")).await, StatusCode::UNAUTHORIZED, "another token");
    let bearer = format!("Bearer {token}");
    assert_eq!(
        with(&bearer, &client.proof("GET", &url, &token, "p6")).await,
        StatusCode::UNAUTHORIZED,
        "as a bearer token"
    );
    assert_eq!(call(&api, "/", &[("authorization", &bearer)]).await.0, StatusCode::UNAUTHORIZED, "on any route");
    // A token that is not bound is no bound token, whoever makes a proof.
    let loose = good(&issuer);
    let proof = thief.proof("GET", &url, &loose, "p7");
    assert_eq!(with(&format!("DPoP {loose}"), &proof).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn challenges_name_the_metadata_and_the_metadata_is_there() {
    let issuer = Key::new("k1");
    let resource = ResourceMetadata::new("https://api.example.com/mcp").authorization_server(ISSUER);
    let verifier = JwtVerifier::new(ISSUER, "https://api.example.com/mcp", Keys::new([&issuer]).set());
    let server = ResourceServer::local(verifier).resource(resource);
    let api = api(&server).layer(server.metadata_layer());
    let (status, headers, _) = call(&api, "/", &[]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let challenges: Vec<_> = headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap()).collect();
    let metadata = "resource_metadata=\"https://api.example.com/.well-known/oauth-protected-resource/mcp\"";
    assert_eq!(challenges.len(), 2);
    for challenge in challenges {
        assert_eq!(challenge.matches(metadata).count(), 1, "{challenge}");
        assert_eq!(challenge.matches("scope=\"orders:read\"").count(), 1, "{challenge}");
    }
    for path in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        let (status, headers, body) = call(&api, path, &[]).await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (StatusCode::OK, "application/json"));
        let document: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(document["authorization_servers"], json!([ISSUER]));
    }
    // The token of another audience: the client has to authorize again.
    let token = good(&issuer);
    let (status, headers, _) = call(&api, "/", &[("authorization", &format!("Bearer {token}"))]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(headers["www-authenticate"].to_str().unwrap().starts_with("Bearer error=\"invalid_token\""));
}

#[tokio::test]
async fn a_step_up_asks_for_the_union_of_scopes() {
    let issuer = Key::new("k1");
    let server = ResourceServer::local(JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([&issuer]).set()));
    let route = get(|| async {}).layer(server.protect().scopes(["admin"]));
    let api = Router::new().route("/", route);
    let (status, headers, _) = call(&api, "/", &[("authorization", &format!("Bearer {}", good(&issuer)))]).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let challenge = headers["www-authenticate"].to_str().unwrap();
    assert_eq!(challenge, "Bearer error=\"insufficient_scope\", scope=\"admin orders:read orders:write\"");
}
