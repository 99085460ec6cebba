//! What a circuit tells about itself to who reads it now and then, such as metrics.

use std::sync::Arc;
use std::time::SystemTime;

use fusebox::policy::{Tally, TripPolicy};
use fusebox::{Listener, Settings};

use crate::clock::Uptime;
use crate::counts::Counts;
use crate::handle::Handle;
use crate::incarnation::Incarnation;
use crate::record::{Log, Transitions};

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Handle<K, C, P, L> {
    /// How often the circuit went from one state to another, and when it last did.
    pub fn transitions(&self) -> Transitions {
        self.0.look_back(Log::transitions)
    }

    /// What the rates of the policy judge now: `None` for policies without rates, and while fewer calls are known than
    /// those need.
    pub fn window(&self) -> Option<Tally> {
        self.peer().window()
    }

    /// When the circuit was made, by the wall clock.
    pub fn made(&self) -> SystemTime {
        self.0.made_at
    }

    /// What the circuit counts.
    pub fn counted(&self) -> Counts {
        self.0.common.counts
    }

    /// The settings that the circuit goes by now.
    pub fn settings(&self) -> &Settings<C, P> {
        self.0.settings()
    }

    /// The clock that the circuit goes by.
    pub fn clock(&self) -> &C {
        self.0.common.clock()
    }

    /// Tells this circuit from one that is made anew for the same peer, and keeps neither.
    pub fn incarnation(&self) -> Incarnation
    where
        K: Send + Sync + 'static,
        C: Send + Sync + 'static,
        P: Send + Sync + 'static,
        P::History: Send + Sync,
        L: Send + Sync + 'static,
    {
        let weak = Arc::downgrade(&self.0);
        Incarnation(weak)
    }

    /// Whether this is the circuit that the [`incarnation`](Self::incarnation) was of, at the cost of a comparison.
    ///
    /// ```
    /// use fusebox_std::CircuitBreakerSet;
    ///
    /// let upstreams = CircuitBreakerSet::<String>::new();
    /// let inventory = upstreams.handle("inventory")?;
    /// assert!(inventory.is_incarnation(&inventory.incarnation()));
    /// assert!(!inventory.is_incarnation(&upstreams.handle("prices")?.incarnation()));
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    pub fn is_incarnation(&self, incarnation: &Incarnation) -> bool {
        incarnation.address() == Arc::as_ptr(&self.0).cast::<()>().addr()
    }
}
