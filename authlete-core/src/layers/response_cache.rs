//! Keeping responses that hardly change.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AGE, AUTHORIZATION, CACHE_CONTROL};
use http::{HeaderValue, StatusCode};
use moka::sync::Cache as Store;
use tokio::time::Instant;

use super::Sent;
use crate::credentials::Credentials;
use crate::error::failure::Failure;
use crate::operation::{CacheClass, Operation};
use crate::transport::{BoxFuture, Transport};

/// Which responses are kept, and for how long.
///
/// Kept are services, their configuration and key sets, credential issuer metadata, and clients; responses about tokens
/// never are. When a response is older than its time it is fetched anew, and used once more only if that fails for a
/// reason that may pass. Any call that changes a service or a client, made through the same client, drops all that is
/// kept; what others change is seen when the time is over.
///
/// A response that was kept has the header `Age`. A call with the header `Cache-Control: no-cache` fetches anew.
///
/// ```
/// # fn main() -> Result<(), authlete_api::Error> {
/// use authlete_api::{Authlete, Region, layers::ResponseCache};
/// use std::time::Duration;
///
/// let cache = ResponseCache::default().client_ttl(Duration::from_secs(60));
/// let authlete = Authlete::builder().region(Region::Eu).organization_token("token").response_cache(cache).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseCache {
    service_ttl: Duration,
    client_ttl: Duration,
    stale_if_error: Duration,
    max_capacity: u64,
}

impl Default for ResponseCache {
    /// 600 s for what belongs to a service, 300 s for clients, 1800 s more when fetching fails; 10,000 responses.
    fn default() -> Self {
        Self {
            service_ttl: Duration::from_secs(600),
            client_ttl: Duration::from_secs(300),
            stale_if_error: Duration::from_secs(1800),
            max_capacity: 10_000,
        }
    }
}

impl ResponseCache {
    /// How long services, their configuration, key sets and metadata are kept. Zero disables it.
    #[must_use]
    pub fn service_ttl(mut self, time: Duration) -> Self {
        self.service_ttl = time;
        self
    }

    /// How long clients are kept. Zero disables it.
    #[must_use]
    pub fn client_ttl(mut self, time: Duration) -> Self {
        self.client_ttl = time;
        self
    }

    /// How much longer a response is used when fetching it anew fails.
    #[must_use]
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.stale_if_error = time;
        self
    }

    /// How many responses are kept at most.
    #[must_use]
    pub fn max_capacity(mut self, entries: u64) -> Self {
        self.max_capacity = entries;
        self
    }

    /// How long responses of the operation are kept.
    fn time(&self, operation: &'static Operation) -> Option<Duration> {
        let time = match operation.cache {
            CacheClass::Service => self.service_ttl,
            CacheClass::Client => self.client_ttl,
            CacheClass::None | CacheClass::Clears => return None,
        };
        (!time.is_zero()).then_some(time)
    }
}

/// Keeps responses as its [`ResponseCache`] says, around another transport.
pub struct ResponseCacheLayer<T> {
    inner: T,
    cache: ResponseCache,
    store: Store<Key, Entry>,
    /// How often all was dropped, so that a response from before that is not kept after it.
    cleared: AtomicU64,
}

/// Everything that the response depends on.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    operation: &'static str,
    url: String,
    /// Of the client's credentials, whose responses are not for others.
    credentials: Option<[u8; 32]>,
    /// Where the call has a header of its own.
    authorization: Option<HeaderValue>,
    body: Bytes,
}

#[derive(Clone)]
struct Entry {
    answer: http::Response<Bytes>,
    at: Instant,
}

impl Entry {
    fn answer(self) -> http::Response<Bytes> {
        let mut answer = self.answer;
        answer.headers_mut().insert(AGE, HeaderValue::from(self.at.elapsed().as_secs()));
        answer
    }
}

impl<T: Transport> ResponseCacheLayer<T> {
    /// Puts a cache around a transport.
    pub fn new(inner: T, cache: ResponseCache) -> Self {
        let longest = cache.service_ttl.max(cache.client_ttl).saturating_add(cache.stale_if_error);
        // moka refuses a time to live of more than a thousand years.
        let longest = longest.min(Duration::from_secs(365 * 24 * 3600));
        let store = Store::builder().max_capacity(cache.max_capacity).time_to_live(longest).build();
        Self { inner, cache, store, cleared: AtomicU64::new(0) }
    }

    /// Drops all that is kept.
    pub fn clear(&self) {
        self.cleared.fetch_add(1, Ordering::SeqCst);
        self.store.invalidate_all();
    }

    async fn run(&self, request: http::Request<Bytes>, operation: &'static Operation) -> Sent {
        let Some(time) = self.cache.time(operation) else {
            // At the end, however the call ends: it may have been done.
            let _clear = (operation.cache == CacheClass::Clears).then(|| Clear(self));
            return self.inner.send(request, operation).await;
        };
        let key = key(&request, operation);
        let anew = request.headers().get(CACHE_CONTROL).is_some_and(|value| value.as_bytes().starts_with(b"no-"));
        let kept = if anew { None } else { self.store.get(&key) };
        let kept = match kept {
            Some(entry) if entry.at.elapsed() < time => return Ok(entry.answer()),
            kept => kept.filter(|entry| entry.at.elapsed() < time.saturating_add(self.cache.stale_if_error)),
        };
        let at = Instant::now();
        let cleared = self.cleared.load(Ordering::SeqCst);
        let outcome = self.inner.send(request, operation).await;
        match (&outcome, kept) {
            (Ok(answer), _) if answer.status() == StatusCode::OK => {
                if cleared == self.cleared.load(Ordering::SeqCst) {
                    self.store.insert(key, Entry { answer: answer.clone(), at });
                }
            }
            (outcome, Some(entry)) if may_pass(outcome) => return Ok(entry.answer()),
            // It was deleted, or is not ours any more.
            (Ok(_), _) => self.store.invalidate(&key),
            (Err(_), _) => {}
        }
        outcome
    }
}

/// Drops all that is kept when it is dropped itself.
struct Clear<'a, T: Transport>(&'a ResponseCacheLayer<T>);

impl<T: Transport> Drop for Clear<'_, T> {
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// What the answer to the request depends on; none when that cannot be told.
fn key(request: &http::Request<Bytes>, operation: &'static Operation) -> Key {
    let body = request.body().clone();
    let url = request.uri().to_string();
    let credentials = request.extensions().get().map(Credentials::fingerprint);
    let authorization = request.headers().get(AUTHORIZATION).cloned();
    Key { operation: operation.name, url, credentials, authorization, body }
}

fn may_pass(outcome: &Sent) -> bool {
    match outcome {
        Ok(answer) => {
            let failure = Failure::of_status(answer.status());
            failure.is_some_and(|failure| failure != Failure::Lasting)
        }
        Err(_) => true,
    }
}

impl<T> std::fmt::Debug for ResponseCacheLayer<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseCacheLayer").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl<T: Transport> Transport for ResponseCacheLayer<T> {
    fn send<'a>(&'a self, request: http::Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
        Box::pin(self.run(request, operation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::TransportErrorKind::Connect;
    use crate::test::{AUTH_INTROSPECTION, CLIENT_UPDATE, SERVICE_CONFIGURATION, SERVICE_GET};
    use crate::test::{Script, Step, request};
    use tokio::time::{advance, timeout};

    const MINUTE: Duration = Duration::from_secs(60);

    fn cached(step: Step) -> ResponseCacheLayer<Script> {
        ResponseCacheLayer::new(Script::new(&[step]), ResponseCache::default())
    }

    async fn get(layer: &ResponseCacheLayer<Script>) -> (Option<u16>, usize) {
        let outcome = layer.send(request(), &SERVICE_GET).await;
        (outcome.ok().map(|answer| answer.status().as_u16()), layer.inner.calls())
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_its_time_and_longer_only_on_failure() {
        let layer = cached(Step::status(200));
        assert_eq!(get(&layer).await, (Some(200), 1));
        advance(9 * MINUTE).await;
        let kept = layer.send(request(), &SERVICE_GET).await.unwrap();
        assert_eq!((kept.headers()[AGE].to_str().unwrap(), layer.inner.calls()), ("540", 1));
        advance(MINUTE).await;
        layer.inner.set(Step::status(503));
        assert_eq!(get(&layer).await, (Some(200), 2));
        layer.inner.set(Step::Fail(Connect));
        assert_eq!(get(&layer).await, (Some(200), 3));
        advance(30 * MINUTE).await;
        assert_eq!(get(&layer).await, (None, 4));
        layer.inner.set(Step::status(200));
        assert_eq!(get(&layer).await, (Some(200), 5));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_gone_is_not_served() {
        let layer = cached(Step::status(200));
        get(&layer).await;
        advance(10 * MINUTE).await;
        layer.inner.set(Step::status(404));
        assert_eq!(get(&layer).await, (Some(404), 2));
        layer.inner.set(Step::Fail(Connect));
        assert_eq!(get(&layer).await, (None, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn changes_and_no_cache_fetch_anew() {
        let layer = cached(Step::status(200));
        get(&layer).await;
        layer.send(request(), &CLIENT_UPDATE).await.unwrap();
        assert_eq!(get(&layer).await.1, 3);
        layer.inner.set(Step::Hang);
        let dropped = timeout(MINUTE, layer.send(request(), &CLIENT_UPDATE)).await;
        assert!(dropped.is_err());
        layer.inner.set(Step::status(200));
        assert_eq!(get(&layer).await.1, 5);
        let mut anew = request();
        anew.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        layer.send(anew, &SERVICE_GET).await.unwrap();
        assert_eq!(get(&layer).await.1, 6);
    }

    #[tokio::test(start_paused = true)]
    async fn other_questions_are_other_answers() {
        let layer = cached(Step::status(200));
        get(&layer).await;
        let mut stranger = request();
        stranger.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer other"));
        layer.send(stranger, &SERVICE_GET).await.unwrap();
        layer.send(request(), &SERVICE_CONFIGURATION).await.unwrap();
        let mut body = request();
        *body.body_mut() = "{}".into();
        layer.send(body, &SERVICE_GET).await.unwrap();
        assert_eq!(layer.inner.calls(), 4);
        for expected in 5..8 {
            layer.send(request(), &AUTH_INTROSPECTION).await.unwrap();
            assert_eq!(layer.inner.calls(), expected);
        }
    }

    #[test]
    fn a_setting_leaves_the_others() {
        let seconds = Duration::from_secs;
        let forwards =
            ResponseCache::default().service_ttl(seconds(1)).client_ttl(seconds(2)).stale_if_error(seconds(3));
        let forwards = forwards.max_capacity(4);
        let backwards = ResponseCache::default().max_capacity(4).stale_if_error(seconds(3)).client_ttl(seconds(2));
        let backwards = backwards.service_ttl(seconds(1));
        for cache in [forwards, backwards] {
            let times = (cache.service_ttl, cache.client_ttl, cache.stale_if_error, cache.max_capacity);
            assert_eq!(times, (seconds(1), seconds(2), seconds(3), 4));
        }
    }
}
