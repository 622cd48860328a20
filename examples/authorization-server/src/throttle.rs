//! Slows guessing down: of passwords, and of the codes that devices show (RFC 8628 5.1).

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

/// Failures that are free.
const BURST: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// How long each further one takes.
const PERIOD: Duration = Duration::from_secs(30);

/// Counts failures by what is guessed at. Those that succeed never wait, so nobody notices it who does not guess.
///
/// A product counts by address as well: its proxy knows that of the client.
pub(crate) struct Throttle {
    // Hashes stand for the keys, which guessers choose, and which can be long.
    failures: RateLimiter<u64, governor::state::keyed::HashMapStateStore<u64>, DefaultClock>,
    waits: Cache<u64, Instant>,
    hasher: RandomState,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        // The quota has a period that is not zero, so there is one.
        let quota = Quota::with_period(PERIOD).map(|quota| quota.allow_burst(BURST));
        Self {
            failures: RateLimiter::hashmap(quota.unwrap_or(Quota::per_minute(BURST))),
            waits: Cache::builder().time_to_live(PERIOD).max_capacity(1_000_000).build(),
            hasher: RandomState::new(),
        }
    }

    /// How long there may be no other attempt.
    pub(crate) fn wait(&self, key: &str) -> Option<Duration> {
        let until = self.waits.get(&self.hasher.hash_one(key))?;
        until.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero())
    }

    /// An attempt failed.
    pub(crate) fn failed(&self, key: &str) {
        let key = self.hasher.hash_one(key);
        if let Err(refused) = self.failures.check_key(&key) {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            self.waits.insert(key, Instant::now() + wait);
        }
        // Those who stopped guessing are forgotten.
        if self.failures.len() > 100_000 {
            self.failures.retain_recent();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_takes_time_and_is_counted_by_key() {
        let throttle = Throttle::new();
        for _ in 0..BURST.get() {
            throttle.failed("ada");
            assert_eq!(throttle.wait("ada"), None);
        }
        throttle.failed("ada");
        let wait = throttle.wait("ada").unwrap();
        assert!(wait > Duration::from_secs(20) && wait <= PERIOD, "{wait:?}");
        assert_eq!(throttle.wait("alan"), None);
    }
}
