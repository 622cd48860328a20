//! Keeping what introspection says of access tokens, for a moment.

mod in_flight;
mod question;
mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::CACHE_CONTROL;
use tokio::runtime::Handle;

use authlete_api::{
    BoxFuture, BoxTransport, Deadline, Operation, Transport, TransportError, TransportErrorKind, TransportLayer,
};
use bytes::Bytes;
use in_flight::{Boarding, Flights};
use store::Memory;

pub use store::{IntrospectionKey, IntrospectionStore, KeptIntrospection, StoreError};

/// For how long the answers of introspection are kept, and where.
///
/// A token that is revoked elsewhere is accepted until the time is over, so keep it short. These rules hold whatever is
/// set:
///
/// - An answer is never used after its token has expired.
/// - Answers to requests with a DPoP proof, with a signed HTTP message, or with anything else that belongs to one request
///   alone are never kept, nor are answers that carry a nonce; `max_age` too asks anew every time.
/// - A call through the same client that may end tokens drops all answers of the service: the revocation endpoint, what
///   deletes, revokes or changes tokens, authorizations, grants, sessions, clients or the service.
/// - What is kept is found by a hash of the whole request; the token itself is not kept.
/// - Many calls for the same token at the same time become one.
///
/// Only [`introspection().process`](authlete_api::groups::Introspection::process) is kept, not the answers of the introspection
/// endpoint. A kept answer has the header `Age`; a call with the header `Cache-Control: no-cache` asks anew.
///
/// ```
/// # fn main() -> Result<(), authlete_api::Error> {
/// use authlete_api::{Authlete, Region};
/// use authlete_resource_server::IntrospectionCache;
/// use std::time::Duration;
///
/// let cache = IntrospectionCache::default().ttl(Duration::from_secs(10));
/// let service = Authlete::builder()
///     .region(Region::Eu)
///     .service_token(986126671, "token")
///     .transport_layer(cache)
///     .build_service()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct IntrospectionCache {
    ttl: Duration,
    negative_ttl: Duration,
    max_capacity: u64,
    store: Option<Arc<dyn IntrospectionStore>>,
}

impl Default for IntrospectionCache {
    /// 30 s for tokens that are good, 5 s for those that are not; 10,000 answers in memory.
    fn default() -> Self {
        Self { ttl: Duration::from_secs(30), negative_ttl: Duration::from_secs(5), max_capacity: 10_000, store: None }
    }
}

impl IntrospectionCache {
    /// How long a response for a good token is kept at most; its expiry may end that earlier. Zero keeps none.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// How long a refusal is kept. Zero keeps none.
    pub fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.negative_ttl = ttl;
        self
    }

    /// How many responses are kept in memory at most.
    pub fn max_capacity(mut self, entries: u64) -> Self {
        self.max_capacity = entries;
        self
    }

    /// Keeps answers elsewhere than in this process's memory, where other instances find them too.
    pub fn store(mut self, store: impl IntrospectionStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }
}

impl std::fmt::Debug for IntrospectionCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IntrospectionCache")
            .field("ttl", &self.ttl)
            .field("negative_ttl", &self.negative_ttl)
            .field("max_capacity", &self.max_capacity)
            .finish_non_exhaustive()
    }
}

/// What a transport returns.
type Sent = Result<http::Response<Bytes>, TransportError>;

impl TransportLayer for IntrospectionCache {
    fn layer(self: Box<Self>, inner: BoxTransport) -> BoxTransport {
        Box::new(IntrospectionCacheLayer::new(inner, *self))
    }
}

/// Keeps the answers of introspection as its [`IntrospectionCache`] says, around another transport.
pub struct IntrospectionCacheLayer<T> {
    inner: T,
    ttl: Duration,
    negative_ttl: Duration,
    store: Arc<dyn IntrospectionStore>,
    flights: Flights,
    /// How often all was dropped, so that an answer from before that is not kept after it.
    cleared: AtomicU64,
}

impl<T: Transport> IntrospectionCacheLayer<T> {
    /// Puts a cache around a transport.
    pub fn new(inner: T, cache: IntrospectionCache) -> Self {
        let IntrospectionCache { ttl, negative_ttl, max_capacity, store } = cache;
        let store = store.unwrap_or_else(|| Arc::new(Memory::new(max_capacity, ttl.max(negative_ttl))));
        Self { inner, ttl, negative_ttl, store, flights: Flights::default(), cleared: AtomicU64::new(0) }
    }

    async fn run(&self, request: http::Request<Bytes>, operation: &'static Operation) -> Sent {
        if operation.ends_tokens {
            let service = question::service_of(request.uri(), operation);
            let mut clearing = Clearing { layer: self, service, done: false };
            let outcome = self.inner.send(request, operation).await;
            clearing.clear().await;
            return outcome;
        }
        let Some(key) = question::key(&request, operation) else { return self.inner.send(request, operation).await };
        if request.headers().get(CACHE_CONTROL).is_some_and(|value| value.as_bytes().starts_with(b"no-")) {
            return self.fetch(request, operation, &key).await;
        }
        match request.extensions().get::<Deadline>().copied() {
            Some(deadline) => {
                match tokio::time::timeout_at(deadline.instant(), self.find(request, operation, &key)).await {
                    Ok(outcome) => outcome,
                    Err(elapsed) => Err(TransportError::new(TransportErrorKind::Timeout, elapsed)),
                }
            }
            None => self.find(request, operation, &key).await,
        }
    }

    /// The answer that is kept, that somebody else is just fetching, or that we fetch.
    async fn find(&self, request: http::Request<Bytes>, operation: &'static Operation, key: &IntrospectionKey) -> Sent {
        loop {
            if let Some(kept) = self.kept(key).await {
                return Ok(kept.answer());
            }
            match self.flights.board(key) {
                Boarding::Lead(flight) => {
                    let own_patience = request.extensions().get::<Deadline>().is_some();
                    // Another flight may have landed since we looked.
                    let outcome = match self.kept(key).await {
                        Some(kept) => Ok(kept.answer()),
                        None => self.fetch(request, operation, key).await,
                    };
                    // When nothing but our own patience ended, one of those who wait goes next.
                    if !(own_patience && is_timeout(&outcome)) {
                        flight.land(&outcome);
                    }
                    return outcome;
                }
                Boarding::Wait(flight) => {
                    if let Some(outcome) = flight.landed().await {
                        return outcome;
                    }
                }
            }
        }
    }

    async fn kept(&self, key: &IntrospectionKey) -> Option<KeptIntrospection> {
        // Without its store, the cache is empty.
        let kept = heeded("be read", self.store.get(key).await)?;
        kept.filter(KeptIntrospection::is_current)
    }

    async fn fetch(
        &self,
        request: http::Request<Bytes>,
        operation: &'static Operation,
        key: &IntrospectionKey,
    ) -> Sent {
        let cleared = self.cleared.load(Ordering::SeqCst);
        let outcome = self.inner.send(request, operation).await;
        if let Ok(answer) = &outcome
            && let Some((kept, time)) = question::keep(answer, self.ttl, self.negative_ttl)
            && cleared == self.cleared.load(Ordering::SeqCst)
        {
            heeded("be written", self.store.put(key, kept, time).await);
            if cleared != self.cleared.load(Ordering::SeqCst) {
                // Writing took so long that all was dropped before it.
                heeded("be cleared", self.store.clear(key.service()).await);
            }
        }
        outcome
    }

    /// Makes what is under way now count for nobody who asks later.
    fn forget(&self) {
        self.cleared.fetch_add(1, Ordering::SeqCst);
        self.flights.forget();
    }
}

/// Drops all answers of a service when a call that may have ended tokens is over, however it ends.
struct Clearing<'a, T: Transport> {
    layer: &'a IntrospectionCacheLayer<T>,
    service: String,
    done: bool,
}

impl<T: Transport> Clearing<'_, T> {
    async fn clear(&mut self) {
        self.layer.forget();
        heeded("be cleared", self.layer.store.clear(&self.service).await);
        self.done = true;
    }
}

impl<T: Transport> Drop for Clearing<'_, T> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        self.layer.forget();
        if let Ok(runtime) = Handle::try_current() {
            let (store, service) = (Arc::clone(&self.layer.store), std::mem::take(&mut self.service));
            runtime.spawn(async move { heeded("be cleared", store.clear(&service).await) });
        }
    }
}

/// What a store gave. One that fails must not fail the call; it is told to the log.
fn heeded<R>(what: &str, result: Result<R, StoreError>) -> Option<R> {
    #[cfg(feature = "tracing")]
    if let Err(error) = &result {
        tracing::warn!(%error, "the store of introspection answers could not {what}");
    }
    #[cfg(not(feature = "tracing"))]
    let _ = what;
    result.ok()
}

fn is_timeout(outcome: &Sent) -> bool {
    matches!(outcome, Err(error) if error.kind() == TransportErrorKind::Timeout)
}

impl<T> std::fmt::Debug for IntrospectionCacheLayer<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IntrospectionCacheLayer")
            .field("ttl", &self.ttl)
            .field("negative_ttl", &self.negative_ttl)
            .finish_non_exhaustive()
    }
}

impl<T: Transport> Transport for IntrospectionCacheLayer<T> {
    fn send<'a>(&'a self, request: http::Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
        Box::pin(self.run(request, operation))
    }
}

#[cfg(test)]
mod tests;
