//! One circuit per peer, for as many peers as a server has.

mod builder;
mod calls;
mod hashed;
mod left;
mod map;
mod room;
#[cfg(feature = "saved")]
mod saving;
mod table;
mod weak;

pub use builder::CircuitBreakerSetBuilder;
pub(crate) use table::Table;
pub use weak::WeakCircuitBreakerSet;

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use fusebox::policy::{MaxFailures, TripPolicy};
use fusebox::{Listener, Rejected, Settings};

use crate::clock::{StdClock, Uptime};
use crate::entry::{Common, Shared};
use crate::handle::Handle;
use crate::recorder::Recorder;
use crate::versions::Versions;
use builder::Limits;

/// One circuit per peer, shared by all threads: finding a peer takes no lock, and no lock is held during a call.
///
/// A clone is the same set. A circuit is made when its peer is first asked for. In a full set a peer makes room that
/// was not asked for lately, is closed and remembers no failure; one that is open, half-open, set by hand or failing
/// never does, so made-up keys cannot push out what was learned about real peers. Nor does one with settings of its own.
///
/// ```
/// use fusebox::{Error, State};
/// use fusebox_std::CircuitBreakerSet;
///
/// let upstreams = CircuitBreakerSet::<String>::new();
/// for _ in 0..4 {
///     let _ = upstreams.call("inventory", || Err::<(), _>("no answer"));
/// }
/// assert!(matches!(upstreams.call("inventory", || Ok::<_, ()>(())), Err(Error::Rejected(_))));
/// assert_eq!(upstreams.call("prices", || Ok::<_, ()>(9)), Ok(9));
/// # assert_eq!(upstreams.get("inventory").map(|circuit| circuit.state()), Some(State::Open));
/// ```
pub struct CircuitBreakerSet<K, C = StdClock, P: TripPolicy = MaxFailures<3>, L = ()>(Arc<Table<K, C, P, L>>);

impl<K, C, P: TripPolicy, L> Clone for CircuitBreakerSet<K, C, P, L> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, C, P: TripPolicy, L> CircuitBreakerSet<K, C, P, L> {
    /// The set, for who must not keep it.
    pub fn downgrade(&self) -> WeakCircuitBreakerSet<K, C, P, L> {
        WeakCircuitBreakerSet(Arc::downgrade(&self.0))
    }
}

impl<K: Clone + Eq + Hash> CircuitBreakerSet<K> {
    /// A set with the defaults of its [builder](Self::builder).
    pub fn new() -> Self {
        Self::of(Self::builder())
    }

    /// Starts from the defaults: [`Settings::DEFAULT`], room for 10,000 peers, the system's clock.
    pub const fn builder() -> CircuitBreakerSetBuilder<K> {
        CircuitBreakerSetBuilder::new()
    }
}

impl<K: Clone + Eq + Hash> Default for CircuitBreakerSet<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, C, P, L> CircuitBreakerSet<K, C, P, L>
where
    K: Clone + Eq + Hash,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
{
    fn of(parts: CircuitBreakerSetBuilder<K, C, P, L>) -> Self {
        let CircuitBreakerSetBuilder { clock, settings, listener, limits, .. } = parts;
        let Limits { capacity, idle, when_full, counts, abandoned, records } = limits;
        let versions = Versions::new(Shared::new(settings, clock, Recorder));
        Self(Arc::new_cyclic(|table| {
            let (table, take_back) = (table.clone(), Table::take_back as _);
            let common = Common { versions, listener, abandoned, counts, records, table, take_back };
            Table::new(Arc::new(common), capacity, idle, when_full)
        }))
    }

    /// The circuit of a peer, made on first use.
    ///
    /// # Errors
    /// [`Rejected`] with [`RejectReason::TableFull`](fusebox::RejectReason::TableFull) if there is no room and the set refuses such peers.
    pub fn handle<Q>(&self, key: &Q) -> Result<Handle<K, C, P, L>, Rejected>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.0.find_or_make(key).map(Handle)
    }

    /// The circuit of a peer that has one. This is not a use, for making room.
    pub fn get<Q>(&self, key: &Q) -> Option<Handle<K, C, P, L>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.map.look(key, Arc::clone).map(Handle)
    }

    /// All circuits, in no particular order, as they were at about the same time. Callers are not stopped.
    pub fn handles(&self) -> Vec<Handle<K, C, P, L>> {
        self.0.map.values().into_iter().map(Handle).collect()
    }

    /// Forgets a peer. Says whether there was one. Who has a handle may go on with it, and the circuit does not come
    /// back. Who calls the peer by its key makes a new one, and so does a call by its key that is under way and fails.
    pub fn remove<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.remove(key)
    }

    /// Lets clean peers go that nobody asked for or called during the [idle](CircuitBreakerSetBuilder::idle) time. To be
    /// called now and then, by a timer for instance; a peer is seen to be idle at the earliest at the second call.
    /// Returns how many went.
    pub fn evict_idle(&self) -> usize {
        self.0.evict_idle()
    }

    /// Gives all circuits new settings, but those that have [their own](Self::set_own_settings). A circuit that is open
    /// or half-open keeps its state, its failed probes and its deadline, and goes by the new settings once it closes.
    /// Earlier settings are kept for as long as the set is there, since circuits may go by them still.
    pub fn reload(&self, settings: Settings<C, P>) {
        self.0.set_version(self.add_version(settings));
        for entry in self.0.map.values() {
            entry.reload();
        }
    }

    /// Gives one peer settings of its own, at once and whatever its state, or with `None` those of the set again. A peer
    /// with its own makes no room for others and is never idle; [`remove`](Self::remove) forgets it with them.
    ///
    /// Like [`reload`](Self::reload), this keeps all earlier settings for as long as the set is there, since circuits may
    /// go by them still: some hundred bytes a change.
    ///
    /// # Errors
    /// [`Rejected`] if there is no room for the peer, also where the set admits such peers untracked: nobody would
    /// go by the settings.
    pub fn set_own_settings<Q>(&self, key: &Q, settings: Option<Settings<C, P>>) -> Result<(), Rejected>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let version = settings.map(|settings| self.add_version(settings));
        loop {
            let entry = match self.0.used(key, Arc::clone) {
                Some(entry) => entry,
                None => self.0.seat(key.to_owned()).map_err(|key| self.0.refuse(&key))?,
            };
            // It may have made room for another in between.
            if entry.set_version(version) {
                return Ok(());
            }
        }
    }

    fn add_version(&self, settings: Settings<C, P>) -> usize {
        let versions = &self.0.common.versions;
        versions.add(Shared::new(settings, self.0.common.clock().clone(), Recorder))
    }

    /// The number of peers that have a circuit.
    pub fn len(&self) -> usize {
        self.0.map.len()
    }

    /// Whether no peer has a circuit.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most peers that there is room for.
    pub fn capacity(&self) -> usize {
        self.0.capacity
    }

    /// How many peers made room for others, or were idle for too long.
    pub fn evicted(&self) -> u64 {
        self.0.evicted.load(Relaxed)
    }

    /// How often there was no room for a peer.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Relaxed)
    }
}

impl<K, C, P: TripPolicy, L> std::fmt::Debug for CircuitBreakerSet<K, C, P, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Table { capacity, evicted, refused, .. } = &*self.0;
        f.debug_struct("CircuitBreakerSet")
            .field("capacity", capacity)
            .field("evicted", evicted)
            .field("refused", refused)
            .finish_non_exhaustive()
    }
}
