//! The formula by which `scripts/fleet-costs` computes calls: requests for `T` tokens that come in at random, `R` a second, at
//! `n` instances that keep verdicts for `D` seconds, are `R / (1 + R·D / (T·n))` calls a second.

use std::time::Duration;

use authlete_resource_server::{JwtVerifier, ResourceServer, VerdictCache};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use tower::ServiceExt as _;

use crate::authlete::{Canned, Said};
use crate::issuer::{AUDIENCE, ISSUER, Key, Keys, good};

const RATE: f64 = 5.0;
const TOKENS: usize = 50;
const KEPT: Duration = Duration::from_secs(60);
const REQUESTS: usize = 20_000;

/// Numbers that look random, and are the same each time (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// The time to the next event of those that come in at random.
    fn gap(&mut self, per_second: f64) -> Duration {
        let uniform = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        Duration::from_secs_f64(-(1.0 - uniform).ln() / per_second)
    }
}

/// Sends requests to instances, and holds the calls against the formula.
async fn hold(instances: &[Router], tokens: &[String], authlete: &Canned) {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut seconds = 0.0;
    for _ in 0..REQUESTS {
        let gap = random.gap(RATE);
        seconds += gap.as_secs_f64();
        tokio::time::advance(gap).await;
        let (instance, token) = (random.below(instances.len()), random.below(tokens.len()));
        let request = Request::get("/").header("authorization", format!("Bearer {}", tokens[token]));
        let response = instances[instance].clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    let kept = RATE * KEPT.as_secs_f64() / (tokens.len() * instances.len()) as f64;
    let (expected, found) = (RATE / (1.0 + kept), authlete.calls() as f64 / seconds);
    assert!((found / expected - 1.0).abs() < 0.05, "{found} calls a second, not {expected}");
}

fn api(server: &ResourceServer) -> Router {
    Router::new().route("/", get(|| async {}).layer(server.protect())).with_state(())
}

#[tokio::test(start_paused = true)]
async fn verdicts_that_each_instance_keeps() {
    let tokens: Vec<String> = (0..TOKENS).map(|n| format!("token{n}")).collect();
    for instances in [1, 4] {
        let authlete = Canned::new(&[Said::Good]);
        let server = || ResourceServer::new(authlete.service(1, "a")).cache(VerdictCache::default().ttl(KEPT));
        let instances: Vec<Router> = (0..instances).map(|_| api(&server())).collect();
        hold(&instances, &tokens, &authlete).await;
    }
}

#[tokio::test(start_paused = true)]
async fn signatures_with_introspection_now_and_then() {
    let issuer = Key::new("k1");
    let tokens: Vec<String> = (0..TOKENS).map(|_| good(&issuer)).collect();
    let authlete = Canned::new(&[Said::Good]);
    let server = || {
        let verifier = JwtVerifier::new(ISSUER, AUDIENCE, Keys::new([&issuer]).set());
        ResourceServer::new(authlete.service(1, "a")).verifier(verifier).introspect_every(KEPT)
    };
    let instances: Vec<Router> = (0..3).map(|_| api(&server())).collect();
    hold(&instances, &tokens, &authlete).await;
}
