//! Where a guard finds the circuit of whom it is about to call.

use core::cell::RefCell;
use core::convert::Infallible;
use core::hash::Hash;

use crate::breaker::CircuitBreaker;
use crate::guard::Refusal;
use crate::listener::Listener;
use crate::outcome::Outcome;
use crate::peer::Peer;
use crate::policy::TripPolicy;
use crate::rejected::Rejected;
use crate::set::{CircuitBreakerSet, Ticket};
use crate::settings::Settings;
use crate::time::Clock;

/// Where a guard finds the circuit of whom it is about to call, who is named by a key `K`.
///
/// | given to a guard | it |
/// |---|---|
/// | [`CircuitBreakerSet`] | owns a table with a circuit per key |
/// | `&mut CircuitBreakerSet` | borrows one |
/// | `&RefCell<CircuitBreakerSet>` | shares one with other guards and with who watches it |
/// | [`CircuitBreaker`], `&CircuitBreaker`, [`Peer`] | has one circuit, whatever the key |
///
/// Calls that a listener makes while the table of a `RefCell` is in use go through without a circuit.
///
/// A table of your own, behind a mutex for instance, is three methods that lock and forward:
///
/// ```
/// use std::sync::Mutex;
/// use fusebox::driver::Circuits;
/// use fusebox::{CircuitBreakerSet, Outcome, Rejected, Ticket, clock::ManualClock};
///
/// type Table = CircuitBreakerSet<u8, &'static ManualClock, 8>;
///
/// #[derive(Clone, Copy)]
/// struct Shared(&'static Mutex<Table>);
///
/// impl Circuits<u8> for Shared {
///     type Ticket = Ticket;
///     fn try_acquire(&mut self, key: &u8) -> Result<Ticket, Rejected> {
///         self.0.lock().unwrap().try_acquire(key)
///     }
///     fn settle(&mut self, ticket: Ticket, outcome: Outcome) {
///         self.0.lock().unwrap().settle(ticket, outcome);
///     }
///     fn abandon(&mut self, ticket: Ticket) {
///         self.0.lock().unwrap().abandon(ticket);
///     }
/// }
///
/// static CLOCK: ManualClock = ManualClock::new();
/// static TABLE: Mutex<Table> = Mutex::new(CircuitBreakerSet::new(&CLOCK));
///
/// let ticket = Shared(&TABLE).try_acquire(&0x48)?;
/// Shared(&TABLE).settle(ticket, Outcome::Failure);
/// assert_eq!(TABLE.lock().unwrap().get(&0x48).map(|peer| peer.tally().failures), Some(1));
/// # Ok::<(), Rejected>(())
/// ```
pub trait Circuits<K: ?Sized> {
    /// The right to make one call.
    type Ticket;

    /// Asks to make one call. The ticket is to be settled or abandoned.
    ///
    /// # Errors
    /// [`Rejected`], and the call is not made.
    fn try_acquire(&mut self, key: &K) -> Result<Self::Ticket, Rejected>;

    /// Settles a ticket with the outcome of its call.
    fn settle(&mut self, ticket: Self::Ticket, outcome: Outcome);

    /// Gives a ticket back whose call nobody saw the end of.
    fn abandon(&mut self, ticket: Self::Ticket);
}

impl<K, C, const N: usize, P, L, S> Circuits<K> for CircuitBreakerSet<K, C, N, P, L, S>
where
    K: Clone + Eq + Hash,
    C: Clock,
    P: TripPolicy,
    L: Listener<K>,
    S: AsRef<Settings<C, P>>,
{
    type Ticket = Ticket;

    fn try_acquire(&mut self, key: &K) -> Result<Ticket, Rejected> {
        Self::try_acquire(self, key)
    }

    fn settle(&mut self, ticket: Ticket, outcome: Outcome) {
        Self::settle(self, ticket, outcome);
    }

    fn abandon(&mut self, ticket: Ticket) {
        Self::abandon(self, ticket);
    }
}

impl<K: ?Sized, S: Circuits<K> + ?Sized> Circuits<K> for &mut S {
    type Ticket = S::Ticket;

    fn try_acquire(&mut self, key: &K) -> Result<S::Ticket, Rejected> {
        (**self).try_acquire(key)
    }

    fn settle(&mut self, ticket: S::Ticket, outcome: Outcome) {
        (**self).settle(ticket, outcome);
    }

    fn abandon(&mut self, ticket: S::Ticket) {
        (**self).abandon(ticket);
    }
}

/// Whoever finds the table in use was called by it, as a listener: there is nothing to wait for.
impl<K: ?Sized, S: Circuits<K>> Circuits<K> for &RefCell<S> {
    type Ticket = Option<S::Ticket>;

    fn try_acquire(&mut self, key: &K) -> Result<Self::Ticket, Rejected> {
        match self.try_borrow_mut() {
            Ok(mut circuits) => circuits.try_acquire(key).map(Some),
            Err(_) => Ok(None),
        }
    }

    fn settle(&mut self, ticket: Self::Ticket, outcome: Outcome) {
        if let (Some(ticket), Ok(mut circuits)) = (ticket, self.try_borrow_mut()) {
            circuits.settle(ticket, outcome);
        }
    }

    fn abandon(&mut self, ticket: Self::Ticket) {
        if let (Some(ticket), Ok(mut circuits)) = (ticket, self.try_borrow_mut()) {
            circuits.abandon(ticket);
        }
    }
}

impl<Q: ?Sized, C, P, L, K: ?Sized, S> Circuits<Q> for Peer<'_, C, P, L, K, S>
where
    C: Clock,
    P: TripPolicy,
    L: Listener<K>,
    S: AsRef<Settings<C, P>>,
{
    type Ticket = Ticket;

    fn try_acquire(&mut self, _: &Q) -> Result<Ticket, Rejected> {
        self.grant().map(Ticket::of_no_place).map_err(Refusal::rejected::<C>)
    }

    fn settle(&mut self, ticket: Ticket, outcome: Outcome) {
        Peer::settle(*self, ticket.grant, outcome, None);
    }

    fn abandon(&mut self, ticket: Ticket) {
        Peer::abandon(*self, ticket.grant);
    }
}

impl<Q: ?Sized, C, P, L, S> Circuits<Q> for &CircuitBreaker<C, P, L, S>
where
    C: Clock,
    P: TripPolicy,
    L: Listener,
    S: AsRef<Settings<C, P>>,
{
    type Ticket = Ticket;

    fn try_acquire(&mut self, key: &Q) -> Result<Ticket, Rejected> {
        Circuits::try_acquire(&mut self.peer(), key)
    }

    fn settle(&mut self, ticket: Ticket, outcome: Outcome) {
        Circuits::<Q>::settle(&mut self.peer(), ticket, outcome);
    }

    fn abandon(&mut self, ticket: Ticket) {
        Circuits::<Q>::abandon(&mut self.peer(), ticket);
    }
}

impl<Q: ?Sized, C, P, L, S> Circuits<Q> for CircuitBreaker<C, P, L, S>
where
    C: Clock,
    P: TripPolicy,
    L: Listener,
    S: AsRef<Settings<C, P>>,
{
    type Ticket = Ticket;

    fn try_acquire(&mut self, key: &Q) -> Result<Ticket, Rejected> {
        Circuits::try_acquire(&mut self.peer(), key)
    }

    fn settle(&mut self, ticket: Ticket, outcome: Outcome) {
        Circuits::<Q>::settle(&mut self.peer(), ticket, outcome);
    }

    fn abandon(&mut self, ticket: Ticket) {
        Circuits::<Q>::abandon(&mut self.peer(), ticket);
    }
}

/// `None` lets every call through.
impl<K: ?Sized, S: Circuits<K>> Circuits<K> for Option<S> {
    type Ticket = Option<S::Ticket>;

    fn try_acquire(&mut self, key: &K) -> Result<Self::Ticket, Rejected> {
        self.as_mut().map(|circuits| circuits.try_acquire(key)).transpose()
    }

    fn settle(&mut self, ticket: Self::Ticket, outcome: Outcome) {
        if let (Some(circuits), Some(ticket)) = (self, ticket) {
            circuits.settle(ticket, outcome);
        }
    }

    fn abandon(&mut self, ticket: Self::Ticket) {
        if let (Some(circuits), Some(ticket)) = (self, ticket) {
            circuits.abandon(ticket);
        }
    }
}

/// The circuits of `None`, who never has any.
impl<K: ?Sized> Circuits<K> for Infallible {
    type Ticket = Self;

    fn try_acquire(&mut self, _: &K) -> Result<Self, Rejected> {
        match *self {}
    }

    fn settle(&mut self, ticket: Self, _: Outcome) {
        match ticket {}
    }

    fn abandon(&mut self, ticket: Self) {
        match ticket {}
    }
}
