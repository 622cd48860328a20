//! Authlete as a test wants it: what it says of a token, how long it takes, and who asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authlete_api::{Authlete, AuthleteService, BoxFuture, Credentials, Operation, Transport, TransportError};
use authlete_api::{CredentialsProvider, TransportErrorKind};
use authlete_resource_server::shared::{SharedStore, StoreError};
use authlete_resource_server::{Revocation, Revocations};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::issuer::now;

/// Responds to introspection. Clones are the same.
#[derive(Clone)]
pub(crate) struct Canned(Arc<State>);

struct State {
    /// What the next calls get; the last one stays.
    script: Mutex<Vec<Said>>,
    asked: Mutex<Vec<Asked>>,
    /// Calls wait for a permit before they are answered.
    gate: Semaphore,
}

/// What Authlete says.
#[derive(Clone, Copy)]
pub(crate) enum Said {
    Good,
    Bad,
    LacksScope,
    /// A response with this status and body.
    This(u16, &'static str),
    /// Nothing: it cannot be reached.
    Away,
    /// It takes until the call is given up.
    Never,
}

/// A call.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) authorization: String,
    pub(crate) question: Value,
}

impl Canned {
    pub(crate) fn new(script: &[Said]) -> Self {
        let gate = Semaphore::new(Semaphore::MAX_PERMITS);
        Self(Arc::new(State { script: Mutex::new(script.to_vec()), asked: Mutex::default(), gate }))
    }

    /// Calls wait until [`Self::let_through`].
    pub(crate) fn gated(script: &[Said]) -> Self {
        let gate = Semaphore::new(0);
        Self(Arc::new(State { script: Mutex::new(script.to_vec()), asked: Mutex::default(), gate }))
    }

    pub(crate) fn let_through(&self, calls: usize) {
        self.0.gate.add_permits(calls);
    }

    /// A service that asks it, with an access token.
    pub(crate) fn service(&self, id: i64, token: &str) -> AuthleteService {
        let builder = Authlete::builder().base_url("https://authlete.example").transport(self.clone());
        builder.credentials(Credentials::bearer(token).unwrap()).service_id(id).build_service().unwrap()
    }

    /// A service that asks it, and whose calls that end tokens are noticed.
    pub(crate) fn observed(&self, revocations: &Revocations) -> AuthleteService {
        let builder = Authlete::builder().base_url("https://authlete.example").transport(self.clone());
        let builder = builder.credentials(Credentials::bearer("a").unwrap()).transport_layer(revocations.layer());
        builder.service_id(1).build_service().unwrap()
    }

    pub(crate) fn service_of(&self, id: i64, provider: impl CredentialsProvider) -> AuthleteService {
        let builder = Authlete::builder().base_url("https://authlete.example").transport(self.clone());
        builder.credentials_provider(provider).service_id(id).build_service().unwrap()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.0.asked.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.asked().len()
    }

    /// Waits until so many calls were begun.
    pub(crate) async fn until_asked(&self, calls: usize) {
        while self.calls() < calls {
            tokio::task::yield_now().await;
        }
    }

    fn next(&self) -> Said {
        let mut script = self.0.script.lock().unwrap();
        if script.len() > 1 { script.remove(0) } else { script[0] }
    }
}

impl Transport for Canned {
    fn send<'a>(
        &'a self,
        request: http::Request<Bytes>,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let asked = Asked {
            authorization: header("authorization").unwrap_or_default(),
            question: serde_json::from_slice(request.body()).unwrap_or_default(),
        };
        self.0.asked.lock().unwrap().push(asked);
        let said = self.next();
        Box::pin(async move {
            self.0.gate.acquire().await.unwrap().forget();
            let body = match said {
                Said::Good => json!({
                    "action": "OK", "subject": "ada", "clientId": 4711, "scopes": ["orders:read"],
                    "expiresAt": (now() + 300) * 1000,
                }),
                Said::Bad => json!({"action": "UNAUTHORIZED", "responseContent": "Bearer error=\"invalid_token\""}),
                Said::LacksScope => {
                    json!({"action": "FORBIDDEN", "responseContent": "Bearer error=\"insufficient_scope\""})
                }
                Said::This(status, body) => {
                    return Ok(http::Response::builder().status(status).body(body.into()).unwrap());
                }
                Said::Away => return Err(TransportError::new(TransportErrorKind::Connect, "nobody is there")),
                Said::Never => std::future::pending().await,
            };
            Ok(http::Response::new(body.to_string().into()))
        })
    }
}

/// A store that two resource servers share, in memory: what Redis would hold.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<ShelfState>);

/// Verdicts by generation and hash.
type Kept = HashMap<(u64, [u8; 32]), Vec<u8>>;

#[derive(Default)]
struct ShelfState {
    generation: AtomicU64,
    verdicts: Mutex<Kept>,
    /// What was used, and until when it is remembered.
    used: Mutex<HashMap<[u8; 32], Instant>>,
    deaf: AtomicBool,
    followers: Mutex<Vec<Revocations>>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shelf")
    }
}

impl Shelf {
    /// How many verdicts it has, of all generations.
    pub(crate) fn verdicts(&self) -> usize {
        self.0.verdicts.lock().unwrap().len()
    }

    /// From now on it does not do what it is told to forget.
    pub(crate) fn be_deaf(&self, deaf: bool) {
        self.0.deaf.store(deaf, Ordering::SeqCst);
    }

    /// All bytes that it holds.
    pub(crate) fn contents(&self) -> String {
        self.0.verdicts.lock().unwrap().values().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }
}

impl SharedStore for Shelf {
    fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::SeqCst)
    }

    fn get<'a>(&'a self, key: &'a [u8; 32], generation: u64) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        let found = self.0.verdicts.lock().unwrap().get(&(generation, *key)).cloned();
        Box::pin(async { Ok(found) })
    }

    fn put<'a>(
        &'a self,
        key: &'a [u8; 32],
        generation: u64,
        verdict: Vec<u8>,
        _: Duration,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.verdicts.lock().unwrap().insert((generation, *key), verdict);
        Box::pin(async { Ok(()) })
    }

    fn forget_all(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        if self.0.deaf.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StoreError::new("nobody listens")) });
        }
        let generation = self.0.generation.fetch_add(1, Ordering::SeqCst) + 1;
        for follower in &*self.0.followers.lock().unwrap() {
            follower.set_generation(generation);
        }
        Box::pin(async { Ok(()) })
    }

    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> BoxFuture<'a, Result<(), StoreError>> {
        for follower in &*self.0.followers.lock().unwrap() {
            follower.add(revocation.clone());
        }
        Box::pin(async { Ok(()) })
    }

    fn use_once<'a>(&'a self, id: &'a [u8; 32], ttl: Duration) -> BoxFuture<'a, Result<bool, StoreError>> {
        let (mut used, now) = (self.0.used.lock().unwrap(), Instant::now());
        let new = used.get(id).is_none_or(|until| *until <= now);
        if new {
            used.insert(*id, now + ttl);
        }
        Box::pin(async move { Ok(new) })
    }

    fn watch(&self, revocations: Revocations) -> BoxFuture<'static, ()> {
        self.0.followers.lock().unwrap().push(revocations);
        Box::pin(async {})
    }
}
