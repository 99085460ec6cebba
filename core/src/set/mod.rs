//! One circuit per peer, in a table of fixed size.

mod hash;
mod slot;
mod ticket;

pub use ticket::Ticket;

use core::borrow::Borrow;
use core::hash::Hash;
use core::time::Duration;

use heapless::Vec;

use crate::event::Event;
use crate::guard::Refusal;
use crate::listener::Listener;
use crate::outcome::Outcome;
use crate::peer::{Peer, Shared};
use crate::policy::{MaxFailures, TripPolicy};
use crate::rejected::Rejected;
use crate::settings::Settings;
use crate::time::{Clock, Instant, ticks_in_at_most};
use slot::Slot;

/// One circuit per peer, for at most `N` peers, 1 to 65,535.
///
/// The peers share settings, clock and listener. A circuit is made when its peer is first asked for. In
/// a full table the least recently used peer makes room, if it is closed with a clean history; one that
/// is open, half-open, set by hand or failing never does, so made-up addresses cannot push out what was
/// learned about real ones. If no peer can go, [`set_when_full`](Self::set_when_full) decides.
///
/// ```
/// use fusebox::{CircuitBreakerSet, State, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let mut neighbours = CircuitBreakerSet::<[u8; 6], _, 16>::new(&clock);
///
/// let sensor = [0x02, 0, 0, 0, 0, 0x17];
/// let peer = neighbours.peer(&sensor)?;
/// for _ in 0..4 {
///     let _ = peer.call(|| Err::<(), _>("no acknowledgement"));
/// }
/// assert_eq!(peer.state(), State::Open);
/// assert_eq!(neighbours.len(), 1);
/// # Ok::<(), fusebox::Rejected>(())
/// ```
///
/// `C` is the clock, `P` the trip policy, `L` the listener and `S` the settings, as in a
/// [`CircuitBreaker`](crate::CircuitBreaker).
///
/// # Cost
/// A peer takes its key, a [`Circuit`](crate::Circuit) and 4 bytes. Finding it compares 16-bit hashes one
/// after the other, a few instructions each; a handle finds it once for many calls. Sets of thousands of
/// peers are for `fusebox-std`.
///
/// # Behind a lock
/// Making a circuit needs `&mut self`. A table that several tasks share lies behind a lock of their own;
/// a [`Ticket`] is then what a permit is elsewhere, and the lock is never held during a call:
///
/// ```
/// # use std::sync::Mutex;
/// use fusebox::{CircuitBreakerSet, Outcome, clock::ManualClock};
///
/// static CLOCK: ManualClock = ManualClock::new();
/// static LINKS: Mutex<CircuitBreakerSet<u16, &ManualClock, 32>> = Mutex::new(CircuitBreakerSet::new(&CLOCK));
///
/// let ticket = LINKS.lock().unwrap().try_acquire(&0x17)?;
/// // The call goes here, without the lock.
/// LINKS.lock().unwrap().settle(ticket, Outcome::Success);
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[derive(Debug)]
pub struct CircuitBreakerSet<K, C, const N: usize, P: TripPolicy = MaxFailures<3>, L = (), S = Settings<C, P>> {
    slots: Vec<Slot<K, P>, N>,
    /// Where peers without a circuit of their own are admitted, one after the other.
    untracked: Option<Slot<K, P>>,
    shared: Shared<C, L, S>,
    /// Counts changes from one peer to another: the time of least recently used.
    uses: u16,
    when_full: WhenFull,
}

/// What becomes of a peer for which there is no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WhenFull {
    /// It is rejected, with [`RejectReason::TableFull`](crate::RejectReason::TableFull).
    #[default]
    Refuse,
    /// Its calls go through without a circuit.
    AdmitUntracked,
}

impl<K, C: Clock, const N: usize> CircuitBreakerSet<K, C, N> {
    /// An empty set with [`Settings::DEFAULT`].
    pub const fn new(clock: C) -> Self {
        Self::with_listener(clock, Settings::DEFAULT, ())
    }
}

impl<K, C: Clock, const N: usize, P: TripPolicy, S: AsRef<Settings<C, P>>> CircuitBreakerSet<K, C, N, P, (), S> {
    /// An empty set.
    pub const fn with_settings(clock: C, settings: S) -> Self {
        Self::with_listener(clock, settings, ())
    }
}

impl<K, C: Clock, const N: usize, P: TripPolicy, L, S: AsRef<Settings<C, P>>> CircuitBreakerSet<K, C, N, P, L, S> {
    /// An empty set that tells `listener` of its events.
    pub const fn with_listener(clock: C, settings: S, listener: L) -> Self {
        const { assert!(N > 0 && N <= u16::MAX as usize, "a set has room for 1 to 65,535 peers") };
        Self {
            slots: Vec::new(),
            untracked: None,
            shared: Shared { settings, clock, listener },
            uses: 0,
            when_full: WhenFull::Refuse,
        }
    }

    /// Sets what becomes of a peer for which there is no room.
    pub const fn set_when_full(&mut self, when_full: WhenFull) {
        self.when_full = when_full;
    }

    /// The clock it goes by.
    pub const fn clock(&self) -> &C {
        &self.shared.clock
    }

    /// The settings it goes by.
    pub fn settings(&self) -> &Settings<C, P> {
        self.shared.settings.as_ref()
    }

    /// The number of peers that have a circuit.
    pub fn len(&self) -> usize {
        self.slots.iter().filter(|slot| slot.is_taken()).count()
    }

    /// Whether no peer has a circuit.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of peers that there is room for.
    pub const fn capacity(&self) -> usize {
        N
    }
}

#[allow(clippy::needless_pass_by_value, reason = "a ticket is used up by being settled")]
impl<K, C, const N: usize, P, L, S> CircuitBreakerSet<K, C, N, P, L, S>
where
    K: Clone + Eq + Hash,
    C: Clock,
    P: TripPolicy,
    L: Listener<K>,
    S: AsRef<Settings<C, P>>,
{
    /// The circuit of a peer, made on first use.
    ///
    /// # Errors
    /// [`Rejected`] with [`RejectReason::TableFull`](crate::RejectReason::TableFull) if there is no room
    /// and the set refuses such peers.
    #[doc(alias = "context")]
    pub fn peer(&mut self, key: &K) -> Result<Peer<'_, C, P, L, K, S>, Rejected> {
        match self.place(key) {
            Some(place) => self.at(place).ok_or(Rejected::TABLE_FULL),
            None => self.without_room(key),
        }
    }

    /// The circuit of a peer that has one. This is not a use, for making room.
    pub fn get<Q>(&self, key: &Q) -> Option<Peer<'_, C, P, L, K, S>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.at(self.find(key, hash::of(key))?)
    }

    /// All circuits, in no particular order. This is not a use, for making room.
    pub fn iter(&self) -> impl Iterator<Item = Peer<'_, C, P, L, K, S>> {
        self.slots.iter().filter(|slot| slot.is_taken()).map(|slot| slot.peer(&self.shared))
    }

    /// Forgets a peer. Says whether there was one.
    pub fn remove<Q>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let place = self.find(key, hash::of(key));
        match place.and_then(|place| self.slots.get_mut(place)) {
            Some(slot) => {
                slot.vacate();
                true
            }
            None => false,
        }
    }

    /// Asks to make one call to a peer. The ticket is to be settled with its outcome.
    ///
    /// # Errors
    /// [`Rejected`], as [`try_acquire`](crate::CircuitBreaker::try_acquire) and [`peer`](Self::peer) say.
    pub fn try_acquire(&mut self, key: &K) -> Result<Ticket, Rejected> {
        let Some(place) = self.place(key) else {
            let grant = self.without_room(key)?.grant().map_err(Refusal::rejected::<C>)?;
            return Ok(Ticket::of_no_place(grant));
        };
        let slot = self.slots.get(place).ok_or(Rejected::TABLE_FULL)?;
        let grant = slot.peer(&self.shared).grant().map_err(Refusal::rejected::<C>)?;
        Ok(Ticket { grant, place: place as u16, hash: slot.hash })
    }

    /// Settles a ticket with the outcome of its call. If its peer left the set meanwhile, nothing happens.
    pub fn settle(&self, ticket: Ticket, outcome: Outcome) {
        if let Some(peer) = self.holder(&ticket) {
            peer.settle(ticket.grant, outcome, None);
        }
    }

    /// Settles a ticket with the time its call took, for callers who measured that themselves.
    pub fn settle_timed(&self, ticket: Ticket, outcome: Outcome, took: Duration) {
        if let Some(peer) = self.holder(&ticket) {
            peer.settle(ticket.grant, outcome, Some(ticks_in_at_most(took, C::HZ)));
        }
    }

    /// Gives a ticket back whose call nobody saw the end of, as dropping a [`Permit`](crate::Permit) does.
    pub fn abandon(&self, ticket: Ticket) {
        if let Some(peer) = self.holder(&ticket) {
            peer.abandon(ticket.grant);
        }
    }

    /// The next moment at which time alone may change a circuit: a wait or a lease ends. A tickless loop
    /// may sleep until then.
    pub fn next_deadline(&self) -> Option<Instant> {
        let now = self.shared.clock.now();
        let deadlines = self.iter().filter_map(Peer::deadline);
        deadlines.map(|deadline| deadline.elapsed_since(now)).min().map(|ticks| now.after(ticks))
    }

    /// Where a peer is, made on first use.
    fn place(&mut self, key: &K) -> Option<usize> {
        let hash = hash::of(key);
        let place = self.find(key, hash).or_else(|| self.make(key, hash))?;
        self.touch(place);
        Some(place)
    }

    fn at(&self, place: usize) -> Option<Peer<'_, C, P, L, K, S>> {
        self.slots.get(place).map(|slot| slot.peer(&self.shared))
    }

    fn find<Q>(&self, key: &Q, hash: u16) -> Option<usize>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.slots.iter().position(|slot| slot.hash == hash && slot.key.borrow() == key)
    }

    fn holder(&self, ticket: &Ticket) -> Option<Peer<'_, C, P, L, K, S>> {
        let slot = self.slots.get(usize::from(ticket.place)).filter(|slot| slot.hash == ticket.hash)?;
        Some(slot.peer(&self.shared))
    }

    /// Makes a circuit: in a vacant slot, at the end, or in place of the least recently used clean peer.
    fn make(&mut self, key: &K, hash: u16) -> Option<usize> {
        let settings = self.shared.settings.as_ref();
        let not_now = self.uses.wrapping_sub(1);
        if let Some(place) = self.slots.iter().position(|slot| !slot.is_taken()) {
            self.slots.get_mut(place)?.give_to(key.clone(), hash, not_now, settings);
            return Some(place);
        }
        if self.slots.push(Slot::new(key.clone(), hash, not_now)).is_ok() {
            return self.slots.len().checked_sub(1);
        }
        let now = self.shared.clock.now();
        let clean = self.slots.iter().enumerate().filter(|(_, slot)| slot.peer(&self.shared).is_clean_at(now));
        let (place, _) = clean.max_by_key(|(_, slot)| self.uses.wrapping_sub(slot.used))?;
        let (slot, key) = (self.slots.get_mut(place)?, key.clone());
        slot.peer(&self.shared).tell(Event::Evicted);
        slot.give_to(key, hash, not_now, settings);
        Some(place)
    }

    fn without_room(&mut self, key: &K) -> Result<Peer<'_, C, P, L, K, S>, Rejected> {
        let admitted = self.when_full == WhenFull::AdmitUntracked;
        let slot = self.untracked.insert(Slot::untracked(key.clone()));
        let peer = slot.peer(&self.shared);
        peer.tell(Event::TableFull { admitted });
        if admitted { Ok(peer) } else { Err(Rejected::TABLE_FULL) }
    }

    /// Marks a peer as the latest in use. The count of uses wraps, so that at times the peers that have
    /// not been used for long are kept from looking young: those then count as equally old.
    fn touch(&mut self, place: usize) {
        const OLD: u16 = 1 << 15;
        let Some(slot) = self.slots.get_mut(place) else { return };
        if slot.used == self.uses {
            return;
        }
        self.uses = self.uses.wrapping_add(1);
        slot.used = self.uses;
        if self.uses.is_multiple_of(OLD >> 1) {
            for slot in &mut self.slots {
                if self.uses.wrapping_sub(slot.used) > OLD {
                    slot.used = self.uses.wrapping_sub(OLD);
                }
            }
        }
    }
}

#[cfg(feature = "defmt")]
impl<K, C, const N: usize, P, L, S> defmt::Format for CircuitBreakerSet<K, C, N, P, L, S>
where
    C: Clock,
    P: TripPolicy,
    S: AsRef<Settings<C, P>>,
{
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "CircuitBreakerSet({=usize} of {=usize} peers)", self.len(), N);
    }
}

#[cfg(test)]
mod tests;
