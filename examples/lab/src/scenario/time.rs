//! Times of scenarios: milliseconds with up to three decimals.

use std::fmt;
use std::time::Duration;

use anyhow::{Result, anyhow};
use serde::Deserialize;

/// A time or a length of time, exact to the microsecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "serde_json::Number")]
pub(crate) struct Millis {
    micros: u64,
}

impl Millis {
    pub(crate) fn from_micros(micros: u64) -> Self {
        Self { micros }
    }

    pub(crate) fn as_micros(self) -> u64 {
        self.micros
    }

    pub(crate) fn is_whole(self) -> bool {
        self.micros.is_multiple_of(1000)
    }

    pub(crate) fn as_duration(self) -> Duration {
        Duration::from_micros(self.micros)
    }

    /// Reads a decimal number of milliseconds, digit by digit so that nothing is rounded.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(part) {
            return Err(anyhow!("`{text}` is not a time in milliseconds"));
        }
        let part = part.trim_end_matches('0');
        if part.len() > 3 {
            return Err(anyhow!("{text} ms is finer than a microsecond"));
        }
        format!("{whole}{part:0<3}")
            .parse()
            .map(Self::from_micros)
            .map_err(|_| anyhow!("{text} ms is longer than the lab can count"))
    }
}

impl TryFrom<serde_json::Number> for Millis {
    type Error = anyhow::Error;

    fn try_from(number: serde_json::Number) -> Result<Self> {
        Self::parse(&number.to_string())
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.micros / 1000)?;
        match self.micros % 1000 {
            0 => Ok(()),
            part => f.write_str(format!(".{part:03}").trim_end_matches('0')),
        }
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
            let read: Millis = serde_json::from_str(json).unwrap();
            assert_eq!(read.as_micros(), micros, "{json}");
        }
        assert_eq!(Millis::from_micros(120_000_001).to_string(), "120000.001");
        assert_eq!(Millis::from_micros(1_500).to_string(), "1.5");
        assert_eq!(Millis::from_micros(7_000).to_string(), "7");
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
            let error = serde_json::from_str::<Millis>(json).unwrap_err().to_string();
            assert!(error.contains(reason), "{json}: {error}");
        }
        for text in ["", ".", "1.", ".5", "5x", "+5", "1.2.3", " 1"] {
            assert!(Millis::parse(text).is_err(), "{text}");
        }
    }
}
