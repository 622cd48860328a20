//! Where answers are kept: the seam, and memory.

use std::fmt::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authlete_api::BoxFuture;
use bytes::Bytes;
use http::header::{AGE, CONTENT_TYPE};
use http::{HeaderValue, Response};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// Why a store cannot do what it is asked; its text must hold no secrets. The call goes on without the store.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// Where answers of introspection are kept: in memory, unless
/// [`IntrospectionCache::store`](super::IntrospectionCache::store) says otherwise.
///
/// Instances that share a store share answers. What it holds is not the tokens, but what they stand for; who may write
/// into it decides whose requests are accepted.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
/// use std::time::Duration;
///
/// use authlete_api::BoxFuture;
/// use authlete_resource_server::{IntrospectionKey, IntrospectionStore, KeptIntrospection, StoreError};
///
/// /// Texts by texts, as a server such as Redis would have them.
/// #[derive(Default)]
/// struct Texts(Mutex<HashMap<String, String>>);
///
/// impl IntrospectionStore for Texts {
///     fn get<'a>(
///         &'a self,
///         key: &'a IntrospectionKey,
///     ) -> BoxFuture<'a, Result<Option<KeptIntrospection>, StoreError>> {
///         Box::pin(async move {
///             let texts = self.0.lock().map_err(|error| error.to_string())?;
///             let text = texts.get(&format!("{} {key}", key.service()));
///             Ok(text.map(|text| serde_json::from_str(text)).transpose()?)
///         })
///     }
///
///     fn put<'a>(
///         &'a self,
///         key: &'a IntrospectionKey,
///         kept: KeptIntrospection,
///         _time: Duration,
///     ) -> BoxFuture<'a, Result<(), StoreError>> {
///         Box::pin(async move {
///             let text = serde_json::to_string(&kept)?;
///             let mut texts = self.0.lock().map_err(|error| error.to_string())?;
///             texts.insert(format!("{} {key}", key.service()), text);
///             Ok(())
///         })
///     }
///
///     fn clear<'a>(&'a self, service: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
///         Box::pin(async move {
///             let mut texts = self.0.lock().map_err(|error| error.to_string())?;
///             texts.retain(|key, _| !key.starts_with(&format!("{service} ")));
///             Ok(())
///         })
///     }
/// }
/// ```
pub trait IntrospectionStore: Send + Sync + 'static {
    /// What is kept for the key. An answer whose time is over is not used, so it may still be given.
    ///
    /// # Errors
    /// When it cannot be read; the call then asks Authlete.
    fn get<'a>(&'a self, key: &'a IntrospectionKey) -> BoxFuture<'a, Result<Option<KeptIntrospection>, StoreError>>;

    /// Keeps an answer, for no longer than the time given, in place of another one.
    ///
    /// # Errors
    /// When it cannot be written; the call goes on.
    fn put<'a>(
        &'a self,
        key: &'a IntrospectionKey,
        kept: KeptIntrospection,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Drops all answers of the service that [`IntrospectionKey::service`] names, or more.
    ///
    /// # Errors
    /// When it cannot be done: answers are then used until their time is over.
    fn clear<'a>(&'a self, service: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// By what an answer is found: the service, and the SHA-256 hash of everything the answer depends on. Its text is the
/// hash in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IntrospectionKey {
    service: String,
    digest: [u8; 32],
}

impl IntrospectionKey {
    pub(super) fn new(service: String, body: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(&service).chain_update([0]).chain_update(body).finalize();
        Self { service, digest: digest.into() }
    }

    /// The service, as its URL: server and service id.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The hash.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

impl fmt::Display for IntrospectionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(64);
        for byte in self.digest {
            write!(text, "{byte:02x}")?;
        }
        f.pad(&text)
    }
}

/// An answer as it is kept. It serialises, for stores elsewhere; what it says of a user or a client is in it.
#[derive(Clone, Serialize, Deserialize)]
pub struct KeptIntrospection {
    body: String,
    /// Both in milliseconds since the epoch.
    at: u64,
    until: u64,
}

impl KeptIntrospection {
    /// With times since the epoch.
    pub(super) fn new(body: String, at: Duration, until: Duration) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self { body, at: millis(at), until: millis(until) }
    }

    /// When its time is over.
    pub fn until(&self) -> SystemTime {
        UNIX_EPOCH.checked_add(Duration::from_millis(self.until)).unwrap_or(UNIX_EPOCH)
    }

    pub(super) fn is_current(&self) -> bool {
        SystemTime::now() < self.until()
    }

    pub(super) fn answer(self) -> Response<Bytes> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let age = now.saturating_sub(Duration::from_millis(self.at)).as_secs();
        let mut answer = Response::new(Bytes::from(self.body));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        answer.headers_mut().insert(AGE, HeaderValue::from(age));
        answer
    }
}

impl fmt::Debug for KeptIntrospection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptIntrospection").field("until", &self.until).finish_non_exhaustive()
    }
}

/// Keeps answers in memory, up to a number of them.
pub(super) struct Memory(Cache<IntrospectionKey, (KeptIntrospection, Instant)>);

impl Memory {
    pub(super) fn new(entries: u64, longest: Duration) -> Self {
        // moka refuses a time to live of more than a thousand years.
        let longest = longest.min(Duration::from_secs(365 * 24 * 3600));
        Self(Cache::builder().max_capacity(entries).time_to_live(longest).build())
    }
}

impl IntrospectionStore for Memory {
    fn get<'a>(&'a self, key: &'a IntrospectionKey) -> BoxFuture<'a, Result<Option<KeptIntrospection>, StoreError>> {
        let kept = self.0.get(key).filter(|(_, until)| Instant::now() < *until).map(|(kept, _)| kept);
        Box::pin(async move { Ok(kept) })
    }

    fn put<'a>(
        &'a self,
        key: &'a IntrospectionKey,
        kept: KeptIntrospection,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        if let Some(until) = Instant::now().checked_add(time) {
            self.0.insert(key.clone(), (kept, until));
        }
        Box::pin(async { Ok(()) })
    }

    fn clear<'a>(&'a self, _service: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.invalidate_all();
        Box::pin(async { Ok(()) })
    }
}
