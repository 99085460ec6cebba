//! The atomics in use: the machine's, or loom's when threads are explored.

#[cfg(all(target_has_atomic = "64", not(fusebox_halves)))]
pub(crate) use core::sync::atomic::Ordering::AcqRel;
pub(crate) use core::sync::atomic::Ordering::Acquire;
pub(crate) use core::sync::atomic::Ordering::Relaxed;
#[cfg(any(not(target_has_atomic = "64"), fusebox_halves))]
pub(crate) use core::sync::atomic::Ordering::Release;
#[cfg(any(target_has_atomic = "32", fusebox_loom))]
pub(crate) use core::sync::atomic::Ordering::SeqCst;

#[cfg(not(fusebox_loom))]
pub(crate) use core::sync::atomic::AtomicU32;
#[cfg(all(not(fusebox_loom), target_has_atomic = "64", not(fusebox_halves)))]
pub(crate) use core::sync::atomic::AtomicU64;

#[cfg(fusebox_loom)]
pub(crate) use explored::AtomicU32;
#[cfg(all(fusebox_loom, not(fusebox_halves)))]
pub(crate) use explored::AtomicU64;
#[cfg(all(fusebox_loom, fusebox_halves))]
pub(crate) use explored::Exclusive;

/// One at a time: the target's critical section, which takes no memory here.
#[cfg(all(any(not(target_has_atomic = "64"), fusebox_halves), not(fusebox_loom)))]
pub(crate) struct Exclusive;

#[cfg(all(any(not(target_has_atomic = "64"), fusebox_halves), not(fusebox_loom)))]
impl Exclusive {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[inline]
    #[allow(clippy::unused_self, reason = "loom's has a lock in it")]
    pub(crate) fn with<R>(&self, body: impl FnOnce() -> R) -> R {
        critical_section::with(|_| body())
    }
}

/// loom's types cannot be made in a `const`, a breaker can: they come to life at the first touch.
#[cfg(fusebox_loom)]
mod explored {
    use core::sync::atomic::Ordering;
    use std::sync::OnceLock;

    macro_rules! explored {
        ($name:ident, $int:ty) => {
            #[derive(Debug)]
            pub(crate) struct $name {
                initial: $int,
                inner: OnceLock<loom::sync::atomic::$name>,
            }

            #[allow(dead_code, reason = "each width is used for some of these")]
            impl $name {
                pub(crate) const fn new(initial: $int) -> Self {
                    Self { initial, inner: OnceLock::new() }
                }

                fn inner(&self) -> &loom::sync::atomic::$name {
                    self.inner.get_or_init(|| loom::sync::atomic::$name::new(self.initial))
                }

                pub(crate) fn load(&self, order: Ordering) -> $int {
                    self.inner().load(order)
                }

                pub(crate) fn store(&self, value: $int, order: Ordering) {
                    self.inner().store(value, order);
                }

                pub(crate) fn swap(&self, value: $int, order: Ordering) -> $int {
                    self.inner().swap(value, order)
                }

                pub(crate) fn fetch_add(&self, value: $int, order: Ordering) -> $int {
                    self.inner().fetch_add(value, order)
                }

                pub(crate) fn compare_exchange(
                    &self,
                    current: $int,
                    new: $int,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$int, $int> {
                    self.inner().compare_exchange(current, new, success, failure)
                }
            }
        };
    }

    explored!(AtomicU32, u32);
    #[cfg(all(target_has_atomic = "64", not(fusebox_halves)))]
    explored!(AtomicU64, u64);

    #[cfg(any(not(target_has_atomic = "64"), fusebox_halves))]
    pub(crate) struct Exclusive(OnceLock<loom::sync::Mutex<()>>);

    #[cfg(any(not(target_has_atomic = "64"), fusebox_halves))]
    impl Exclusive {
        pub(crate) const fn new() -> Self {
            Self(OnceLock::new())
        }

        pub(crate) fn with<R>(&self, body: impl FnOnce() -> R) -> R {
            let lock = self.0.get_or_init(|| loom::sync::Mutex::new(())).lock();
            let result = body();
            drop(lock);
            result
        }
    }
}
