//! Trying again, where that does no harm, and limiting the time of the whole call.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout_at};

use super::Sent;
use crate::error::failure::Failure;
use crate::error::{RateLimit, TransportError, TransportErrorKind};
use crate::operation::{Idempotency, Operation};
use crate::transport::Deadline;
use crate::transport::{BoxFuture, Transport};

/// How often and after what time a call is tried again.
///
/// What is tried again follows from the operation ([`Operation::idempotency`]) and the failure: no connection, no complete
/// answer, HTTP 408, 429, 500, 502, 503 and 504. Waits are chosen at random between nothing and a limit that doubles
/// with every attempt; when the server says how long to wait, it is obeyed. A wait that would not end within the time of the
/// call is not begun: the failure is returned at once.
///
/// ```
/// # fn main() -> Result<(), authlete_api::Error> {
/// use authlete_api::{Authlete, Region, layers::RetryPolicy};
/// use std::time::Duration;
///
/// let policy = RetryPolicy::default().max_attempts(2).max_backoff(Duration::from_secs(1));
/// let authlete = Authlete::builder().region(Region::Eu).organization_token("token").retry(policy).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
}

impl Default for RetryPolicy {
    /// Four tries; at most 0.5 s before the second, twice that before each that follows, never more than 10 s.
    fn default() -> Self {
        Self { max_attempts: 4, initial_backoff: Duration::from_millis(500), max_backoff: Duration::from_secs(10) }
    }
}

impl RetryPolicy {
    /// Every call is made once.
    pub fn off() -> Self {
        Self::default().max_attempts(1)
    }

    /// How often a call is made at most, the first time included.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The longest wait before the second try.
    #[must_use]
    pub fn initial_backoff(mut self, wait: Duration) -> Self {
        self.initial_backoff = wait;
        self
    }

    /// The longest wait of our own choice. The server's may be longer.
    #[must_use]
    pub fn max_backoff(mut self, wait: Duration) -> Self {
        self.max_backoff = wait;
        self
    }

    /// How long to wait after the given number of attempts.
    fn wait(&self, attempts: u32, hint: Option<Duration>) -> Duration {
        // Those that were told the same time do not all come back at once.
        let (least, spread) = match hint {
            Some(hint) => (hint, self.initial_backoff),
            None => (Duration::ZERO, self.initial_backoff.saturating_mul(2_u32.saturating_pow(attempts - 1))),
        };
        least.saturating_add(spread.min(self.max_backoff).mul_f64(fastrand::f64()))
    }
}

/// Sends requests again as its [`RetryPolicy`] says, around another transport. It stops in time for the request's
/// [`Deadline`], where it has one.
#[derive(Debug)]
pub struct RetryLayer<T> {
    inner: T,
    policy: RetryPolicy,
    has_timer: bool,
}

impl<T: Transport> RetryLayer<T> {
    /// Puts the policy around a transport.
    pub fn new(inner: T, policy: RetryPolicy) -> Self {
        Self { inner, policy, has_timer: true }
    }

    /// Leaves it to the call to give up an attempt at the deadline. It does so in any case; layers between would miss an error.
    pub(crate) fn without_timer(mut self) -> Self {
        self.has_timer = false;
        self
    }

    /// Across an attempt this holds one copy of the request: its future is on the heap for every call.
    async fn run(&self, mut request: http::Request<Bytes>, operation: &'static Operation) -> Sent {
        let idempotency = request.extensions().get().copied().unwrap_or(operation.idempotency);
        let deadline = request.extensions().get::<Deadline>().map(|deadline| deadline.instant());
        let mut attempts = 1;
        loop {
            let is_last = attempts >= self.policy.max_attempts;
            let attempt = if is_last { std::mem::take(&mut request) } else { request.clone() };
            let attempt = self.inner.send(attempt, operation);
            let sent = match deadline.filter(|_| self.has_timer) {
                None => attempt.await,
                Some(deadline) => timeout_at(deadline, attempt).await.unwrap_or_else(|_| {
                    Err(TransportError::new(TransportErrorKind::Timeout, "the call took longer than its timeout"))
                }),
            };
            if is_last {
                return sent;
            }
            let Some(hint) = may_be_sent_again(&sent, idempotency) else { return sent };
            let wait = self.policy.wait(attempts, hint);
            let end = Instant::now().checked_add(wait);
            if end.is_none() || deadline.is_some_and(|deadline| end.is_none_or(|end| end >= deadline)) {
                return sent;
            }
            #[cfg(feature = "tracing")]
            super::trace::sending_again(&sent, attempts, wait);
            drop(sent);
            sleep(wait).await;
            attempts += 1;
        }
    }
}

impl<T: Transport> Transport for RetryLayer<T> {
    fn send<'a>(&'a self, request: http::Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
        Box::pin(self.run(request, operation))
    }
}

/// Whether to call the operation again after what happened, and how long the server wants us to wait.
fn may_be_sent_again(sent: &Sent, idempotency: Idempotency) -> Option<Option<Duration>> {
    let (failure, hint) = match sent {
        Ok(answer) => {
            let failure = Failure::of_status(answer.status())?;
            let hint = RateLimit::from_headers(answer.headers());
            let limited = answer.status() == http::StatusCode::TOO_MANY_REQUESTS;
            (failure, if limited { hint.wait() } else { hint.retry_after })
        }
        // The breaker is there to fail at once.
        Err(error) if error.kind() == TransportErrorKind::CircuitOpen => return None,
        Err(error) => (Failure::of_transport(error.kind()), error.retry_after()),
    };
    failure.allows(idempotency).then_some(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::{AUTH_TOKEN, SERVICE_GET};
    use crate::test::{Script, Step};

    const TOTAL: Duration = Duration::from_secs(60);

    fn within(time: Duration) -> http::Request<Bytes> {
        let mut request = crate::test::request();
        request.extensions_mut().insert(Deadline::at(Instant::now() + time));
        request
    }

    async fn run(operation: &'static Operation, steps: &[Step]) -> (Sent, usize, Duration) {
        let layer = RetryLayer::new(Script::new(steps), RetryPolicy::default());
        let start = Instant::now();
        let outcome = layer.send(within(TOTAL), operation).await;
        (outcome, layer.inner.calls(), start.elapsed())
    }

    #[test]
    fn a_call_in_progress_is_small() {
        let layer = RetryLayer::new(Script::new(&[]), RetryPolicy::default());
        let size = size_of_val(&layer.run(crate::test::request(), &SERVICE_GET));
        // Allocators keep blocks up to this size at hand; larger ones cost as much as a tenth of a call.
        assert!(size <= 1024, "{size} bytes");
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_nothing_is_tried_again() {
        use TransportErrorKind::{Connect, Interrupted, Timeout};
        for step in
            [Step::Fail(Connect), Step::Fail(Timeout), Step::Fail(Interrupted), Step::status(500), Step::status(502)]
        {
            let (outcome, calls, took) = run(&SERVICE_GET, &[step.clone(), step, Step::status(200)]).await;
            assert_eq!((outcome.unwrap().status().as_u16(), calls), (200, 3));
            assert!(took < Duration::from_secs(2), "{took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_something_is_tried_again_only_if_unsent() {
        use TransportErrorKind::{Connect, Interrupted, Timeout};
        for (step, expected) in [
            (Step::Fail(Connect), 2),
            (Step::status(429), 2),
            (Step::status(503).header("retry-after", "1"), 1),
            (Step::Fail(Timeout), 1),
            (Step::Fail(Interrupted), 1),
            (Step::status(500), 1),
            (Step::status(503), 1),
        ] {
            let (_, calls, _) = run(&AUTH_TOKEN, &[step.clone(), Step::status(200)]).await;
            assert_eq!(calls, expected, "{step:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn lasting_failures_and_open_circuits_are_returned_at_once() {
        for step in
            [Step::status(400), Step::status(404), Step::status(302), Step::Fail(TransportErrorKind::CircuitOpen)]
        {
            let (_, calls, took) = run(&SERVICE_GET, &[step, Step::status(200)]).await;
            assert_eq!((calls, took), (1, Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn tries_end() {
        let (outcome, calls, _) = run(&SERVICE_GET, &[Step::status(500)]).await;
        assert_eq!((outcome.unwrap().status().as_u16(), calls), (500, 4));
        let layer = RetryLayer::new(Script::new(&[Step::status(500)]), RetryPolicy::off());
        assert!(layer.send(within(TOTAL), &SERVICE_GET).await.is_ok());
        assert_eq!(layer.inner.calls(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_server_says_how_long_to_wait() {
        for name in ["retry-after", "ratelimit-reset", "x-ratelimit-reset"] {
            let (_, calls, took) = run(&AUTH_TOKEN, &[Step::status(429).header(name, "7"), Step::status(200)]).await;
            assert_eq!(calls, 2);
            assert!(took >= Duration::from_secs(7) && took < Duration::from_secs(8), "{took:?}");
        }
        for seconds in ["61", "999999999", "1e300"] {
            let steps = [Step::status(429).header("retry-after", seconds), Step::status(200)];
            let (outcome, calls, took) = run(&SERVICE_GET, &steps).await;
            if seconds != "1e300" {
                assert_eq!((outcome.unwrap().status().as_u16(), calls, took), (429, 1, Duration::ZERO));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_whole_call_has_a_limit() {
        let layer = RetryLayer::new(Script::new(&[Step::Hang]), RetryPolicy::default());
        let start = Instant::now();
        let error = layer.send(within(TOTAL), &SERVICE_GET).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed()), (TransportErrorKind::Timeout, TOTAL));
        assert!(layer.send(within(Duration::from_secs(3)), &SERVICE_GET).await.is_err());
        assert_eq!(start.elapsed(), TOTAL + Duration::from_secs(3));
    }

    #[test]
    fn waits_grow_up_to_a_limit() {
        let policy = RetryPolicy::default();
        for tries in 1..100 {
            let limit = Duration::from_millis(500 << (tries - 1).min(20)).min(Duration::from_secs(10));
            assert!(policy.wait(tries, None) <= limit);
        }
        let endless = policy.initial_backoff(Duration::MAX).max_backoff(Duration::MAX);
        assert!(endless.wait(u32::MAX, Some(Duration::MAX)) == Duration::MAX);
    }

    #[test]
    fn a_setting_leaves_the_others() {
        let wait = Duration::from_millis(3);
        let policy = RetryPolicy::default().max_attempts(7).initial_backoff(TOTAL).max_backoff(wait);
        assert_eq!((policy.max_attempts, policy.initial_backoff, policy.max_backoff), (7, TOTAL, wait));
        assert!((0..100).all(|_| policy.wait(6, None) <= wait));
    }
}
