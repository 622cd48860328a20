//! What the builder is told about layers, and the order in which they are put together.

use super::{CircuitBreaker, CircuitBreakerLayer, RateLimitLayer, RateLimiter, RetryLayer, RetryPolicy};
use crate::credentials::Source;
use crate::credentials::layer::CredentialsLayer;
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
    /// Each goes around those before it.
    pub others: Vec<Box<dyn TransportLayer>>,
}

impl Layers {
    /// Puts the layers around a transport. Over HTTP, requests are sent again even if nobody asked for it; a transport of
    /// the user's gets what the user asked for. The module's documentation has the order.
    pub(crate) fn around(self, transport: BoxTransport, credentials: Option<Source>, over_http: bool) -> BoxTransport {
        let mut transport = transport;
        if let Some(limiter) = self.rate_limiter {
            transport = Box::new(RateLimitLayer::new(transport, limiter));
        }
        if let Some(source) = credentials {
            transport = Box::new(CredentialsLayer::new(source, transport));
        }
        if let Some(breaker) = self.circuit_breaker {
            transport = Box::new(CircuitBreakerLayer::new(transport, breaker));
        }
        if over_http || self.retry.is_some() {
            transport = Box::new(RetryLayer::new(transport, self.retry.unwrap_or_default()));
        }
        #[cfg(feature = "cache")]
        if let Some(cache) = self.response_cache {
            transport = Box::new(super::ResponseCacheLayer::new(transport, cache));
        }
        for layer in self.others {
            transport = layer.layer(transport);
        }
        #[cfg(feature = "tracing")]
        let transport = Box::new(super::TraceLayer::new(transport));
        transport
    }
}
