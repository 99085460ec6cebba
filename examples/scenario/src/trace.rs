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
    use super::Trace;

    #[test]
    fn order_counts() {
        let of = |numbers: [u32; 2]| {
            let mut trace = Trace::new();
            numbers.into_iter().for_each(|number| trace.number(number));
            trace.finish()
        };
        assert_eq!(of([1, 2]), of([1, 2]));
        assert_ne!(of([1, 2]), of([2, 1]));
    }
}
