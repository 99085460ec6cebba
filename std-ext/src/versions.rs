//! Settings that are replaced while circuits go by them.

use std::sync::atomic::Ordering::Relaxed;

use boxcar::Vec as AppendVec;

use crate::sync::AtomicUsize;

/// All versions that there ever were. None is taken away, so whoever goes by one may go on.
#[derive(Debug)]
pub(crate) struct Versions<T> {
    first: T,
    later: AppendVec<T>,
    current: AtomicUsize,
}

impl<T> Versions<T> {
    pub(crate) fn new(first: T) -> Self {
        Self { first, later: AppendVec::new(), current: AtomicUsize::new(0) }
    }

    /// Adds a version and returns its number.
    pub(crate) fn add(&self, version: T) -> usize {
        self.later.push(version) + 1
    }

    /// The number of the set's version, for circuits without their own.
    pub(crate) fn current(&self) -> usize {
        self.current.load(Relaxed)
    }

    pub(crate) fn set_current(&self, number: usize) {
        self.current.store(number, Relaxed);
    }

    pub(crate) const fn first(&self) -> &T {
        &self.first
    }

    #[inline]
    pub(crate) fn get(&self, number: usize) -> &T {
        if number == 0 { &self.first } else { self.later_at(number - 1) }
    }

    #[cold]
    fn later_at(&self, index: usize) -> &T {
        self.later.get(index).unwrap_or(&self.first)
    }
}
