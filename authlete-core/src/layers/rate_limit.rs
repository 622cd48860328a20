//! Making calls wait for their turn, so that the server need not refuse them.

use std::fmt;
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, sleep_until};

use super::Sent;
use crate::error::RateLimit;
use crate::operation::Operation;
use crate::transport::{BoxFuture, Transport};

/// Lets so many calls a second pass, and makes the others wait, in the order in which they came.
///
/// When Authlete refuses a call all the same (HTTP 429), none passes until the time that the response gives, or for a second
/// where it gives none, and for a minute at most.
///
/// Authlete counts per access token. Clones share their count, so give clones of one limiter to all clients that have the
/// same token.
///
/// ```
/// # fn main() -> Result<(), authlete_api::Error> {
/// use authlete_api::{Authlete, Region, layers::RateLimiter};
///
/// let limiter = RateLimiter::default();
/// let authlete = Authlete::builder().region(Region::Eu).organization_token("token").rate_limit(limiter).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RateLimiter {
    per_second: u32,
    burst: u32,
    /// Whoever waits for a turn holds the lock: the lock's queue is ours, and one that goes away took nothing.
    bucket: Arc<Mutex<Bucket>>,
    /// Until when the server wants no calls. Apart from the bucket, since a response must not queue for its lock.
    closed: Arc<Lock<Option<Instant>>>,
}

/// How long nothing passes when the server does not say.
const PAUSE: Duration = Duration::from_secs(1);
/// How long nothing passes at most, whatever the server says.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Turns that can be taken at once, and when that was.
struct Bucket {
    turns: f64,
    at: Instant,
}

impl Default for RateLimiter {
    /// What Authlete's shared cloud allows: 100 calls a second, and 200 at once after a pause.
    fn default() -> Self {
        Self::new(100, 200)
    }
}

impl RateLimiter {
    /// Lets `per_second` calls pass each second, and up to `burst` at once after a pause; at least one of each.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let (per_second, burst) = (per_second.max(1), burst.max(1));
        let bucket = Bucket { turns: f64::from(burst), at: Instant::now() };
        Self { per_second, burst, bucket: Arc::new(Mutex::new(bucket)), closed: Arc::default() }
    }

    /// Waits for a turn.
    pub async fn turn(&self) {
        let mut bucket = self.bucket.lock().await;
        while let Some(end) = self.closed().filter(|end| *end > Instant::now()) {
            sleep_until(end).await;
        }
        self.refill(&mut bucket);
        while bucket.turns < 1.0 {
            let missing = (1.0 - bucket.turns) / f64::from(self.per_second);
            sleep(Duration::from_secs_f64(missing).max(Duration::from_millis(1))).await;
            self.refill(&mut bucket);
        }
        bucket.turns -= 1.0;
    }

    /// Lets nothing pass for some time, as after a response with status 429.
    pub fn pause(&self, time: Duration) {
        let end = Instant::now() + time.min(LONGEST_PAUSE);
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        *closed = Some(closed.map_or(end, |known| known.max(end)));
    }

    fn closed(&self) -> Option<Instant> {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refill(&self, bucket: &mut Bucket) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.turns = (bucket.turns + passed * f64::from(self.per_second)).min(f64::from(self.burst));
        bucket.at = now;
    }
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter")
            .field("per_second", &self.per_second)
            .field("burst", &self.burst)
            .finish_non_exhaustive()
    }
}

/// Makes calls wait as its [`RateLimiter`] says, around another transport.
#[derive(Debug)]
pub struct RateLimitLayer<T> {
    inner: T,
    limiter: RateLimiter,
}

impl<T: Transport> RateLimitLayer<T> {
    /// Puts the limiter around a transport.
    pub fn new(inner: T, limiter: RateLimiter) -> Self {
        Self { inner, limiter }
    }
}

impl<T: Transport> Transport for RateLimitLayer<T> {
    fn send<'a>(&'a self, request: http::Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
        Box::pin(async move {
            self.limiter.turn().await;
            let outcome = self.inner.send(request, operation).await;
            if let Ok(answer) = &outcome
                && answer.status() == http::StatusCode::TOO_MANY_REQUESTS
            {
                self.limiter.pause(RateLimit::from_headers(answer.headers()).wait().unwrap_or(PAUSE));
            }
            outcome
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::INFO;
    use crate::test::{Script, Step, request};
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn bursts_pass_and_the_rest_waits() {
        let limiter = RateLimiter::new(10, 5);
        let layers = [(); 2].map(|()| RateLimitLayer::new(Script::new(&[Step::status(200)]), limiter.clone()));
        let start = Instant::now();
        for call in 0..25 {
            layers[call % 2].send(request(), &INFO).await.unwrap();
        }
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(1990) && took < Duration::from_millis(2200), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_away_takes_no_turn() {
        let limiter = RateLimiter::new(1, 1);
        limiter.turn().await;
        let start = Instant::now();
        for _ in 0..10 {
            assert!(timeout(Duration::from_millis(50), limiter.turn()).await.is_err());
        }
        limiter.turn().await;
        assert!(start.elapsed() < Duration::from_millis(1100), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn all_wait_after_a_refusal() {
        let limiter = RateLimiter::default();
        let refused = Step::status(429);
        for (refusal, seconds) in [
            (refused.clone().header("x-ratelimit-reset", "7"), 7),
            (refused.clone(), 1),
            (refused.header("retry-after", "1000"), 60),
        ] {
            let start = Instant::now();
            let answer = RateLimitLayer::new(Script::new(&[refusal]), limiter.clone()).send(request(), &INFO).await;
            assert_eq!(answer.unwrap().status(), 429);
            assert_eq!(start.elapsed(), Duration::ZERO);
            RateLimitLayer::new(Script::new(&[Step::status(200)]), limiter.clone())
                .send(request(), &INFO)
                .await
                .unwrap();
            let took = start.elapsed();
            assert!(took >= Duration::from_secs(seconds) && took < Duration::from_secs(seconds + 1), "{took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_allowed_is_one() {
        let limiter = RateLimiter::new(0, 0);
        for _ in 0..3 {
            limiter.turn().await;
        }
    }
}
