//! The atomics of the library's code, which stop after each step. They take the place of `core/src/atomic.rs`.

pub(crate) use core::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, SeqCst};

use core::sync::atomic;

use crate::defect::Defect;
use crate::stepping::{Seen, before_the_word, defect, leaves_unclear, step};

/// The carrier of a state word.
#[derive(Debug)]
pub(crate) struct AtomicU64(atomic::AtomicU64);

const HIGH: u64 = 0xffff_ffff_0000_0000;

impl AtomicU64 {
    pub(crate) const fn new(value: u64) -> Self {
        Self(atomic::AtomicU64::new(value))
    }

    pub(crate) fn load(&self, _: Ordering) -> u64 {
        before_the_word();
        match step(Seen::Word(0), || Seen::Word(self.0.load(SeqCst))) {
            Seen::Word(value) => value,
            _ => 0,
        }
    }

    pub(crate) fn compare_exchange(&self, current: u64, new: u64, _: Ordering, _: Ordering) -> Result<u64, u64> {
        let apart = defect() == Some(Defect::SinceApart);
        let first = if apart { current & HIGH | new & !HIGH } else { new };
        let seen = step(Seen::Won, || match self.0.compare_exchange(current, first, SeqCst, SeqCst) {
            Ok(_) => Seen::Won,
            Err(found) => Seen::Lost(found),
        });
        match seen {
            Seen::Lost(_) if defect() == Some(Defect::LostRaceIgnored) => Ok(current),
            Seen::Lost(found) => Err(found),
            _ if apart && current & HIGH != new & HIGH => {
                step(Seen::Half, || {
                    let low = self.0.load(SeqCst) & !HIGH;
                    self.0.store(new & HIGH | low, SeqCst);
                    Seen::Half
                });
                Ok(current)
            }
            _ => Ok(current),
        }
    }
}

/// A word of a history.
#[derive(Debug)]
pub(crate) struct AtomicU32(atomic::AtomicU32);

impl AtomicU32 {
    pub(crate) const fn new(value: u32) -> Self {
        Self(atomic::AtomicU32::new(value))
    }

    pub(crate) fn load(&self, _: Ordering) -> u32 {
        match step(Seen::Cell(0), || Seen::Cell(self.0.load(SeqCst))) {
            Seen::Cell(value) => value,
            _ => 0,
        }
    }

    pub(crate) fn store(&self, value: u32, _: Ordering) {
        if !leaves_unclear(value) {
            self.set(value);
        }
    }

    fn set(&self, value: u32) {
        step(Seen::Set, || {
            self.0.store(value, SeqCst);
            Seen::Set
        });
    }

    pub(crate) fn swap(&self, value: u32, _: Ordering) -> u32 {
        self.change(|_| value)
    }

    pub(crate) fn fetch_add(&self, value: u32, _: Ordering) -> u32 {
        self.change(|before| before.wrapping_add(value))
    }

    fn change(&self, change: impl Fn(u32) -> u32) -> u32 {
        let early = (defect() == Some(Defect::CountedInTwoSteps)).then(|| self.load(SeqCst));
        let seen = step(Seen::Changed(0), || {
            let before = early.unwrap_or_else(|| self.0.load(SeqCst));
            self.0.store(change(before), SeqCst);
            Seen::Changed(before)
        });
        match seen {
            Seen::Changed(before) => before,
            _ => 0,
        }
    }

    pub(crate) fn compare_exchange(&self, current: u32, new: u32, _: Ordering, _: Ordering) -> Result<u32, u32> {
        let seen = step(Seen::Changed(current), || match self.0.compare_exchange(current, new, SeqCst, SeqCst) {
            Ok(before) => Seen::Changed(before),
            Err(found) => Seen::Kept(found),
        });
        match seen {
            Seen::Kept(found) => Err(found),
            _ => Ok(current),
        }
    }
}
