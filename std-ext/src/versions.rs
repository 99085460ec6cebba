//! Settings that are replaced while circuits go by them.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use boxcar::Vec as AppendVec;
use fusebox::Settings;

/// All settings that a set ever had. None is taken away, so whoever goes by some may go on.
#[derive(Debug)]
pub(crate) struct Versions<C, P> {
    first: Settings<C, P>,
    later: AppendVec<Settings<C, P>>,
    current: AtomicUsize,
}

impl<C, P> Versions<C, P> {
    pub(crate) const fn new(first: Settings<C, P>) -> Self {
        Self { first, later: AppendVec::new(), current: AtomicUsize::new(0) }
    }

    /// Adds settings and returns their number.
    pub(crate) fn add(&self, settings: Settings<C, P>) -> usize {
        self.later.push(settings) + 1
    }

    /// The number of the set's settings, for circuits without their own.
    pub(crate) fn current(&self) -> usize {
        self.current.load(Relaxed)
    }

    pub(crate) fn set_current(&self, number: usize) {
        self.current.store(number, Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self, number: usize) -> &Settings<C, P> {
        number.checked_sub(1).and_then(|index| self.later.get(index)).unwrap_or(&self.first)
    }
}
