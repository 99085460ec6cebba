//! A call that was let through, on its way to be settled.

use std::mem;
use std::ops::Deref;

use fusebox::policy::TripPolicy;
use fusebox::{Instant, Listener, Outcome, Rejected, Ticket};

use crate::clock::Uptime;
use crate::entry::{Abandoned, Entry, SharedEntry};

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

/// One that keeps its circuit alive.
pub(crate) type HeldEntry<K, C, P, L> = Held<K, C, P, L, SharedEntry<K, C, P, L>>;

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>, E: Deref<Target = Entry<K, C, P, L>>> Held<K, C, P, L, E> {
    /// A call that runs to its end here and now.
    #[inline]
    pub(crate) fn run(entry: E) -> Result<Self, Rejected> {
        let ticket = entry.admit()?;
        Ok(Self::running(entry, ticket))
    }

    /// A call that runs to its end here and now, and was let through already.
    #[inline]
    pub(crate) fn running(entry: E, ticket: Ticket) -> Self {
        Self { entry, ticket: Some(ticket), started: Instant::from_ticks(0), running: true }
    }

    /// A call that may be dropped.
    pub(crate) fn keep(entry: E) -> Result<Self, Rejected> {
        let started = match entry.common.abandoned {
            Abandoned::FailureAfter(_) => entry.common.clock().now(),
            Abandoned::As(_) => Instant::from_ticks(0),
        };
        let ticket = entry.admit()?;
        Ok(Self { entry, ticket: Some(ticket), started, running: false })
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
            self.entry.settle(ticket, outcome);
        }
    }
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>, E: Deref<Target = Entry<K, C, P, L>>> Drop
    for Held<K, C, P, L, E>
{
    #[inline]
    fn drop(&mut self) {
        match self.ticket.take() {
            Some(ticket) if self.running => self.entry.settle(ticket, Outcome::Failure),
            Some(ticket) => self.entry.abandon(ticket, self.started),
            None => {}
        }
    }
}

/// What every call does to its circuit.
impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Entry<K, C, P, L> {
    #[inline]
    pub(crate) fn admit(&self) -> Result<Ticket, Rejected> {
        // A listener that panics may take a probe's slot and give it back, and tell nobody.
        let unwound = self.waiters.wake_if_unwound();
        let admitted = self.peer().try_acquire_ticket();
        mem::forget(unwound);
        match &admitted {
            Ok(ticket) if ticket.would_reject() => self.counters.would_reject(),
            Ok(_) => {}
            Err(rejected) => self.counters.rejected(rejected.reason()),
        }
        admitted
    }

    #[inline]
    pub(crate) fn settle(&self, ticket: Ticket, outcome: Outcome) {
        let probe = ticket.is_probe();
        self.counters.settled(outcome);
        if self.peer().is_slow_by_now(&ticket) {
            self.counters.slow(outcome);
        }
        self.peer().settle_ticket(ticket, outcome);
        // A slot may be free again without a transition that would tell of it.
        if probe {
            self.waiters.wake();
        }
        if outcome != Outcome::Success {
            self.learned(Some(outcome));
        }
    }

    #[cold]
    fn abandon(&self, ticket: Ticket, started: Instant) {
        let outcome = match self.common.abandoned {
            Abandoned::As(outcome) => outcome,
            Abandoned::FailureAfter(limit) => {
                let took = self.common.clock().now().age_of::<C>(started);
                let limit = limit.as_nanos().saturating_mul(u128::from(C::HZ)).div_ceil(1_000_000_000);
                if u128::from(took) >= limit { Outcome::Failure } else { Outcome::Ignored }
            }
        };
        self.counters.abandoned();
        if self.peer().is_slow_by_now(&ticket) {
            self.counters.slow_abandoned();
        }
        let probe = ticket.is_probe();
        self.peer().abandon_ticket(ticket, outcome);
        if probe {
            self.waiters.wake();
        }
        self.learned(Some(outcome));
    }

    /// Whether a success of this call would be of no consequence, so that nobody need find this circuit again for it.
    #[inline]
    pub(crate) fn needs_no_success(&self, ticket: &Ticket) -> bool {
        !self.counters.count_successes() && self.peer().needs_no_success(ticket)
    }
}
