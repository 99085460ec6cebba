//! How long calls took, for whoever wants to know.

mod cells;
mod timed;

pub(crate) use cells::{Cells, DurationTotals, Histograms};
pub use timed::TimedHandle;

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fusebox::Listener;
use fusebox::policy::TripPolicy;
use fusebox_std::{Handle, Incarnation, Uptime};

/// Histograms of how long calls took, by circuit and outcome: for [`Exporter::register_timed`](crate::Exporter::register_timed).
///
/// It is off unless you ask for it: calls through a [`TimedHandle`] are measured, others are not and cost what they did.
/// A measured call reads the clock twice and adds to two counters. A clone is the same.
///
/// ```
/// use fusebox_prometheus::{CallDurations, Exporter};
/// use fusebox_std::CircuitBreakerSet;
///
/// let upstreams = CircuitBreakerSet::<String>::new();
/// let durations = CallDurations::new();
/// let exporter = Exporter::new();
/// exporter.register_timed("upstreams", &upstreams, &durations)?;
///
/// let inventory = durations.of(&upstreams.handle("inventory")?);
/// assert_eq!(inventory.call(|| Ok::<_, ()>(7)), Ok(7));
/// let count = r#"circuit_breaker_call_duration_seconds_count{set="upstreams",circuit="inventory",outcome="success"} 1"#;
/// assert!(exporter.render().contains(count));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct CallDurations(Arc<Inner>);

struct Inner {
    bounds: Arc<[Duration]>,
    circuits: Mutex<HashMap<Incarnation, Histograms>>,
}

/// 5 ms to 10 s, as Prometheus' own clients have it.
const USUAL_MILLIS: [u64; 11] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

impl CallDurations {
    /// Histograms with the usual buckets of Prometheus' clients, up to 5, 10, 25, 50, 100, 250 and 500 ms, 1, 2.5, 5 and
    /// 10 s.
    pub fn new() -> Self {
        Self::of_bounds(USUAL_MILLIS.map(Duration::from_millis).into())
    }

    /// Histograms with buckets up to these lengths, and one for what takes longer.
    ///
    /// # Errors
    /// [`BoundsError`] unless there is a bound and each is longer than the one before.
    pub fn with_bounds(bounds: &[Duration]) -> Result<Self, BoundsError> {
        let rising = bounds.is_sorted_by(|shorter, longer| shorter < longer);
        if bounds.is_empty() || !rising { Err(BoundsError) } else { Ok(Self::of_bounds(bounds.into())) }
    }

    fn of_bounds(bounds: Arc<[Duration]>) -> Self {
        Self(Arc::new(Inner { bounds, circuits: Mutex::default() }))
    }

    /// A handle whose calls are measured. Keep it, rather than ask for it before each call: this takes a lock.
    pub fn of<K, C, P, L>(&self, handle: &Handle<K, C, P, L>) -> TimedHandle<K, C, P, L>
    where
        K: Send + Sync + 'static,
        C: Uptime + Clone + Send + Sync + 'static,
        P: TripPolicy + Send + Sync + 'static,
        P::History: Send + Sync,
        L: Listener<K> + Send + Sync + 'static,
    {
        TimedHandle::new(handle.clone(), self.histograms(&handle.incarnation()))
    }

    /// Up to which lengths its buckets go.
    pub fn bounds(&self) -> &[Duration] {
        &self.0.bounds
    }

    /// Those of one circuit, made on first use.
    pub(crate) fn histograms(&self, incarnation: &Incarnation) -> Histograms {
        let mut circuits = self.0.circuits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = circuits.get(incarnation) {
            return Arc::clone(known);
        }
        // Each time that the map would grow, so it costs a newcomer a constant time.
        if circuits.len() == circuits.capacity() {
            circuits.retain(|known, _| known.is_alive());
        }
        let made = Arc::new(Cells::new(Arc::clone(&self.0.bounds)));
        circuits.insert(incarnation.clone(), Arc::clone(&made));
        made
    }
}

impl Default for CallDurations {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CallDurations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallDurations").field("bounds", &self.0.bounds).finish_non_exhaustive()
    }
}

/// Bounds of buckets that are none: there has to be one, and each must be longer than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundsError;

impl fmt::Display for BoundsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the buckets need a bound, and each has to be longer than the one before")
    }
}

impl Error for BoundsError {}
