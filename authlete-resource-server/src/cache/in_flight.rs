//! One call for many that ask the same at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authlete_api::{TransportError, TransportErrorKind};
use bytes::Bytes;
use tokio::sync::watch;

use super::Sent;
use super::store::IntrospectionKey;

type Landing = watch::Receiver<Option<Landed>>;

/// The calls under way.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<IntrospectionKey, Landing>>);

/// What somebody who asks has to do.
pub(super) enum Boarding<'a> {
    /// Make the call.
    Lead(Flight<'a>),
    /// Wait for the one who makes it.
    Wait(Waiting),
}

impl Flights {
    pub(super) fn board(&self, key: &IntrospectionKey) -> Boarding<'_> {
        let mut flights = self.lock();
        if let Some(landing) = flights.get(key) {
            return Boarding::Wait(Waiting(landing.clone()));
        }
        let (landed, landing) = watch::channel(None);
        flights.insert(key.clone(), landing.clone());
        Boarding::Lead(Flight { flights: self, key: key.clone(), landed, landing })
    }

    /// Nobody joins what is under way now any more.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IntrospectionKey, Landing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call under way. When it is dropped before it landed, one of those who wait makes the call.
pub(super) struct Flight<'a> {
    flights: &'a Flights,
    key: IntrospectionKey,
    landed: watch::Sender<Option<Landed>>,
    landing: Landing,
}

impl Flight<'_> {
    pub(super) fn land(self, outcome: &Sent) {
        self.landed.send_replace(Some(Landed::of(outcome)));
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        if flights.get(&self.key).is_some_and(|landing| landing.same_channel(&self.landing)) {
            flights.remove(&self.key);
        }
    }
}

/// Waits for another one's call.
pub(super) struct Waiting(Landing);

impl Waiting {
    /// What it brought; nothing when it was dropped.
    pub(super) async fn landed(mut self) -> Option<Sent> {
        let landed = self.0.wait_for(Option::is_some).await.ok()?;
        landed.as_ref().map(Landed::outcome)
    }
}

/// An outcome for many.
enum Landed {
    Answer(http::Response<Bytes>),
    Failure(Failure),
}

struct Failure {
    kind: TransportErrorKind,
    text: Arc<str>,
    retry_after: Option<Duration>,
}

impl Landed {
    fn of(outcome: &Sent) -> Self {
        match outcome {
            Ok(answer) => Self::Answer(answer.clone()),
            Err(error) => {
                let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
                let (kind, retry_after) = (error.kind(), error.retry_after());
                Self::Failure(Failure { kind, text: Arc::from(cause), retry_after })
            }
        }
    }

    fn outcome(&self) -> Sent {
        match self {
            Self::Answer(answer) => Ok(answer.clone()),
            Self::Failure(failure) => {
                let error = TransportError::new(failure.kind, String::from(&*failure.text));
                Err(match failure.retry_after {
                    Some(wait) => error.with_retry_after(wait),
                    None => error,
                })
            }
        }
    }
}
