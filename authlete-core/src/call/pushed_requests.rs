//! What is known of pushed authorization requests.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How many pushed requests are remembered at most.
const CAPACITY: usize = 100_000;

/// How long a pushed request is remembered where its response does not say.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Pushed authorization requests that named `max_age`, until they expire: the request that refers to one does not repeat it.
#[derive(Default)]
pub struct PushedRequests(Mutex<HashMap<String, Instant>>);

impl PushedRequests {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a request URI for so long.
    pub fn remember(&self, request_uri: impl Into<String>, lifetime: Duration) {
        let now = Instant::now();
        let Some(until) = now.checked_add(lifetime) else { return };
        let mut all = self.all();
        if all.len() >= CAPACITY {
            all.retain(|_, until| *until > now);
        }
        if all.len() >= CAPACITY {
            let first = all.iter().min_by_key(|(_, until)| **until).map(|(uri, _)| uri.clone());
            first.map(|first| all.remove(&first));
        }
        all.insert(request_uri.into(), until);
    }

    /// Remembers what was pushed, from the response: the URI, and the content with its lifetime (RFC 9126 2.2).
    pub fn pushed(&self, names_max_age: bool, request_uri: Option<&str>, content: Option<&str>) {
        if let Some(uri) = request_uri.filter(|_| names_max_age) {
            let content: Option<Value> = content.and_then(|content| serde_json::from_str(content).ok());
            let lifetime =
                content.and_then(|content| content["expires_in"].as_u64()).map_or(LIFETIME, Duration::from_secs);
            self.remember(uri, lifetime);
        }
    }

    pub(crate) fn name_max_age(&self, request_uri: &str) -> bool {
        self.all().get(request_uri).is_some_and(|until| *until > Instant::now())
    }
}

impl fmt::Debug for PushedRequests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushedRequests").field("count", &self.all().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_pushed_request_makes_room() {
        let pushed = PushedRequests::default();
        pushed.remember("urn:first", Duration::from_secs(1));
        for number in 1..=CAPACITY {
            pushed.remember(format!("urn:{number}"), Duration::from_secs(600));
        }
        assert_eq!(pushed.all().len(), CAPACITY);
        assert!(!pushed.name_max_age("urn:first") && pushed.name_max_age("urn:1"));
        pushed.remember("urn:gone", Duration::ZERO);
        assert!(!pushed.name_max_age("urn:gone"));
    }

    #[test]
    fn pushed_requests_are_shown_by_their_number() {
        let pushed = PushedRequests::default();
        pushed.remember("urn:secret", LIFETIME);
        assert_eq!(format!("{pushed:?}"), "PushedRequests { count: 1 }");
    }
}
