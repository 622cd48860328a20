//! The keys that access tokens are signed with, kept in memory and fetched again when they are due.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use authlete_api::{AuthleteService, BoxFuture};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// Where a [`KeySet`] gets the issuer's JWK set from (RFC 7517).
///
/// `AuthleteService` is one: it asks Authlete for the public keys of the service. Implement this trait to fetch
/// the `jwks_uri` of an issuer instead; use https, follow no redirects, and limit time and size.
pub trait KeySource: Send + Sync + 'static {
    /// Fetches the JWK set as JSON.
    ///
    /// # Errors
    /// Why there is no JWK set. The text goes into the log; it must not hold secrets.
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<u8>, KeySourceError>>;
}

/// Why a [`KeySource`] has no keys to give.
pub type KeySourceError = Box<dyn std::error::Error + Send + Sync>;

/// The largest JWK set that is read, in bytes.
const MAX_SIZE: usize = 64 * 1024;
/// How long requests wait for a fetch that they depend on.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// The issuer's public keys. Cheap to clone; clones share the keys.
///
/// Keys are fetched when the first token arrives, or by [`refresh`](Self::refresh) at start. After [`ttl`](Self::ttl)
/// they are fetched again in the background while requests go on with the keys at hand; when that fails, the old keys
/// stay in use for [`stale_if_error`](Self::stale_if_error), and after that no token is accepted. A token with an unknown
/// `kid` causes one fetch, which all requests with unknown keys share, and then none for
/// [`miss_cool_down`](Self::miss_cool_down): tokens with made-up key ids cannot make this server flood the issuer. A
/// request with a known key never waits for that.
#[derive(Clone)]
pub struct KeySet(Arc<Shared>);

#[derive(Clone, Copy)]
struct Times {
    ttl: Duration,
    stale_if_error: Duration,
    miss_cool_down: Duration,
}

struct Shared {
    source: Arc<dyn KeySource>,
    times: Times,
    state: RwLock<State>,
    /// Held while a fetch is under way.
    fetching: Mutex<()>,
}

#[derive(Default)]
struct State {
    keys: Arc<Keys>,
    /// When the keys were fetched; `None` before the first success.
    fetched: Option<Instant>,
    /// When the last fetch ended, and whether it succeeded.
    attempted: Option<(Instant, bool)>,
    /// Counts fetches that have ended, so that a waiter knows whether one ended while it waited.
    fetches: u64,
}

/// The keys by their ids; an id can have several, of different algorithms.
type Keys = BTreeMap<String, Arc<Vec<VerificationKey>>>;

/// One public key, with the algorithms that it may verify.
pub(crate) struct VerificationKey {
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) key: DecodingKey,
}

/// Why there is no key for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyError {
    /// The issuer has no key of that id.
    Unknown,
    /// The keys could not be fetched, and those at hand are too old.
    Unavailable,
}

impl KeySet {
    /// Keys from the given source.
    pub fn new(source: impl KeySource) -> Self {
        let times = Times {
            ttl: Duration::from_secs(600),
            stale_if_error: Duration::from_secs(3600),
            miss_cool_down: Duration::from_secs(30),
        };
        Self::with(Arc::new(source), times)
    }

    fn with(source: Arc<dyn KeySource>, times: Times) -> Self {
        Self(Arc::new(Shared { source, times, state: RwLock::default(), fetching: Mutex::new(()) }))
    }

    fn timed(self, change: impl FnOnce(&mut Times)) -> Self {
        let mut times = self.0.times;
        change(&mut times);
        Self::with(Arc::clone(&self.0.source), times)
    }

    /// How long keys are used before they are fetched again: 10 minutes by default. A key that the issuer has removed
    /// stops working after this time at the latest, as long as the issuer can be reached.
    ///
    /// Returns a set without keys; call it before the set is used.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        self.timed(|times| times.ttl = ttl)
    }

    /// How long keys stay in use after [`ttl`](Self::ttl) when the issuer cannot be reached: one hour by default.
    #[must_use]
    pub fn stale_if_error(self, time: Duration) -> Self {
        self.timed(|times| times.stale_if_error = time)
    }

    /// How long after any fetch an unknown `kid` causes no other one: 30 seconds by default.
    #[must_use]
    pub fn miss_cool_down(self, time: Duration) -> Self {
        self.timed(|times| times.miss_cool_down = time)
    }

    /// Fetches the keys now, whatever their age: at start, so that the first request does not wait, or after the issuer
    /// removed a key in an emergency.
    ///
    /// # Errors
    /// When the keys cannot be fetched or read. The keys at hand stay.
    pub async fn refresh(&self) -> Result<(), KeySourceError> {
        let _turn = self.0.fetching.lock().await;
        self.0.fetch().await
    }

    /// How old the keys are; `None` before they were fetched.
    pub fn age(&self) -> Option<Duration> {
        self.0.read().fetched.map(|fetched| fetched.elapsed())
    }

    /// The keys of an id. There can be several, of different algorithms.
    pub(crate) async fn find(&self, kid: &str) -> Result<Arc<Vec<VerificationKey>>, KeyError> {
        let (known, usable) = self.0.look_up(kid);
        if !usable {
            self.0
                .fetch_unless_fetched(|state, times| {
                    state
                        .attempted
                        .is_none_or(|(when, success)| success || when.elapsed() >= times.retry_after_failure())
                })
                .await;
            return match self.0.look_up(kid) {
                (Some(keys), true) => Ok(keys),
                (None, true) => Err(KeyError::Unknown),
                (_, false) => Err(KeyError::Unavailable),
            };
        }
        if let Some(keys) = known {
            self.refresh_in_background();
            return Ok(keys);
        }
        self.0
            .fetch_unless_fetched(|state, times| {
                state.attempted.is_none_or(|(when, _)| when.elapsed() >= times.miss_cool_down)
            })
            .await;
        self.0.look_up(kid).0.ok_or(KeyError::Unknown)
    }

    /// Starts a fetch when the keys are due and no other fetch is under way.
    fn refresh_in_background(&self) {
        let due = {
            let state = self.0.read();
            let times = &self.0.times;
            state.fetched.is_some_and(|fetched| fetched.elapsed() >= times.ttl)
                && state
                    .attempted
                    .is_none_or(|(when, success)| success || when.elapsed() >= times.retry_after_failure())
        };
        if !due || self.0.fetching.try_lock().is_err() {
            return;
        }
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            if let Ok(_turn) = shared.fetching.try_lock() {
                if shared.read().fetched.is_some_and(|fetched| fetched.elapsed() >= shared.times.ttl) {
                    // A failure is in the state; the old keys go on.
                    let _ = shared.fetch().await;
                }
            }
        });
    }
}

impl Times {
    /// A source that fails is asked again after a second, or after the cool-down where that is shorter.
    fn retry_after_failure(&self) -> Duration {
        Duration::from_secs(1).min(self.miss_cool_down)
    }
}

impl Shared {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The keys of an id, and whether the set is recent enough to be used.
    fn look_up(&self, kid: &str) -> (Option<Arc<Vec<VerificationKey>>>, bool) {
        let state = self.read();
        let usable =
            state.fetched.is_some_and(|fetched| fetched.elapsed() < self.times.ttl + self.times.stale_if_error);
        (state.keys.get(kid).cloned(), usable)
    }

    /// Fetches the keys, unless another fetch ends while this waits for its turn, or `due` says that it is too early.
    async fn fetch_unless_fetched(&self, due: impl Fn(&State, &Times) -> bool) {
        let before = {
            let state = self.read();
            if !due(&state, &self.times) {
                return;
            }
            state.fetches
        };
        let wait = async {
            let _turn = self.fetching.lock().await;
            if self.read().fetches == before {
                let _ = self.fetch().await;
            }
        };
        // The source has its own limits; a request does not wait longer than this for it.
        let _ = timeout(FETCH_TIMEOUT * 2, wait).await;
    }

    /// Fetches the keys. The caller holds `fetching`.
    async fn fetch(&self) -> Result<(), KeySourceError> {
        let outcome = match timeout(FETCH_TIMEOUT, self.source.fetch()).await {
            Ok(Ok(body)) => read(&body),
            Ok(Err(error)) => Err(error),
            Err(_) => Err("the key set did not arrive in time".into()),
        };
        let mut state = self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        state.fetches += 1;
        state.attempted = Some((now, outcome.is_ok()));
        outcome.map(|keys| {
            state.keys = Arc::new(keys);
            state.fetched = Some(now);
        })
    }
}

/// Reads a JWK set. Keys that cannot verify access tokens are passed over: keys for encryption, symmetric and private
/// ones, and those of unknown types.
fn read(body: &[u8]) -> Result<Keys, KeySourceError> {
    #[derive(serde::Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    if body.len() > MAX_SIZE {
        return Err(format!("the key set has {} bytes, and {MAX_SIZE} are allowed", body.len()).into());
    }
    let set: Set = serde_json::from_slice(body).map_err(|_| "the key set is not a JSON object with a list `keys`")?;
    let mut keys: BTreeMap<String, Vec<VerificationKey>> = BTreeMap::new();
    for value in set.keys {
        let Ok(jwk) = serde_json::from_value::<Jwk>(value) else { continue };
        if let Some((kid, key)) = verification_key(&jwk) {
            keys.entry(kid).or_default().push(key);
        }
    }
    Ok(keys.into_iter().map(|(kid, keys)| (kid, Arc::new(keys))).collect())
}

fn verification_key(jwk: &Jwk) -> Option<(String, VerificationKey)> {
    let for_signatures = jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let verifies =
        jwk.common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    if !for_signatures || !verifies {
        return None;
    }
    let possible: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(_) => &[Algorithm::EdDSA],
        _ => return None,
    };
    let algorithms = match jwk.common.key_algorithm {
        // A key is for the one algorithm that it names.
        Some(named) => {
            let named = Algorithm::try_from(named).ok()?;
            possible.iter().copied().filter(|algorithm| *algorithm == named).collect()
        }
        None => possible.to_vec(),
    };
    let key = DecodingKey::from_jwk(jwk).ok()?;
    let kid = jwk.common.key_id.clone()?;
    (!algorithms.is_empty()).then_some((kid, VerificationKey { algorithms, key }))
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.read();
        f.debug_struct("KeySet")
            .field("keys", &state.keys.keys().collect::<Vec<_>>())
            .field("age", &state.fetched.map(|fetched| fetched.elapsed()))
            .finish_non_exhaustive()
    }
}

/// The public keys of the service, as Authlete has them.
impl KeySource for AuthleteService {
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<u8>, KeySourceError>> {
        Box::pin(async move {
            let keys = self.jwks().await?.into_inner().ok_or("the service has no key set")?;
            Ok(serde_json::to_vec(&keys)?)
        })
    }
}
