//! A counter that an interrupt handler moves on.

use crate::cell::Cell;
use crate::time::{Clock, Instant};

/// A counter that an interrupt handler moves on `HZ` times a second.
///
/// ```
/// use fusebox::{CircuitBreaker, Clock, clock::TickCounter};
///
/// static UPTIME: TickCounter<1_000> = TickCounter::new();
/// static RADIO: CircuitBreaker<&TickCounter<1_000>> = CircuitBreaker::new(&UPTIME);
///
/// // In the handler of a 1 kHz timer:
/// UPTIME.tick();
///
/// assert_eq!(UPTIME.now().ticks(), 1);
/// # let _ = RADIO.state();
/// ```
#[derive(Debug)]
pub struct TickCounter<const HZ: u32>(Cell);

impl<const HZ: u32> TickCounter<HZ> {
    /// A counter at 0.
    pub const fn new() -> Self {
        Self(Cell::new(0))
    }

    /// Moves the counter on by one tick. To be called from one place only: it is a load and a store.
    #[inline]
    pub fn tick(&self) {
        self.0.store(self.0.load().wrapping_add(1));
    }
}

impl<const HZ: u32> Default for TickCounter<HZ> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const HZ: u32> Clock for TickCounter<HZ> {
    const HZ: u32 = HZ;

    #[inline]
    fn now(&self) -> Instant {
        Instant::from_ticks(self.0.load())
    }
}

#[cfg(feature = "defmt")]
impl<const HZ: u32> defmt::Format for TickCounter<HZ> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "TickCounter({=u32})", self.0.load());
    }
}
