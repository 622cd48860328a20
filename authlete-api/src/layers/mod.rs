//! What makes calls robust: transports around a transport.
//!
//! [`ClientBuilder`](crate::ClientBuilder) puts them together; each also works by itself, around any [`Transport`].
//! From the outside in they stand in this order, so that a kept answer costs nothing, and every try is counted by the
//! circuit breaker and takes its turn at the limiter:
//!
//! | layer | what it does | by default |
//! |---|---|---|
//! | `Traced` | makes a span for every call | on, with the feature `tracing` |
//! | `Cached` | keeps answers that hardly change | off; needs the feature `cache` |
//! | `IntrospectionCached` | keeps what introspection says of tokens, for a moment | off; needs the feature `cache` |
//! | [`Retrying`] | tries again, and limits the time of the whole call | on, over HTTP |
//! | [`Guarded`] | stops calling an operation that keeps failing | off |
//! | [`Limited`] | makes calls wait for their turn | off |
//!
//! They keep time by Tokio's clock and need its runtime, as HTTP does. Dropping a call, at any time, leaves all of them as
//! if the call had not been made.

mod breaker;
#[cfg(feature = "cache")]
mod cache;
#[cfg(feature = "cache")]
mod introspection;
mod limit;
mod options;
mod retry;
#[cfg(test)]
mod script;
#[cfg(feature = "tracing")]
mod trace;

pub use breaker::{CircuitBreaker, Guarded};
#[cfg(feature = "cache")]
pub use cache::{Cache, Cached};
#[cfg(feature = "cache")]
pub use introspection::{
    IntrospectionCache, IntrospectionCached, IntrospectionKey, IntrospectionStore, KeptIntrospection, StoreError,
};
pub use limit::{Limited, RateLimiter};
pub(crate) use options::Layers;
pub use retry::{RetryPolicy, Retrying};
#[cfg(feature = "tracing")]
pub use trace::Traced;

use crate::Transport;
use crate::transport::BoxFuture;

/// What a transport returns.
pub(crate) type Outcome = Result<http::Response<bytes::Bytes>, crate::TransportError>;

impl Transport for Box<dyn Transport> {
    fn send<'a>(&'a self, request: reqwest::Request, operation: &'static crate::Operation) -> BoxFuture<'a, Outcome> {
        (**self).send(request, operation)
    }
}

/// So that a layer can be shared, and asked about later.
impl<T: Transport + ?Sized> Transport for std::sync::Arc<T> {
    fn send<'a>(&'a self, request: reqwest::Request, operation: &'static crate::Operation) -> BoxFuture<'a, Outcome> {
        (**self).send(request, operation)
    }
}
