//! Which tokens are not good any more, though their signature and their lifetime say so.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{SharedStore, StoreError};
use crate::principal::{Token, moment};

/// How long a revocation is remembered unless it says otherwise: longer than access tokens live.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// How many revocations are kept. A process that knows more forgets those that end first.
const CAPACITY: usize = 100_000;

/// Something that ended: one token, or all tokens that a user, a client or a grant had until then.
///
/// ```
/// use authlete_resource_server::Revocation;
///
/// let one = Revocation::token("the access token");
/// let all = Revocation::subject("ada");
/// # let _ = (one, all);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    what: What,
    /// Until when it has to be remembered, in seconds since 1970.
    until: u64,
    /// Tokens that were issued later are good, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    issued_until: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    /// The SHA-256 of the token.
    TokenHash(String),
    TokenId(String),
    Subject(String),
    Client(String),
    Grant(String),
}

impl Revocation {
    fn new(what: What, issued_until: Option<u64>) -> Self {
        Self { what, until: seconds(SystemTime::now() + LIFETIME), issued_until }
    }

    /// One access token, by its value. Only a hash of it is kept.
    pub fn token(token: &str) -> Self {
        Self::new(What::TokenHash(URL_SAFE_NO_PAD.encode(Sha256::digest(token))), None)
    }

    /// One JWT access token, by its `jti` (RFC 7519 section 4.1.7).
    pub fn token_id(jti: impl Into<String>) -> Self {
        Self::new(What::TokenId(jti.into()), None)
    }

    /// All tokens that were issued for a user until now.
    pub fn subject(subject: impl Into<String>) -> Self {
        Self::new(What::Subject(subject.into()), Some(seconds(SystemTime::now())))
    }

    /// All tokens that were issued to a client until now, by the `client_id` that the tokens have.
    pub fn client(client_id: impl Into<String>) -> Self {
        Self::new(What::Client(client_id.into()), Some(seconds(SystemTime::now())))
    }

    /// All tokens that were issued under a grant until now (Grant Management for OAuth 2.0).
    pub fn grant(grant_id: impl Into<String>) -> Self {
        Self::new(What::Grant(grant_id.into()), Some(seconds(SystemTime::now())))
    }

    /// Until when it is remembered: 24 hours by default. It must not be earlier than the expiry of the tokens it ends.
    #[must_use]
    pub fn until(mut self, time: SystemTime) -> Self {
        self.until = seconds(time);
        self
    }

    /// When it may be forgotten.
    pub fn expires_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.until)
    }

    fn covers(&self, issued_at: Option<SystemTime>) -> bool {
        match (self.issued_until, issued_at) {
            // Times have whole seconds: a token of the same second counts as older.
            (Some(until), Some(issued)) => seconds(issued) <= until,
            // Nobody knows when the token was issued: better one refused that is good than one accepted that is not.
            (Some(_), None) | (None, _) => true,
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The revocations that this process knows. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub struct Revocations(Arc<Inner>);

#[derive(Default)]
struct Inner {
    known: RwLock<HashMap<What, Revocation>>,
    /// Rises with every change, so that caches can tell whether to look again.
    version: AtomicU64,
    /// Rises when everything that was cached has to go.
    generation: AtomicU64,
    /// Where other instances hear of what ended here.
    store: RwLock<Option<Arc<dyn SharedStore>>>,
}

impl Revocations {
    /// Adds a revocation. One that is known stays, with the later of both times.
    pub fn add(&self, revocation: Revocation) {
        let mut known = self.0.known.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        match known.get_mut(&revocation.what) {
            Some(old) => {
                old.until = old.until.max(revocation.until);
                old.issued_until = match (old.issued_until, revocation.issued_until) {
                    (Some(old), Some(new)) => Some(old.max(new)),
                    _ => None,
                };
            }
            None => {
                if known.len() >= CAPACITY {
                    make_room(&mut known);
                }
                known.insert(revocation.what.clone(), revocation);
            }
        }
        drop(known);
        self.0.version.fetch_add(1, Ordering::Release);
    }

    /// All that are known and not over, for an instance that has lost what it shared.
    pub fn all(&self) -> Vec<Revocation> {
        let now = seconds(SystemTime::now());
        let known = self.0.known.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.values().filter(|revocation| revocation.until > now).cloned().collect()
    }

    /// Says that everything that is cached is void, if the generation is newer than the one known.
    pub fn set_generation(&self, generation: u64) {
        self.0.generation.fetch_max(generation, Ordering::AcqRel);
    }

    /// The generation of what is cached.
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    pub(crate) fn next_generation(&self) {
        self.0.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Tells the store that everything is to be forgotten, and takes the generation that this makes.
    pub(crate) async fn forget_all_in(&self, store: &dyn SharedStore) -> Result<(), StoreError> {
        store.forget_all().await?;
        self.set_generation(store.generation());
        Ok(())
    }

    pub(super) fn store_slot(&self) -> &RwLock<Option<Arc<dyn SharedStore>>> {
        &self.0.store
    }

    /// A number that rises with every revocation.
    pub(crate) fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }

    /// Whether a token that was verified is revoked all the same.
    pub(crate) fn covers(&self, token: &Token, token_hash: &[u8; 32]) -> bool {
        let known = self.0.known.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.is_empty() {
            return false;
        }
        [
            Some(What::TokenHash(URL_SAFE_NO_PAD.encode(token_hash))),
            token.token_id.clone().map(What::TokenId),
            token.subject.clone().map(What::Subject),
            token.client_id.clone().map(What::Client),
            token.grant_id.clone().map(What::Grant),
        ]
        .into_iter()
        .flatten()
        .any(|what| known.get(&what).is_some_and(|revocation| revocation.covers(token.issued_at.map(moment))))
    }
}

/// Removes what is over, and when that is nothing, the tenth that ends first.
fn make_room(known: &mut HashMap<What, Revocation>) {
    let now = seconds(SystemTime::now());
    known.retain(|_, revocation| revocation.until > now);
    if known.len() >= CAPACITY {
        // By number and not by time: of many that were made within a second, all end together.
        let mut ends: Vec<(u64, What)> =
            known.values().map(|revocation| (revocation.until, revocation.what.clone())).collect();
        ends.sort_unstable_by_key(|(until, _)| *until);
        for (_, what) in &ends[..ends.len() / 10] {
            known.remove(what);
        }
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").field("generation", &self.generation()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::millis;

    fn now() -> u64 {
        seconds(SystemTime::now())
    }

    /// One that ends so many seconds after 1970.
    fn ending(id: usize, until: u64) -> Revocation {
        Revocation::token_id(id.to_string()).until(UNIX_EPOCH + Duration::from_secs(until))
    }

    /// A memory that is full, with what its revocations end at.
    fn full(until: impl Fn(usize) -> u64) -> Revocations {
        let revocations = Revocations::default();
        (0..CAPACITY).for_each(|id| revocations.add(ending(id, until(id))));
        revocations
    }

    fn knows(revocations: &Revocations, id: usize) -> bool {
        let token = Token { token_id: Some(id.to_string()), ..Token::default() };
        revocations.covers(&token, &[0; 32])
    }

    #[test]
    fn a_revocation_is_remembered_until_the_time_it_says() {
        let time = UNIX_EPOCH + Duration::from_secs(4_102_444_800);
        assert_eq!(Revocation::token("token").until(time).expires_at(), time);
        let left = Revocation::token("token").expires_at().duration_since(SystemTime::now()).unwrap();
        assert!(left <= LIFETIME && left > LIFETIME - Duration::from_secs(60), "{left:?}");
    }

    #[test]
    fn a_second_revocation_of_a_user_ends_no_newer_tokens() {
        let revocations = Revocations::default();
        revocations.add(Revocation::subject("ada"));
        revocations.add(Revocation::subject("ada"));
        let issued_at = |time| Token { subject: Some("ada".into()), issued_at: Some(time), ..Token::default() };
        let now = SystemTime::now();
        assert!(revocations.covers(&issued_at(millis(now - Duration::from_secs(10))), &[0; 32]));
        assert!(!revocations.covers(&issued_at(millis(now + Duration::from_secs(10))), &[0; 32]));
    }

    #[test]
    fn those_that_are_not_over_are_told() {
        let (revocations, now) = (Revocations::default(), now());
        for (id, until) in [(0, now - 100), (1, now + 100), (2, now + 200), (3, 0), (4, now)] {
            revocations.add(ending(id, until));
        }
        let mut told = revocations.all();
        told.sort_by_key(Revocation::expires_at);
        assert_eq!(told, [ending(1, now + 100), ending(2, now + 200)]);
    }

    #[test]
    fn a_full_memory_forgets_what_is_over_and_nothing_else() {
        let now = now();
        let revocations = full(|id| if id < 1000 { now - 10 } else { now + 1000 });
        revocations.add(ending(CAPACITY, now + 1000));
        assert_eq!(revocations.all().len(), CAPACITY - 1000 + 1);
        assert!(!knows(&revocations, 0) && !knows(&revocations, 999) && knows(&revocations, 1000));
    }

    #[test]
    fn a_full_memory_forgets_the_tenth_that_ends_first() {
        let now = now();
        let revocations = full(|id| now + 1000 + id as u64);
        revocations.add(ending(CAPACITY, now + 900));
        assert_eq!(revocations.all().len(), CAPACITY - CAPACITY / 10 + 1);
        assert!(!knows(&revocations, CAPACITY / 10 - 1) && knows(&revocations, CAPACITY / 10));
        assert!(knows(&revocations, CAPACITY), "the newest is never the one to go");
    }

    #[test]
    fn of_many_that_end_at_the_same_time_no_more_than_a_tenth_is_forgotten() {
        let until = now() + 1000;
        let revocations = full(|_| until);
        revocations.add(ending(CAPACITY, until));
        assert_eq!(revocations.all().len(), CAPACITY - CAPACITY / 10 + 1);
    }

    #[test]
    fn generations_do_not_go_back() {
        let revocations = Revocations::default();
        for (set, expected) in [(5, 5), (3, 5), (6, 6)] {
            revocations.set_generation(set);
            assert_eq!(revocations.generation(), expected);
        }
    }

    #[test]
    fn debug_output_names_nobody() {
        let revocations = Revocations::default();
        revocations.add(Revocation::subject("ada"));
        revocations.set_generation(7);
        assert_eq!(format!("{revocations:?}"), "Revocations { generation: 7, .. }");
    }
}
