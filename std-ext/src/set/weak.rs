//! A set that may be gone.

use std::fmt;
use std::sync::{Arc, Weak};

use fusebox::policy::{MaxFailures, TripPolicy};

use super::{CircuitBreakerSet, Table};
use crate::clock::StdClock;
use crate::incarnation::Incarnation;

/// A [`CircuitBreakerSet`] that may be gone, from [`CircuitBreakerSet::downgrade`]. It does not keep the set.
///
/// ```
/// use fusebox_std::CircuitBreakerSet;
///
/// let upstreams = CircuitBreakerSet::<String>::new();
/// let weak = upstreams.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(upstreams);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakCircuitBreakerSet<K, C = StdClock, P: TripPolicy = MaxFailures<3>, L = ()>(
    pub(super) Weak<Table<K, C, P, L>>,
);

impl<K, C, P: TripPolicy, L> WeakCircuitBreakerSet<K, C, P, L> {
    /// The set, if it is still there.
    pub fn upgrade(&self) -> Option<CircuitBreakerSet<K, C, P, L>> {
        self.0.upgrade().map(CircuitBreakerSet)
    }
}

impl<K, C, P, L> CircuitBreakerSet<K, C, P, L>
where
    K: Send + Sync + 'static,
    C: Send + Sync + 'static,
    P: TripPolicy + Send + Sync + 'static,
    P::History: Send + Sync,
    L: Send + Sync + 'static,
{
    /// Tells this set from others, and does not keep it.
    pub fn incarnation(&self) -> Incarnation {
        let weak = Arc::downgrade(&self.0);
        Incarnation(weak)
    }
}

impl<K, C, P: TripPolicy, L> Clone for WeakCircuitBreakerSet<K, C, P, L> {
    fn clone(&self) -> Self {
        Self(Weak::clone(&self.0))
    }
}

impl<K, C, P: TripPolicy, L> fmt::Debug for WeakCircuitBreakerSet<K, C, P, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakCircuitBreakerSet").field("alive", &(self.0.strong_count() > 0)).finish()
    }
}
