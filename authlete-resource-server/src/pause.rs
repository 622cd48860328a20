//! A pause after a failure.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Until when something that failed is left alone.
#[derive(Debug, Default)]
pub(crate) struct Pause(Mutex<Option<Instant>>);

impl Pause {
    /// Whether it still lasts.
    pub(crate) fn lasts(&self) -> bool {
        self.lock().is_some_and(|until| until > Instant::now())
    }

    /// Begins one, or makes the current one longer.
    pub(crate) fn begin(&self, time: Duration) {
        let mut until = self.lock();
        *until = (*until).max(Some(Instant::now() + time));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
