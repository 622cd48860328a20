//! Verdicts that are kept: whose they are, how long they count, and what becomes of questions that are under way.

use std::time::Duration;

use authlete_api::{Credentials, SharedCredentials};
use authlete_resource_server::{JwtVerifier, ResourceMetadata, ResourceServer, Revocation, VerdictCache};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use serde_json::json;
use tower::ServiceExt as _;

use crate::authlete::{Canned, Said, Shelf};
use crate::issuer::{AUDIENCE, ISSUER, Key, Keys, claims, good, header};

const OK: StatusCode = StatusCode::OK;
const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;

fn api(server: &ResourceServer) -> Router {
    let plain = get(|| async {}).layer(server.protect());
    let scoped = get(|| async {}).layer(server.protect().scopes(["orders:read"]));
    Router::new().route("/", plain).route("/scoped", scoped)
}

async fn status_at(api: &Router, path: &str, token: &str) -> StatusCode {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    api.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
}

async fn status(api: &Router, token: &str) -> StatusCode {
    status_at(api, "/", token).await
}

fn cached(authlete: &Canned) -> ResourceServer {
    ResourceServer::new(authlete.service(1, "a")).cache(VerdictCache::default())
}

fn sampled(authlete: &Canned, issuer: &Key) -> ResourceServer {
    let verifier = JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([issuer]).set());
    ResourceServer::new(authlete.service(1, "a")).verifier(verifier).introspect_every(Duration::from_secs(60))
}

#[tokio::test]
async fn a_shared_store_shows_verdicts_to_those_who_ask_with_the_same_credentials() {
    let (authlete, shelf) = (Canned::new(&[Said::Good]), Shelf::default());
    let calls_of = async |service, cache: VerdictCache| {
        let before = authlete.calls();
        let server = ResourceServer::new(service).cache(cache).shared(shelf.clone());
        assert_eq!(status(&api(&server), "dGhlIHRva2Vu").await, OK);
        authlete.calls() - before
    };
    let cache = VerdictCache::default;
    assert_eq!(calls_of(authlete.service(1, "a"), cache()).await, 1);
    assert_eq!(calls_of(authlete.service(1, "a"), cache()).await, 0, "another instance");
    assert_eq!(calls_of(authlete.service(1, "b"), cache()).await, 1, "other credentials");
    assert_eq!(calls_of(authlete.service(2, "a"), cache()).await, 1, "another service");
    let provider = SharedCredentials::new(Credentials::bearer("a").unwrap());
    assert_eq!(calls_of(authlete.service_of(1, provider), cache()).await, 0, "the same credentials by a provider");
    // With a name the credentials do not matter; the service does.
    assert_eq!(calls_of(authlete.service(1, "c"), cache().credentials_id("api")).await, 1);
    assert_eq!(calls_of(authlete.service(1, "d"), cache().credentials_id("api")).await, 0, "the same name");
    assert_eq!(calls_of(authlete.service(1, "d"), cache().credentials_id("jobs")).await, 1, "another name");
    assert_eq!(calls_of(authlete.service(3, "d"), cache().credentials_id("api")).await, 1, "another service");
    assert_eq!(shelf.verdicts(), 6);
    assert!(shelf.contents().contains("ada") && !shelf.contents().contains("dGhlIHRva2Vu"), "no token is kept");
}

#[tokio::test]
async fn after_a_change_of_credentials_each_token_is_asked_about_once_more() {
    let authlete = Canned::new(&[Said::Good]);
    let credentials = SharedCredentials::new(Credentials::bearer("first").unwrap());
    let service = authlete.service_of(1, credentials.clone());
    let server = ResourceServer::new(service).cache(VerdictCache::default());
    let api = api(&server);
    for (secret, calls) in [("first", 1), ("second", 2), ("first", 2)] {
        credentials.replace(Credentials::bearer(secret).unwrap());
        for _ in 0..3 {
            assert_eq!(status(&api, "token").await, OK);
        }
        assert_eq!(authlete.calls(), calls, "{secret}");
    }
    let asked: Vec<_> = authlete.asked().into_iter().map(|asked| asked.authorization).collect();
    assert_eq!(asked, ["Bearer first", "Bearer second"]);
}

#[tokio::test]
async fn when_the_request_that_asks_is_given_up_another_one_asks() {
    let authlete = Canned::new(&[Said::Never, Said::Good]);
    let api = api(&cached(&authlete));
    let (first, second) = (api.clone(), api.clone());
    let first = tokio::spawn(async move { status(&first, "token").await });
    authlete.until_asked(1).await;
    let second = tokio::spawn(async move { status(&second, "token").await });
    tokio::task::yield_now().await;
    first.abort();
    assert_eq!(second.await.unwrap(), OK);
    assert_eq!(authlete.calls(), 2);
}

#[tokio::test]
async fn giving_up_a_request_gets_no_other_one_past_introspection() {
    let issuer = Key::new("k1");
    let authlete = Canned::new(&[Said::Never, Said::Bad]);
    let api = api(&sampled(&authlete, &issuer));
    let token = good(&issuer);
    let start = |api: Router, token: String| tokio::spawn(async move { status(&api, &token).await });
    let first = start(api.clone(), token.clone());
    authlete.until_asked(1).await;
    let second = start(api.clone(), token.clone());
    tokio::task::yield_now().await;
    first.abort();
    assert_eq!(second.await.unwrap(), UNAUTHORIZED);
    assert_eq!(authlete.calls(), 2);
}

#[tokio::test]
async fn who_asks_after_everything_was_forgotten_gets_no_verdict_from_before() {
    let authlete = Canned::gated(&[Said::Good, Said::Bad]);
    let server = cached(&authlete);
    let api = api(&server);
    let early = tokio::spawn({
        let api = api.clone();
        async move { status(&api, "token").await }
    });
    authlete.until_asked(1).await;
    server.forget_all().await.unwrap();
    let late = tokio::spawn({
        let api = api.clone();
        async move { status(&api, "token").await }
    });
    authlete.until_asked(2).await;
    authlete.let_through(2);
    assert_eq!(early.await.unwrap(), OK, "it was good when this was asked");
    assert_eq!(late.await.unwrap(), UNAUTHORIZED);
    assert_eq!(status(&api, "token").await, UNAUTHORIZED, "the late verdict is not kept");
    assert_eq!(authlete.calls(), 2);
}

#[tokio::test]
async fn a_late_verdict_is_not_shown_to_other_instances() {
    let (slow, quick, shelf) = (Canned::gated(&[Said::Good]), Canned::new(&[Said::Bad]), Shelf::default());
    let instance = |authlete: &Canned| cached(authlete).shared(shelf.clone());
    let (one, other) = (instance(&slow), instance(&quick));
    let early = tokio::spawn({
        let api = api(&one);
        async move { status(&api, "token").await }
    });
    slow.until_asked(1).await;
    other.forget_all().await.unwrap();
    slow.let_through(1);
    assert_eq!(early.await.unwrap(), OK);
    assert_eq!(shelf.verdicts(), 1, "it was written, for a generation that is over");
    assert_eq!(status(&api(&other), "token").await, UNAUTHORIZED);
    assert_eq!(quick.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_kept_briefly_and_apart() {
    let authlete = Canned::new(&[Said::Good, Said::Bad]);
    let cache = VerdictCache::default().negative_max_capacity(50).negative_ttl(Duration::from_secs(5));
    let api = api(&ResourceServer::new(authlete.service(1, "a")).cache(cache));
    assert_eq!(status(&api, "good").await, OK);
    for n in 0..500 {
        assert_eq!(status(&api, &format!("made-up-{n}")).await, UNAUTHORIZED);
    }
    assert_eq!(authlete.calls(), 501);
    assert_eq!(status(&api, "good").await, OK, "a flood of refusals drives out no good token");
    assert_eq!(authlete.calls(), 501);
    assert_eq!(status(&api, "again").await, UNAUTHORIZED);
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(status(&api, "again").await, UNAUTHORIZED);
    assert_eq!(authlete.calls(), 502);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(status(&api, "again").await, UNAUTHORIZED);
    assert_eq!(authlete.calls(), 503);
}

#[tokio::test]
async fn a_failure_of_authlete_is_told_to_all_who_wait_and_not_kept() {
    let authlete = Canned::new(&[Said::Away, Said::Good]);
    let api = api(&cached(&authlete));
    assert_eq!(status(&api, "token").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status(&api, "token").await, OK);
}

#[tokio::test]
async fn what_one_route_wants_refuses_nobody_on_another() {
    let issuer = Key::new("k1");
    let authlete = Canned::gated(&[Said::LacksScope, Said::Good]);
    let api = api(&sampled(&authlete, &issuer));
    let token = good(&issuer);
    let start = |path: &'static str, api: Router, token: String| {
        tokio::spawn(async move { status_at(&api, path, &token).await })
    };
    let scoped = start("/scoped", api.clone(), token.clone());
    authlete.until_asked(1).await;
    let plain = start("/", api.clone(), token.clone());
    authlete.until_asked(2).await;
    authlete.let_through(2);
    assert_eq!(scoped.await.unwrap(), StatusCode::FORBIDDEN);
    assert_eq!(plain.await.unwrap(), OK);
    assert_eq!(authlete.asked()[0].question["scopes"][0], "orders:read");
}

#[tokio::test(start_paused = true)]
async fn while_authlete_is_away_the_signature_does_and_nobody_waits() {
    let issuer = Key::new("k1");
    let authlete = Canned::new(&[Said::Away, Said::Away, Said::Bad]);
    let api = api(&sampled(&authlete, &issuer));
    for _ in 0..20 {
        assert_eq!(status(&api, &good(&issuer)).await, OK);
    }
    assert_eq!(authlete.calls(), 1);
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(status(&api, &good(&issuer)).await, OK);
    assert_eq!(authlete.calls(), 2);
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(status(&api, &good(&issuer)).await, UNAUTHORIZED, "it is back, and knows better");
}

#[tokio::test]
async fn tokens_that_are_no_jwts_cost_no_call_where_only_jwts_are_issued() {
    let issuer = Key::new("k1");
    let authlete = Canned::new(&[Said::Good]);
    let api = api(&sampled(&authlete, &issuer).only_jwts());
    for token in ["made-up", "a.b.c", "a.b.c.d.e", ""] {
        assert_ne!(status(&api, token).await, OK, "{token}");
    }
    assert_eq!(authlete.calls(), 0);
    assert_eq!(status(&api, &good(&issuer)).await, OK);
    assert_eq!(authlete.calls(), 1);
}

#[tokio::test]
async fn who_logs_in_again_after_a_revocation_is_served() {
    // The token expires in five minutes, so with this duration it is new, and with a longer one it may be older.
    for (duration, expected) in [(Some(240), OK), (Some(600), UNAUTHORIZED), (None, UNAUTHORIZED)] {
        let authlete = Canned::new(&[Said::Good]);
        let mut server = cached(&authlete);
        if let Some(seconds) = duration {
            server = server.access_token_duration(Duration::from_secs(seconds));
        }
        assert_eq!(status(&api(&server), "token").await, OK);
        server.revoke(Revocation::subject("ada")).await.unwrap();
        assert_eq!(status(&api(&server), "token").await, expected, "{duration:?}");
        server.revoke(Revocation::token("token")).await.unwrap();
        assert_eq!(status(&api(&server), "token").await, UNAUTHORIZED);
    }
}

/// A request that is under way.
fn start(api: &Router, token: &str) -> tokio::task::JoinHandle<StatusCode> {
    let (api, token) = (api.clone(), token.to_owned());
    tokio::spawn(async move { status(&api, &token).await })
}

/// Lets requests that are under way go as far as they get.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn without_a_cache_every_request_is_a_call() {
    let authlete = Canned::new(&[Said::Good, Said::Good, Said::Bad]);
    let api = api(&ResourceServer::new(authlete.service(1, "a")));
    for (calls, expected) in [OK, OK, UNAUTHORIZED, UNAUTHORIZED].into_iter().enumerate() {
        assert_eq!(status(&api, "token").await, expected);
        assert_eq!(authlete.calls(), calls + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_kept_for_as_long_as_is_set() {
    for (ttl, calls) in [(0, [2, 3]), (20, [1, 2])] {
        let authlete = Canned::new(&[Said::Bad]);
        let cache = VerdictCache::default().negative_ttl(Duration::from_secs(ttl));
        let api = api(&ResourceServer::new(authlete.service(1, "a")).cache(cache));
        assert_eq!(status(&api, "token").await, UNAUTHORIZED);
        tokio::time::advance(Duration::from_millis(ttl * 999)).await;
        assert_eq!(status(&api, "token").await, UNAUTHORIZED);
        assert_eq!(authlete.calls(), calls[0]);
        tokio::time::advance(Duration::from_millis(ttl)).await;
        assert_eq!(status(&api, "token").await, UNAUTHORIZED);
        assert_eq!(authlete.calls(), calls[1], "after {ttl} seconds");
    }
}

#[tokio::test]
async fn no_more_verdicts_are_kept_than_is_set() {
    let small = VerdictCache::default().max_capacity(10);
    let few_refusals = VerdictCache::default().negative_max_capacity(10);
    for (said, cache, all_are_kept) in [
        (Said::Good, small.clone(), false),
        (Said::Good, few_refusals.clone(), true),
        (Said::Bad, few_refusals, false),
        (Said::Bad, small, true),
    ] {
        let authlete = Canned::new(&[said]);
        let api = api(&ResourceServer::new(authlete.service(1, "a")).cache(cache));
        for n in 0..2_000 {
            let _ = status(&api, &format!("token-{}", n % 1_000)).await;
        }
        let again = authlete.calls() - 1_000;
        assert!(if all_are_kept { again == 0 } else { again > 100 }, "{again} of 1,000 were asked about again");
    }
}

#[tokio::test]
async fn requests_that_wait_for_the_same_answer_share_it() {
    let authlete = Canned::gated(&[Said::Away, Said::Good]);
    let api = api(&cached(&authlete));
    let requests: Vec<_> = (0..10).map(|_| start(&api, "token")).collect();
    settle().await;
    authlete.let_through(10);
    for request in requests {
        assert_eq!(request.await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!(authlete.calls(), 1);
}

#[tokio::test]
async fn a_refusal_by_authlete_counts_for_all_requests_of_the_token_that_wait() {
    let issuer = Key::new("k1");
    let authlete = Canned::gated(&[Said::Bad, Said::Good]);
    let api = api(&sampled(&authlete, &issuer));
    let token = good(&issuer);
    let requests = [start(&api, &token), start(&api, &token)];
    settle().await;
    authlete.let_through(2);
    for request in requests {
        assert_eq!(request.await.unwrap(), UNAUTHORIZED);
    }
    assert_eq!(authlete.calls(), 1);
}

#[tokio::test]
async fn a_proof_that_authlete_refuses_refuses_no_other_request() {
    let (issuer, client) = (Key::new("k1"), Key::new("c"));
    for (said, expected, calls) in [(Said::Bad, UNAUTHORIZED, 2), (Said::Away, OK, 1)] {
        let authlete = Canned::gated(&[said, Said::Good]);
        let api = api(&sampled(&authlete, &issuer).resource(ResourceMetadata::new(AUDIENCE)));
        let mut claims = claims();
        claims["cnf"] = json!({"jkt": client.thumbprint()});
        let token = issuer.sign(&header(&issuer), &claims);
        let start = |jti: &str| {
            let proof = client.proof("GET", &format!("{AUDIENCE}/"), &token, jti);
            let request = Request::get("/").header("authorization", format!("DPoP {token}")).header("dpop", proof);
            tokio::spawn(api.clone().oneshot(request.body(Body::empty()).unwrap()))
        };
        let (first, second) = (start("1"), start("2"));
        settle().await;
        authlete.let_through(2);
        assert_eq!(first.await.unwrap().unwrap().status(), expected);
        assert_eq!(second.await.unwrap().unwrap().status(), OK);
        assert_eq!(authlete.calls(), calls);
    }
}

#[tokio::test]
async fn what_one_instance_forgets_all_forget() {
    let (authlete, shelf) = (Canned::new(&[Said::Good, Said::Good, Said::Bad]), Shelf::default());
    let instance = || cached(&authlete).shared(shelf.clone());
    let (one, other) = (instance(), instance());
    for token in ["first", "second"] {
        assert_eq!(status(&api(&other), token).await, OK);
    }
    one.forget_all().await.unwrap();
    assert_eq!(status(&api(&other), "first").await, UNAUTHORIZED);
    assert_eq!(status(&api(&one), "second").await, UNAUTHORIZED);
}

#[tokio::test]
async fn a_store_that_was_not_told_to_forget_gets_no_verdicts() {
    let (authlete, shelf) = (Canned::new(&[Said::Good, Said::Bad]), Shelf::default());
    let instance = || cached(&authlete).shared(shelf.clone());
    let (one, other) = (instance(), instance());
    shelf.be_deaf(true);
    assert!(one.forget_all().await.is_err());
    assert_eq!(status(&api(&one), "token").await, OK);
    shelf.be_deaf(false);
    other.forget_all().await.unwrap();
    assert_eq!(status(&api(&other), "token").await, UNAUTHORIZED, "what was found before counts no more");
}

#[tokio::test]
async fn a_verdict_of_another_instance_does_not_outweigh_a_revocation() {
    let (authlete, shelf) = (Canned::new(&[Said::Good]), Shelf::default());
    let instance = || cached(&authlete).shared(shelf.clone());
    let (one, other) = (instance(), instance());
    assert_eq!(status(&api(&other), "token").await, OK);
    one.revoke(Revocation::token("token")).await.unwrap();
    assert_eq!(status(&api(&one), "token").await, UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn while_one_instance_asks_the_others_wait_for_its_verdict() {
    let (slow, quick, shelf) = (Canned::gated(&[Said::Good]), Canned::new(&[Said::Good]), Shelf::default());
    let (one, other) = (cached(&slow).shared(shelf.clone()), cached(&quick).shared(shelf.clone()));
    let first = start(&api(&one), "token");
    slow.until_asked(1).await;
    tokio::time::advance(Duration::from_millis(400)).await;
    let second = start(&api(&other), "token");
    settle().await;
    slow.let_through(1);
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (OK, OK));
    assert_eq!(quick.calls(), 0);
    // One that takes longer is not waited for.
    let first = start(&api(&one), "other");
    slow.until_asked(2).await;
    assert_eq!(status(&api(&other), "other").await, OK);
    assert_eq!(quick.calls(), 1);
    first.abort();
}

#[tokio::test(start_paused = true)]
async fn a_proof_that_was_used_at_one_instance_is_no_use_at_another() {
    let (issuer, client, shelf) = (Key::new("k1"), Key::new("c"), Shelf::default());
    let verifier = JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([&issuer]).set());
    let mut claims = claims();
    claims["cnf"] = json!({"jkt": client.thumbprint()});
    let token = issuer.sign(&header(&issuer), &claims);
    let proof = client.proof("GET", &format!("{AUDIENCE}/"), &token, "p1");
    for (wait, expected) in [(0, OK), (0, UNAUTHORIZED), (60, UNAUTHORIZED)] {
        tokio::time::advance(Duration::from_secs(wait)).await;
        let server = ResourceServer::local(verifier.clone()).resource(ResourceMetadata::new(AUDIENCE));
        let api = api(&server.shared(shelf.clone()));
        let request = Request::get("/").header("authorization", format!("DPoP {token}")).header("dpop", &proof);
        let status = api.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status();
        assert_eq!(status, expected, "after {wait} seconds, at an instance that has not seen it");
    }
}
