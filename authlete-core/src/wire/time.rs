//! Numbers that tell a time, as the types that Rust has for it.

use std::time::{Duration, SystemTime};

/// A number of seconds; `None` for a negative one.
pub fn seconds(number: i64) -> Option<Duration> {
    u64::try_from(number).ok().map(Duration::from_secs)
}

/// A number of milliseconds; `None` for a negative one.
pub fn milliseconds(number: i64) -> Option<Duration> {
    u64::try_from(number).ok().map(Duration::from_millis)
}

/// A number of nanoseconds; `None` for a negative one.
pub fn nanoseconds(number: i64) -> Option<Duration> {
    u64::try_from(number).ok().map(Duration::from_nanos)
}

/// A number of seconds since 1970; `None` for one before, or too late to be told.
pub fn epoch_seconds(number: i64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(seconds(number)?)
}

/// A number of milliseconds since 1970; `None` for one before, or too late to be told.
pub fn epoch_milliseconds(number: i64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(milliseconds(number)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_counted_in_their_unit() {
        assert_eq!(seconds(90), Some(Duration::from_secs(90)));
        assert_eq!(milliseconds(1_500), Some(Duration::from_millis(1_500)));
        assert_eq!(nanoseconds(7), Some(Duration::from_nanos(7)));
        assert_eq!(epoch_seconds(1_700_000_000), epoch_milliseconds(1_700_000_000_000));
        assert_eq!(epoch_milliseconds(0), Some(SystemTime::UNIX_EPOCH));
    }

    #[test]
    fn what_is_no_time_is_none() {
        assert_eq!(seconds(-1), None);
        assert_eq!(epoch_seconds(-1), None);
        // Whether it can be told depends on the platform; that it is asked without a panic does not.
        let _ = epoch_seconds(i64::MAX);
    }
}
