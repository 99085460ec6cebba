//! A call that was let through, on its way to be settled.

use std::mem;
use std::ops::Deref;

use fusebox::policy::TripPolicy;
use fusebox::{Instant, Listener, Outcome, Rejected, Ticket};

use crate::clock::Uptime;
use crate::entry::{Abandoned, Entry};

/// A ticket and its circuit, borrowed or kept alive. It never gets lost: a call that panics failed, one that is
/// dropped is abandoned.
pub(crate) struct Held<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>, E: Deref<Target = Entry<K, C, P, L>>> {
    entry: E,
    ticket: Option<Ticket>,
    /// When it was let through, if its length will matter.
    started: Instant,
    /// Whether the user's code is running: if this is dropped then, it panicked.
    pub(crate) running: bool,
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>, E: Deref<Target = Entry<K, C, P, L>>> Held<K, C, P, L, E> {
    /// A call that runs to its end here and now.
    #[inline]
    pub(crate) fn run(entry: E) -> Result<Self, Rejected> {
        Self::acquire(entry, Instant::from_ticks(0), true)
    }

    /// A call that may be dropped.
    pub(crate) fn keep(entry: E) -> Result<Self, Rejected> {
        let common = &entry.beside.common;
        let started = match common.abandoned {
            Abandoned::FailureAfter(_) => common.clock.now(),
            Abandoned::As(_) => Instant::from_ticks(0),
        };
        Self::acquire(entry, started, false)
    }

    #[inline]
    fn acquire(entry: E, started: Instant, running: bool) -> Result<Self, Rejected> {
        // A listener that panics may take a probe's slot and give it back, and tell nobody.
        let unwound = entry.beside.waiters.wake_if_unwound();
        let acquired = entry.breaker.peer().try_acquire_ticket();
        mem::forget(unwound);
        match acquired {
            Ok(ticket) => {
                if ticket.would_reject() {
                    entry.beside.counters.would_reject();
                }
                Ok(Self { entry, ticket: Some(ticket), started, running })
            }
            Err(rejected) => {
                entry.beside.counters.rejected(rejected.reason());
                Err(rejected)
            }
        }
    }

    #[inline]
    pub(crate) fn would_reject(&self) -> bool {
        self.ticket.as_ref().is_some_and(Ticket::would_reject)
    }

    pub(crate) fn entry(&self) -> &E {
        &self.entry
    }

    #[inline]
    pub(crate) fn settle(mut self, outcome: Outcome) {
        if let Some(ticket) = self.ticket.take() {
            self.hand_in(ticket, outcome);
        }
    }

    #[inline]
    fn hand_in(&self, ticket: Ticket, outcome: Outcome) {
        let (beside, probe) = (&self.entry.beside, ticket.is_probe());
        beside.counters.settled(outcome);
        self.entry.breaker.peer().settle_ticket(ticket, outcome);
        // A slot may be free again without a transition that would tell of it.
        if probe {
            beside.waiters.wake();
        }
    }

    fn abandon(&self, ticket: Ticket) {
        let common = &self.entry.beside.common;
        let outcome = match common.abandoned {
            Abandoned::As(outcome) => outcome,
            Abandoned::FailureAfter(limit) => {
                let took = common.clock.now().age_of::<C>(self.started);
                let limit = limit.as_nanos().saturating_mul(u128::from(C::HZ)).div_ceil(1_000_000_000);
                if u128::from(took) >= limit { Outcome::Failure } else { Outcome::Ignored }
            }
        };
        self.entry.beside.counters.abandoned();
        self.entry.breaker.peer().abandon_ticket(ticket, outcome);
    }
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>, E: Deref<Target = Entry<K, C, P, L>>> Drop
    for Held<K, C, P, L, E>
{
    #[inline]
    fn drop(&mut self) {
        match self.ticket.take() {
            Some(ticket) if self.running => self.hand_in(ticket, Outcome::Failure),
            Some(ticket) => self.abandon(ticket),
            None => {}
        }
    }
}
