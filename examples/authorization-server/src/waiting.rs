//! What waits for a user's decision. Each has an id, which its page carries, so that a decision is about what was shown.
//! The steps of Authlete's serialise for this: a product keeps them where its instances share them.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::session::random;

/// How long something waits after it was last looked at. Authlete has limits of its own.
const IDLE: Duration = Duration::from_secs(3600);

/// How long a browser may take to fetch what it was sent to.
const UNCLAIMED: Duration = Duration::from_secs(60);

/// More than people ever look at together: what comes after that many costs the one that was left alone longest.
const MOST: u64 = 100_000;

/// Things of one kind that wait.
pub(crate) struct Waiting<T> {
    all: Cache<String, Arc<Mutex<Entry>>>,
    kind: PhantomData<fn() -> T>,
}

struct Entry {
    /// Whose it is. A request that a client's page posted comes without cookies: the first browser to fetch it owns it.
    owner: Option<String>,
    since: Instant,
    /// As JSON; empty while it is being ended.
    content: Option<String>,
}

impl<T: Serialize + DeserializeOwned> Waiting<T> {
    pub(crate) fn new() -> Self {
        Self {
            all: Cache::builder().max_capacity(MOST).eviction_policy(EvictionPolicy::lru()).time_to_idle(IDLE).build(),
            kind: PhantomData,
        }
    }

    /// Lets it wait, and gives its id.
    pub(crate) fn put(&self, owner: Option<&str>, thing: &T) -> String {
        let content = serde_json::to_string(thing).ok();
        let id = random();
        let entry = Entry { owner: owner.map(str::to_owned), since: Instant::now(), content };
        self.all.insert(id.clone(), Arc::new(Mutex::new(entry)));
        id
    }

    /// Looks at it.
    pub(crate) fn get(&self, owner: &str, id: &str) -> Option<T> {
        self.with(owner, id, |entry| serde_json::from_str(entry.content.as_deref()?).ok())
    }

    /// Puts another in its place.
    pub(crate) fn set(&self, owner: &str, id: &str, thing: &T) -> Option<()> {
        let content = serde_json::to_string(thing).ok()?;
        self.with(owner, id, |entry| entry.content.as_mut().map(|old| *old = content))
    }

    /// Takes it, for one caller alone. Until [`Taken::end`] it is only borrowed: if the call to Authlete fails, or the
    /// browser goes away meanwhile, it waits again.
    pub(crate) fn take(&self, owner: &str, id: &str) -> Option<(T, Taken)> {
        let entry = self.all.get(id)?;
        let content = self.with(owner, id, |entry| entry.content.take())?;
        let thing = serde_json::from_str(&content).ok()?;
        Some((thing, Taken { entry, content: Some(content) }))
    }

    fn with<R>(&self, owner: &str, id: &str, look: impl FnOnce(&mut Entry) -> Option<R>) -> Option<R> {
        let entry = self.all.get(id)?;
        let mut entry = entry.lock().unwrap_or_else(PoisonError::into_inner);
        if entry.owner.is_none() && entry.since.elapsed() < UNCLAIMED {
            entry.owner = Some(owner.to_owned());
        }
        if entry.owner.as_deref() == Some(owner) { look(&mut entry) } else { None }
    }
}

/// Something that was taken.
pub(crate) struct Taken {
    entry: Arc<Mutex<Entry>>,
    content: Option<String>,
}

impl Taken {
    /// It is over, and does not wait again.
    pub(crate) fn end(mut self) {
        self.content = None;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if self.content.is_some() {
            self.entry.lock().unwrap_or_else(PoisonError::into_inner).content = self.content.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_for_its_owner_and_for_once() {
        let waiting = Waiting::<String>::new();
        let id = waiting.put(Some("ada"), &"a".to_owned());
        assert_eq!((waiting.get("alan", &id), waiting.get("ada", "x")), (None, None));
        assert_eq!(waiting.get("ada", &id).as_deref(), Some("a"));
        let (thing, taken) = waiting.take("ada", &id).unwrap();
        assert_eq!(thing, "a");
        assert!(waiting.take("ada", &id).is_none() && waiting.get("ada", &id).is_none());
        // What failed waits again.
        drop(taken);
        assert_eq!(waiting.get("ada", &id).as_deref(), Some("a"));
        waiting.take("ada", &id).unwrap().1.end();
        assert!(waiting.get("ada", &id).is_none());
    }

    #[test]
    fn the_first_browser_owns_what_belongs_to_nobody() {
        let waiting = Waiting::<String>::new();
        let id = waiting.put(None, &"a".to_owned());
        assert!(waiting.get("ada", &id).is_some() && waiting.get("alan", &id).is_none());
    }
}
