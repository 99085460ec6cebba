//! The right to make one call.

use core::mem;
use core::time::Duration;

use crate::event::Event;
use crate::listener::Listener;
use crate::machine::{Effect, Input};
use crate::outcome::Outcome;
use crate::peer::{Peer, Shared};
use crate::policy::{Call, MaxFailures, TripPolicy};
use crate::settings::Abandoned;
use crate::time::{Clock, Instant, ticks_in_at_most};
use crate::word::{Phase, is_closed, same_epoch};

/// The right to make one call, to be settled with what came of it.
///
/// Settling consumes it, so it cannot be done twice. A permit that is dropped is *abandoned*: it is
/// settled as [`abandoned`](crate::SettingsBuilder::abandoned) says, by default as a failure. That is
/// what happens when a future is cancelled, by a timeout for instance. A permit that is leaked, or dies
/// with its thread, is taken back after the [`lease`](crate::SettingsBuilder::lease) if it was a probe's.
///
/// ```
/// use fusebox::{CircuitBreaker, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let breaker = CircuitBreaker::new(&clock);
///
/// let permit = breaker.try_acquire()?;
/// let answered = true; // Send something, and see.
/// if answered { permit.success() } else { permit.failure() }
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[must_use = "a permit that is dropped counts as an abandoned call: settle it"]
pub struct Permit<'a, C: Clock, P: TripPolicy = MaxFailures<3>, L: Listener<K> = (), K: ?Sized = ()> {
    peer: Peer<'a, C, P, L, K>,
    grant: Grant,
}

/// What a permit has to remember.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    /// The low half of the state word as it was: phase and generation tell whether the result counts.
    pub(crate) low: u32,
    /// When it was granted, if the settings want to know.
    pub(crate) started: Instant,
}

impl Grant {
    /// Whatever comes of the call, it does not count.
    pub(crate) const UNTRACKED: u32 = Phase::Disabled as u32;
    /// The same, for a call that observe mode let through but the circuit would have rejected.
    pub(crate) const WOULD_REJECT: u32 = Phase::Disabled as u32 | 1 << 8;
}

impl<'a, C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized> Permit<'a, C, P, L, K> {
    #[inline]
    pub(crate) const fn new(peer: Peer<'a, C, P, L, K>, grant: Grant) -> Self {
        Self { peer, grant }
    }

    /// Settles the call. Its length, where it matters, is the time since the permit was granted.
    #[inline]
    pub fn settle(self, outcome: Outcome) {
        let (peer, grant) = self.into_parts();
        peer.settle(grant, outcome, peer.took(grant));
    }

    /// Settles the call with the time it took, for callers who measured that themselves.
    pub fn settle_timed(self, outcome: Outcome, took: Duration) {
        let (peer, grant) = self.into_parts();
        peer.settle(grant, outcome, ticks_in_at_most(took, C::HZ));
    }

    /// The call succeeded.
    #[inline]
    pub fn success(self) {
        self.settle(Outcome::Success);
    }

    /// The call failed.
    #[inline]
    pub fn failure(self) {
        self.settle(Outcome::Failure);
    }

    /// The call says nothing about the peer, or was not made after all.
    #[inline]
    pub fn ignored(self) {
        self.settle(Outcome::Ignored);
    }

    /// Whether the circuit would have rejected the call, had it not been in observe mode. The result of
    /// such a call does not count, since it would not have been made.
    pub const fn would_reject(&self) -> bool {
        self.grant.low == Grant::WOULD_REJECT
    }

    /// Takes the permit apart without abandoning it.
    #[inline]
    pub(crate) fn into_parts(self) -> (Peer<'a, C, P, L, K>, Grant) {
        let parts = (self.peer, self.grant);
        mem::forget(self);
        parts
    }
}

impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized> Drop for Permit<'_, C, P, L, K> {
    #[inline]
    fn drop(&mut self) {
        self.peer.abandon(self.grant);
    }
}

impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized> core::fmt::Debug for Permit<'_, C, P, L, K> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Permit").field("phase", &Phase::of(self.grant.low)).finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized> defmt::Format for Permit<'_, C, P, L, K> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Permit({})", Phase::of(self.grant.low).state());
    }
}

/// Settling, for permits and tickets alike.
impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized> Peer<'_, C, P, L, K> {
    /// How long a call has run, 0 if nobody wants to know.
    #[inline]
    pub(crate) fn took(self, grant: Grant) -> u32 {
        if self.shared.settings.is_timed() { self.shared.clock.now().age_of::<C>(grant.started) } else { 0 }
    }

    #[inline]
    pub(crate) fn settle(self, grant: Grant, outcome: Outcome, took: u32) {
        let slow = self.shared.settings.is_slow(took);
        let clean = outcome == Outcome::Success && !slow;
        // A success that changes nothing writes nothing, and need not even look at the state.
        if clean && is_closed(grant.low) && self.shared.settings.policy.ignores_success(&self.circuit.history) {
            return;
        }
        match Phase::of(grant.low).ruled_as() {
            Phase::Closed => self.record(grant, outcome, slow),
            Phase::HalfOpen => self.settle_probe(grant, outcome, slow),
            _ => {}
        }
    }

    #[inline(never)]
    fn record(self, grant: Grant, outcome: Outcome, slow: bool) {
        if outcome == Outcome::Ignored {
            return;
        }
        if !same_epoch(grant.low, self.circuit.word.load().low) {
            return self.tell(Event::Stale(outcome));
        }
        let call = Call { failed: outcome == Outcome::Failure, slow };
        let settings = &self.shared.settings;
        if let Some(trip) = settings.policy.record(&self.circuit.history, call, &self.shared.clock) {
            self.drive(Input::Trip { permit: grant.low, trip });
        }
    }

    #[inline(never)]
    #[cold]
    fn settle_probe(self, grant: Grant, outcome: Outcome, slow: bool) {
        let Shared { settings, clock, .. } = self.shared;
        let permit = grant.low;
        let (before, after, effect) = self.circuit.drive(Input::Settle { permit, outcome, slow }, settings, clock);
        if effect == Effect::Stale {
            return self.tell(Event::Stale(outcome));
        }
        if settings.keep_history && outcome != Outcome::Ignored {
            let call = Call { failed: outcome == Outcome::Failure, slow };
            settings.policy.record(&self.circuit.history, call, clock);
        }
        match effect {
            Effect::Moved(cause) => self.tell_transition(before, after, cause),
            Effect::Closing => {
                if !settings.keep_history {
                    settings.policy.clear(&self.circuit.history);
                }
                self.drive(Input::Finish { permit });
            }
            _ => {}
        }
    }

    /// Settles a call that nobody saw the end of.
    pub(crate) fn abandon(self, grant: Grant) {
        let took = self.took(grant);
        let outcome = match self.shared.settings.abandoned {
            Abandoned::Always(outcome) => outcome,
            Abandoned::FailureAfter(limit) if took >= limit => Outcome::Failure,
            Abandoned::FailureAfter(_) => Outcome::Ignored,
        };
        self.tell(Event::Abandoned(outcome));
        self.settle(grant, outcome, took);
    }
}
