//! Trying again, where that does no harm, and limiting the time of the whole call.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::Outcome;
use crate::repeat::Failure;
use crate::transport::BoxFuture;
use crate::{Operation, RateLimit, Transport, TransportError, TransportErrorKind};

/// How often and after what time a call is tried again.
///
/// What is tried again follows from the operation ([`Operation::retry`]) and the failure: no connection, no complete
/// answer, HTTP 408, 429, 500, 502, 503 and 504. Waits are chosen at random between nothing and a limit that doubles
/// with every try; when the server says how long to wait, it is obeyed. A wait that would not end within the time of the
/// call is not begun: the failure is returned at once.
///
/// ```
/// # fn main() -> Result<(), authlete_api::Error> {
/// use authlete_api::{Client, Region, layers::RetryPolicy};
/// use std::time::Duration;
///
/// let policy = RetryPolicy::default().tries(2).longest_wait(Duration::from_secs(1));
/// let client = Client::builder().region(Region::Eu).token("token").retry(policy).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    tries: u32,
    first_wait: Duration,
    longest_wait: Duration,
}

impl Default for RetryPolicy {
    /// Four tries; at most 0.5 s before the second, twice that before each that follows, never more than 10 s.
    fn default() -> Self {
        Self { tries: 4, first_wait: Duration::from_millis(500), longest_wait: Duration::from_secs(10) }
    }
}

impl RetryPolicy {
    /// Every call is made once.
    pub fn off() -> Self {
        Self::default().tries(1)
    }

    /// How often a call is made at most, the first time included.
    #[must_use]
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// The longest wait before the second try.
    #[must_use]
    pub fn first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// The longest wait of our own choice. The server's may be longer.
    #[must_use]
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// How long to wait after the given number of tries.
    fn wait(&self, tries: u32, hint: Option<Duration>) -> Duration {
        // Those that were told the same time do not all come back at once.
        let (least, spread) = match hint {
            Some(hint) => (hint, self.first_wait),
            None => (Duration::ZERO, self.first_wait.saturating_mul(2_u32.saturating_pow(tries - 1))),
        };
        least.saturating_add(spread.min(self.longest_wait).mul_f64(fastrand::f64()))
    }
}

/// Tries again as its [`RetryPolicy`] says, around another transport.
#[derive(Debug)]
pub struct Retrying<T> {
    inner: T,
    policy: RetryPolicy,
    total: Duration,
}

impl<T: Transport> Retrying<T> {
    /// Calls take no longer than `total`, with all tries and waits, unless a call has a timeout of its own.
    pub fn new(inner: T, policy: RetryPolicy, total: Duration) -> Self {
        Self { inner, policy, total }
    }

    async fn run(&self, mut request: reqwest::Request, operation: &'static Operation) -> Outcome {
        let total = request.timeout().copied().unwrap_or(self.total);
        let Some(deadline) = Instant::now().checked_add(total) else {
            return self.inner.send(request, operation).await; // longer than time can be told
        };
        let mut tries = 1;
        loop {
            let spare = if tries < self.policy.tries { request.try_clone() } else { None };
            let Ok(outcome) = timeout_at(deadline, self.inner.send(request, operation)).await else {
                return Err(TransportError::new(TransportErrorKind::Timeout, "the call took longer than it may"));
            };
            let Some(next) = spare else { return outcome };
            let Some(hint) = may_try_again(&outcome, operation) else { return outcome };
            let wait = self.policy.wait(tries, hint);
            if Instant::now().checked_add(wait).is_none_or(|end| end >= deadline) {
                return outcome;
            }
            #[cfg(feature = "tracing")]
            super::trace::trying_again(&outcome, tries, wait);
            sleep(wait).await;
            tries += 1;
            request = next;
        }
    }
}

impl<T: Transport> Transport for Retrying<T> {
    fn send<'a>(&'a self, request: reqwest::Request, operation: &'static Operation) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(request, operation))
    }
}

/// Whether to call the operation again after what happened, and how long the server wants us to wait.
fn may_try_again(outcome: &Outcome, operation: &Operation) -> Option<Option<Duration>> {
    let (failure, hint) = match outcome {
        Ok(answer) => {
            let failure = Failure::of_answer(answer.status(), answer.headers())?;
            let hint = RateLimit::from_headers(answer.headers());
            let limited = answer.status() == http::StatusCode::TOO_MANY_REQUESTS;
            (failure, if limited { hint.wait() } else { hint.retry_after })
        }
        // The breaker is there to fail at once.
        Err(error) if error.kind() == TransportErrorKind::CircuitOpen => return None,
        Err(error) => (Failure::of_transport(error.kind()), error.retry_after()),
    };
    failure.allows(operation).then_some(hint)
}

#[cfg(test)]
mod tests {
    use super::super::script::{Script, Step, request};
    use super::*;
    use crate::operations::{AUTH_TOKEN, SERVICE_GET};

    const TOTAL: Duration = Duration::from_secs(60);

    async fn run(operation: &'static Operation, steps: &[Step]) -> (Outcome, usize, Duration) {
        let layer = Retrying::new(Script::new(steps), RetryPolicy::default(), TOTAL);
        let start = Instant::now();
        let outcome = layer.send(request(), operation).await;
        (outcome, layer.inner.calls(), start.elapsed())
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
            (Step::status(503).header("retry-after", "1"), 2),
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
        let layer = Retrying::new(Script::new(&[Step::status(500)]), RetryPolicy::off(), TOTAL);
        assert!(layer.send(request(), &SERVICE_GET).await.is_ok());
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
        let layer = Retrying::new(Script::new(&[Step::Hang]), RetryPolicy::default(), TOTAL);
        let start = Instant::now();
        let error = layer.send(request(), &SERVICE_GET).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed()), (TransportErrorKind::Timeout, TOTAL));
        let mut short = request();
        *short.timeout_mut() = Some(Duration::from_secs(3));
        assert!(layer.send(short, &SERVICE_GET).await.is_err());
        assert_eq!(start.elapsed(), TOTAL + Duration::from_secs(3));
    }

    #[test]
    fn waits_grow_up_to_a_limit() {
        let policy = RetryPolicy::default();
        for tries in 1..100 {
            let limit = Duration::from_millis(500 << (tries - 1).min(20)).min(Duration::from_secs(10));
            assert!(policy.wait(tries, None) <= limit);
        }
        let endless = policy.first_wait(Duration::MAX).longest_wait(Duration::MAX);
        assert!(endless.wait(u32::MAX, Some(Duration::MAX)) == Duration::MAX);
    }
}
