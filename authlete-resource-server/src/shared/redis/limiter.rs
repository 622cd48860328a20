//! A rate limit that instances share: the generic cell rate algorithm (GCRA) in one script.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::Script;
use redis::aio::ConnectionManager;

use crate::shared::StoreError;

/// Takes a place in the queue, or says how long to wait for one. Times are Redis' own, in microseconds, so that the clocks
/// of instances do not matter.
///
/// `KEYS[1]`: the time at which the next call would be on schedule. `ARGV`: microseconds between calls, and how far calls
/// may be ahead of the schedule.
const TAKE: &str = "local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local next = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = next - now - burst
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', next + interval), 'PX', math.ceil((next + interval - now) / 1000) + 1)
return 0";

/// Lets nobody take a place before some time has passed: for a 429 of Authlete's.
const PAUSE: &str = "local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local resume = now + tonumber(ARGV[1]) + tonumber(ARGV[2])
if resume > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%.0f', resume), 'PX', math.ceil((resume - now) / 1000) + 1)
end
return 0";

/// Keeps the calls of all instances together below a number per second.
///
/// Calls are spread evenly; a tenth of a second's worth may come at once. When Redis is away, [`acquire`](Self::acquire)
/// says so, and the caller falls back to a limit of its own.
#[derive(Clone)]
pub struct RedisRateLimiter(Arc<Inner>);

struct Inner {
    manager: ConnectionManager,
    key: String,
    /// Between two calls, in microseconds.
    interval: u64,
    /// How far calls may be ahead, in microseconds.
    burst: u64,
}

impl RedisRateLimiter {
    pub(super) fn new(manager: ConnectionManager, key: String, per_second: u32) -> Self {
        let interval = 1_000_000 / u64::from(per_second.max(1));
        Self(Arc::new(Inner { manager, key, interval, burst: 100_000 }))
    }

    /// Takes a place now, or says after what time to ask again.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn acquire(&self) -> Result<Option<Duration>, StoreError> {
        let wait = self.run(TAKE, self.0.interval).await?;
        Ok((wait > 0).then(|| Duration::from_micros(wait)))
    }

    /// Stops all instances for some time, as Authlete asked with `Retry-After`.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn pause(&self, time: Duration) -> Result<(), StoreError> {
        self.run(PAUSE, u64::try_from(time.as_micros()).unwrap_or(u64::MAX)).await.map(|_| ())
    }

    async fn run(&self, script: &str, argument: u64) -> Result<u64, StoreError> {
        let mut connection = self.0.manager.clone();
        Script::new(script)
            .key(&self.0.key)
            .arg(argument)
            .arg(self.0.burst)
            .invoke_async(&mut connection)
            .await
            .map_err(StoreError::new)
    }
}

impl fmt::Debug for RedisRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRateLimiter").field("interval_us", &self.0.interval).finish_non_exhaustive()
    }
}
