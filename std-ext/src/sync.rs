//! What threads share here, from std and `parking_lot`, or from loom, which tries every order of what they do.

#[cfg(not(fusebox_loom))]
pub(crate) use std_or_parking_lot::*;
#[cfg(fusebox_loom)]
pub(crate) use under_loom::*;

#[cfg(not(fusebox_loom))]
mod std_or_parking_lot {
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, fence};

    pub(crate) use parking_lot::{Mutex, MutexGuard};
}

#[cfg(fusebox_loom)]
mod under_loom {
    use std::sync::{Arc, PoisonError};

    pub(crate) use loom::sync::MutexGuard;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, fence};

    /// loom's atomics come to life in the thread that touches them first: let that be the one that made them. It does
    /// not see who holds an `Arc` last either, so this is never freed.
    pub(crate) fn settle_down<T, U>(value: &Arc<T>, touch: impl FnOnce(&T) -> U) {
        touch(value);
        std::mem::forget(Arc::clone(value));
    }

    /// A mutex that a panic does not poison, as `parking_lot`'s.
    #[derive(Debug)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}
