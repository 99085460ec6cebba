//! Where circuits come from.

use std::fmt::{self, Display};
use std::hash::Hash;

use fusebox::Listener;
use fusebox::policy::TripPolicy;
use fusebox_std::{Handle, Incarnation, Uptime, WeakCircuitBreakerSet};

use crate::durations::CallDurations;
use crate::sample::{Sample, Wanted};

/// Circuits that can be exported: [`from_fn`] makes one of a closure, and sets of `fusebox-std` need none of their own.
pub trait Source: Send + Sync {
    /// Tells of each circuit as it is now, or says with `None` that there will be none any more.
    fn collect(&self, circuits: &mut Circuits<'_>) -> Option<SetTotals>;
}

/// What is known of a set as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetTotals {
    /// How many circuits there is room for. [`Circuits::capacity`] says the same.
    pub capacity: Option<u64>,
    /// How many circuits made room for others, or were idle. It must not go back.
    pub evicted: Option<u64>,
    /// How often there was no room for a peer. It must not go back.
    pub refused: Option<u64>,
}

/// Takes in the circuits of a [`Source`].
pub struct Circuits<'a> {
    take: &'a mut Take<'a>,
    wanted: Wanted,
    capacity: Option<u64>,
    set: Option<Incarnation>,
}

/// Takes in a circuit's name, the circuit if more is known of it, and how it is.
pub(crate) type Take<'a> = dyn FnMut(&dyn Display, Option<&dyn Circuit>, &Sample) + 'a;

/// A circuit that can be told from others of the same name.
pub(crate) trait Circuit {
    fn incarnation(&self) -> Incarnation;

    /// Whether this is its [`incarnation`](Self::incarnation).
    fn is(&self, known: &Incarnation) -> bool;
}

impl Circuits<'_> {
    /// One circuit, by the name of its peer. What was counted under one name must not go back.
    #[allow(clippy::needless_pass_by_value, reason = "a sample is made for this")]
    pub fn add(&mut self, name: impl Display, sample: Sample) {
        (self.take)(&name, None, &sample);
    }

    /// How many circuits there is room for, such as the
    /// [`capacity`](fusebox::CircuitBreakerSet::capacity) of a set of the core.
    pub fn capacity(&mut self, peers: usize) {
        self.capacity = u64::try_from(peers).ok();
    }
}

impl fmt::Debug for Circuits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuits").finish_non_exhaustive()
    }
}

/// What a source says of its set.
pub(crate) struct Collected {
    pub(crate) totals: SetTotals,
    /// Which set it is, if that is known.
    pub(crate) set: Option<Incarnation>,
}

/// Hands all circuits of a source to `take`.
pub(crate) fn collect<'a>(source: &dyn Source, wanted: Wanted, take: &'a mut Take<'a>) -> Option<Collected> {
    let mut circuits = Circuits { take, wanted, capacity: None, set: None };
    let totals = source.collect(&mut circuits)?;
    let Circuits { capacity, set, .. } = circuits;
    Some(Collected { totals: SetTotals { capacity: totals.capacity.or(capacity), ..totals }, set })
}

/// Circuits that a closure tells of, such as those of a set of the `no_std` core behind a lock of yours.
///
/// ```
/// use std::sync::{Arc, Mutex, PoisonError};
/// use fusebox::{CircuitBreakerSet, clock::ManualClock};
/// use fusebox_prometheus::{Exporter, Sample, from_fn};
///
/// static CLOCK: ManualClock = ManualClock::new();
/// let links = Arc::new(Mutex::new(CircuitBreakerSet::<u16, &ManualClock, 32>::new(&CLOCK)));
/// let shared = Arc::clone(&links);
///
/// let exporter = Exporter::new();
/// exporter.register_source("links", from_fn(move |circuits| {
///     let links = shared.lock().unwrap_or_else(PoisonError::into_inner);
///     circuits.capacity(links.capacity());
///     for peer in links.iter() {
///         circuits.add(peer.key(), Sample::of(peer));
///     }
/// }))?;
///
/// let _ = links.lock().unwrap_or_else(PoisonError::into_inner).peer(&0x17).map(|link| link.open());
/// assert!(exporter.render().contains(r#"circuit_breaker_state{set="links",circuit="23",state="open"} 1"#));
/// assert!(exporter.render().contains(r#"circuit_breaker_capacity{set="links"} 32"#));
/// # Ok::<(), fusebox_prometheus::RegisterError>(())
/// ```
pub fn from_fn<F: Fn(&mut Circuits<'_>) + Send + Sync>(collect: F) -> impl Source {
    FromFn(collect)
}

struct FromFn<F>(F);

impl<F: Fn(&mut Circuits<'_>) + Send + Sync> Source for FromFn<F> {
    fn collect(&self, circuits: &mut Circuits<'_>) -> Option<SetTotals> {
        (self.0)(circuits);
        Some(SetTotals::default())
    }
}

impl<K, C, P, L> Circuit for Handle<K, C, P, L>
where
    K: Send + Sync + 'static,
    C: Uptime + Clone + Send + Sync + 'static,
    P: TripPolicy + Send + Sync + 'static,
    P::History: Send + Sync,
    L: Listener<K> + Send + Sync + 'static,
{
    fn incarnation(&self) -> Incarnation {
        self.incarnation()
    }

    fn is(&self, known: &Incarnation) -> bool {
        self.is_incarnation(known)
    }
}

/// A set of `fusebox-std`, which is not kept.
pub(crate) struct SharedSet<K, C, P: TripPolicy, L> {
    pub(crate) set: WeakCircuitBreakerSet<K, C, P, L>,
    pub(crate) durations: Option<CallDurations>,
}

impl<K, C, P, L> Source for SharedSet<K, C, P, L>
where
    K: Clone + Eq + Hash + Display + Send + Sync + 'static,
    C: Uptime + Clone + Send + Sync + 'static,
    P: TripPolicy + Send + Sync + 'static,
    P::History: Send + Sync,
    L: Listener<K> + Send + Sync + 'static,
{
    fn collect(&self, circuits: &mut Circuits<'_>) -> Option<SetTotals> {
        let set = self.set.upgrade()?;
        for handle in set.handles() {
            let mut sample = Sample::of_handle(&handle, circuits.wanted);
            sample.durations = self.durations.as_ref().map(|durations| durations.histograms(&handle.incarnation()));
            (circuits.take)(handle.key(), Some(&handle), &sample);
        }
        circuits.set = Some(set.incarnation());
        let capacity = u64::try_from(set.capacity()).ok();
        Some(SetTotals { capacity, evicted: Some(set.evicted()), refused: Some(set.refused()) })
    }
}
