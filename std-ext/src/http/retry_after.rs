//! How long an upstream wants to be left alone.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header};

/// Reads how long an upstream wants to be left alone, up to a cap: HTTP's `Retry-After`, in seconds or as a date, and gRPC's
/// `grpc-retry-pushback-ms`. If there are both, the longer one counts.
///
/// A date is compared with that of the response, if it has one, and with the system's clock otherwise. What cannot be
/// read, or is over, says nothing.
///
/// With the feature `tower` it is a `WaitHint`, for `CircuitBreakerLayer::wait_at_least`.
///
/// ```
/// use std::time::Duration;
/// use fusebox_std::http::RetryAfter;
/// use http::{HeaderMap, HeaderValue};
///
/// let at_most_five_minutes = RetryAfter::up_to(Duration::from_secs(300));
/// let mut headers = HeaderMap::new();
/// assert_eq!(at_most_five_minutes.read(&headers), None);
/// headers.insert("retry-after", HeaderValue::from_static("120"));
/// assert_eq!(at_most_five_minutes.read(&headers), Some(Duration::from_secs(120)));
/// headers.insert("retry-after", HeaderValue::from_static("86400"));
/// assert_eq!(at_most_five_minutes.read(&headers), Some(Duration::from_secs(300)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    cap: Duration,
}

impl RetryAfter {
    /// Takes an upstream at its word up to this time. It might ask for a year, so there is no default.
    pub const fn up_to(cap: Duration) -> Self {
        Self { cap }
    }

    /// The time that these headers, or trailers, ask for.
    pub fn read(&self, headers: &HeaderMap) -> Option<Duration> {
        let http = headers.get(header::RETRY_AFTER).and_then(|value| retry_after(value, headers));
        let grpc = headers.get("grpc-retry-pushback-ms").and_then(pushback);
        http.max(grpc).filter(|asked| !asked.is_zero()).map(|asked| asked.min(self.cap))
    }
}

fn retry_after(value: &HeaderValue, headers: &HeaderMap) -> Option<Duration> {
    let value = value.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|digit| digit.is_ascii_digit()) {
        // More digits than a number has are a very long time.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    let now = headers.get(header::DATE).and_then(|now| date(now.to_str().ok()?)).unwrap_or_else(SystemTime::now);
    date(value)?.duration_since(now).ok()
}

/// A negative number asks for no retry at all, which is no time.
fn pushback(value: &HeaderValue) -> Option<Duration> {
    let millis: i32 = value.to_str().ok()?.trim().parse().ok()?;
    u64::try_from(millis).ok().map(Duration::from_millis)
}

#[cfg(feature = "tower")]
impl<B, E> crate::tower::WaitHint<http::Response<B>, E> for RetryAfter {
    fn wait(&self, result: &Result<http::Response<B>, E>) -> Option<Duration> {
        result.as_ref().ok().and_then(|response| self.read(response.headers()))
    }

    fn wait_by_trailers(&self, trailers: &HeaderMap) -> Option<Duration> {
        self.read(trailers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        RetryAfter::up_to(Duration::from_secs(3_600)).read(&headers)
    }

    const MINUTE: Option<Duration> = Some(Duration::from_secs(60));
    const CAP: Option<Duration> = Some(Duration::from_secs(3_600));

    #[test]
    fn seconds_are_read_and_capped() {
        assert_eq!(read(&[("retry-after", "60")]), MINUTE);
        assert_eq!(read(&[("retry-after", "3601")]), CAP);
        assert_eq!(read(&[("retry-after", "99999999999999999999999999")]), CAP);
        for nothing in ["", "0", "-5", "1.5", "soon", "60 s"] {
            assert_eq!(read(&[("retry-after", nothing)]), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_date_is_compared_with_that_of_the_response() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(read(&[date, ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")]), MINUTE);
        // The two older formats of HTTP dates.
        assert_eq!(read(&[date, ("retry-after", "Sunday, 06-Nov-94 08:50:37 GMT")]), MINUTE);
        assert_eq!(read(&[date, ("retry-after", "Sun Nov  6 08:50:37 1994")]), MINUTE);
        assert_eq!(read(&[date, ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), None);
        assert_eq!(read(&[date, ("retry-after", "Sun, 06 Nov 1994 08:49:36 GMT")]), None);
        assert_eq!(read(&[date, ("retry-after", "Tue, 08 Nov 1994 08:49:37 GMT")]), CAP);
    }

    #[test]
    fn a_date_without_one_to_compare_with_is_compared_with_the_clock() {
        assert_eq!(read(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), None);
        assert_eq!(read(&[("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")]), CAP);
        assert_eq!(read(&[("date", "yesterday"), ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")]), CAP);
    }

    #[test]
    fn the_pushback_of_grpc_is_read_and_the_longer_one_counts() {
        assert_eq!(read(&[("grpc-retry-pushback-ms", "1500")]), Some(Duration::from_millis(1_500)));
        for nothing in ["-1", "0", "", "x", "4294967296"] {
            assert_eq!(read(&[("grpc-retry-pushback-ms", nothing)]), None, "{nothing:?}");
        }
        assert_eq!(read(&[("grpc-retry-pushback-ms", "1500"), ("retry-after", "60")]), MINUTE);
        assert_eq!(read(&[("grpc-retry-pushback-ms", "60000"), ("retry-after", "1")]), MINUTE);
    }
}
