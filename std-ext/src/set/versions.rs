//! Settings that are replaced while circuits go by them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use boxcar::Vec as AppendVec;
use fusebox::Settings;

/// All settings that a set ever had. None is taken away, so whoever looks at some may go on looking.
#[derive(Debug)]
pub(super) struct Versions<C, P> {
    first: Settings<C, P>,
    later: AppendVec<Settings<C, P>>,
    /// The version that circuits get which are made or closed now.
    current: AtomicUsize,
}

impl<C, P> Versions<C, P> {
    pub(super) const fn new(first: Settings<C, P>) -> Self {
        Self { first, later: AppendVec::new(), current: AtomicUsize::new(0) }
    }

    /// Adds settings and returns their number.
    pub(super) fn add(&self, settings: Settings<C, P>) -> usize {
        self.later.push(settings) + 1
    }

    pub(super) fn current(&self) -> usize {
        self.current.load(Relaxed)
    }

    pub(super) fn set_current(&self, version: usize) {
        self.current.store(version, Relaxed);
    }

    #[inline]
    pub(super) fn get(&self, version: usize) -> &Settings<C, P> {
        let later = version.checked_sub(1).and_then(|index| self.later.get(index));
        later.unwrap_or(&self.first)
    }
}

/// What one circuit goes by: a version of its set's settings.
#[derive(Debug)]
pub struct Version<C, P> {
    pub(super) all: Arc<Versions<C, P>>,
    number: AtomicUsize,
}

impl<C, P> Version<C, P> {
    pub(super) fn new(all: Arc<Versions<C, P>>, number: usize) -> Self {
        Self { all, number: AtomicUsize::new(number) }
    }

    pub(super) fn number(&self) -> usize {
        self.number.load(Relaxed)
    }

    pub(super) fn set_number(&self, number: usize) {
        self.number.store(number, Relaxed);
    }
}

impl<C, P> AsRef<Settings<C, P>> for Version<C, P> {
    #[inline]
    fn as_ref(&self) -> &Settings<C, P> {
        self.all.get(self.number())
    }
}
