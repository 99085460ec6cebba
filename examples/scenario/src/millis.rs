//! Times of scenarios: milliseconds, exact to the microsecond.

use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Serialize};

/// A time or a length of time, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Millis(u64);

impl Millis {
    pub(crate) const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    #[cfg(feature = "std")]
    pub(crate) const fn is_whole(self) -> bool {
        self.0.is_multiple_of(1_000)
    }

    pub(crate) const fn as_duration(self) -> Duration {
        Duration::from_micros(self.0)
    }

    /// The tick that a clock of this rate, 1 kHz or 1 MHz, shows then: its counter wraps.
    pub(crate) const fn as_tick(self, hz: u32) -> u32 {
        if hz == 1_000 { (self.0 / 1_000) as u32 } else { self.0 as u32 }
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 / 1_000)?;
        match self.0 % 1_000 {
            0 => Ok(()),
            part if part % 100 == 0 => write!(f, ".{}", part / 100),
            part if part % 10 == 0 => write!(f, ".{:02}", part / 10),
            part => write!(f, ".{part:03}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_shown_as_far_as_they_go() {
        for (micros, text) in [
            (120_000_001, "120000.001"),
            (1_500, "1.5"),
            (1_050, "1.05"),
            (1_005, "1.005"),
            (7_000, "7"),
            (10, "0.01"),
            (0, "0"),
        ] {
            assert_eq!(Millis::from_micros(micros).to_string(), text);
        }
    }

    #[test]
    fn ticks_wrap() {
        assert_eq!(Millis::from_micros(4_294_967_296_000 + 5_000).as_tick(1_000), 5);
        assert_eq!(Millis::from_micros(4_294_967_296 + 5).as_tick(1_000_000), 5);
    }
}
