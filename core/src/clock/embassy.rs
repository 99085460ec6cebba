//! The time of an embassy program.

use crate::time::{Clock, Instant};

/// The time of an embassy program: the low 32 bits of `embassy_time::Instant`.
///
/// Its rate is `embassy_time::TICK_HZ`, which a feature of `embassy-time` chooses. At its default of
/// 1 MHz waits and windows may be up to 35 minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EmbassyClock;

impl Clock for EmbassyClock {
    const HZ: u32 = {
        assert!(embassy_time::TICK_HZ <= u32::MAX as u64, "embassy-time ticks faster than a 32-bit rate");
        embassy_time::TICK_HZ as u32
    };

    #[inline]
    fn now(&self) -> Instant {
        Instant::from_ticks(embassy_time::Instant::now().as_ticks() as u32)
    }
}
