//! What the builder is told about layers, and the order in which they are put together.

use std::sync::Arc;

use super::{CircuitBreaker, CircuitBreakerLayer, RateLimitLayer, RateLimiter, RetryLayer, RetryPolicy};
use crate::credentials::layer::{CredentialsLayer, FindCredentials, Sources};
use crate::transport::{BoxTransport, TransportLayer};

/// The layers of a client.
#[derive(Default)]
#[allow(missing_docs, reason = "the builder documents its setters")]
pub struct Layers {
    pub retry: Option<RetryPolicy>,
    pub rate_limiter: Option<RateLimiter>,
    pub circuit_breaker: Option<CircuitBreaker>,
    #[cfg(feature = "cache")]
    pub response_cache: Option<super::ResponseCache>,
    /// Each goes around those before it, and all of them around the layers above.
    pub others: Vec<Box<dyn TransportLayer>>,
    /// Each goes around those before it, directly around the transport.
    pub of_attempts: Vec<Box<dyn TransportLayer>>,
}

impl Layers {
    /// Puts the layers around a transport. Over HTTP, requests are sent again even if nobody asked for it; a transport of
    /// the user's gets what the user asked for. The module's documentation has the order.
    pub(crate) fn around(self, transport: BoxTransport, credentials: &Arc<Sources>, over_http: bool) -> BoxTransport {
        let mut transport = transport;
        for layer in self.of_attempts {
            transport = layer.layer(transport);
        }
        if let Some(limiter) = self.rate_limiter {
            transport = Box::new(RateLimitLayer::new(transport, limiter));
        }
        let credentials = (!credentials.is_empty()).then_some(credentials);
        #[cfg(feature = "cache")]
        let has_cache = self.response_cache.is_some();
        #[cfg(not(feature = "cache"))]
        let has_cache = false;
        // Without a provider, and without layers that may look for them, they need not be found before an attempt.
        let found = credentials.filter(|sources| has_cache || !self.others.is_empty() || sources.has_provider());
        if let Some(sources) = credentials {
            transport = Box::new(CredentialsLayer::new(Arc::clone(sources), transport));
        }
        if let Some(breaker) = self.circuit_breaker {
            transport = Box::new(CircuitBreakerLayer::new(transport, breaker));
        }
        if over_http || self.retry.is_some() {
            let retry = RetryLayer::new(transport, self.retry.unwrap_or_default());
            transport = Box::new(if self.others.is_empty() { retry.without_timer() } else { retry });
        }
        #[cfg(feature = "cache")]
        if let Some(cache) = self.response_cache {
            transport = Box::new(super::ResponseCacheLayer::new(transport, cache));
        }
        for layer in self.others {
            transport = layer.layer(transport);
        }
        if let Some(sources) = found {
            transport = Box::new(FindCredentials::new(Arc::clone(sources), transport));
        }
        #[cfg(feature = "tracing")]
        let transport = Box::new(super::TraceLayer::new(transport));
        transport
    }
}

/// The stack as it is assembled: what each option changes about what happens to a call.
#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use http::header::AUTHORIZATION;
    use tokio::time::Instant;

    use super::*;
    use crate::call::Call;
    use crate::call::client::{Client, ClientSettings};
    use crate::call::request::request;
    use crate::credentials::{Credentials, SharedCredentials};
    use crate::error::Error;
    use crate::layers::Sent;
    use crate::operation::{Idempotency, Operation};
    #[cfg(feature = "dpop")]
    use crate::test::KEY;
    use crate::test::{AUTH_TOKEN, SERVICE_GET, Script, Step};
    use crate::transport::{BoxFuture, Deadline, Transport};
    use crate::wire::lenient;
    use bytes::Bytes;

    const SECOND: Duration = Duration::from_secs(1);

    /// Passes requests on, and keeps what it saw of them.
    struct Seen {
        script: Script,
        authorization: Mutex<Vec<String>>,
    }

    impl Transport for Seen {
        fn send<'a>(&'a self, request: http::Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
            let header = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
            self.authorization.lock().unwrap().push(header.unwrap_or_default());
            assert!(request.extensions().get::<Idempotency>().is_some());
            assert!(request.extensions().get::<Credentials>().is_none(), "transports have the headers alone");
            self.script.send(request, operation)
        }
    }

    type Setting = (&'static str, fn(&mut ClientSettings));

    /// Every option alone, none, and all together.
    const OPTIONS: &[Setting] = &[
        ("nothing", |_| {}),
        ("retry", |settings| settings.layers.retry = Some(RetryPolicy::default())),
        ("rate limit", |settings| settings.layers.rate_limiter = Some(RateLimiter::new(1, 1))),
        ("circuit breaker", |settings| settings.layers.circuit_breaker = Some(CircuitBreaker::default())),
        #[cfg(feature = "cache")]
        ("response cache", |settings| settings.layers.response_cache = Some(super::super::ResponseCache::default())),
        ("another layer", |settings| settings.layers.others.push(Box::new(|inner: BoxTransport| inner))),
        ("all", |settings| {
            settings.layers.retry = Some(RetryPolicy::default());
            settings.layers.rate_limiter = Some(RateLimiter::new(1, 1));
            settings.layers.circuit_breaker = Some(CircuitBreaker::default().failures(1));
            #[cfg(feature = "cache")]
            {
                settings.layers.response_cache = Some(super::super::ResponseCache::default());
            }
            settings.layers.others.push(Box::new(|inner: BoxTransport| inner));
        }),
    ];

    fn limits(name: &str) -> bool {
        matches!(name, "rate limit" | "all")
    }

    fn client(
        steps: &[Step],
        option: fn(&mut ClientSettings),
        with: impl FnOnce(&mut ClientSettings),
    ) -> (Client, Arc<Seen>) {
        let seen = Arc::new(Seen { script: Script::new(steps), authorization: Mutex::default() });
        let mut settings = ClientSettings::new("test", "https://login.example");
        settings.base_url = Some("https://authlete.example".to_owned());
        settings.transport = Some(Box::new(Arc::clone(&seen)));
        settings.credentials(Credentials::bearer("first"));
        option(&mut settings);
        with(&mut settings);
        (settings.build().unwrap(), seen)
    }

    fn get(client: &Client) -> Call<'_, Bytes> {
        request(client, &SERVICE_GET).path("/api/1/service/get").call(lenient::raw)
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_ends_at_its_deadline_whatever_is_in_between() {
        for (name, option) in OPTIONS {
            for (of_client, of_call, expected) in [
                (None, Some(SECOND), SECOND),
                (Some(2 * SECOND), None, 2 * SECOND),
                (Some(2 * SECOND), Some(SECOND), SECOND),
                (Some(SECOND), Some(2 * SECOND), 2 * SECOND),
            ] {
                let (client, _) = client(&[Step::Hang], *option, |settings| settings.operation_timeout = of_client);
                let start = Instant::now();
                let call = get(&client);
                let error = match of_call {
                    Some(timeout) => call.timeout(timeout).await.unwrap_err(),
                    None => call.await.unwrap_err(),
                };
                assert!(error.is_timeout(), "{name}: {error}");
                assert_eq!(start.elapsed(), expected, "{name}");
            }
        }
    }

    #[test]
    fn a_timeout_without_a_runtime_is_an_error() {
        let (client, seen) = client(&[Step::status(200)], |_| {}, |_| {});
        let mut call = Box::pin(std::future::IntoFuture::into_future(get(&client).timeout(SECOND)));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(Err(Error::Request(_))) = call.as_mut().poll(&mut context) else {
            panic!("it can only fail")
        };
        assert_eq!(seen.script.calls(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_401_is_helped_by_fresh_credentials_and_every_request_takes_its_turn() {
        struct Fresh(AtomicUsize);

        impl crate::credentials::CredentialsProvider for Fresh {
            fn credentials(&self) -> BoxFuture<'_, Result<Credentials, crate::credentials::ProviderError>> {
                self.0.fetch_add(1, Ordering::SeqCst);
                Box::pin(async { Ok(Credentials::bearer("first")?) })
            }

            fn refresh<'a>(
                &'a self,
                _: &'a Credentials,
            ) -> BoxFuture<'a, Result<Option<Credentials>, crate::credentials::ProviderError>> {
                Box::pin(async { Ok(Some(Credentials::bearer("fresh")?)) })
            }
        }

        for (name, option) in OPTIONS {
            let steps = [Step::status(401), Step::status(200)];
            let (client, seen) =
                client(&steps, *option, |settings| settings.credentials_provider(Fresh(AtomicUsize::new(0))));
            let start = Instant::now();
            assert_eq!(get(&client).await.unwrap().status(), 200, "{name}");
            assert_eq!(*seen.authorization.lock().unwrap(), ["Bearer first", "Bearer fresh"], "{name}");
            assert_eq!(start.elapsed() >= SECOND, limits(name), "{name}: {:?}", start.elapsed());
        }
    }

    #[cfg(feature = "dpop")]
    #[tokio::test(start_paused = true)]
    async fn a_401_is_helped_by_a_nonce_and_every_request_takes_its_turn() {
        let key = crate::credentials::DpopKey::from_jwk(KEY).unwrap();
        for (name, option) in OPTIONS {
            let steps = [Step::status(401).header("dpop-nonce", "n-1"), Step::status(200)];
            let (client, seen) =
                client(&steps, *option, |settings| settings.credentials(Credentials::dpop("first", &key)));
            let start = Instant::now();
            assert_eq!(get(&client).await.unwrap().status(), 200, "{name}");
            assert_eq!(seen.script.calls(), 2, "{name}");
            assert_eq!(start.elapsed() >= SECOND, limits(name), "{name}: {:?}", start.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_are_made_where_a_policy_is_set_and_take_their_turns() {
        for (name, option) in OPTIONS {
            let (client, seen) = client(&[Step::status(503), Step::status(200)], *option, |_| {});
            let start = Instant::now();
            let status = get(&client).await.map_or_else(|error| error.status(), |response| Some(response.status()));
            // With all of them, the breaker opens after the first failure, and is not waited for.
            let expected = if *name == "retry" { (200, 2) } else { (503, 1) };
            let expected = if *name == "all" { (0, 1) } else { expected };
            assert_eq!((status.map_or(0, |status| status.as_u16()), seen.script.calls()), expected, "{name}");
            assert!(start.elapsed() < SECOND, "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_request_is_sent_once() {
        for (name, option) in OPTIONS {
            let (client, seen) = client(&[Step::status(500), Step::status(200)], *option, |_| {});
            let call = request(&client, &AUTH_TOKEN).path("/api/1/auth/token").call(lenient::raw);
            assert!(call.await.is_err(), "{name}");
            // The request may be stricter than its operation.
            let strict = request(&client, &SERVICE_GET).path("/api/1/service/get");
            let before = seen.script.calls();
            seen.script.set(Step::status(500));
            let call = strict.idempotency(Idempotency::NotIdempotent).call(lenient::raw);
            assert!(call.await.is_err(), "{name}");
            assert_eq!((before, seen.script.calls()), (1, 2), "{name}");
        }
    }

    #[cfg(feature = "cache")]
    #[tokio::test(start_paused = true)]
    async fn a_kept_response_costs_no_turn_and_belongs_to_its_credentials() {
        for (name, option) in OPTIONS {
            let credentials = SharedCredentials::new(Credentials::bearer("first").unwrap());
            let shared = credentials.clone();
            let (client, seen) =
                client(&[Step::status(200)], *option, |settings| settings.credentials_provider(shared));
            let caches = matches!(*name, "response cache" | "all");
            let start = Instant::now();
            for _ in 0..3 {
                get(&client).await.unwrap();
            }
            assert_eq!(seen.script.calls(), if caches { 1 } else { 3 }, "{name}");
            assert_eq!(start.elapsed() >= SECOND, *name == "rate limit", "{name}: {:?}", start.elapsed());
            // Another one's response is not served.
            credentials.replace(Credentials::bearer("second").unwrap());
            let response = get(&client).await.unwrap();
            assert!(!response.headers().contains_key("age"), "{name}");
            assert_eq!(seen.authorization.lock().unwrap().last().unwrap(), "Bearer second", "{name}");
            // Who comes back with the first ones finds theirs.
            credentials.replace(Credentials::bearer("first").unwrap());
            assert_eq!(get(&client).await.unwrap().headers().contains_key("age"), caches, "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn added_layers_see_every_call_once_with_its_deadline_and_credentials() {
        struct Counting(BoxTransport, Arc<AtomicUsize>);

        impl Transport for Counting {
            fn send<'a>(&'a self, request: http::Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
                self.1.fetch_add(1, Ordering::SeqCst);
                assert!(request.extensions().get::<Deadline>().is_some());
                assert!(request.extensions().get::<Credentials>().is_some());
                self.0.send(request, operation)
            }
        }

        for (name, option) in OPTIONS {
            let count = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&count);
            let (client, _) = client(&[Step::status(200)], *option, |settings| {
                let layer = move |inner: BoxTransport| Box::new(Counting(inner, counter)) as BoxTransport;
                settings.layers.others.push(Box::new(layer));
                settings.layers.retry = Some(RetryPolicy::default());
            });
            for calls in 1..3 {
                get(&client).timeout(60 * SECOND).await.unwrap();
                assert_eq!(count.load(Ordering::SeqCst), calls, "{name}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn layers_of_attempts_see_every_request_that_is_sent() {
        struct Counting(BoxTransport, Arc<AtomicUsize>);

        impl Transport for Counting {
            fn send<'a>(&'a self, request: http::Request<Bytes>, operation: &'static Operation) -> BoxFuture<'a, Sent> {
                self.1.fetch_add(1, Ordering::SeqCst);
                assert!(request.headers().contains_key(http::header::AUTHORIZATION));
                self.0.send(request, operation)
            }
        }

        for (name, option) in OPTIONS {
            let count = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&count);
            let (client, seen) = client(&[Step::status(503), Step::status(200)], *option, |settings| {
                let layer = move |inner: BoxTransport| Box::new(Counting(inner, counter)) as BoxTransport;
                settings.layers.of_attempts.push(Box::new(layer));
            });
            let _ = get(&client).await;
            let _ = get(&client).await;
            assert_eq!(count.load(Ordering::SeqCst), seen.script.calls(), "{name}");
        }
    }

    #[cfg(feature = "cache")]
    #[tokio::test]
    async fn a_client_tells_whose_credentials_it_has() {
        let shared = SharedCredentials::new(Credentials::bearer("second").unwrap());
        let provider = shared.clone();
        let (fixed, _) = client(&[], |_| {}, |_| {});
        let (provided, _) = client(&[], |_| {}, |settings| settings.credentials_provider(provider));
        let first = fixed.credentials_fingerprint().await.unwrap();
        let second = provided.credentials_fingerprint().await.unwrap();
        assert_ne!(first, second);
        shared.replace(Credentials::bearer("first").unwrap());
        assert_eq!(provided.credentials_fingerprint().await.unwrap(), first);
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_stay_with_the_server_that_they_are_for() {
        static IDP: Operation = Operation::new(crate::operation::OperationParts {
            id: "idp",
            name: "idp",
            method: "GET",
            path: "/api/service",
            tag: "",
            idempotency: Idempotency::Safe,
            cache: crate::operation::CacheClass::None,
            ends_tokens: false,
            since: None,
            host: crate::operation::Host::Idp,
        });
        fn call(client: &Client) -> Call<'_, Bytes> {
            request(client, &IDP).path("/api/service").call(lenient::raw)
        }
        let (client_, seen) = client(&[Step::status(200)], |_| {}, |_| {});
        let error = call(&client_).await.unwrap_err().to_string();
        assert!(error.contains("https://login.example") && seen.script.calls() == 0, "{error}");
        let (client_, seen) =
            client(&[Step::status(200)], |_| {}, |settings| settings.idp_credentials(Credentials::bearer("org")));
        call(&client_).await.unwrap();
        get(&client_).await.unwrap();
        assert_eq!(*seen.authorization.lock().unwrap(), ["Bearer org", "Bearer first"]);
    }

    #[cfg(feature = "dpop")]
    #[tokio::test(start_paused = true)]
    async fn a_server_that_wants_ever_new_nonces_gets_three_requests() {
        struct Restless(AtomicUsize);

        impl Transport for Restless {
            fn send<'a>(&'a self, _: http::Request<Bytes>, _: &'static Operation) -> BoxFuture<'a, Sent> {
                let number = self.0.fetch_add(1, Ordering::SeqCst);
                let response = http::Response::builder().status(401).header("dpop-nonce", format!("n-{number}"));
                Box::pin(async move { Ok(response.body(Bytes::new()).unwrap()) })
            }
        }

        let key = crate::credentials::DpopKey::from_jwk(KEY).unwrap();
        let restless = Arc::new(Restless(AtomicUsize::new(0)));
        let mut settings = ClientSettings::new("test", "https://login.example");
        settings.base_url = Some("https://authlete.example".to_owned());
        settings.credentials(Credentials::dpop("first", &key));
        settings.transport = Some(Box::new(Arc::clone(&restless)));
        let client = settings.build().unwrap();
        let call = request(&client, &SERVICE_GET).path("/api/1/service/get").call(lenient::raw);
        assert_eq!(call.await.unwrap_err().status().unwrap(), 401);
        assert_eq!(restless.0.load(Ordering::SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_are_found_once_for_all_attempts() {
        struct Counting(Arc<AtomicUsize>);

        impl crate::credentials::CredentialsProvider for Counting {
            fn credentials(&self) -> BoxFuture<'_, Result<Credentials, crate::credentials::ProviderError>> {
                self.0.fetch_add(1, Ordering::SeqCst);
                Box::pin(async { Ok(Credentials::bearer("first").unwrap()) })
            }
        }

        let count = Arc::new(AtomicUsize::new(0));
        let provider = Counting(Arc::clone(&count));
        let steps = [Step::status(503), Step::status(503), Step::status(200)];
        let retry: fn(&mut ClientSettings) = |settings| settings.layers.retry = Some(RetryPolicy::default());
        let (client, seen) = client(&steps, retry, |settings| settings.credentials_provider(provider));
        assert_eq!(get(&client).await.unwrap().status(), 200);
        assert_eq!((seen.script.calls(), count.load(Ordering::SeqCst)), (3, 1));
    }
}
