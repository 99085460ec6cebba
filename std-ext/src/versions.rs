//! Settings that are replaced while circuits go by them.

use std::sync::atomic::Ordering::Relaxed;

use boxcar::Vec as AppendVec;

use crate::sync::{AtomicUsize, Mutex, MutexGuard};

/// All versions that there ever were. None is taken away, so whoever goes by one may go on.
#[derive(Debug)]
pub(crate) struct Versions<T> {
    first: T,
    later: AppendVec<T>,
    current: AtomicUsize,
    choosing: Mutex<()>,
}

impl<T> Versions<T> {
    pub(crate) fn new(first: T) -> Self {
        Self { first, later: AppendVec::new(), current: AtomicUsize::new(0), choosing: Mutex::new(()) }
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
        let _choosing = self.choose();
        self.current.store(number, Relaxed);
    }

    /// Held for a moment by who changes the set's version, or tells a circuit by which one to go: of two who do so at once,
    /// the later one must not leave the earlier one's choice behind.
    pub(crate) fn choose(&self) -> MutexGuard<'_, ()> {
        self.choosing.lock()
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
