//! A call that was let through, on its way to be settled.

use std::mem;
use std::ops::Deref;

use fusebox::policy::TripPolicy;
use fusebox::{Instant, Listener, Outcome, Rejected, Ticket};

use crate::clock::Uptime;
use crate::contained::contained;
use crate::entry::{Abandoned, Entry, SharedEntry, mark};

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
            Some(ticket) if self.running => self.entry.panicked(ticket),
            Some(ticket) => self.entry.dropped(ticket, self.started),
            None => {}
        }
    }
}

/// A call that runs to its end here and now. If it is dropped before it is settled, it panicked, and failed.
pub(crate) struct Running<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>, E: Deref<Target = Entry<K, C, P, L>>> {
    entry: E,
    ticket: Option<Ticket>,
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>, E: Deref<Target = Entry<K, C, P, L>>> Running<K, C, P, L, E> {
    #[inline]
    pub(crate) const fn new(entry: E, ticket: Ticket) -> Self {
        Self { entry, ticket: Some(ticket) }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a success is a few instructions, and nearly all calls succeed")]
    pub(crate) fn settle(mut self, outcome: Outcome) {
        if let Some(ticket) = self.ticket.take() {
            self.entry.settle(ticket, outcome);
        }
    }
}

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>, E: Deref<Target = Entry<K, C, P, L>>> Drop
    for Running<K, C, P, L, E>
{
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.entry.panicked(ticket);
        }
    }
}

/// What every call does to its circuit.
impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Entry<K, C, P, L> {
    #[cold]
    #[inline(never)]
    fn panicked(&self, ticket: Ticket) {
        contained(|| self.settle_otherwise(ticket, Outcome::Failure));
    }

    #[cold]
    #[inline(never)]
    fn dropped(&self, ticket: Ticket, started: Instant) {
        contained(|| self.abandon(ticket, started));
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "and nearly all are let through by a closed circuit")]
    pub(crate) fn admit(&self) -> Result<Ticket, Rejected> {
        mark(&self.called);
        match self.peer().try_acquire_closed() {
            Some(ticket) => Ok(ticket),
            None => self.admit_otherwise(),
        }
    }

    #[inline(never)]
    fn admit_otherwise(&self) -> Result<Ticket, Rejected> {
        // A listener that panics may take a probe's slot and give it back, and tell nobody.
        let unwound = WakeOnDrop(self);
        let admitted = self.peer().try_acquire_ticket();
        mem::forget(unwound);
        match &admitted {
            Ok(ticket) if ticket.would_reject() => self.aside().counters.would_reject(),
            Ok(_) => {}
            Err(rejected) => self.aside().counters.rejected(rejected.reason()),
        }
        admitted
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a success is a few instructions, and nearly all calls succeed")]
    pub(crate) fn settle(&self, ticket: Ticket, outcome: Outcome) {
        let nothing_learned = matches!(outcome, Outcome::Success) && ticket.needs_no_success::<P>();
        if nothing_learned {
            self.successes.add();
        } else if P::COUNTS_SUCCESSES && matches!(outcome, Outcome::Success) && !ticket.may_be_slow() {
            self.successes.add();
            self.peer().settle_ticket(ticket, Outcome::Success);
            self.succeeded();
        } else {
            self.settle_otherwise(ticket, outcome);
        }
    }

    #[inline(never)]
    fn settle_otherwise(&self, ticket: Ticket, outcome: Outcome) {
        let probe = ticket.is_probe();
        let slow = ticket.may_be_slow() && self.peer().is_slow_by_now(&ticket);
        if slow {
            self.aside().counters.slow(outcome);
        }
        if matches!(outcome, Outcome::Success) {
            self.successes.add();
        } else {
            self.aside().counters.settled(outcome);
        }
        self.peer().settle_ticket(ticket, outcome);
        if matches!(outcome, Outcome::Success) && !probe && !slow {
            return self.succeeded();
        }
        // A slot may be free again without a transition that would tell of it.
        if probe {
            self.wake();
        }
        self.learned(Some(outcome));
    }

    /// Without the fence of `learned`, since a success that is lost in a race for its circuit's place is no loss. Where only
    /// failures went to the circuit that has the place by now, that one would trip.
    #[inline]
    fn succeeded(&self) {
        if self.is_evicted() {
            self.come_back(Some(Outcome::Success));
        }
    }

    /// Takes in the outcome of a call that nobody asked for, or that another circuit of the same peer let through.
    pub(crate) fn report(&self, outcome: Outcome) {
        if matches!(outcome, Outcome::Success) {
            self.successes.add();
        } else {
            self.aside().counters.settled(outcome);
        }
        self.peer().report(outcome);
        self.learned(Some(outcome));
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
        self.aside().counters.abandoned();
        if ticket.may_be_slow() && self.peer().is_slow_by_now(&ticket) {
            self.aside().counters.slow_abandoned();
        }
        let probe = ticket.is_probe();
        self.peer().abandon_ticket(ticket, outcome);
        if probe {
            self.wake();
        }
        self.learned(Some(outcome));
    }
}

/// Wakes all who wait for a circuit when it is dropped. To be forgotten unless a panic drops it.
struct WakeOnDrop<'a, K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>>(&'a Entry<K, C, P, L>);

impl<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>> Drop for WakeOnDrop<'_, K, C, P, L> {
    fn drop(&mut self) {
        self.0.wake();
    }
}
