//! What was done to services and clients, and by whom: the organization's audit log.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The log keeps the last entries, this many.
const CAPACITY: usize = 10_000;

/// One event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AuditEntry {
    pub(crate) event: String,
    pub(crate) completed: bool,
    /// Milliseconds since 1970.
    pub(crate) at: u64,
    pub(crate) path: String,
    pub(crate) remote_address: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) user: String,
    pub(crate) details: Map<String, Value>,
}

/// The entries, in the order of their times.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct AuditLog(VecDeque<AuditEntry>);

impl AuditLog {
    pub(crate) fn add(&mut self, mut entry: AuditEntry) {
        if self.0.len() >= CAPACITY {
            self.0.pop_front();
        }
        // Two calls may get here in another order than they got the time.
        entry.at = entry.at.max(self.0.back().map_or(0, |last| last.at));
        self.0.push_back(entry);
    }

    /// The newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &AuditEntry> {
        self.0.iter().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::{AuditEntry, AuditLog, CAPACITY};

    #[test]
    fn the_oldest_entries_go() {
        let mut log = AuditLog::default();
        for at in 0..CAPACITY as u64 + 3 {
            log.add(AuditEntry {
                event: String::new(),
                completed: true,
                at,
                path: String::new(),
                remote_address: None,
                user_agent: None,
                user: String::new(),
                details: serde_json::Map::new(),
            });
        }
        assert_eq!(log.newest_first().count(), CAPACITY);
        assert_eq!(log.newest_first().last().map(|entry| entry.at), Some(3));
    }
}
