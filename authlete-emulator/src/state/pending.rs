//! Requests that the client made, that the user answers elsewhere, and whose result the client comes back for: the device
//! flow (RFC 8628) and CIBA (OpenID Connect Client-Initiated Backchannel Authentication).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Authorized, Details, Expiring, GrantRequest, Lifetimes};

/// What has expired stays known this long (an hour), so that it can be told from what never was.
const REMEMBERED_MILLIS: u64 = 3_600_000;

/// RFC 8628, section 3.5: a client that asks too often has to wait this much longer from then on.
const SLOW_DOWN_SECONDS: u64 = 5;

/// A request that waits for the user, or has the user's answer. Times are milliseconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) client_id: u64,
    pub(crate) alias_used: bool,
    pub(crate) scopes: Vec<String>,
    pub(crate) acrs: Vec<String>,
    pub(crate) details: Details,
    /// What the request does to a grant, if anything.
    pub(crate) grant_request: Option<GrantRequest>,
    pub(crate) expires_at: u64,
    /// Seconds that the client has to leave between two token requests.
    pub(crate) interval: u64,
    pub(crate) polled_at: Option<u64>,
    pub(crate) decision: Option<Decision>,
    /// What CIBA has beyond the device flow.
    pub(crate) backchannel: Option<Backchannel>,
}

/// The part of a request that is CIBA's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Backchannel {
    pub(crate) delivery: Delivery,
    pub(crate) notification_token: Option<String>,
    /// The lifetime in seconds that the `auth_req_id` will have.
    pub(crate) lifetime: u64,
    /// Whether the client has been given the `auth_req_id`.
    pub(crate) issued: bool,
}

/// How the client of CIBA gets its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Delivery {
    Poll,
    Ping,
    Push,
}

/// What came of the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Decision {
    Approved(Box<Approval>),
    Denied(ErrorInfo),
    Failed(ErrorInfo),
}

/// What the user agreed to, and what the authorization server adds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(crate) authorized: Authorized,
    pub(crate) lifetimes: Lifetimes,
    /// The access token, where the call chooses it.
    pub(crate) access_token: Option<String>,
}

/// What the authorization server wants an error to say to the client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ErrorInfo {
    pub(crate) description: Option<String>,
    pub(crate) uri: Option<String>,
}

/// Whether the client may have its response.
#[derive(Debug, Clone)]
pub(crate) enum Poll {
    Pending,
    TooSoon,
    Expired,
    Decided(Decision),
}

impl Pending {
    /// Looks for the result, as of one token request.
    pub(crate) fn poll(&mut self, now: u64) -> Poll {
        if now >= self.expires_at {
            return Poll::Expired;
        }
        if let Some(decision) = &self.decision {
            return Poll::Decided(decision.clone());
        }
        let before = self.polled_at.replace(now);
        if before.is_some_and(|before| now < before.saturating_add(1000 * self.interval)) {
            self.interval = self.interval.saturating_add(SLOW_DOWN_SECONDS);
            return Poll::TooSoon;
        }
        Poll::Pending
    }
}

/// Pending requests under two keys: the authorization server's (user code, ticket) and the client's (device code,
/// `auth_req_id`). The first is good for one decision.
#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub(crate) struct PendingTable {
    /// By the client's key, with the server's as long as it is good.
    records: Expiring<String, (Option<String>, Pending)>,
    #[serde(skip)]
    by_server_key: HashMap<String, String>,
}

/// What is saved of a table: what the rest follows from.
#[derive(Deserialize)]
struct Saved {
    records: Expiring<String, (Option<String>, Pending)>,
}

impl From<Saved> for PendingTable {
    fn from(saved: Saved) -> Self {
        let keys = saved.records.iter();
        let keys = keys.filter_map(|(client_key, (server_key, _))| Some((server_key.clone()?, client_key.clone())));
        Self { by_server_key: keys.collect(), records: saved.records }
    }
}

impl PendingTable {
    pub(crate) fn new() -> Self {
        Self { records: Expiring::new(), by_server_key: HashMap::new() }
    }

    /// Puts a request in, or in the place of the one with the same key of the client's.
    pub(crate) fn insert(&mut self, server_key: String, client_key: String, pending: Pending) {
        self.remove(&client_key);
        let ends_at = pending.expires_at.saturating_add(REMEMBERED_MILLIS);
        self.by_server_key.insert(server_key.clone(), client_key.clone());
        if let Some((Some(pushed_out), _)) = self.records.insert(client_key, ends_at, (Some(server_key), pending)) {
            self.by_server_key.remove(&pushed_out);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The requests without a decision, with the server's key.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (&str, &Pending)> {
        self.records.values().filter_map(|(key, pending)| Some((key.as_deref()?, pending)))
    }

    /// Whether the server's key is in use.
    pub(crate) fn has_server_key(&self, server_key: &str) -> bool {
        self.by_server_key.contains_key(server_key)
    }

    /// The request under the server's key, with the client's key.
    pub(crate) fn for_server(&self, server_key: &str) -> Option<(&str, &Pending)> {
        let client_key = self.by_server_key.get(server_key)?;
        self.records.get(client_key).map(|(_, pending)| (client_key.as_str(), pending))
    }

    /// The request under the client's key.
    pub(crate) fn for_client(&mut self, client_key: &str) -> Option<&mut Pending> {
        self.records.get_mut(client_key).map(|(_, pending)| pending)
    }

    /// Notes the decision. The server's key is used up by it.
    pub(crate) fn decide(&mut self, server_key: &str, decision: Decision) {
        let Some(client_key) = self.by_server_key.remove(server_key) else { return };
        if let Some((key, pending)) = self.records.get_mut(&client_key) {
            *key = None;
            pending.decision = Some(decision);
        }
    }

    /// Removes the request under the client's key.
    pub(crate) fn remove(&mut self, client_key: &str) -> Option<Pending> {
        let (server_key, pending) = self.records.remove(client_key)?;
        if let Some(server_key) = server_key {
            self.by_server_key.remove(&server_key);
        }
        Some(pending)
    }

    pub(crate) fn purge(&mut self, now: u64) {
        for (server_key, _) in self.records.purge(now) {
            if let Some(server_key) = server_key {
                self.by_server_key.remove(&server_key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Details, ErrorInfo, Pending, PendingTable, Poll, REMEMBERED_MILLIS};

    fn pending() -> Pending {
        Pending {
            client_id: 1,
            alias_used: false,
            scopes: Vec::new(),
            acrs: Vec::new(),
            details: Details::default(),
            grant_request: None,
            expires_at: 100_000,
            interval: 5,
            polled_at: None,
            decision: None,
            backchannel: None,
        }
    }

    #[test]
    fn who_asks_too_often_has_to_wait_longer() {
        let mut pending = pending();
        assert!(matches!(pending.poll(0), Poll::Pending));
        assert!(matches!(pending.poll(4_999), Poll::TooSoon));
        assert!(matches!(pending.poll(14_998), Poll::TooSoon));
        assert!(matches!(pending.poll(29_998), Poll::Pending));
        pending.decision = Some(Decision::Denied(ErrorInfo::default()));
        assert!(matches!(pending.poll(29_999), Poll::Decided(_)));
        assert!(matches!(pending.poll(100_000), Poll::Expired));
    }

    #[test]
    fn nothing_is_left_of_what_was_decided_and_ended() {
        let mut table = PendingTable::new();
        table.insert("user".to_owned(), "device".to_owned(), pending());
        table.insert("other".to_owned(), "second".to_owned(), pending());
        table.decide("user", Decision::Failed(ErrorInfo::default()));
        assert!(!table.has_server_key("user") && table.for_client("device").is_some());
        table.purge(100_000 + REMEMBERED_MILLIS);
        assert_eq!((table.records.len(), table.by_server_key.len()), (0, 0));
    }
}
