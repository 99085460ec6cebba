//! How many calls there were, and what became of them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use fusebox::{Outcome, RejectReason};
use thread_local::ThreadLocal;

/// What a circuit counts. Counters are read when somebody asks, never pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counts {
    /// Nothing.
    None,
    /// All but successes, which are the only thing that a healthy call would have to write down.
    #[default]
    Failures,
    /// Everything. Each thread that calls has a counter of its own, so they do not wait for each other; it takes about
    /// half a kilobyte a circuit.
    All,
}

/// How many calls there were, and what became of them. The numbers only rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallCounts {
    /// Calls that succeeded; 0 unless [`Counts::All`].
    pub successes: u64,
    /// Calls that failed, abandoned ones not among them.
    pub failures: u64,
    /// Calls that said nothing about the peer.
    pub ignored: u64,
    /// Calls that nobody saw the end of.
    pub abandoned: u64,
    /// Calls rejected while open.
    pub rejected_open: u64,
    /// Calls rejected while half-open, with enough probes under way.
    pub rejected_half_open: u64,
    /// Calls rejected while forced open.
    pub rejected_forced_open: u64,
    /// Calls that observe mode let through and the circuit would have rejected.
    pub would_reject: u64,
    /// Of the successes those that were [slow](fusebox::SettingsBuilder::slow_call), where the settings say what is.
    pub slow_successes: u64,
    /// Of the failures those that were slow.
    pub slow_failures: u64,
    /// Of the abandoned calls those that were slow when they were.
    pub slow_abandoned: u64,
}

impl CallCounts {
    /// All rejected calls.
    pub const fn rejected(&self) -> u64 {
        self.rejected_open.saturating_add(self.rejected_half_open).saturating_add(self.rejected_forced_open)
    }
}

/// The counters of one circuit.
#[derive(Debug)]
pub(crate) struct Counters {
    /// Whether anything is counted.
    on: bool,
    failures: AtomicU64,
    ignored: AtomicU64,
    abandoned: AtomicU64,
    rejected_open: AtomicU64,
    rejected_half_open: AtomicU64,
    rejected_forced_open: AtomicU64,
    would_reject: AtomicU64,
    slow_successes: AtomicU64,
    slow_failures: AtomicU64,
    slow_abandoned: AtomicU64,
}

impl Counters {
    pub(crate) fn new(counts: Counts) -> Self {
        Self {
            on: !matches!(counts, Counts::None),
            failures: AtomicU64::new(0),
            ignored: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
            rejected_open: AtomicU64::new(0),
            rejected_half_open: AtomicU64::new(0),
            rejected_forced_open: AtomicU64::new(0),
            would_reject: AtomicU64::new(0),
            slow_successes: AtomicU64::new(0),
            slow_failures: AtomicU64::new(0),
            slow_abandoned: AtomicU64::new(0),
        }
    }

    pub(crate) fn settled(&self, outcome: Outcome) {
        match outcome {
            // They have counters of their own.
            Outcome::Success => {}
            Outcome::Failure => self.add(&self.failures),
            Outcome::Ignored => self.add(&self.ignored),
        }
    }

    /// A settled call was slow.
    #[cold]
    pub(crate) fn slow(&self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.add(&self.slow_successes),
            Outcome::Failure => self.add(&self.slow_failures),
            Outcome::Ignored => {}
        }
    }

    /// An abandoned call was slow.
    pub(crate) fn slow_abandoned(&self) {
        self.add(&self.slow_abandoned);
    }

    pub(crate) fn abandoned(&self) {
        self.add(&self.abandoned);
    }

    pub(crate) fn would_reject(&self) {
        self.add(&self.would_reject);
    }

    pub(crate) fn rejected(&self, reason: RejectReason) {
        match reason {
            RejectReason::Open => self.add(&self.rejected_open),
            RejectReason::HalfOpenFull => self.add(&self.rejected_half_open),
            RejectReason::ForcedOpen => self.add(&self.rejected_forced_open),
            // A full table is the set's to count.
            _ => {}
        }
    }

    fn add(&self, counter: &AtomicU64) {
        if self.on {
            counter.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn read(&self) -> CallCounts {
        CallCounts {
            successes: 0,
            failures: self.failures.load(Relaxed),
            ignored: self.ignored.load(Relaxed),
            abandoned: self.abandoned.load(Relaxed),
            rejected_open: self.rejected_open.load(Relaxed),
            rejected_half_open: self.rejected_half_open.load(Relaxed),
            rejected_forced_open: self.rejected_forced_open.load(Relaxed),
            would_reject: self.would_reject.load(Relaxed),
            slow_successes: self.slow_successes.load(Relaxed),
            slow_failures: self.slow_failures.load(Relaxed),
            slow_abandoned: self.slow_abandoned.load(Relaxed),
        }
    }
}

/// The successes of one circuit, if they are counted: a counter per thread, which alone writes it.
#[derive(Debug)]
pub(crate) struct Successes(Option<Box<ThreadLocal<AtomicU64>>>);

impl Successes {
    pub(crate) fn new(counts: Counts) -> Self {
        Self(matches!(counts, Counts::All).then(Box::default))
    }

    #[inline]
    pub(crate) const fn are_counted(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    pub(crate) fn add(&self) {
        if let Some(counters) = &self.0 {
            Self::add_own(counters);
        }
    }

    /// Not inlined: those who do not count successes are not to carry it.
    #[inline(never)]
    fn add_own(counters: &ThreadLocal<AtomicU64>) {
        let own = counters.get_or_default();
        own.store(own.load(Relaxed) + 1, Relaxed);
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.iter().flat_map(|counters| counters.iter()).map(|own| own.load(Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_success_of_any_thread_is_lost() {
        let successes = Successes::new(Counts::All);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..10_000).for_each(|_| successes.add()));
            }
        });
        // Threads that end leave their counters to those that follow.
        std::thread::scope(|scope| {
            scope.spawn(|| successes.add());
        });
        assert_eq!(successes.read(), 80_001);
    }

    #[test]
    fn what_is_not_asked_for_is_not_counted() {
        for (counts, expected) in [(Counts::None, [0, 0, 0]), (Counts::Failures, [0, 1, 1]), (Counts::All, [1, 1, 1])] {
            let (counters, successes) = (Counters::new(counts), Successes::new(counts));
            successes.add();
            counters.settled(Outcome::Failure);
            counters.rejected(RejectReason::Open);
            let CallCounts { failures, rejected_open, .. } = counters.read();
            assert_eq!([successes.read(), failures, rejected_open], expected, "{counts:?}");
        }
    }
}
