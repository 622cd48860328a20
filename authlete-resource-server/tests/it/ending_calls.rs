//! Calls of this process that end tokens: what they end, here and at other instances.

use authlete_api::AuthleteService;
use authlete_api::types::{
    ClientRegistrationDeleteRequest, GrantManagementAction, GrantManagementRequest, RevocationRequest,
    TokenRevokeRequest,
};
use authlete_resource_server::{JwtVerifier, ResourceServer, Revocations, VerdictCache};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use serde_json::json;
use tower::ServiceExt as _;

use crate::authlete::{Canned, Said, Shelf};
use crate::issuer::{AUDIENCE, ISSUER, Key, Keys, claims, good, header};

async fn status(server: &ResourceServer, token: &str) -> StatusCode {
    let api = Router::new().route("/", get(|| async {}).layer(server.protect()));
    let request = Request::get("/").header("authorization", format!("Bearer {token}"));
    api.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
}

fn local(issuer: &Key) -> ResourceServer {
    ResourceServer::local(JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([issuer]).set()))
}

/// Whether a token that is verified by its signature is refused after a call that Authlete answers like this. The token is
/// of the user `ada`, the client `4711` and the grant `g1`.
async fn ends(said: (u16, &'static str), call: impl AsyncFnOnce(&AuthleteService, &str)) -> bool {
    let (issuer, revocations) = (Key::new("k1"), Revocations::default());
    let server = local(&issuer).revocations(revocations.clone());
    let mut claims = claims();
    claims["grant_id"] = json!("g1");
    let token = issuer.sign(&header(&issuer), &claims);
    assert_eq!(status(&server, &token).await, StatusCode::OK);
    call(&Canned::new(&[Said::This(said.0, said.1)]).observed(&revocations), &token).await;
    status(&server, &token).await == StatusCode::UNAUTHORIZED
}

#[tokio::test]
async fn a_token_that_its_client_gives_up_is_refused() {
    async fn give_up(service: &AuthleteService, token: &str) {
        let form = format!("token_type_hint=access_token&token={token}");
        let _ = service.revocation().process(RevocationRequest::new(form)).raw().await;
    }
    assert!(ends((200, r#"{"action": "OK"}"#), give_up).await);
    for said in [
        (200, r#"{"action": "INVALID_CLIENT"}"#),
        (200, r#"{"action": "BAD_REQUEST"}"#),
        (500, r#"{"resultCode": "A000000"}"#),
        (500, r#"{"action": "OK"}"#),
    ] {
        assert!(!ends(said, give_up).await, "whoever may ask ends tokens of others: {said:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_deleted_or_revoked_is_refused() {
    let delete = async |service: &AuthleteService, token: &str| {
        let _ = service.access_tokens().delete(token).await;
    };
    assert!(ends((204, ""), delete).await);
    assert!(!ends((404, r#"{"resultCode": "A000000"}"#), delete).await, "it was another service's");
    fn new() -> TokenRevokeRequest {
        TokenRevokeRequest::default()
    }
    let revoke = async |request: fn(&str) -> TokenRevokeRequest| {
        let call = async |service: &AuthleteService, token: &str| {
            let _ = service.access_tokens().revoke(request(token)).await;
        };
        ends((200, r#"{"count": 1}"#), call).await
    };
    assert!(revoke(|token| new().access_token_identifier(token)).await);
    assert!(!revoke(|_| new().access_token_identifier("other").subject("ada")).await, "one token is meant");
    assert!(revoke(|_| new().subject("ada")).await);
    assert!(!revoke(|_| new().subject("bob")).await);
    assert!(revoke(|_| new().client_identifier(4711)).await);
    assert!(!revoke(|_| new().client_identifier(4712)).await);
    assert!(revoke(|_| new().subject("ada").client_identifier(4712)).await, "the user's tokens at other clients too");
    assert!(revoke(|_| new().subject("").client_identifier(4711)).await, "a user without a name is none");
    assert!(!revoke(|_| new()).await);
}

#[tokio::test]
async fn tokens_of_a_client_that_is_deleted_are_refused() {
    let delete = async |id: i64, said| {
        let call = async |service: &AuthleteService, _: &str| {
            let _ = service.clients().delete(id).await;
        };
        ends(said, call).await
    };
    assert!(delete(4711, (204, "")).await);
    assert!(!delete(4712, (204, "")).await);
    assert!(!delete(4711, (404, r#"{"resultCode": "A000000"}"#)).await);
    async fn by_itself(service: &AuthleteService, _: &str) {
        let request = ClientRegistrationDeleteRequest::new("4711", "the registration access token");
        let _ = service.registration().delete(request).raw().await;
    }
    assert!(ends((200, r#"{"action": "DELETED"}"#), by_itself).await);
    assert!(!ends((200, r#"{"action": "UNAUTHORIZED"}"#), by_itself).await);
}

#[tokio::test]
async fn tokens_of_a_grant_that_is_revoked_are_refused() {
    let manage = async |action: GrantManagementAction, grant: &str, said| {
        let call = async |service: &AuthleteService, _: &str| {
            let request = GrantManagementRequest::new("the client's token", action.clone(), grant);
            let _ = service.grant_management().process(request).raw().await;
        };
        ends((200, said), call).await
    };
    let (revoke, query) = (GrantManagementAction::Revoke, GrantManagementAction::Query);
    assert!(manage(revoke.clone(), "g1", r#"{"action": "NO_CONTENT"}"#).await);
    assert!(!manage(revoke.clone(), "g2", r#"{"action": "NO_CONTENT"}"#).await);
    assert!(!manage(revoke, "g1", r#"{"action": "FORBIDDEN"}"#).await);
    assert!(!manage(query, "g1", r#"{"action": "OK"}"#).await, "to look at a grant does not end it");
}

#[tokio::test]
async fn what_is_kept_is_void_after_a_call_that_may_have_ended_tokens() {
    for said in [Said::This(204, ""), Said::This(500, ""), Said::Away] {
        let (introspection, revocations) = (Canned::new(&[Said::Good, Said::Bad]), Revocations::default());
        let server = ResourceServer::new(introspection.service(1, "a"));
        let server = server.cache(VerdictCache::default()).revocations(revocations.clone());
        assert_eq!(status(&server, "token").await, StatusCode::OK);
        let _ = Canned::new(&[said]).observed(&revocations).access_tokens().delete("another").await;
        assert_eq!(status(&server, "token").await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(&server, "token").await, StatusCode::UNAUTHORIZED);
        assert_eq!(introspection.calls(), 2, "what is found afterwards is kept");
        assert_eq!(revocations.generation(), 1, "one call, one loss of what is kept");
    }
}

/// An API at two instances with one store; the calls that end tokens are made at the first.
struct Two {
    introspection: Canned,
    calls: Canned,
    service: AuthleteService,
    other: ResourceServer,
    _one: ResourceServer,
}

impl Two {
    fn new(issuer: &Key, said: Said) -> Self {
        let (shelf, introspection, calls) =
            (Shelf::default(), Canned::new(&[Said::Good, Said::Bad]), Canned::new(&[said]));
        let revocations = Revocations::default();
        let service = calls.observed(&revocations);
        let verifier = JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([issuer]).set());
        let instance = |revocations| {
            let server = ResourceServer::new(introspection.service(1, "a")).verifier(verifier.clone());
            server.cache(VerdictCache::default()).revocations(revocations).shared(shelf.clone())
        };
        let (one, other) = (instance(revocations), instance(Revocations::default()));
        Self { introspection, calls, service, other, _one: one }
    }
}

#[tokio::test]
async fn other_instances_hear_of_what_a_call_ended() {
    let issuer = Key::new("k1");
    let two = Two::new(&issuer, Said::This(204, ""));
    let jwt = good(&issuer);
    assert_eq!(status(&two.other, "token").await, StatusCode::OK);
    assert_eq!(status(&two.other, &jwt).await, StatusCode::OK);
    two.service.access_tokens().delete(jwt.as_str()).await.unwrap();
    assert_eq!(status(&two.other, &jwt).await, StatusCode::UNAUTHORIZED, "it was named");
    assert_eq!(status(&two.other, "token").await, StatusCode::UNAUTHORIZED, "it is asked about again");
    assert_eq!(two.introspection.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_may_have_ended_tokens_too() {
    let two = Two::new(&Key::new("k1"), Said::Never);
    assert_eq!(status(&two.other, "token").await, StatusCode::OK);
    let service = two.service.clone();
    let call = tokio::spawn(async move {
        let _ = service.access_tokens().delete("token").await;
    });
    two.calls.until_asked(1).await;
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()));
    // The store is told by a task.
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert_eq!(status(&two.other, "token").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_a_store_a_call_that_is_given_up_voids_what_this_instance_keeps() {
    let (introspection, calls) = (Canned::new(&[Said::Good, Said::Bad]), Canned::new(&[Said::Never]));
    let revocations = Revocations::default();
    let server = ResourceServer::new(introspection.service(1, "a"));
    let server = server.cache(VerdictCache::default()).revocations(revocations.clone());
    assert_eq!(status(&server, "token").await, StatusCode::OK);
    let service = calls.observed(&revocations);
    let call = tokio::spawn(async move {
        let _ = service.access_tokens().delete("token").await;
    });
    calls.until_asked(1).await;
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()));
    assert_eq!(status(&server, "token").await, StatusCode::UNAUTHORIZED);
}
