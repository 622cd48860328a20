//! What a client's builder is told about its layers, and how they are put together.

use std::time::Duration;

use super::{CircuitBreaker, Guarded, Limited, RateLimiter, RetryPolicy, Retrying};
use crate::{ClientBuilder, Transport};

/// The longest that a whole call takes, unless the builder or the call says otherwise.
const TOTAL: Duration = Duration::from_secs(60);

/// The layers of a client.
#[derive(Default)]
pub(crate) struct Layers {
    pub(crate) total: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) limiter: Option<RateLimiter>,
    pub(crate) breaker: Option<CircuitBreaker>,
    #[cfg(feature = "cache")]
    pub(crate) cache: Option<super::Cache>,
    #[cfg(feature = "cache")]
    pub(crate) introspection_cache: Option<super::IntrospectionCache>,
}

impl Layers {
    /// Puts the layers around a transport. Over HTTP calls are tried again, and their time is limited, even if nobody
    /// asked; a transport of the user's gets what the user asked for.
    pub(crate) fn around(self, transport: Box<dyn Transport>, http: bool) -> Box<dyn Transport> {
        let mut transport = transport;
        if let Some(limiter) = self.limiter {
            transport = Box::new(Limited::new(transport, limiter));
        }
        if let Some(breaker) = self.breaker {
            transport = Box::new(Guarded::new(transport, breaker));
        }
        if http || self.retry.is_some() || self.total.is_some() {
            let policy = self.retry.unwrap_or_else(|| if http { RetryPolicy::default() } else { RetryPolicy::off() });
            transport = Box::new(Retrying::new(transport, policy, self.total.unwrap_or(TOTAL)));
        }
        #[cfg(feature = "cache")]
        if let Some(cache) = self.cache {
            transport = Box::new(super::Cached::new(transport, cache));
        }
        #[cfg(feature = "cache")]
        if let Some(cache) = self.introspection_cache {
            transport = Box::new(super::IntrospectionCached::new(transport, cache));
        }
        #[cfg(feature = "tracing")]
        let transport = Box::new(super::Traced::new(transport));
        transport
    }
}

impl ClientBuilder {
    /// How often failed calls are tried again: by default as [`RetryPolicy::default`] says, over HTTP, and not at all
    /// through a transport given with [`ClientBuilder::transport`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.layers.retry = Some(policy);
        self
    }

    /// The longest that a whole call takes, with all tries and waits: by default 60 s. A call's own
    /// [`timeout`](crate::Call::timeout) replaces it.
    pub fn total_timeout(mut self, timeout: Duration) -> Self {
        self.layers.total = Some(timeout);
        self
    }

    /// Makes calls wait for their turn, rather than being refused.
    pub fn rate_limit(mut self, limiter: RateLimiter) -> Self {
        self.layers.limiter = Some(limiter);
        self
    }

    /// Makes calls of an operation that keeps failing fail at once, for a while.
    pub fn circuit_breaker(mut self, breaker: CircuitBreaker) -> Self {
        self.layers.breaker = Some(breaker);
        self
    }

    /// Keeps answers that hardly change.
    #[cfg(feature = "cache")]
    pub fn cache(mut self, cache: super::Cache) -> Self {
        self.layers.cache = Some(cache);
        self
    }

    /// Keeps what introspection says of access tokens, for a moment.
    #[cfg(feature = "cache")]
    pub fn introspection_cache(mut self, cache: super::IntrospectionCache) -> Self {
        self.layers.introspection_cache = Some(cache);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::script::{Script, Step};
    use super::*;
    use crate::{Client, Error};

    fn builder() -> ClientBuilder {
        Client::builder().base_url("https://authlete.example").token("t")
    }

    #[tokio::test(start_paused = true)]
    async fn a_transport_of_the_users_gets_what_was_asked_for() {
        for (policy, calls) in [(None, 1), (Some(RetryPolicy::off()), 1), (Some(RetryPolicy::default()), 4)] {
            let script = Arc::new(Script::new(&[Step::status(500)]));
            let mut builder = builder().transport(Arc::clone(&script)).rate_limit(RateLimiter::default());
            if let Some(policy) = policy {
                builder = builder.retry(policy);
            }
            assert!(builder.build().unwrap().service_get("1").await.is_err());
            assert_eq!(script.calls(), calls);
        }
    }

    #[test]
    fn timeouts_belong_to_the_client_they_are_for() {
        let second = Duration::from_secs(1);
        for builder in [builder().connect_timeout(second), builder().request_timeout(second)] {
            let error = builder.http_client(reqwest::Client::new()).build().unwrap_err();
            assert!(matches!(error, Error::Configuration(_)), "{error}");
        }
        assert!(builder().total_timeout(Duration::MAX).http_client(reqwest::Client::new()).build().is_ok());
    }
}
