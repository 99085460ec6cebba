//! The way of every call: let in, and settled.
//!
//! What a healthy call needs is inlined at the call, everything else lies out of line, once.

use core::mem;

use crate::circuit::{Circuit, Driven};
use crate::event::{Cause, Event, Trip};
use crate::listener::Listener;
use crate::machine::{Effect, Input, left};
use crate::outcome::Outcome;
use crate::peer::{Peer, Shared};
use crate::policy::{Call, TripPolicy};
use crate::rejected::{RejectReason, Rejected};
use crate::settings::{Abandoned, Settings};
use crate::time::{Clock, Instant, Ticks};
use crate::word::{PHASE, Phase, Rule, is_closed, same_epoch};

/// What a permit or a ticket has to remember.
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
    /// Granted while closed, and the length of the call matters: a bit that the state word has no use for then.
    const TIMED: u32 = 1 << 8;

    /// Whether the length of the call may matter: it does not if it was granted while closed, without a time.
    #[inline]
    pub(crate) const fn may_be_slow(self) -> bool {
        self.low & (PHASE | Self::TIMED) != Phase::Closed as u32
    }

    /// Whether it was granted while closed, and the length of the call matters.
    #[inline]
    pub(crate) const fn is_timed(self) -> bool {
        is_closed(self.low) && self.low & Self::TIMED != 0
    }
}

/// Why not.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(PartialEq, Eq))]
pub(crate) enum Refusal {
    Open(u32),
    HalfOpenFull(u32),
    ForcedOpen,
}

impl Refusal {
    #[inline]
    pub(crate) const fn rejected<C: Clock>(self) -> Rejected {
        let (reason, retry_after) = match self {
            Self::Open(left) => (RejectReason::Open, Some(Ticks::of::<C>(left))),
            Self::HalfOpenFull(left) => (RejectReason::HalfOpenFull, Some(Ticks::of::<C>(left))),
            Self::ForcedOpen => (RejectReason::ForcedOpen, None),
        };
        Rejected { reason, retry_after }
    }
}

/// A grant or a refusal in two registers: a refusal looks like a grant in a phase that grants nothing.
struct Answer {
    low: u32,
    ticks: u32,
}

impl Answer {
    const OPEN: u32 = Phase::Open as u32;
    const HALF_OPEN_FULL: u32 = Phase::Open as u32 | 1 << 8;
    const FORCED_OPEN: u32 = Phase::ForcedOpen as u32;

    /// A grant that knows its time.
    fn timed(low: u32, clock: &impl Clock) -> Self {
        let low = if is_closed(low) { low | Grant::TIMED } else { low };
        Self { low, ticks: clock.now().ticks() }
    }

    #[inline]
    const fn refused(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Open(ticks) => Self { low: Self::OPEN, ticks },
            Refusal::HalfOpenFull(ticks) => Self { low: Self::HALF_OPEN_FULL, ticks },
            Refusal::ForcedOpen => Self { low: Self::FORCED_OPEN, ticks: 0 },
        }
    }

    #[inline]
    const fn result(self) -> Result<Grant, Refusal> {
        // Open and forced open, of the eight phases.
        if self.low & 0b101 != 0b001 {
            return Ok(Grant { low: self.low, started: Instant::from_ticks(self.ticks) });
        }
        Err(match self.low {
            Self::HALF_OPEN_FULL => Refusal::HalfOpenFull(self.ticks),
            Self::FORCED_OPEN => Refusal::ForcedOpen,
            _ => Refusal::Open(self.ticks),
        })
    }
}

impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> Peer<'_, C, P, L, K, S> {
    #[inline]
    pub(crate) fn grant_closed(self) -> Option<Grant> {
        let low = self.circuit.word.low();
        (is_closed(low) && !self.settings().timed).then_some(Grant { low, started: Instant::from_ticks(0) })
    }

    #[inline]
    pub(crate) fn grant(self) -> Result<Grant, Refusal> {
        if let Some(grant) = self.grant_closed() {
            return Ok(grant);
        }
        Self::admit(self.key, self.circuit, self.shared).result()
    }

    /// Lets in, or not, whatever the state. Out of line, a handle and the answer go in registers instead of through
    /// memory.
    #[inline(never)]
    fn admit(key: &K, circuit: &Circuit<P>, shared: &Shared<C, L, S>) -> Answer {
        let peer = Peer { key, circuit, shared };
        let (settings, clock) = (peer.settings(), &shared.clock);
        if settings.timed {
            let low = circuit.word.low();
            if is_closed(low) {
                return Answer::timed(low, clock);
            }
        }
        // Most who come here find the circuit open, and leave with the least that it takes to see it.
        let word = circuit.word.load();
        if matches!(word.phase(), Phase::Open) {
            let ticks = left(word, clock.now(), &settings.rules);
            if ticks > 0 {
                return Answer::refused(Refusal::Open(ticks));
            }
        }
        peer.admit_probe()
    }

    #[inline(never)]
    #[cold]
    fn admit_probe(self) -> Answer {
        let (settings, clock) = (self.settings(), &self.shared.clock);
        let Driven { before, after, now, effect } = self.circuit.drive(settings, clock, Input::Acquire);
        let low = match effect {
            Effect::Admitted(Some(cause)) => {
                let slot = GiveBack { peer: self, permit: after.low, now };
                self.tell_transition(before, after, now, cause);
                mem::forget(slot);
                after.low
            }
            Effect::Admitted(None) => after.low,
            Effect::Rejected(_) if after.phase().observed() => Grant::WOULD_REJECT,
            Effect::Rejected(refusal) => return Answer::refused(refusal),
            _ => Grant::UNTRACKED,
        };
        if settings.timed { Answer::timed(low, clock) } else { Answer { low, ticks: 0 } }
    }

    /// Settles a call that took so many ticks, or as long as the clock says.
    #[inline]
    pub(crate) fn settle(self, grant: Grant, outcome: Outcome, took: Option<u32>) {
        let clean = matches!(outcome, Outcome::Success) && grant.low & Grant::TIMED == 0 && is_closed(grant.low);
        // A success that changes nothing writes nothing, and need not even look at the state.
        if !(clean && self.settings().policy.ignores_success(&self.circuit.history)) {
            Self::settle_counted(self.key, self.circuit, self.shared, grant, outcome, took);
        }
    }

    /// Settles a call that was let in while closed, as most are, and hands on what was not.
    #[inline(never)]
    fn settle_counted(
        key: &K,
        circuit: &Circuit<P>,
        shared: &Shared<C, L, S>,
        grant: Grant,
        outcome: Outcome,
        took: Option<u32>,
    ) {
        let peer = Peer { key, circuit, shared };
        let ignored = matches!(outcome, Outcome::Ignored);
        match Rule::of(grant.low) {
            Rule::Closed if ignored => {}
            Rule::Closed if same_epoch(grant.low, circuit.word.low_latest()) => {
                let call = Call { failed: matches!(outcome, Outcome::Failure), slow: peer.is_slow(grant, took) };
                if let Some(trip) = peer.settings().policy.record(&circuit.history, call, &shared.clock) {
                    peer.trip(grant.low, trip);
                }
            }
            Rule::Closed => peer.tell(Event::Stale(outcome)),
            Rule::HalfOpen => peer.settle_probe(grant, outcome, peer.is_slow(grant, took)),
            Rule::Open | Rule::ByHand => {}
        }
    }

    #[inline(never)]
    #[cold]
    fn trip(self, permit: u32, trip: Trip) {
        let (settings, clock) = (self.settings(), &self.shared.clock);
        let Driven { before, after, now, effect } = self.circuit.drive(settings, clock, Input::Trip { permit });
        if matches!(effect, Effect::Tripped) {
            self.tell_transition(before, after, now, Cause::Tripped(trip));
        }
    }

    #[inline(never)]
    #[cold]
    fn settle_probe(self, grant: Grant, outcome: Outcome, slow: bool) {
        let (settings, clock) = (self.settings(), &self.shared.clock);
        let permit = grant.low;
        let settled = Input::Settle { permit, outcome, slow };
        let Driven { before, after, now, effect } = self.circuit.drive(settings, clock, settled);
        if matches!(effect, Effect::Stale) {
            return self.tell(Event::Stale(outcome));
        }
        if settings.keep_history && !matches!(outcome, Outcome::Ignored) {
            let call = Call { failed: matches!(outcome, Outcome::Failure), slow };
            settings.policy.record(&self.circuit.history, call, clock);
        }
        match effect {
            Effect::Moved(cause) => self.tell_transition(before, after, now, cause),
            // Without rates there is no such effect, and the compiler should know.
            Effect::Closing if settings.policy.rates().is_some() => {
                self.drive(Input::Finish { permit });
            }
            _ => {}
        }
    }

    #[inline]
    pub(crate) fn is_slow(self, grant: Grant, took: Option<u32>) -> bool {
        let limit = self.settings().slow_call;
        limit != u32::MAX && took.unwrap_or_else(|| self.took(grant)) > limit
    }

    /// How long a call has run; no time if it was granted by settings that did not want to know.
    fn took(self, grant: Grant) -> u32 {
        if grant.may_be_slow() { self.shared.clock.now().age_of::<C>(grant.started) } else { 0 }
    }

    /// Settles a call that nobody saw the end of.
    #[inline(never)]
    #[cold]
    pub(crate) fn abandon(self, grant: Grant) {
        if matches!(Rule::of(grant.low), Rule::ByHand) {
            return;
        }
        let took = self.took(grant);
        let outcome = match self.settings().abandoned {
            Abandoned::Always(outcome) => outcome,
            Abandoned::FailureAfter(limit) if took >= limit => Outcome::Failure,
            Abandoned::FailureAfter(_) => Outcome::Ignored,
        };
        self.settle(grant, outcome, Some(took));
        self.tell(Event::Abandoned(outcome));
    }
}

/// Gives a probe's slot back if the listener panics before there is a permit.
struct GiveBack<'a, C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> {
    peer: Peer<'a, C, P, L, K, S>,
    permit: u32,
    now: Instant,
}

impl<C: Clock, P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<C, P>>> Drop
    for GiveBack<'_, C, P, L, K, S>
{
    fn drop(&mut self) {
        // Nothing is told, since whoever would be told is the one who panics; nor is the clock asked, which might panic too.
        let ignored = Input::Settle { permit: self.permit, outcome: Outcome::Ignored, slow: false };
        self.peer.circuit.drive_at(self.peer.settings(), || self.now, ignored);
    }
}
