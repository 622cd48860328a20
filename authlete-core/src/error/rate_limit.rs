//! What the headers of a response say of the rate limit, and of when to try again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName};

const LIMIT: [HeaderName; 2] = names("ratelimit-limit", "x-ratelimit-limit");
const REMAINING: [HeaderName; 2] = names("ratelimit-remaining", "x-ratelimit-remaining");
const RESET: [HeaderName; 2] = names("ratelimit-reset", "x-ratelimit-reset");

/// From here on a number is a time, not a number of seconds to wait: Authlete's documents show the time at which the
/// limit is reset, its own code waits for that many seconds. As a wait it would be 31 years.
const EPOCH: f64 = 1e9;
/// From here on it is a time in milliseconds.
const EPOCH_MILLIS: f64 = 1e11;

const fn names(standard: &'static str, usual: &'static str) -> [HeaderName; 2] {
    [HeaderName::from_static(standard), HeaderName::from_static(usual)]
}

/// What a response says of the rate limit. Absent is what it does not say.
///
/// Times are relative to the time at which this was read: read it when the response comes.
///
/// ```no_run
/// # async fn example(authlete: authlete_api::Authlete) -> Result<(), authlete_api::Error> {
/// let info = authlete.utilities().info().await?;
/// if info.rate_limit().remaining == Some(0) {
///     println!("the next call should wait for {:?}", info.rate_limit().reset);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many calls are allowed: `RateLimit-Limit` or `X-RateLimit-Limit`.
    pub limit: Option<u64>,
    /// How many of them are left: `RateLimit-Remaining` or `X-RateLimit-Remaining`.
    pub remaining: Option<u64>,
    /// In what time they are all there again: `RateLimit-Reset` or `X-RateLimit-Reset`.
    pub reset: Option<Duration>,
    /// How long to wait: `Retry-After`.
    pub retry_after: Option<Duration>,
}

impl RateLimit {
    /// Reads the headers of a response.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        Self::read(headers, SystemTime::now())
    }

    /// How long to wait before the next try: what `Retry-After` says, or else when the limit is reset.
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after.or(self.reset)
    }

    fn read(headers: &HeaderMap, now: SystemTime) -> Self {
        Self {
            limit: first(headers, &LIMIT, count),
            remaining: first(headers, &REMAINING, count),
            reset: first(headers, &RESET, |text| number(text, now)),
            retry_after: first(headers, &[RETRY_AFTER], |text| number(text, now).or_else(|| date(text, now))),
        }
    }
}

/// The value of the first of the headers that has one that can be read.
fn first<T>(headers: &HeaderMap, names: &[HeaderName], read: impl Fn(&str) -> Option<T>) -> Option<T> {
    names.iter().flat_map(|name| headers.get_all(name)).find_map(|value| read(value.to_str().ok()?.trim()))
}

/// A count; what may follow it, as in `100, 100;w=1`, are the windows it is for.
fn count(text: &str) -> Option<u64> {
    text.split([',', ';']).next()?.trim().parse().ok()
}

/// Seconds to wait, or a time since 1970.
fn number(text: &str, now: SystemTime) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    if number < EPOCH {
        return Duration::try_from_secs_f64(number).ok();
    }
    let time = Duration::try_from_secs_f64(if number < EPOCH_MILLIS { number } else { number / 1000.0 }).ok()?;
    Some(time.saturating_sub(now.duration_since(UNIX_EPOCH).unwrap_or_default()))
}

fn date(text: &str, now: SystemTime) -> Option<Duration> {
    let time = httpdate::parse_http_date(text).ok()?;
    Some(time.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn read(headers: &[(&'static str, &'static str)]) -> RateLimit {
        let pairs = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        RateLimit::read(&pairs.collect(), UNIX_EPOCH + Duration::from_secs(NOW))
    }

    #[test]
    fn a_reset_is_seconds_or_a_time() {
        for (text, seconds) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("1700000030", Some(30)),
            ("1700000030000", Some(30)),
            ("1600000000", Some(0)),
            ("999999999", Some(999_999_999)),
            ("1000000000", Some(0)),
            ("99999999999", Some(99_999_999_999 - NOW)),
            ("100000000000", Some(0)),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("1e300", None),
            ("soon", None),
            ("", None),
        ] {
            let seconds = seconds.map(Duration::from_secs);
            assert_eq!(read(&[("ratelimit-reset", text)]).reset, seconds, "{text}");
            assert_eq!(read(&[("x-ratelimit-reset", text)]).wait(), seconds, "{text}");
        }
        assert_eq!(read(&[("ratelimit-reset", "0.5")]).reset, Some(Duration::from_millis(500)));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_goes_first() {
        let read = |text| read(&[("retry-after", text), ("x-ratelimit-reset", "50")]).wait();
        assert_eq!(read("3"), Some(Duration::from_secs(3)));
        assert_eq!(read("Tue, 14 Nov 2023 22:13:25 GMT"), Some(Duration::from_secs(5)));
        assert_eq!(read("Tue, 14 Nov 2023 22:13:15 GMT"), Some(Duration::ZERO));
        assert_eq!(read("tomorrow"), Some(Duration::from_secs(50)));
    }

    #[test]
    fn counts_are_read_with_their_windows() {
        let read =
            read(&[("ratelimit-limit", "100, 100;w=1"), ("x-ratelimit-limit", "7"), ("x-ratelimit-remaining", "0")]);
        assert_eq!((read.limit, read.remaining), (Some(100), Some(0)));
        assert_eq!(read.wait(), None);
    }
}
