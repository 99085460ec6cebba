//! What carries the state word from thread to thread: a load and a compare-exchange, nothing else.
//!
//! A 64-bit atomic where the target has one. Elsewhere two 32-bit halves that are written inside a
//! critical section of a few instructions, so that a transition, its time and its generation still
//! change together. Either way the low half alone tells whether the circuit is closed.

#[cfg(all(target_has_atomic = "64", not(fusebox_halves)))]
pub(crate) use whole::Whole as Carrier;

#[cfg(any(not(target_has_atomic = "64"), fusebox_halves))]
pub(crate) use halves::Halves as Carrier;

#[cfg(all(target_has_atomic = "64", not(fusebox_halves)))]
mod whole {
    use crate::atomic::{AcqRel, Acquire, AtomicU64, Relaxed};
    use crate::word::Word;

    /// The word in one atomic.
    pub(crate) struct Whole(AtomicU64);

    impl Whole {
        pub(crate) const fn new(word: Word) -> Self {
            Self(AtomicU64::new(word.to_bits()))
        }

        /// The low half, unordered: good for the closed check, not for a time to compare with.
        #[inline]
        pub(crate) fn low(&self) -> u32 {
            self.0.load(Relaxed) as u32
        }

        /// The low half, and with it whatever was done before it was written.
        #[inline]
        pub(crate) fn low_latest(&self) -> u32 {
            self.0.load(Acquire) as u32
        }

        /// The whole word. A clock read after this is not behind `since`.
        #[inline]
        pub(crate) fn load(&self) -> Word {
            Word::from_bits(self.0.load(Acquire))
        }

        /// Replaces `current` by `new`, or says what is there instead.
        #[inline]
        pub(crate) fn replace(&self, current: Word, new: Word) -> Result<(), Word> {
            match self.0.compare_exchange(current.to_bits(), new.to_bits(), AcqRel, Acquire) {
                Ok(_) => Ok(()),
                Err(found) => Err(Word::from_bits(found)),
            }
        }
    }
}

#[cfg(any(not(target_has_atomic = "64"), fusebox_halves))]
mod halves {
    use crate::atomic::{Acquire, AtomicU32, Exclusive, Relaxed, Release};
    use crate::time::Instant;
    use crate::word::Word;

    /// The word in two atomics. `low` is read by anybody, `high` only inside the critical section.
    pub(crate) struct Halves {
        low: AtomicU32,
        high: AtomicU32,
        exclusive: Exclusive,
    }

    impl Halves {
        pub(crate) const fn new(word: Word) -> Self {
            Self {
                low: AtomicU32::new(word.low),
                high: AtomicU32::new(word.since.ticks()),
                exclusive: Exclusive::new(),
            }
        }

        #[inline]
        pub(crate) fn low(&self) -> u32 {
            self.low.load(Relaxed)
        }

        #[inline]
        pub(crate) fn low_latest(&self) -> u32 {
            self.low.load(Acquire)
        }

        #[inline]
        fn read(&self) -> Word {
            Word { low: self.low.load(Relaxed), since: Instant::from_ticks(self.high.load(Relaxed)) }
        }

        #[inline]
        pub(crate) fn load(&self) -> Word {
            self.exclusive.with(|| self.read())
        }

        #[inline]
        pub(crate) fn replace(&self, current: Word, new: Word) -> Result<(), Word> {
            self.exclusive.with(|| {
                let found = self.read();
                if found != current {
                    return Err(found);
                }
                self.high.store(new.since.ticks(), Relaxed);
                self.low.store(new.low, Release);
                Ok(())
            })
        }
    }
}
