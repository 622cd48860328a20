//! Verdicts, revocations and limits that instances share over Redis (7.0 or newer, or a compatible server). Feature `redis`.
//!
//! All keys begin with a prefix and the service's id in braces, so that one service's keys lie in one slot of a cluster:
//!
//! | key | holds |
//! |---|---|
//! | `…:generation` | a number; rises when everything is to be forgotten |
//! | `…:verdict:<generation>:<hash>` | what a token stands for, as JSON, until the token or the cache's time ends |
//! | `…:revoked` | a sorted set of the revocations, by the time when they may be forgotten |
//! | `…:events` | a stream of revocations and generations, which every instance follows |
//! | `…:once:<hash>` | a DPoP proof that was used |
//! | `…:limit` | when the next call to Authlete may be made, in microseconds |
//!
//! The hash of a verdict is over the token, what else Authlete was asked, the Authlete server, the service, and the credentials
//! that it was asked with: instances with other credentials do not see it. Revocations, generation and limit are the service's.
//!
//! No token is stored, only SHA-256 hashes. Verdicts hold what tokens stand for (subject, claims, properties), which may
//! be personal data: protect the server accordingly, with TLS (`rediss://`) and access control.

mod limiter;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, RedisError, Script, ScriptInvocation};
use tokio::time::sleep;

pub use limiter::RedisRateLimiter;

use super::{Revocation, Revocations, SharedStore, StoreError};
use crate::principal::millis;
use authlete_api::BoxFuture;

const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long the stream is waited for in one command; also how often a lost connection is noticed at the latest.
const BLOCK: Duration = Duration::from_millis(1000);
/// About how many events the stream keeps. An instance that missed more reads the whole set again.
const EVENTS: usize = 10_000;

/// Sets a generation, if it is newer than the one that is stored, and tells everybody; returns the one that is stored then.
/// The server may have restarted from an older copy of its data.
const RAISE: &str = "local known = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) <= known then return known end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'generation', ARGV[1])
return tonumber(ARGV[1])";

/// Raises the generation and tells everybody.
const FORGET: &str = "local generation = redis.call('INCR', KEYS[1])
if tonumber(ARGV[1]) >= generation then generation = tonumber(ARGV[1]) + 1; redis.call('SET', KEYS[1], generation) end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'generation', generation)
return generation";

/// Remembers a revocation and, if it is news, tells everybody.
const REVOKE: &str = "redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[4])
if redis.call('ZADD', KEYS[1], 'GT', 'CH', ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'revocation', ARGV[2])
return 1";

/// A store on Redis. Cheap to clone; clones share the connection.
///
/// ```no_run
/// # fn example() -> Result<(), authlete_resource_server::shared::StoreError> {
/// use authlete_resource_server::shared::redis::RedisStore;
///
/// let store = RedisStore::connect("rediss://redis.example.com", 986126671)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

/// How a [`RedisStore`] uses its server.
#[derive(Debug, Clone)]
#[must_use]
pub struct RedisOptions {
    prefix: String,
    command_timeout: Duration,
}

impl Default for RedisOptions {
    /// Keys that begin with `authlete`, and 50 milliseconds for a command.
    fn default() -> Self {
        Self { prefix: "authlete".to_owned(), command_timeout: Duration::from_millis(50) }
    }
}

impl RedisOptions {
    /// What all keys begin with, for fleets that share a server and nothing else.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a request waits for the server before it goes on without: 50 milliseconds by default. A slower response is
    /// worth less than asking Authlete.
    pub fn command_timeout(mut self, timeout: Duration) -> Self {
        self.command_timeout = timeout;
        self
    }
}

struct Inner {
    client: Client,
    manager: ConnectionManager,
    keys: Keys,
    /// The newest generation that the server is known to have.
    generation: AtomicU64,
    /// Whether the stream is being followed.
    connected: AtomicBool,
    /// How often the server has still to be told that everything is to be forgotten.
    owes_generation: Debt,
    /// How many revocations the server has still to be told of.
    owes_revocation: Debt,
}

/// How often the server has still to be told something, because a command failed or was given up.
#[derive(Default)]
struct Debt(AtomicUsize);

impl Debt {
    /// Counts unless it is [paid](Owed::paid).
    fn owe(&self) -> Owed<'_> {
        Owed { debt: self, times: 1 }
    }

    /// All of it, for somebody who is about to pay.
    fn take(&self) -> Owed<'_> {
        Owed { debt: self, times: self.0.swap(0, Ordering::AcqRel) }
    }

    fn is_due(&self) -> bool {
        self.0.load(Ordering::Acquire) > 0
    }
}

/// Something that the server is being told. When this is dropped, it was not.
struct Owed<'a> {
    debt: &'a Debt,
    times: usize,
}

impl Owed<'_> {
    fn paid(mut self) {
        self.times = 0;
    }
}

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        self.debt.0.fetch_add(self.times, Ordering::AcqRel);
    }
}

/// The names of the keys.
#[derive(Clone)]
struct Keys {
    base: String,
}

impl Keys {
    fn new(prefix: &str, service_id: u64) -> Self {
        Self { base: format!("{prefix}:{{{service_id}}}") }
    }

    fn generation(&self) -> String {
        format!("{}:generation", self.base)
    }

    fn verdict(&self, generation: u64, key: &[u8; 32]) -> String {
        format!("{}:verdict:{generation}:{}", self.base, URL_SAFE_NO_PAD.encode(key))
    }

    fn revoked(&self) -> String {
        format!("{}:revoked", self.base)
    }

    fn events(&self) -> String {
        format!("{}:events", self.base)
    }

    fn once(&self, id: &[u8; 32]) -> String {
        format!("{}:once:{}", self.base, URL_SAFE_NO_PAD.encode(id))
    }

    fn limit(&self) -> String {
        format!("{}:limit", self.base)
    }
}

impl RedisStore {
    /// A store for the service of the given id, on the server at `url` (`redis://` or `rediss://`). The connection is
    /// made in the background; until it is there, and whenever it is lost, instances go on alone. Call it within a Tokio
    /// runtime.
    ///
    /// # Errors
    /// When the URL is not one of Redis.
    pub fn connect(url: &str, service_id: u64) -> Result<Self, StoreError> {
        Self::connect_with(url, service_id, &RedisOptions::default())
    }

    /// The same, with options.
    ///
    /// # Errors
    /// When the URL is not one of Redis.
    pub fn connect_with(url: &str, service_id: u64, options: &RedisOptions) -> Result<Self, StoreError> {
        let (client, manager) = open(url, options.command_timeout)?;
        let keys = Keys::new(&options.prefix, service_id);
        Ok(Self(Arc::new(Inner {
            client,
            manager,
            keys,
            generation: AtomicU64::new(0),
            connected: AtomicBool::new(false),
            owes_generation: Debt::default(),
            owes_revocation: Debt::default(),
        })))
    }

    /// Whether this instance follows what the others write. While it does not, it decides by its own memory.
    pub fn is_connected(&self) -> bool {
        self.0.connected.load(Ordering::Acquire)
    }

    /// A limiter for calls to Authlete, which all instances share; see [`RedisRateLimiter`].
    pub fn rate_limiter(&self, per_second: u32) -> RedisRateLimiter {
        RedisRateLimiter::new(self.0.manager.clone(), self.0.keys.limit(), per_second)
    }
}

/// A client, and a connection that it makes when it is first needed, and again when it is lost.
fn open(url: &str, command_timeout: Duration) -> Result<(Client, ConnectionManager), StoreError> {
    // The error of the library may quote the URL, with a password in it.
    let client = Client::open(url).map_err(|_| StoreError::new("the URL of the Redis server cannot be used"))?;
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(command_timeout))
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_number_of_retries(0);
    let manager = ConnectionManager::new_lazy_with_config(client.clone(), config)
        .map_err(|_| StoreError::new("the connection to Redis cannot be set up"))?;
    Ok((client, manager))
}

impl Inner {
    /// An error at once while the server is known to be away, so that requests do not wait for it one by one.
    fn manager(&self) -> Result<ConnectionManager, StoreError> {
        match self.connected.load(Ordering::Acquire) {
            true => Ok(self.manager.clone()),
            false => Err(StoreError::new("Redis is not connected")),
        }
    }

    async fn follow(self: Arc<Self>, revocations: Revocations) {
        let mut wait = Duration::from_millis(100);
        loop {
            let outcome = self.follow_once(&revocations, &mut wait).await;
            if self.connected.swap(false, Ordering::AcqRel) {
                warn(outcome.err().as_ref());
            }
            sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(1));
        }
    }

    /// Brings this instance and the server to the same knowledge, and follows the stream until it breaks.
    async fn follow_once(&self, revocations: &Revocations, wait: &mut Duration) -> Result<(), RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(BLOCK * 2));
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut last = self.last_event(&mut connection).await?;
        self.reconcile(&mut connection, revocations).await?;
        self.connected.store(true, Ordering::Release);
        *wait = Duration::from_millis(100);
        loop {
            let events = self.events_after(&last, &mut connection).await?;
            let dropped = !events.is_empty() && self.begins_after(&last, &mut connection).await?;
            for (id, fields) in events {
                if let Some(text) = fields.get("revocation") {
                    learn(text, revocations);
                }
                if let Some(generation) = fields.get("generation").and_then(|text| text.parse().ok()) {
                    self.learn_generation(generation, Some(revocations));
                }
                last = id;
            }
            if dropped || self.owes_generation.is_due() || self.owes_revocation.is_due() {
                self.reconcile(&mut connection, revocations).await?;
            }
        }
    }

    /// Takes what the server knows, and gives it what this instance knows: the server may have lost its data, have an old
    /// copy, or have missed what this instance could not tell it.
    async fn reconcile(
        &self,
        connection: &mut MultiplexedConnection,
        revocations: &Revocations,
    ) -> Result<(), RedisError> {
        // Taken first, so that what fails from now on is told the next time.
        let owed = self.owes_revocation.take();
        self.exchange_revocations(connection, revocations).await?;
        owed.paid();
        let owed = self.owes_generation.take();
        let known = self.generation.load(Ordering::Acquire).max(revocations.generation());
        let script = Script::new(if owed.times > 0 { FORGET } else { RAISE });
        let mut script = script.prepare_invoke();
        script.key(self.keys.generation()).key(self.keys.events()).arg(known).arg(EVENTS);
        let generation = script.invoke_async(connection).await?;
        owed.paid();
        self.learn_generation(generation, Some(revocations));
        Ok(())
    }

    async fn exchange_revocations(
        &self,
        connection: &mut MultiplexedConnection,
        revocations: &Revocations,
    ) -> Result<(), RedisError> {
        let stored: HashSet<String> =
            redis::cmd("ZRANGE").arg(self.keys.revoked()).arg(0).arg(-1).query_async(connection).await?;
        stored.iter().for_each(|text| learn(text, revocations));
        let script = Script::new(REVOKE);
        let missing: Vec<(Revocation, String)> =
            revocations.all().into_iter().map(with_text).filter(|(_, text)| !stored.contains(text)).collect();
        for some in missing.chunks(100) {
            let mut pipeline = redis::pipe();
            pipeline.load_script(&script).ignore();
            for (revocation, text) in some {
                pipeline.invoke_script(&self.revoke_by(&script, revocation, text)).ignore();
            }
            pipeline.exec_async(connection).await?;
        }
        Ok(())
    }

    /// The events that are newer than the given one. Waits for some.
    async fn events_after(&self, last: &str, connection: &mut MultiplexedConnection) -> Result<Events, RedisError> {
        let found: Option<Vec<(String, Events)>> = redis::cmd("XREAD")
            .arg("COUNT")
            .arg(1000)
            .arg("BLOCK")
            .arg(u64::try_from(BLOCK.as_millis()).unwrap_or(1000))
            .arg("STREAMS")
            .arg(self.keys.events())
            .arg(last)
            .query_async(connection)
            .await?;
        Ok(found.into_iter().flatten().flat_map(|(_, events)| events).collect())
    }

    /// Whether the stream begins after the given event, and so may have dropped others that came after it.
    async fn begins_after(&self, last: &str, connection: &mut MultiplexedConnection) -> Result<bool, RedisError> {
        let oldest: Events = redis::cmd("XRANGE")
            .arg(self.keys.events())
            .arg("-")
            .arg("+")
            .arg("COUNT")
            .arg(1)
            .query_async(connection)
            .await?;
        Ok(oldest.first().is_some_and(|(oldest, _)| event_time(oldest) > event_time(last)))
    }

    /// The id of the newest event: what came before is in the set.
    async fn last_event(&self, connection: &mut MultiplexedConnection) -> Result<String, RedisError> {
        let newest: Events = redis::cmd("XREVRANGE")
            .arg(self.keys.events())
            .arg("+")
            .arg("-")
            .arg("COUNT")
            .arg(1)
            .query_async(connection)
            .await?;
        Ok(newest.into_iter().next().map_or_else(|| "0-0".to_owned(), |(id, _)| id))
    }

    fn learn_generation(&self, generation: u64, revocations: Option<&Revocations>) {
        if let Some(revocations) = revocations {
            revocations.set_generation(generation);
        }
        self.generation.fetch_max(generation, Ordering::AcqRel);
    }

    fn revoke_by<'a>(&self, script: &'a Script, revocation: &Revocation, text: &str) -> ScriptInvocation<'a> {
        let mut invocation = script.prepare_invoke();
        invocation
            .key(self.keys.revoked())
            .key(self.keys.events())
            .arg(millis(revocation.expires_at()))
            .arg(text)
            .arg(EVENTS)
            .arg(millis(SystemTime::now()));
        invocation
    }
}

/// Ids of events, with their fields.
type Events = Vec<(String, HashMap<String, String>)>;

/// Milliseconds, and the number within the millisecond, of an event's id; the earliest for what is none.
fn event_time(id: &str) -> (u64, u64) {
    let (time, number) = id.split_once('-').unwrap_or_default();
    (time.parse().unwrap_or_default(), number.parse().unwrap_or_default())
}

fn with_text(revocation: Revocation) -> (Revocation, String) {
    let text = serde_json::to_string(&revocation).unwrap_or_default();
    (revocation, text)
}

fn learn(text: &str, revocations: &Revocations) {
    // What another version of this crate wrote and this one cannot read concerns others.
    if let Ok(revocation) = serde_json::from_str(text) {
        revocations.add(revocation);
    }
}

#[cfg(feature = "tracing")]
fn warn(error: Option<&RedisError>) {
    let kind = error.map(|error| error.category().to_owned());
    tracing::warn!(error = kind.as_deref(), "the connection to Redis is lost; this instance goes on by its own memory");
}

#[cfg(not(feature = "tracing"))]
fn warn(_: Option<&RedisError>) {}

impl SharedStore for RedisStore {
    fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    fn get<'a>(&'a self, key: &'a [u8; 32], generation: u64) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        Box::pin(async move {
            let mut connection = self.0.manager()?;
            let key = self.0.keys.verdict(generation, key);
            redis::cmd("GET").arg(key).query_async(&mut connection).await.map_err(StoreError::new)
        })
    }

    fn put<'a>(
        &'a self,
        key: &'a [u8; 32],
        generation: u64,
        verdict: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
            if ttl == 0 {
                return Ok(());
            }
            let mut connection = self.0.manager()?;
            let key = self.0.keys.verdict(generation, key);
            redis::cmd("SET")
                .arg(key)
                .arg(verdict)
                .arg("PX")
                .arg(ttl)
                .exec_async(&mut connection)
                .await
                .map_err(StoreError::new)
        })
    }

    fn forget_all(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let owed = self.0.owes_generation.owe();
            let mut connection = self.0.manager()?;
            let script = Script::new(FORGET);
            let mut script = script.prepare_invoke();
            script.key(self.0.keys.generation()).key(self.0.keys.events()).arg(self.generation()).arg(EVENTS);
            let generation = script.invoke_async(&mut connection).await.map_err(StoreError::new)?;
            owed.paid();
            self.0.learn_generation(generation, None);
            Ok(())
        })
    }

    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let owed = self.0.owes_revocation.owe();
            let mut connection = self.0.manager()?;
            let (script, text) = (Script::new(REVOKE), serde_json::to_string(revocation).unwrap_or_default());
            let invocation = self.0.revoke_by(&script, revocation, &text);
            let _: u64 = invocation.invoke_async(&mut connection).await.map_err(StoreError::new)?;
            owed.paid();
            Ok(())
        })
    }

    fn use_once<'a>(&'a self, id: &'a [u8; 32], ttl: Duration) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let mut connection = self.0.manager()?;
            let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1);
            let set: Option<String> = redis::cmd("SET")
                .arg(self.0.keys.once(id))
                .arg(1)
                .arg("NX")
                .arg("PX")
                .arg(ttl)
                .query_async(&mut connection)
                .await
                .map_err(StoreError::new)?;
            Ok(set.is_some())
        })
    }

    fn watch(&self, revocations: Revocations) -> BoxFuture<'static, ()> {
        Box::pin(Arc::clone(&self.0).follow(revocations))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        f.debug_struct("RedisStore")
            .field("keys", &self.0.keys.base)
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}
