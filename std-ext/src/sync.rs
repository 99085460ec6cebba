//! What threads share here, from std and `parking_lot`, or from loom, which tries every order of what they do.

#[cfg(not(loom))]
pub(crate) use std_or_parking_lot::*;
#[cfg(loom)]
pub(crate) use under_loom::*;

#[cfg(not(loom))]
mod std_or_parking_lot {
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, fence};

    pub(crate) use parking_lot::Mutex;
}

#[cfg(loom)]
mod under_loom {
    use std::sync::PoisonError;

    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, fence};

    /// A mutex that a panic does not poison, as `parking_lot`'s.
    #[derive(Debug)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}
