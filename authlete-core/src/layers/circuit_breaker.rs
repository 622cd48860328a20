//! Not calling, for a while, what keeps failing.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::Sent;
use crate::error::failure::Failure;
use crate::error::{TransportError, TransportErrorKind};
use crate::operation::Operation;
use crate::transport::{BoxFuture, Transport};

/// When an operation is not called any more, and for how long.
///
/// After so many failures within a time, calls of that operation fail at once with
/// [`TransportErrorKind::CircuitOpen`]. When the pause is over one call is let through: if it succeeds so do the others,
/// if not the pause begins again. Failures are those that may pass; what Authlete refuses for good, such as HTTP 400, shows
/// that it works.
///
/// ```
/// # fn main() -> Result<(), authlete_api::Error> {
/// use authlete_api::{Authlete, Region, layers::CircuitBreaker};
///
/// let breaker = CircuitBreaker::default().failures(10);
/// let authlete =
///     Authlete::builder().region(Region::Eu).organization_token("token").circuit_breaker(breaker).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircuitBreaker {
    failures: usize,
    within: Duration,
    cool_down: Duration,
}

impl Default for CircuitBreaker {
    /// Five failures within 30 s make a pause of 60 s.
    fn default() -> Self {
        Self { failures: 5, within: Duration::from_secs(30), cool_down: Duration::from_secs(60) }
    }
}

impl CircuitBreaker {
    /// How many failures make a pause; at least one.
    #[must_use]
    pub fn failures(mut self, failures: usize) -> Self {
        self.failures = failures.max(1);
        self
    }

    /// The time within which the failures count.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// How long the pause is.
    #[must_use]
    pub fn cool_down(mut self, time: Duration) -> Self {
        self.cool_down = time;
        self
    }
}

/// Fails at once as its [`CircuitBreaker`] says, around another transport.
#[derive(Debug)]
pub struct CircuitBreakerLayer<T> {
    inner: T,
    breaker: CircuitBreaker,
    /// By the operation's name. Only operations that failed are in it.
    circuits: Mutex<HashMap<&'static str, Circuit>>,
}

#[derive(Debug)]
enum Circuit {
    /// Calls pass; these are the failures so far.
    Closed(VecDeque<Instant>),
    /// Calls fail, since then.
    Open(Instant),
    /// One call is under way; the others fail.
    HalfOpen,
}

impl<T: Transport> CircuitBreakerLayer<T> {
    /// Puts the breaker around a transport.
    pub fn new(inner: T, breaker: CircuitBreaker) -> Self {
        Self { inner, breaker, circuits: Mutex::default() }
    }

    async fn run(&self, request: http::Request<Bytes>, operation: &'static Operation) -> Sent {
        let trial = self.enter(operation)?;
        let outcome = self.inner.send(request, operation).await;
        let failed = match &outcome {
            Ok(answer) => {
                let failure = Failure::of_status(answer.status());
                answer.status().is_server_error() || failure.is_some_and(|failure| failure != Failure::Lasting)
            }
            Err(_) => true,
        };
        match trial {
            Some(trial) => trial.finish(failed),
            None if failed => self.count(operation),
            None => {}
        }
        outcome
    }

    fn circuits(&self) -> MutexGuard<'_, HashMap<&'static str, Circuit>> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a call pass or not; the first one after a pause is a trial.
    fn enter(&self, operation: &'static Operation) -> Result<Option<Trial<'_, T>>, TransportError> {
        let refuse = |wait| {
            let error = TransportError::new(TransportErrorKind::CircuitOpen, "the circuit breaker is open");
            Err(error.with_retry_after(wait))
        };
        match self.circuits().get_mut(operation.name) {
            None | Some(Circuit::Closed(_)) => Ok(None),
            Some(Circuit::HalfOpen) => refuse(Duration::from_secs(1)),
            Some(circuit @ Circuit::Open(_)) => {
                if let Circuit::Open(since) = circuit
                    && let Some(rest) = self.breaker.cool_down.checked_sub(since.elapsed())
                    && !rest.is_zero()
                {
                    return refuse(rest);
                }
                *circuit = Circuit::HalfOpen;
                Ok(Some(Trial { layer: self, operation, done: false }))
            }
        }
    }

    /// Counts a failure of a call that was no trial.
    fn count(&self, operation: &'static Operation) {
        let now = Instant::now();
        let mut circuits = self.circuits();
        let circuit = circuits.entry(operation.name).or_insert_with(|| Circuit::Closed(VecDeque::new()));
        // A call that began before the pause and ends within it says nothing new.
        let Circuit::Closed(failures) = circuit else { return };
        failures.retain(|at| now.saturating_duration_since(*at) < self.breaker.within);
        failures.push_back(now);
        if failures.len() >= self.breaker.failures {
            *circuit = Circuit::Open(now);
        }
    }

    fn set(&self, operation: &'static Operation, circuit: Circuit) {
        self.circuits().insert(operation.name, circuit);
    }
}

/// A call that decides whether the pause is over. One that is dropped leaves the decision to the next.
struct Trial<'a, T: Transport> {
    layer: &'a CircuitBreakerLayer<T>,
    operation: &'static Operation,
    done: bool,
}

impl<T: Transport> Trial<'_, T> {
    fn finish(mut self, failed: bool) {
        self.done = true;
        let circuit = if failed { Circuit::Open(Instant::now()) } else { Circuit::Closed(VecDeque::new()) };
        self.layer.set(self.operation, circuit);
    }
}

impl<T: Transport> Drop for Trial<'_, T> {
    fn drop(&mut self) {
        if !self.done {
            let now = Instant::now();
            let over = now.checked_sub(self.layer.breaker.cool_down).unwrap_or(now);
            self.layer.set(self.operation, Circuit::Open(over));
        }
    }
}

impl<T: Transport> Transport for CircuitBreakerLayer<T> {
    fn send<'a>(&'a self, request: http::Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
        Box::pin(self.run(request, operation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::{INFO, SERVICE_GET};
    use crate::test::{Script, Step, request};
    use tokio::time::{advance, timeout};

    const SECOND: Duration = Duration::from_secs(1);

    fn guarded(step: Step) -> CircuitBreakerLayer<Script> {
        CircuitBreakerLayer::new(Script::new(&[step]), CircuitBreaker::default())
    }

    async fn call(layer: &CircuitBreakerLayer<Script>) -> Option<TransportErrorKind> {
        layer.send(request(), &SERVICE_GET).await.err().map(|error| error.kind())
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_tries_and_closes() {
        let layer = guarded(Step::status(500));
        for _ in 0..5 {
            assert_eq!(call(&layer).await, None);
        }
        let error = layer.send(request(), &SERVICE_GET).await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (TransportErrorKind::CircuitOpen, Some(60 * SECOND)));
        assert!(layer.send(request(), &INFO).await.is_ok(), "another operation");
        advance(60 * SECOND).await;
        assert_eq!(call(&layer).await, None, "the trial");
        assert_eq!(call(&layer).await, Some(TransportErrorKind::CircuitOpen));
        advance(60 * SECOND).await;
        layer.inner.set(Step::status(200));
        for _ in 0..3 {
            assert_eq!(call(&layer).await, None);
        }
        assert_eq!(layer.inner.calls(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_and_old_failures_do_not_count() {
        let layer = guarded(Step::status(400));
        for _ in 0..10 {
            assert_eq!(call(&layer).await, None);
        }
        layer.inner.set(Step::Fail(TransportErrorKind::Connect));
        for _ in 0..10 {
            assert_eq!(call(&layer).await, Some(TransportErrorKind::Connect));
            advance(8 * SECOND).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_trial_at_a_time_and_a_dropped_one_leaves_room() {
        let layer = guarded(Step::status(500));
        for _ in 0..5 {
            call(&layer).await;
        }
        advance(60 * SECOND).await;
        layer.inner.set(Step::Hang);
        {
            let trial = timeout(SECOND, call(&layer));
            let second = async {
                tokio::task::yield_now().await;
                call(&layer).await
            };
            let (trial, second) = tokio::join!(trial, second);
            assert!(trial.is_err());
            assert_eq!(second, Some(TransportErrorKind::CircuitOpen));
        }
        layer.inner.set(Step::status(200));
        assert_eq!(call(&layer).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_and_what_the_server_cannot_do_count() {
        for status in [429, 501] {
            let layer = guarded(Step::status(status));
            for _ in 0..5 {
                assert_eq!(call(&layer).await, None, "{status}");
            }
            assert_eq!(call(&layer).await, Some(TransportErrorKind::CircuitOpen), "{status}");
        }
        // The last failure ends a time that the first is just outside of.
        let policy = CircuitBreaker::default().failures(2).within(10 * SECOND);
        let layer = CircuitBreakerLayer::new(Script::new(&[Step::status(500)]), policy);
        for _ in 0..3 {
            assert_eq!(call(&layer).await, None);
            advance(10 * SECOND).await;
        }
    }

    #[test]
    fn a_setting_leaves_the_others() {
        let breaker = CircuitBreaker::default().failures(2).within(SECOND).cool_down(3 * SECOND);
        assert_eq!((breaker.failures, breaker.within, breaker.cool_down), (2, SECOND, 3 * SECOND));
        let breaker = CircuitBreaker::default().cool_down(SECOND).within(3 * SECOND).failures(0);
        assert_eq!((breaker.failures, breaker.within, breaker.cool_down), (1, 3 * SECOND, SECOND));
    }
}
