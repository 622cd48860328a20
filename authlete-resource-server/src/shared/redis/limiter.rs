//! A rate limit that instances share: the generic cell rate algorithm (GCRA) in one script.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authlete_api::{BoxFuture, BoxTransport, Operation, Transport, TransportError, TransportLayer};
use bytes::Bytes;
use http::StatusCode;
use http::header::RETRY_AFTER;
use redis::Script;
use redis::aio::ConnectionManager;
use tokio::time::{Instant, sleep, sleep_until};

use crate::shared::StoreError;

/// Takes a place in the queue, or says how long to wait for one. Times are Redis' own, in microseconds, so that the clocks
/// of instances do not matter.
///
/// `KEYS[1]`: the time at which the next call would be on schedule. `ARGV`: microseconds between calls, how far calls may be
/// ahead of the schedule, and how far ahead a schedule can be that is not left over from a clock that was set back. A server
/// without a schedule may have lost it a moment ago, so nothing is ahead of a new one.
const TAKE: &str = "local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local interval, burst, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known = tonumber(redis.call('GET', KEYS[1]) or '-1')
if known < 0 or known > now + burst + longest then
  redis.call('SET', KEYS[1], string.format('%.0f', now + burst + interval), 'PX', 3600000)
  return interval
end
local next = math.max(known, now)
local wait = next - now - burst
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', next + interval), 'PX', 3600000)
return 0";

/// Lets nobody take a place before some time has passed: for a 429 of Authlete's. `ARGV[1]` is that time in microseconds.
const PAUSE: &str = "local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local resume = now + math.min(tonumber(ARGV[1]), tonumber(ARGV[3])) + tonumber(ARGV[2])
if resume > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%.0f', resume), 'PX', 3600000)
end
return 0";

/// The longest pause that Authlete can ask for.
const LONGEST: Duration = Duration::from_secs(600);

/// How long Redis is left alone after it did not answer, so that calls do not wait for it one by one.
const AWAY: Duration = Duration::from_secs(1);

/// Keeps the calls of all instances together at or below a number per second: no second has more, whenever it begins.
///
/// After a pause a twentieth of a second's calls may be made at once; further ones are spread evenly. A 429 of Authlete's
/// stops all instances for the time that it names. When Redis is away, every instance keeps to its
/// [`fallback`](Self::fallback).
///
/// It is a layer around the attempts of the client of the service, so that attempts that are made again take their turn as
/// well:
///
/// ```no_run
/// # fn example(store: authlete_resource_server::shared::redis::RedisStore) -> Result<(), authlete_api::Error> {
/// use authlete_api::{Authlete, Region};
///
/// let service = Authlete::builder()
///     .region(Region::Eu)
///     .service_token(986126671, "token")
///     .attempt_layer(store.rate_limiter(90).fallback(20))
///     .build_service()?;
/// # Ok(())
/// # }
/// ```
///
/// Calls travel for different times, so at Authlete a second may see a few more: stay some percent below the limit of the
/// token.
#[derive(Clone)]
pub struct RedisRateLimiter(Arc<Inner>);

struct Inner {
    manager: ConnectionManager,
    key: String,
    /// Between two calls, in microseconds.
    interval: u64,
    /// How far calls may be ahead, in microseconds.
    burst: u64,
    /// Between two calls of this instance while Redis is away.
    fallback: Duration,
    /// This instance's own schedule, while Redis is away.
    alone: Mutex<Alone>,
}

struct Alone {
    /// When the next call is due.
    next: Instant,
    /// Until when Redis is left alone.
    until: Instant,
}

impl RedisRateLimiter {
    pub(super) fn new(manager: ConnectionManager, key: String, per_second: u32) -> Self {
        let per_second = u64::from(per_second.max(1));
        let at_once = (per_second / 20).max(1);
        // So many calls can be made at once, and that many fewer in the rest of the second.
        let interval = 1_000_000u64.div_ceil(per_second - at_once + 1);
        let fallback = Duration::from_micros(interval);
        Self::with(manager, key, (interval, (at_once - 1) * interval), fallback)
    }

    fn with(manager: ConnectionManager, key: String, (interval, burst): (u64, u64), fallback: Duration) -> Self {
        let now = Instant::now();
        let alone = Mutex::new(Alone { next: now, until: now });
        Self(Arc::new(Inner { manager, key, interval, burst, fallback, alone }))
    }

    /// How many calls a second this instance makes while Redis is away: by default the whole limit, so set it to the limit
    /// divided by the number of instances.
    #[must_use]
    pub fn fallback(self, per_second: u32) -> Self {
        let Inner { manager, key, interval, burst, .. } = &*self.0;
        let fallback = Duration::from_secs(1) / per_second.max(1);
        Self::with(manager.clone(), key.clone(), (*interval, *burst), fallback)
    }

    /// Waits for a place in the queue of all instances; while Redis is away, of this one.
    pub async fn wait(&self) {
        loop {
            if let Some(turn) = self.turn_alone() {
                return sleep_until(turn).await;
            }
            match self.acquire().await {
                Ok(None) => return,
                Ok(Some(wait)) => sleep(wait).await,
                Err(_) => self.go_alone(),
            }
        }
    }

    /// This instance's next turn by its own schedule, while Redis is left alone.
    fn turn_alone(&self) -> Option<Instant> {
        let mut alone = self.alone();
        let now = Instant::now();
        if alone.until <= now {
            return None;
        }
        let turn = alone.next.max(now);
        alone.next = turn + self.0.fallback;
        Some(turn)
    }

    /// Leaves Redis alone for a while. What others may have been granted a moment ago counts: the first turn is not now.
    fn go_alone(&self) {
        let mut alone = self.alone();
        let now = Instant::now();
        alone.until = now + AWAY;
        alone.next = alone.next.max(now + self.0.fallback);
    }

    fn alone(&self) -> MutexGuard<'_, Alone> {
        self.0.alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place now, or says after what time to ask again.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn acquire(&self) -> Result<Option<Duration>, StoreError> {
        let wait = self.run(TAKE, self.0.interval).await?;
        Ok((wait > 0).then(|| Duration::from_micros(wait)))
    }

    /// Stops all instances for some time, as Authlete asked with `Retry-After`: ten minutes at most.
    ///
    /// # Errors
    /// When Redis does not answer. This instance stops all the same.
    pub async fn pause(&self, time: Duration) -> Result<(), StoreError> {
        let time = time.min(LONGEST);
        {
            let mut alone = self.alone();
            alone.next = alone.next.max(Instant::now() + time);
        }
        self.run(PAUSE, micros(time)).await.map(|_| ())
    }

    async fn run(&self, script: &str, argument: u64) -> Result<u64, StoreError> {
        let mut connection = self.0.manager.clone();
        Script::new(script)
            .key(&self.0.key)
            .arg(argument)
            .arg(self.0.burst)
            .arg(micros(LONGEST))
            .invoke_async(&mut connection)
            .await
            .map_err(StoreError::new)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl TransportLayer for RedisRateLimiter {
    fn layer(self: Box<Self>, inner: BoxTransport) -> BoxTransport {
        Box::new(Limited { inner, limiter: *self })
    }
}

/// A transport whose calls wait for their turn.
struct Limited {
    inner: BoxTransport,
    limiter: RedisRateLimiter,
}

impl Transport for Limited {
    fn send<'a>(
        &'a self,
        request: http::Request<Bytes>,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            self.limiter.wait().await;
            let outcome = self.inner.send(request, operation).await;
            if let Ok(response) = outcome.as_ref() {
                let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                if let Some(seconds) = wait.filter(|_| response.status() == StatusCode::TOO_MANY_REQUESTS) {
                    // Without Redis the client's own layers heed it.
                    let _ = self.limiter.pause(Duration::from_secs(seconds)).await;
                }
            }
            outcome
        })
    }
}

impl fmt::Debug for RedisRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRateLimiter").field("interval_us", &self.0.interval).finish_non_exhaustive()
    }
}
