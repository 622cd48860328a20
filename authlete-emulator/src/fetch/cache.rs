//! What was fetched, kept for as long as HTTP says (RFC 9111).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::{Request, Response, StatusCode, request};
use http_cache_semantics::{AfterResponse, BeforeRequest, CacheOptions, CachePolicy};

/// As many documents are kept, and as many bytes of them.
const MOST_ENTRIES: usize = 1_000;
const MOST_BYTES: usize = 16 << 20;

/// A private cache without heuristics: what says nothing about how long it lasts is asked for again.
const OPTIONS: CacheOptions = CacheOptions {
    shared: false,
    cache_heuristic: 0.0,
    immutable_min_time_to_live: Duration::from_secs(24 * 3600),
    ignore_cargo_cult: false,
};

/// A moment by both clocks. Servers write times by the system's, expiry follows the emulator's, which tests move.
#[derive(Debug, Clone, Copy)]
struct Moment {
    system: SystemTime,
    emulator: u64,
}

impl Moment {
    fn now(emulator: u64) -> Self {
        Self { system: SystemTime::now(), emulator }
    }

    /// What the system's clock would show, had it moved as the emulator's did.
    fn later(self, emulator: u64) -> SystemTime {
        let passed = Duration::from_millis(emulator.saturating_sub(self.emulator));
        self.system.checked_add(passed).unwrap_or(self.system)
    }
}

#[derive(Debug)]
struct Entry {
    policy: CachePolicy,
    body: Arc<[u8]>,
    /// When the server last said that it holds.
    since: Moment,
}

/// Documents by the request for them.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: HashMap<String, Entry>,
}

/// What the cache has for a request.
#[derive(Debug)]
pub(super) enum Lookup {
    /// The document, and until when it is fresh.
    Fresh(Arc<[u8]>, u64),
    /// Nothing that may be used before the server has been asked, with these headers.
    Ask(request::Parts),
}

/// A response that has been received.
pub(super) struct Received<'a> {
    pub(super) request: &'a Request<()>,
    /// Status and headers.
    pub(super) response: Response<()>,
    pub(super) body: Arc<[u8]>,
}

impl Cache {
    /// `revalidate` asks the server even for what is fresh.
    pub(super) fn look_up(&self, request: &Request<()>, now: u64, revalidate: bool) -> Lookup {
        let plain = || Lookup::Ask(request.clone().into_parts().0);
        let Some(entry) = self.entries.get(&key(request)) else { return plain() };
        // Past its end, the policy adds what the server needs to tell whether anything has changed.
        let moment = if revalidate { SystemTime::now() + Duration::from_secs(1 << 33) } else { entry.since.later(now) };
        match entry.policy.before_request(request, moment) {
            BeforeRequest::Fresh(_) => Lookup::Fresh(Arc::clone(&entry.body), entry.fresh_until(now)),
            BeforeRequest::Stale { request, matches: true } => Lookup::Ask(request),
            BeforeRequest::Stale { matches: false, .. } => plain(),
        }
    }

    /// Keeps what may be kept, and gives the document that the response stands for, with the time until it is fresh.
    /// None where the server says that nothing has changed, but not since what is kept: that is forgotten then.
    pub(super) fn receive(&mut self, received: Received<'_>, now: u64) -> Option<(Arc<[u8]>, u64)> {
        let Received { request, response, body } = received;
        let key = key(request);
        let since = Moment::now(now);
        let known = self.entries.remove(&key);
        let unchanged = response.status() == StatusCode::NOT_MODIFIED;
        let updated = known.map(|entry| (entry.policy.after_response(request, &response, since.system), entry.body));
        let (policy, body) = match updated {
            Some((AfterResponse::NotModified(policy, _), kept)) => (policy, kept),
            _ if unchanged => return None,
            Some((AfterResponse::Modified(policy, _), _)) => (policy, body),
            None => (CachePolicy::new_options(request, &response, since.system, OPTIONS), body),
        };
        let storable = policy.is_storable();
        let entry = Entry { policy, body: Arc::clone(&body), since };
        let fresh_until = if storable { entry.fresh_until(now) } else { now };
        if storable {
            self.make_room(body.len());
            self.entries.insert(key, entry);
        }
        Some((body, fresh_until))
    }

    /// Forgets a document that the server no longer has.
    pub(super) fn forget(&mut self, request: &Request<()>) {
        self.entries.remove(&key(request));
    }

    /// Pushes out what would have ended first, until there is room for one more.
    fn make_room(&mut self, length: usize) {
        while self.entries.len() >= MOST_ENTRIES
            || self.entries.values().map(|entry| entry.body.len()).sum::<usize>() + length > MOST_BYTES
        {
            let first = self.entries.iter().min_by_key(|(_, entry)| entry.fresh_until(entry.since.emulator));
            let Some(first) = first.map(|(key, _)| key.clone()) else { return };
            self.entries.remove(&first);
        }
    }
}

impl Entry {
    fn fresh_until(&self, now: u64) -> u64 {
        let left = self.policy.time_to_live(self.since.later(now));
        now.saturating_add(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The same URL may be fetched as documents of several kinds, which are asked for by different media types.
fn key(request: &Request<()>) -> String {
    let accept = request.headers().get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
    format!("{} {accept}", request.uri())
}
