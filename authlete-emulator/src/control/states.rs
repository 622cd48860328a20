//! Named states: what a test suite goes back to between tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::error::ApiError;
use crate::server::Server;
use crate::snapshot;

/// The emulator keeps this many named states.
const CAPACITY: usize = 100;

/// The states, as snapshots.
#[derive(Debug, Default)]
pub(super) struct States(Mutex<BTreeMap<String, String>>);

impl States {
    /// Keeps the present state under a name, in the place of the one that had it.
    pub(super) fn save(&self, server: &Server, name: &str) -> Result<(), ApiError> {
        let snapshot = text(server)?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CAPACITY && !kept.contains_key(name) {
            return Err(ApiError::forbidden(format!("The emulator keeps {CAPACITY} states; delete one first.")));
        }
        kept.insert(name.to_owned(), snapshot);
        Ok(())
    }

    /// Puts the named state in the place of the present one. Says whether there is one of that name.
    pub(super) fn restore(&self, server: &Server, name: &str) -> Result<bool, ApiError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        kept.map(|snapshot| put(server, &snapshot)).transpose().map(|done| done.is_some())
    }

    pub(super) fn remove(&self, name: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name).is_some()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

/// The present state as a snapshot.
pub(super) fn text(server: &Server) -> Result<String, ApiError> {
    let now = server.clock.now_millis();
    server.with_state(|state| snapshot::write(state, now)).map_err(ApiError::internal)
}

/// Puts the state of a snapshot in the place of the present one. The clock goes forward to its time, and never back.
pub(super) fn put(server: &Server, snapshot: &str) -> Result<(), ApiError> {
    let (state, saved_at) = snapshot::read(snapshot).map_err(ApiError::invalid)?;
    let behind = saved_at.saturating_sub(server.clock.now_millis());
    server.clock.advance(std::time::Duration::from_millis(behind));
    server.with_state(|present| *present = state);
    Ok(())
}
