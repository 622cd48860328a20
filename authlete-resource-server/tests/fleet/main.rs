//! A fleet: four processes of one API, one Authlete (the emulator) and one Redis, started here.
//!
//! It needs `redis-server` on the path, and runs with
//! `cargo test -p authlete-resource-server --features axum,redis --test fleet`.

#![allow(clippy::unwrap_used)]

mod limit;
mod member;
mod redis_server;
mod store;

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use authlete_api::types::{GrantType, JwsAlg, OAuthClient, Scope, Service, TokenRequest};
use authlete_api::{Authlete, AuthleteService, JsonString};
use authlete_emulator::Emulator;
use redis_server::RedisServer;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const ISSUER: &str = "https://as.example.com";
const AUDIENCE: &str = "https://api.example.com";

#[tokio::main]
async fn main() {
    if std::env::args().nth(1).as_deref() == Some("member") {
        return member::serve().await;
    }
    let mut passed = 0;
    macro_rules! run {
        ($($test:path),* $(,)?) => {$(
            $test().await;
            println!("test {} ... ok", stringify!($test));
            passed += 1;
        )*};
    }
    run!(
        one_call_to_authlete_for_each_token,
        revocations_reach_everybody_and_survive_a_restart_of_redis,
        keys_are_rotated_without_a_refused_token,
        limit::no_second_has_more_calls_than_the_limit,
        limit::the_limit_holds_while_redis_goes_and_comes_back,
        store::what_a_command_could_not_tell_is_told_later,
        store::events_that_the_stream_dropped_are_not_missed,
        store::what_was_forgotten_before_there_was_a_connection_is_told,
        store::a_newer_generation_of_an_instance_reaches_the_others,
    );
    println!("\ntest result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
}

/// Emulator, service and client; with a Redis server and four processes of the API.
struct Fleet {
    emulator: Emulator,
    service: AuthleteService,
    client: OAuthClient,
    redis: RedisServer,
    members: Vec<Member>,
    http: reqwest::Client,
}

/// Where tokens come from.
#[derive(Clone)]
struct Tokens {
    service: AuthleteService,
    client: OAuthClient,
}

impl Tokens {
    async fn get(&self) -> String {
        let form = format!("grant_type=client_credentials&scope=orders:read&resource={AUDIENCE}");
        let mut request = TokenRequest::new(form);
        request.client_id = self.client.client_id.map(|id| id.to_string());
        request.client_secret = self.client.client_secret.clone();
        let response = self.service.token().process(request).raw().await.unwrap();
        response.jwt_access_token.clone().or_else(|| response.access_token.clone()).unwrap()
    }
}

/// A process of the API. It ends when this is dropped.
struct Member {
    _process: Child,
    url: String,
}

/// A key of a JWK set with the number that makes it private.
fn key(kid: &str, x: &str, y: &str, d: &str) -> Value {
    json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": x, "y": y, "d": d})
}

/// The key of RFC 7515, appendix A.3.
fn old_key() -> Value {
    key(
        "old",
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    )
}

/// The key of RFC 7517, appendix A.2.
fn new_key() -> Value {
    key(
        "new",
        "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
    )
}

fn key_set(keys: &[Value]) -> JsonString {
    JsonString::from(json!({"keys": keys}).to_string())
}

impl Fleet {
    async fn start(settings: Service, policy: &str) -> Self {
        let emulator = Emulator::start().await.unwrap();
        let builder =
            || Authlete::builder().base_url(emulator.base_url()).organization_token(emulator.organization_token());
        let settings = settings
            .issuer(ISSUER)
            .supported_scopes([Scope::default().name("orders:read")])
            .supported_grant_types([GrantType::ClientCredentials])
            .access_token_duration(600);
        let id = builder().build().unwrap().services().create(settings).await.unwrap().api_key.unwrap();
        let service = builder().service_id(id).build_service().unwrap();
        let client = OAuthClient::default().grant_types([GrantType::ClientCredentials]);
        let client = service.clients().create(client).await.unwrap().into_inner();
        let redis = RedisServer::start().await;
        let mut members = Vec::new();
        for _ in 0..4 {
            let mut process = Command::new(std::env::current_exe().unwrap())
                .arg("member")
                .env("FLEET_AUTHLETE", emulator.base_url())
                .env("FLEET_TOKEN", emulator.organization_token())
                .env("FLEET_SERVICE", id.to_string())
                .env("FLEET_REDIS", redis.url())
                .env("FLEET_POLICY", policy)
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
            let url = lines.next_line().await.unwrap().expect("the member says where it is");
            members.push(Member { _process: process, url });
        }
        let fleet = Self { emulator, service, client, redis, members, http: reqwest::Client::new() };
        fleet.until_connected().await;
        fleet
    }

    /// Waits until every member follows Redis.
    async fn until_connected(&self) {
        for member in &self.members {
            let until = Instant::now() + Duration::from_secs(10);
            while self.get(member, "/connected", None).await.1 != "true" {
                assert!(Instant::now() < until, "a member does not find Redis");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    async fn token(&self) -> String {
        Tokens { service: self.service.clone(), client: self.client.clone() }.get().await
    }

    async fn get(&self, member: &Member, path: &str, token: Option<&str>) -> (u16, String) {
        let mut request = self.http.get(format!("{}{path}", member.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.expect("the member answers");
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn revoke(&self, member: &Member, token: &str) {
        let response = self.http.post(format!("{}/revoke", member.url)).body(token.to_owned()).send().await.unwrap();
        assert!(response.status().is_success());
    }

    /// How all members answer to a token.
    async fn statuses(&self, token: &str) -> Vec<u16> {
        let mut statuses = Vec::new();
        for member in &self.members {
            statuses.push(self.get(member, "/orders", Some(token)).await.0);
        }
        statuses
    }

    /// Waits until all members refuse a token.
    async fn until_refused(&self, token: &str, within: Duration, what: &str) {
        let since = Instant::now();
        while self.statuses(token).await != [401; 4] {
            assert!(since.elapsed() < within, "{what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn one_call_to_authlete_for_each_token() {
    let fleet = Arc::new(Fleet::start(Service::default(), "introspection").await);
    let mut tokens = Vec::new();
    for _ in 0..200 {
        tokens.push(fleet.token().await);
    }
    let tokens = Arc::new(tokens);
    let refused = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (0..40)
        .map(|worker| {
            let (fleet, tokens, refused) = (Arc::clone(&fleet), Arc::clone(&tokens), Arc::clone(&refused));
            tokio::spawn(async move {
                for n in 0..500 {
                    let token = &tokens[(worker * 7 + n) % tokens.len()];
                    if fleet.get(&fleet.members[(worker + n) % 4], "/orders", Some(token)).await.0 != 200 {
                        refused.fetch_add(1, Ordering::SeqCst);
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(refused.load(Ordering::SeqCst), 0, "of 20,000 requests");
    let calls = fleet.emulator.calls_of("auth_introspection").unwrap().len();
    println!("20,000 requests with 200 tokens at four processes: {calls} calls to Authlete");
    assert!(calls <= 200, "{calls} calls for 200 tokens");
}

async fn revocations_reach_everybody_and_survive_a_restart_of_redis() {
    let mut fleet = Fleet::start(Service::default(), "introspection").await;
    let (first, second) = (fleet.token().await, fleet.token().await);
    let (third, good) = (fleet.token().await, fleet.token().await);
    for token in [&first, &second, &third, &good] {
        assert_eq!(fleet.statuses(token).await, [200; 4]);
    }
    let second_long = Duration::from_secs(1);
    fleet.revoke(&fleet.members[0], &first).await;
    fleet.until_refused(&first, second_long, "a second after the revocation somebody accepts the token").await;

    // From here on requests go on without a pause: with a token that is good, one that was revoked, and new ones.
    let load = Load::start(&fleet, &good, &first);

    // Without Redis nobody loses a request, and a revocation counts where it was made.
    fleet.redis.kill().await;
    fleet.revoke(&fleet.members[1], &second).await;
    assert_eq!(fleet.get(&fleet.members[1], "/orders", Some(&second)).await.0, 401);
    tokio::time::sleep(second_long).await;
    let while_away = load.served.load(Ordering::SeqCst);
    tokio::time::sleep(second_long).await;
    assert!(load.served.load(Ordering::SeqCst) > while_away + 20, "requests are served without Redis");

    // It comes back empty: what was known to one is known to all again.
    fleet.redis.restart().await;
    fleet.until_connected().await;
    let what = "a revocation that was made without Redis does not reach everybody";
    fleet.until_refused(&second, second_long * 3, what).await;
    fleet.revoke(&fleet.members[3], &third).await;
    fleet.until_refused(&third, second_long, "after the restart revocations do not travel").await;
    for token in [&first, &second, &third] {
        assert_eq!(fleet.statuses(token).await, [401; 4]);
    }
    load.stop().await;
}

/// Requests to all members, until it is stopped.
struct Load {
    served: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    workers: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Load {
    fn start(fleet: &Fleet, good: &str, revoked: &str) -> Self {
        let (served, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let tokens = Tokens { service: fleet.service.clone(), client: fleet.client.clone() };
        let worker = |member: &Member| {
            let (served, over, tokens) = (Arc::clone(&served), Arc::clone(&over), tokens.clone());
            let (url, http) = (format!("{}/orders", member.url), fleet.http.clone());
            let (good, revoked) = (good.to_owned(), revoked.to_owned());
            tokio::spawn(async move {
                let mut wrong = Vec::new();
                while !over.load(Ordering::SeqCst) {
                    let new = tokens.get().await;
                    for (what, token, expected) in
                        [("good", &good, 200), ("revoked", &revoked, 401), ("new", &new, 200), ("good", &good, 200)]
                    {
                        match http.get(&url).bearer_auth(token).send().await {
                            Ok(response) if response.status() == expected => {
                                served.fetch_add(1, Ordering::SeqCst);
                            }
                            other => wrong.push(format!("{what}: {other:?}")),
                        }
                    }
                }
                wrong
            })
        };
        let workers = fleet.members.iter().map(worker).collect();
        Self { served, over, workers }
    }

    /// Ends it, and fails if a single request was lost or decided wrongly.
    async fn stop(self) {
        self.over.store(true, Ordering::SeqCst);
        for worker in self.workers {
            let wrong = worker.await.unwrap();
            assert!(wrong.is_empty(), "{wrong:?}");
        }
        let served = self.served.load(Ordering::SeqCst);
        println!("{served} requests while Redis was killed and restarted, none lost");
    }
}

async fn keys_are_rotated_without_a_refused_token() {
    let settings = Service::default()
        .access_token_sign_alg(JwsAlg::Es256)
        .access_token_signature_key_id("old")
        .jwks(key_set(&[old_key()]));
    let fleet = Fleet::start(settings, "local").await;
    let old = fleet.token().await;
    assert_eq!(old.matches('.').count(), 2, "the service issues JWTs");
    assert_eq!(fleet.statuses(&old).await, [200; 4]);
    // Publish, wait longer than keys are kept without a miss, switch; remove when the old tokens are over.
    fleet.service.modify(|service| service.jwks = Some(key_set(&[old_key(), new_key()]))).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    fleet.service.modify(|service| service.access_token_signature_key_id = Some("new".to_owned())).await.unwrap();
    for _ in 0..20 {
        let token = fleet.token().await;
        assert_eq!(fleet.statuses(&token).await, [200; 4], "a token of the new key");
        assert_eq!(fleet.statuses(&old).await, [200; 4], "a token of the old key");
    }
    fleet.service.modify(|service| service.jwks = Some(key_set(&[new_key()]))).await.unwrap();
    // Keys are kept for a second here; a signature that was verified counts for five minutes, so the token is a new one.
    let wait = Duration::from_millis(1500);
    tokio::time::sleep(wait).await;
    let token = fleet.token().await;
    assert_eq!(fleet.statuses(&token).await, [200; 4]);
    assert_eq!(fleet.emulator.calls_of("auth_introspection").unwrap().len(), 0);
}
