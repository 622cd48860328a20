//! The time at which a call gives up.

use std::time::Duration;

use tokio::time::Instant;

/// The time at which a call gives up, with all its attempts. It is among the extensions of every request that has one, for
/// transports and layers which would otherwise begin what cannot end in time; the call itself keeps it in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline at the given time.
    pub fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The time, by Tokio's clock.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// How much time is left: zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_knows_what_is_left() {
        let second = Duration::from_secs(1);
        let deadline = Deadline::at(Instant::now() + 3 * second);
        assert_eq!(deadline.remaining(), 3 * second);
        tokio::time::advance(2 * second).await;
        assert_eq!(deadline.remaining(), second);
        tokio::time::advance(2 * second).await;
        assert!(deadline.remaining().is_zero());
    }
}
