//! What each user has granted each client, which the authorization server may ask for before it asks the user again.

use serde::{Deserialize, Serialize};

use super::Expiring;

/// A record goes this long (about ten years) after its last change, or earlier when there are too many.
const KEPT_MILLIS: u64 = 315_360_000_000;

/// The scopes that a user has granted a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Consent {
    /// Those of the last time.
    pub(crate) latest: Vec<String>,
    /// Those of every time.
    pub(crate) merged: Vec<String>,
    /// Milliseconds since 1970.
    pub(crate) modified_at: u64,
}

/// The consents of a service, by client and subject.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Consents(Expiring<(u64, String), Consent>);

impl Consents {
    pub(crate) fn new() -> Self {
        Self(Expiring::new())
    }

    pub(crate) fn get(&self, client_id: u64, subject: &str) -> Option<&Consent> {
        self.0.get(&(client_id, subject.to_owned()))
    }

    /// The user has granted the client these scopes.
    pub(crate) fn record(&mut self, client_id: u64, subject: &str, scopes: &[String], now: u64) {
        let key = (client_id, subject.to_owned());
        let mut merged = self.0.remove(&key).map(|consent| consent.merged).unwrap_or_default();
        merged.extend(scopes.iter().filter(|scope| !merged.contains(scope)).cloned().collect::<Vec<_>>());
        let consent = Consent { latest: scopes.to_vec(), merged, modified_at: now };
        self.0.insert(key, now + KEPT_MILLIS, consent);
    }

    pub(crate) fn remove(&mut self, client_id: u64, subject: &str) {
        self.0.remove(&(client_id, subject.to_owned()));
    }

    /// Removes what was granted to a client.
    pub(crate) fn remove_of(&mut self, client_id: u64) {
        self.0.remove_where(|(client, _), _| *client == client_id);
    }
}
