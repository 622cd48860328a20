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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_pause_lasts_as_long_as_the_longest_that_was_begun() {
        let pause = Pause::default();
        assert!(!pause.lasts());
        pause.begin(Duration::from_secs(5));
        pause.begin(Duration::from_secs(2));
        tokio::time::advance(Duration::from_millis(4999)).await;
        assert!(pause.lasts());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!pause.lasts());
    }
}
