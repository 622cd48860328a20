//! Time as the emulator sees it: the system's, or one that a test moves.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The emulator's clock. Clones share the time, so a test keeps one and moves it.
///
/// ```
/// use authlete_emulator::Clock;
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let clock = Clock::fixed(UNIX_EPOCH + Duration::from_secs(1_000));
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), UNIX_EPOCH + Duration::from_secs(1_060));
/// ```
#[derive(Debug, Clone)]
pub struct Clock {
    /// Milliseconds since 1970 where the clock stands still, or `None` where it follows the system.
    fixed: Option<u64>,
    /// Milliseconds that `advance` has added.
    added: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that follows the system's.
    pub fn system() -> Self {
        Self { fixed: None, added: Arc::default() }
    }

    /// A clock that stands at `time` until it is advanced. A time before 1970 counts as 1970.
    pub fn fixed(time: SystemTime) -> Self {
        Self { fixed: Some(millis(time)), added: Arc::default() }
    }

    /// Moves the clock forward, for this clone and all others.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let _ = self.added.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |added| Some(added.saturating_add(by)));
    }

    /// The present time.
    pub fn now(&self) -> SystemTime {
        let now = Duration::from_millis(self.now_millis());
        UNIX_EPOCH.checked_add(now).unwrap_or_else(SystemTime::now)
    }

    /// The present time in milliseconds since 1970, which is how Authlete writes it.
    pub(crate) fn now_millis(&self) -> u64 {
        let base = self.fixed.unwrap_or_else(|| millis(SystemTime::now()));
        // Every time the API writes has to fit a signed number, with room for the durations that are added to it.
        base.saturating_add(self.added.load(Ordering::SeqCst)).min(i64::MAX as u64 / 2)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
