//! How a set is made.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::time::Duration;

use fusebox::policy::{MaxFailures, TripPolicy};
use fusebox::{Listener, Settings, WhenFull};

use super::CircuitBreakerSet;
use crate::clock::{StdClock, Uptime};
use crate::counts::Counts;
use crate::entry::Abandoned;
use crate::error::SetError;

/// Makes a [`CircuitBreakerSet`].
///
/// ```
/// use std::time::Duration;
/// use fusebox::Settings;
/// use fusebox_std::{CircuitBreakerSet, Counts};
///
/// let upstreams = CircuitBreakerSet::<String>::builder()
///     .settings(Settings::builder().wait(Duration::from_secs(5)).build()?)
///     .capacity(10_000)
///     .idle(Duration::from_secs(3_600))
///     .counts(Counts::All)
///     .build()?;
/// assert_eq!(upstreams.len(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a set is there once it is built"]
pub struct CircuitBreakerSetBuilder<K, C = StdClock, P = MaxFailures<3>, L = ()> {
    pub(super) clock: C,
    pub(super) settings: Settings<C, P>,
    pub(super) listener: L,
    pub(super) limits: Limits,
    key: PhantomData<fn() -> K>,
}

/// What has the same type in every set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) capacity: usize,
    pub(super) idle: Option<Duration>,
    pub(super) when_full: WhenFull,
    pub(super) counts: Counts,
    pub(super) abandoned: Abandoned,
    pub(super) records: usize,
}

impl<K> CircuitBreakerSetBuilder<K> {
    pub(super) const fn new() -> Self {
        let limits = Limits {
            capacity: 10_000,
            idle: None,
            when_full: WhenFull::Refuse,
            counts: Counts::Failures,
            abandoned: Abandoned::FailureAfter(Duration::from_secs(1)),
            records: 16,
        };
        Self { clock: StdClock::new(), settings: Settings::DEFAULT, listener: (), limits, key: PhantomData }
    }
}

impl<K, C, P, L> CircuitBreakerSetBuilder<K, C, P, L> {
    /// Goes by another clock, and by settings for it. [`StdClock`] by default.
    pub fn clock<C2: Uptime, P2: TripPolicy>(
        self,
        clock: C2,
        settings: Settings<C2, P2>,
    ) -> CircuitBreakerSetBuilder<K, C2, P2, L> {
        let Self { listener, limits, key, .. } = self;
        CircuitBreakerSetBuilder { clock, settings, listener, limits, key }
    }

    /// Goes by these settings. [`Settings::DEFAULT`] by default.
    pub fn settings<P2: TripPolicy>(self, settings: Settings<C, P2>) -> CircuitBreakerSetBuilder<K, C, P2, L> {
        let Self { clock, listener, limits, key, .. } = self;
        CircuitBreakerSetBuilder { clock, settings, listener, limits, key }
    }

    /// Tells `listener` of all events, with the peer.
    pub fn listener<L2: Listener<K>>(self, listener: L2) -> CircuitBreakerSetBuilder<K, C, P, L2> {
        let Self { clock, settings, limits, key, .. } = self;
        CircuitBreakerSetBuilder { clock, settings, listener, limits, key }
    }

    /// The most peers that have a circuit at once, 1 or more; 10,000 by default.
    pub fn capacity(mut self, peers: usize) -> Self {
        self.limits.capacity = peers;
        self
    }

    /// A clean peer that nobody asked for or called so long leaves the set at the next
    /// [`evict_idle`](CircuitBreakerSet::evict_idle). By default none does before the set is full.
    pub fn idle(mut self, limit: Duration) -> Self {
        self.limits.idle = Some(limit);
        self
    }

    /// What becomes of a peer for which there is no room. It is refused by default.
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.limits.when_full = when_full;
        self
    }

    /// What is counted. All but successes by default.
    pub fn counts(mut self, counts: Counts) -> Self {
        self.limits.counts = counts;
        self
    }

    /// What a call counts as that nobody saw the end of. By default a failure if it ran a second, ignored otherwise.
    pub fn abandoned(mut self, abandoned: Abandoned) -> Self {
        self.limits.abandoned = abandoned;
        self
    }

    /// How many transitions each circuit remembers; 16 by default.
    pub fn records(mut self, transitions: usize) -> Self {
        self.limits.records = transitions;
        self
    }

    /// Makes the set.
    ///
    /// # Errors
    /// [`SetError::Capacity`] for no room at all.
    pub fn build(self) -> Result<CircuitBreakerSet<K, C, P, L>, SetError>
    where
        K: Clone + Eq + Hash,
        C: Uptime + Clone,
        P: TripPolicy,
        L: Listener<K>,
    {
        if self.limits.capacity == 0 {
            return Err(SetError::Capacity);
        }
        Ok(CircuitBreakerSet::of(self))
    }
}

impl<K, C, P: fmt::Debug, L> fmt::Debug for CircuitBreakerSetBuilder<K, C, P, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerSetBuilder")
            .field("settings", &self.settings)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
