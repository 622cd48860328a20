//! The call that follows another: its request, and what the first call said for the answer.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::{Carried, Outcome};
use crate::transport::BoxFuture;
use crate::{Call, Client, Error, Reply, Service, TransportErrorKind};

/// A request that can follow another call.
pub trait Follow {
    /// What the call answers.
    type Outcome: Outcome;

    /// Makes the call.
    fn call<'a>(&self, client: &'a Client, service_id: &str) -> Call<'a, <Self::Outcome as Outcome>::Response>;
}

/// The call that follows another. It dereferences to its request, so that optional fields can be set; it cannot be
/// cloned, as what it holds can be used once.
#[must_use = "nothing happens until it is sent"]
pub struct Linked<Q> {
    request: Q,
    carried: Carried,
}

impl<Q> Linked<Q> {
    pub(crate) fn new(request: Q, carried: Carried) -> Self {
        Self { request, carried }
    }
}

impl<Q: Follow> Linked<Q> {
    /// Makes the call, and reads what it answers.
    ///
    /// # Errors
    /// What went wrong, with this step when the call surely did not arrive.
    pub fn send(self, service: &Service) -> BoxFuture<'_, Result<Q::Outcome, Unsent<Q>>>
    where
        Q: Send + 'static,
        <Q::Outcome as Outcome>::Response: 'static,
    {
        let call = self.request.call(service.client(), service.id().as_str());
        Box::pin(async move {
            match call.await {
                Ok(response) => Ok(self.finish(response.into_inner())),
                Err(error) => Err(Unsent::new(error, self)),
            }
        })
    }

    /// Reads the response to a call that was made with this request by other means.
    pub fn finish(self, response: <Q::Outcome as Outcome>::Response) -> Q::Outcome {
        Q::Outcome::read(Box::new(response), self.carried)
    }
}

impl<Q> Deref for Linked<Q> {
    type Target = Q;

    fn deref(&self) -> &Q {
        &self.request
    }
}

impl<Q> DerefMut for Linked<Q> {
    fn deref_mut(&mut self) -> &mut Q {
        &mut self.request
    }
}

impl<Q: fmt::Debug> fmt::Debug for Linked<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Linked").field(&self.request).finish()
    }
}

/// A step that could not be made.
pub struct Unsent<Q> {
    /// What went wrong.
    pub error: Box<Error>,
    /// The step, when the call surely did not arrive and can be made again.
    pub step: Option<Box<Linked<Q>>>,
}

impl<Q> Unsent<Q> {
    fn new(error: Error, step: Linked<Q>) -> Self {
        let again = match &error {
            Error::Transport(error) => matches!(
                error.kind(),
                TransportErrorKind::Connect
                    | TransportErrorKind::Tls
                    | TransportErrorKind::Credentials
                    | TransportErrorKind::CircuitOpen
            ),
            Error::Configuration(_) | Error::Request(_) | Error::RateLimited(_) => true,
            Error::Api(_) | Error::Decode(_) => false,
        };
        Self { error: Box::new(error), step: again.then(|| Box::new(step)) }
    }
}

impl<Q> fmt::Debug for Unsent<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsent").field("error", &self.error).field("step", &self.step.is_some()).finish()
    }
}

impl<Q> fmt::Display for Unsent<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<Q> std::error::Error for Unsent<Q> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.error)
    }
}

impl<Q> From<Unsent<Q>> for Reply {
    fn from(unsent: Unsent<Q>) -> Self {
        (*unsent.error).into()
    }
}

impl<Q> From<Unsent<Q>> for Error {
    fn from(unsent: Unsent<Q>) -> Self {
        *unsent.error
    }
}
