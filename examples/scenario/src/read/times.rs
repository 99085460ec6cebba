//! Reads times: milliseconds with up to three decimals.

use anyhow::{Error, Result, anyhow};
use serde::Deserialize;

use crate::millis::Millis;

/// A time as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "serde_json::Number")]
pub(super) struct Time(pub(super) Millis);

impl Time {
    /// Reads a decimal number of milliseconds, digit by digit so that nothing is rounded.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(part) {
            return Err(anyhow!("`{text}` is not a time in milliseconds"));
        }
        let part = part.trim_end_matches('0');
        if part.len() > 3 {
            return Err(anyhow!("{text} ms is finer than a microsecond"));
        }
        let micros = format!("{whole}{part:0<3}").parse();
        micros
            .map(|micros| Self(Millis::from_micros(micros)))
            .map_err(|_| anyhow!("{text} ms is longer than the lab can count"))
    }
}

impl TryFrom<serde_json::Number> for Time {
    type Error = Error;

    fn try_from(number: serde_json::Number) -> Result<Self> {
        Self::parse(&number.to_string())
    }
}

impl From<Time> for Millis {
    fn from(time: Time) -> Self {
        time.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_exactly() {
        for (json, micros) in [
            ("0", 0),
            ("0.001", 1),
            ("120000.001", 120_000_001),
            ("4294967296.125", 4_294_967_296_125),
            ("5.0", 5_000),
            ("18446744073709551", 18_446_744_073_709_551_000),
        ] {
            let read: Time = serde_json::from_str(json).unwrap();
            assert_eq!(read.0, Millis::from_micros(micros), "{json}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for (json, reason) in [
            ("0.0001", "finer than a microsecond"),
            ("-1", "not a time"),
            ("1e300", "not a time"),
            ("18446744073709552", "longer than"),
            ("99999999999999999999", "not a time"),
            ("\"5\"", "expected"),
        ] {
            let error = serde_json::from_str::<Time>(json).unwrap_err().to_string();
            assert!(error.contains(reason), "{json}: {error}");
        }
        for text in ["", ".", "1.", ".5", "5x", "+5", "1.2.3", " 1"] {
            assert!(Time::parse(text).is_err(), "{text}");
        }
    }
}
