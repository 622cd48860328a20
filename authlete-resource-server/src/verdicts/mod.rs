//! What was found of access tokens, kept for a moment.

mod in_flight;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::principal::{Token, millis};
use crate::shared::Revocations;

pub(crate) use in_flight::{InFlight, Turn};

/// For how long verdicts on access tokens are kept in memory.
///
/// What is kept is what becomes the [`Principal`](crate::Principal), so a hit costs less than a microsecond. Whatever is set, a verdict is never used
/// after its token has expired, requests with a DPoP proof that Authlete has to check are asked about one by one, and
/// verdicts of tokens are found by a hash: the token itself is not kept.
///
/// A token that was revoked elsewhere is accepted until the time is over; see the [crate's documentation](crate) for ways
/// to hear of it earlier.
///
/// A verdict belongs to the Authlete server, the service and the credentials that it was asked with: who calls with other
/// credentials does not see it, neither here nor in a store that both share. After a [`CredentialsProvider`] has given new
/// credentials every token is therefore asked about once more. Where instances have credentials of their own, or change
/// them often, give all of them the same [`credentials_id`](Self::credentials_id).
///
/// [`CredentialsProvider`]: authlete_api::CredentialsProvider
///
/// ```
/// use authlete_resource_server::VerdictCache;
/// use std::time::Duration;
///
/// let cache = VerdictCache::default().ttl(Duration::from_secs(10)).max_capacity(100_000);
/// # let _ = cache;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct VerdictCache {
    pub(crate) ttl: Duration,
    pub(crate) negative_ttl: Duration,
    pub(crate) max_capacity: u64,
    pub(crate) negative_max_capacity: u64,
    /// Stands for the credentials in place of their fingerprint.
    pub(crate) credentials: Option<Key>,
}

impl Default for VerdictCache {
    /// 30 seconds for good tokens, 10,000 of them; 5 seconds for refusals, 10,000 of them.
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(30),
            negative_ttl: Duration::from_secs(5),
            max_capacity: 10_000,
            negative_max_capacity: 10_000,
            credentials: None,
        }
    }
}

impl VerdictCache {
    /// Keeps nothing of what Authlete says.
    pub(crate) fn none() -> Self {
        Self { ttl: Duration::ZERO, negative_ttl: Duration::ZERO, ..Self::default() }
    }

    /// How long Authlete's word that a token is good is kept at most; 30 seconds by default. Zero keeps none.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// How long a refusal is kept; 5 seconds by default. Zero keeps none.
    pub fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.negative_ttl = ttl;
        self
    }

    /// How many good tokens are kept at most; 10,000 by default. The ones used least go first.
    pub fn max_capacity(mut self, tokens: u64) -> Self {
        self.max_capacity = tokens;
        self
    }

    /// How many refusals are kept at most; 10,000 by default. They have a place of their own, so that a flood of made-up
    /// tokens does not drive out the good ones.
    pub fn negative_max_capacity(mut self, tokens: u64) -> Self {
        self.negative_max_capacity = tokens;
        self
    }

    /// A name for whoever asks Authlete, in place of the fingerprint of the credentials: verdicts are then shared by all that
    /// give the same name, and outlive a change of credentials. Give it only to those that may see one another's verdicts.
    pub fn credentials_id(mut self, id: impl AsRef<str>) -> Self {
        self.credentials = Some(Sha256::digest(id.as_ref()).into());
        self
    }
}

/// Identifies a question: the SHA-256 of all that the verdict depends on.
pub(crate) type Key = [u8; 32];

/// Makes a key of the token and hashes of what else the question depends on.
pub(crate) fn key(rest: &[&Key], token: &str, certificate: Option<&str>) -> Key {
    let mut hash = Sha256::new();
    for part in rest {
        hash.update(part);
    }
    hash.update((token.len() as u64).to_be_bytes());
    hash.update(token);
    if let Some(certificate) = certificate {
        hash.update(certificate);
    }
    hash.finalize().into()
}

/// A good token.
pub(crate) struct Good {
    pub(crate) token: Arc<Token>,
    /// Until when the verdict may be used.
    until: Instant,
    /// The version of the revocations that it was held against last.
    checked: AtomicU64,
    /// The generation it belongs to.
    generation: u64,
}

/// A refusal that Authlete gave, until it may be used no more.
#[derive(Clone)]
struct Bad<R> {
    refusal: R,
    until: Instant,
    generation: u64,
}

/// The verdicts of one process. `R` is what a refusal is.
pub(crate) struct Verdicts<R: Clone + Send + Sync + 'static> {
    good: Cache<Key, Arc<Good>>,
    bad: Cache<Key, Bad<R>>,
    settings: VerdictCache,
    revocations: Revocations,
}

impl<R: Clone + Send + Sync + 'static> Verdicts<R> {
    pub(crate) fn new(settings: VerdictCache, revocations: Revocations) -> Self {
        let good = Cache::new(settings.max_capacity);
        let bad = Cache::new(settings.negative_max_capacity);
        Self { good, bad, settings, revocations }
    }

    pub(crate) fn settings(&self) -> &VerdictCache {
        &self.settings
    }

    /// A verdict that is in time, of the current generation, and of a token that was not revoked meanwhile.
    pub(crate) fn good(&self, key: &Key, token: &str) -> Option<Arc<Good>> {
        let good = self.good.get(key)?;
        if good.until <= Instant::now() || good.generation != self.revocations.generation() {
            return None;
        }
        let version = self.revocations.version();
        if good.checked.load(Ordering::Acquire) != version {
            if self.revocations.covers(&good.token, &Sha256::digest(token).into()) {
                self.good.invalidate(key);
                return None;
            }
            good.checked.store(version, Ordering::Release);
        }
        Some(good)
    }

    /// A refusal that is in time and of the current generation.
    pub(crate) fn refusal(&self, key: &Key) -> Option<R> {
        let bad = self.bad.get(key)?;
        (bad.until > Instant::now() && bad.generation == self.revocations.generation()).then_some(bad.refusal)
    }

    /// Keeps a good verdict for `ttl`, and no longer than the token lives; returns how long that is. The generation is the
    /// one from before the token was looked at: a verdict that was overtaken is not kept.
    pub(crate) fn keep(&self, key: Key, found: &Arc<Token>, ttl: Duration, generation: u64) -> Duration {
        let left = match found.expires_at {
            Some(expires) => ttl.min(Duration::from_millis(expires.saturating_sub(millis(SystemTime::now())))),
            None => ttl,
        };
        if !left.is_zero() && generation == self.revocations.generation() {
            let until = Instant::now() + left;
            let checked = AtomicU64::new(u64::MAX);
            let good = Good { token: Arc::clone(found), until, checked, generation };
            self.good.insert(key, Arc::new(good));
        }
        left
    }

    /// Keeps a refusal for a moment; the generation is as for [`keep`](Self::keep).
    pub(crate) fn keep_refusal(&self, key: Key, refusal: R, generation: u64) {
        if !self.settings.negative_ttl.is_zero() && generation == self.revocations.generation() {
            self.bad.insert(key, Bad { refusal, until: Instant::now() + self.settings.negative_ttl, generation });
        }
    }

    pub(crate) fn forget_all(&self) {
        self.good.invalidate_all();
        self.bad.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_verdict_is_not_kept_in_place_of_a_newer_one() {
        let revocations = Revocations::default();
        let verdicts = Verdicts::new(VerdictCache::default(), revocations.clone());
        let (early, token) = (revocations.generation(), Arc::new(Token::default()));
        revocations.next_generation();
        let now = revocations.generation();
        for generation in [now, early] {
            verdicts.keep([1; 32], &token, Duration::from_secs(30), generation);
            verdicts.keep_refusal([2; 32], "no", generation);
        }
        assert!(verdicts.good(&[1; 32], "token").is_some());
        assert_eq!(verdicts.refusal(&[2; 32]), Some("no"));
    }
}
