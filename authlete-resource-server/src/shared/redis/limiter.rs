//! A rate limit that instances share: the generic cell rate algorithm (GCRA) in one script.

use std::fmt;
use std::sync::{Arc, Mutex};
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
/// Calls are spread evenly; a tenth of a second's worth may come at once. A 429 of Authlete's stops all instances for the
/// time that it names. When Redis is away, every instance keeps to its [`fallback`](Self::fallback).
///
/// It is a layer for the client of the service:
///
/// ```no_run
/// # fn example(store: authlete_resource_server::shared::redis::RedisStore) -> Result<(), authlete_api::Error> {
/// use authlete_api::{Authlete, Region};
///
/// let service = Authlete::builder()
///     .region(Region::Eu)
///     .service_token(986126671, "token")
///     .transport_layer(store.rate_limiter(90).fallback(20))
///     .build_service()?;
/// # Ok(())
/// # }
/// ```
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
    /// When this instance's next call is on schedule, while Redis is away.
    next: Mutex<Instant>,
}

impl RedisRateLimiter {
    pub(super) fn new(manager: ConnectionManager, key: String, per_second: u32) -> Self {
        let interval = 1_000_000 / u64::from(per_second.max(1));
        let fallback = Duration::from_micros(interval);
        Self(Arc::new(Inner { manager, key, interval, burst: 100_000, fallback, next: Mutex::new(Instant::now()) }))
    }

    /// How many calls a second this instance makes while Redis is away: by default the whole limit, so set it to the limit
    /// divided by the number of instances.
    #[must_use]
    pub fn fallback(self, per_second: u32) -> Self {
        let Inner { manager, key, interval, burst, .. } = &*self.0;
        let fallback = Duration::from_secs(1) / per_second.max(1);
        let (manager, key, next) = (manager.clone(), key.clone(), Mutex::new(Instant::now()));
        Self(Arc::new(Inner { manager, key, interval: *interval, burst: *burst, fallback, next }))
    }

    /// Waits for a place in the queue of all instances; while Redis is away, of this one.
    async fn wait(&self) {
        loop {
            match self.acquire().await {
                Ok(None) => return,
                Ok(Some(wait)) => sleep(wait).await,
                Err(_) => {
                    let turn = {
                        let mut next = self.0.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        let turn = (*next).max(Instant::now());
                        *next = turn + self.0.fallback;
                        turn
                    };
                    return sleep_until(turn).await;
                }
            }
        }
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
