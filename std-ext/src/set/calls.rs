//! Calls to a peer by its key.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;

use fusebox::policy::TripPolicy;
use fusebox::{AnyError, Classify, Error, Listener, Outcome, Rejected, Ticket};

use super::{CircuitBreakerSet, Table};
use crate::clock::Uptime;
use crate::contained::contained;
use crate::entry::SharedEntry;
use crate::held::Running;

impl<K, C, P, L> CircuitBreakerSet<K, C, P, L>
where
    K: Clone + Eq + Hash,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
{
    /// Makes a call to a peer if its circuit lets it through. Every error counts as a failure, and so does a panic,
    /// which goes on unwinding.
    ///
    /// # Errors
    /// [`Error::Rejected`] if the call was not made, [`Error::Inner`] with its own error.
    #[inline]
    pub fn call<Q, T, E>(&self, key: &Q, call: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.call_with(key, AnyError, call)
    }

    /// Makes a call to a peer, and lets `classify` say how its result counts.
    ///
    /// # Errors
    /// As [`call`](Self::call), whatever the result counts as.
    #[inline]
    #[allow(clippy::needless_pass_by_value, reason = "a classifier is made for the call more often than kept")]
    pub fn call_with<Q, T, E>(
        &self,
        key: &Q,
        classify: impl Classify<T, E>,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Error<E>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.run(key, |result| classify.classify(result), call)?.map_err(Error::Inner)
    }

    /// Makes a call to a peer that may return anything, judged by what it returned.
    ///
    /// # Errors
    /// [`Rejected`] if the call was not made.
    #[inline]
    pub fn run<Q, T>(&self, key: &Q, judge: impl FnOnce(&T) -> Outcome, call: impl FnOnce() -> T) -> Result<T, Rejected>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let table = &*self.0;
        let admitted = if let Some(admitted) = table.used(key, |entry| Admitted::by(entry)) {
            admitted?
        } else {
            let entry = table.make(key.to_owned())?;
            let ticket = entry.admit()?;
            Admitted::Running(Running::new(entry, ticket))
        };
        match admitted {
            Admitted::Briefly(ticket, entry) => {
                let brief = Brief { table, key, entry, ticket: Some(ticket) };
                let result = call();
                let outcome = judge(&result);
                brief.settle(outcome);
                Ok(result)
            }
            Admitted::Running(running) => {
                let result = call();
                let outcome = judge(&result);
                running.settle(outcome);
                Ok(result)
            }
        }
    }
}

/// Where a circuit is in memory, to tell it from another one of its peer later.
type Address = usize;

type RunningEntry<K, C, P, L> = Running<K, C, P, L, SharedEntry<K, C, P, L>>;

/// A call that was let through.
enum Admitted<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> {
    /// A success of it is of no consequence, so its circuit is let go meanwhile: keeping it would cost more than
    /// all the rest, most of all where several threads call the same peer.
    Briefly(Ticket, Address),
    Running(RunningEntry<K, C, P, L>),
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Admitted<K, C, P, L> {
    #[inline]
    fn by(entry: &SharedEntry<K, C, P, L>) -> Result<Self, Rejected> {
        let ticket = entry.admit()?;
        Ok(if ticket.needs_no_success::<P>() && !entry.successes.are_counted() {
            Self::Briefly(ticket, Arc::as_ptr(entry).addr())
        } else {
            Self::Running(Running::new(Arc::clone(entry), ticket))
        })
    }
}

/// A call whose circuit is looked for again if it does not succeed. If it panics, it failed.
struct Brief<'a, K, C, P, L, Q>
where
    K: Borrow<Q> + Clone + Eq + Hash,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
    Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
{
    table: &'a Table<K, C, P, L>,
    key: &'a Q,
    entry: Address,
    ticket: Option<Ticket>,
}

impl<K, C, P, L, Q> Brief<'_, K, C, P, L, Q>
where
    K: Borrow<Q> + Clone + Eq + Hash,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
    Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
{
    #[inline]
    fn settle(mut self, outcome: Outcome) {
        if let (Some(ticket), false) = (self.ticket.take(), outcome == Outcome::Success) {
            self.look_again(ticket, outcome);
        }
    }

    #[cold]
    #[inline(never)]
    fn panicked(&self, ticket: Ticket) {
        contained(|| self.look_again(ticket, Outcome::Failure));
    }

    /// If the circuit was evicted meanwhile, the one that is made now takes the result. To that one the ticket says
    /// nothing.
    #[cold]
    fn look_again(&self, ticket: Ticket, outcome: Outcome) {
        match self.table.find_or_make(self.key) {
            Ok(entry) if Arc::as_ptr(&entry).addr() == self.entry => entry.settle(ticket, outcome),
            Ok(entry) => entry.report(outcome),
            Err(_) => {}
        }
    }
}

impl<K, C, P, L, Q> Drop for Brief<'_, K, C, P, L, Q>
where
    K: Borrow<Q> + Clone + Eq + Hash,
    C: Uptime + Clone,
    P: TripPolicy,
    L: Listener<K>,
    Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
{
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.panicked(ticket);
        }
    }
}
