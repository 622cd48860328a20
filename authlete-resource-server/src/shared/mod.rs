//! What the instances of a resource server share: verdicts on tokens, revocations, proofs that were used.

mod observer;
mod revocations;

#[cfg(feature = "redis")]
pub mod redis;

use std::fmt;
use std::time::Duration;

pub use revocations::{Revocation, Revocations};

use authlete_api::BoxFuture;

/// A store that the instances of a resource server share. With the feature `redis`, `redis::RedisStore` is one.
///
/// Nothing here may be needed to answer a request: when the store fails, the instance goes on with its own memory. Keys
/// are hashes, from which no token can be found; verdicts hold what the token stands for, which may be personal data.
pub trait SharedStore: fmt::Debug + Send + Sync + 'static {
    /// The number that is part of every verdict's key. It rises when everything is to be forgotten. The value is the last
    /// one seen, without a round trip.
    fn generation(&self) -> u64;

    /// Reads a verdict of the given generation.
    fn get<'a>(&'a self, key: &'a [u8; 32], generation: u64) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>>;

    /// Keeps a verdict for the given time. The generation is that from before the question to Authlete was asked, so that
    /// a response that was overtaken by [`forget_all`](Self::forget_all) is not found again.
    fn put<'a>(
        &'a self,
        key: &'a [u8; 32],
        generation: u64,
        verdict: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Makes every instance forget all verdicts, by one write.
    fn forget_all(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Tells every instance of a revocation.
    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Whether an id, of a DPoP proof for example, is used for the first time within the given time.
    fn use_once<'a>(&'a self, id: &'a [u8; 32], ttl: Duration) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Brings what other instances write into `revocations`, as long as the future is polled.
    /// [`ResourceServer`](crate::ResourceServer) runs it on a task.
    fn watch(&self, revocations: Revocations) -> BoxFuture<'static, ()>;
}

/// A store that does not answer, or not in time.
#[derive(Debug)]
pub struct StoreError(Box<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// An error with the given cause. Its text goes into the log, and must not hold secrets.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the shared store did not answer")
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_store_has_its_cause() {
        let error = StoreError::new("the server is away");
        assert_eq!(error.to_string(), "the shared store did not answer");
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(cause.as_deref(), Some("the server is away"));
    }
}
