//! What makes calls robust: transports around a transport.
//!
//! The builder puts them together; each also works by itself, around any [`Transport`](crate::transport::Transport). From
//! the outside in they stand in this order:
//!
//! | layer | what it does | by default |
//! |---|---|---|
//! | `TraceLayer` | makes a span for every call | on, with the feature `tracing` |
//! | `FindCredentials` | asks the provider for the credentials of the call, and shows them to the layers within | on, with a provider, a cache or layers that the builder was given |
//! | layers that the builder was given | what they like | none |
//! | `ResponseCacheLayer` | keeps responses that hardly change | off; needs the feature `cache` |
//! | [`RetryLayer`] | sends a request again after a failure that may pass | on, over HTTP |
//! | [`CircuitBreakerLayer`] | stops calling an operation that keeps failing | off |
//! | `CredentialsLayer` | adds the credentials, and sends once more after a 401 that fresh ones or a nonce can help | on, with credentials |
//! | [`RateLimitLayer`] | makes requests wait for their turn | off |
//! | layers of attempts that the builder was given | what they like, with every request that is sent | none |
//!
//! So a kept response costs nothing and belongs to the credentials that it was asked for with, the circuit breaker counts every attempt of a call, and whatever is sent to Authlete
//! takes its turn at the limiter. A call's own timeout is kept around all of them.
//!
//! They keep time by Tokio's clock and need its runtime, as HTTP does. Dropping a call, at any time, leaves all of them as
//! if the call had not been made.

mod circuit_breaker;
mod rate_limit;
#[cfg(feature = "cache")]
mod response_cache;
mod retry;
pub(crate) mod stack;
#[cfg(feature = "tracing")]
mod trace;

pub use circuit_breaker::{CircuitBreaker, CircuitBreakerLayer};
pub use rate_limit::{RateLimitLayer, RateLimiter};
#[cfg(feature = "cache")]
pub use response_cache::{ResponseCache, ResponseCacheLayer};
pub use retry::{RetryLayer, RetryPolicy};
#[cfg(feature = "tracing")]
pub use trace::TraceLayer;

use crate::error::TransportError;

/// What a transport returns.
pub(crate) type Sent = Result<http::Response<bytes::Bytes>, TransportError>;
