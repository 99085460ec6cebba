//! A checksum of all that was seen.

use crc::{CRC_32_ISO_HDLC, Crc, Digest};
use fusebox::{Rejected, Ticks};

use crate::subject::Look;

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// A checksum that is fed with numbers. What it is on one machine it is on all.
pub(crate) struct Trace(Digest<'static, u32>);

impl Trace {
    pub(crate) const fn new() -> Self {
        Self(CRC.digest())
    }

    pub(crate) const fn number(&mut self, number: u32) {
        self.0.update(&number.to_le_bytes());
    }

    pub(crate) const fn finish(self) -> u32 {
        self.0.finalize()
    }

    pub(crate) fn look(&mut self, look: &Look) {
        self.number(look.state as u32);
        self.ticks(look.retry_after);
        self.number(look.tally.calls);
        self.number(look.tally.failures);
        self.number(look.tally.slow);
    }

    pub(crate) fn rejected(&mut self, rejected: &Rejected) {
        self.number(rejected.reason() as u32);
        self.ticks(rejected.retry_after());
    }

    fn ticks(&mut self, ticks: Option<Ticks>) {
        self.number(ticks.is_some().into());
        self.number(ticks.map_or(0, Ticks::count));
    }
}

#[cfg(test)]
mod tests {
    use fusebox::clock::ManualClock;
    use fusebox::{CircuitBreakerSet, Rejected, Ticket};

    use super::Trace;

    fn of(feed: impl FnOnce(&mut Trace)) -> u32 {
        let mut trace = Trace::new();
        feed(&mut trace);
        trace.finish()
    }

    #[test]
    fn order_counts() {
        let both = |one, other| of(|trace| [one, other].into_iter().for_each(|number| trace.number(number)));
        assert_eq!(both(1, 2), both(1, 2));
        assert_ne!(both(1, 2), both(2, 1));
    }

    #[test]
    fn reason_and_time_of_a_rejection_count() {
        let clock = ManualClock::<1_000>::new();
        let mut set = CircuitBreakerSet::<u8, _, 1>::new(&clock);
        let rejected = |asked: Result<Ticket, Rejected>| of(|trace| trace.rejected(&asked.unwrap_err()));
        set.peer(&1).unwrap().open();
        let open = rejected(set.try_acquire(&1));
        clock.advance_ticks(1);
        assert_ne!(rejected(set.try_acquire(&1)), open);
        set.peer(&1).unwrap().force_open();
        // Neither says when to come back.
        assert_ne!(rejected(set.try_acquire(&1)), rejected(set.try_acquire(&2)));
    }
}
