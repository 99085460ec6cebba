//! Looks at each step from outside, where all threads are seen at once, and says what it broke.

use crate::stepping::{Seen, Told};
use crate::word::{Phase, Rule};

use super::Protocol;
use super::circuit::Words;
use super::claims::Claim;
use super::state::{Line, Op, State, Ticket};

impl<P: Words> Protocol<P> {
    /// Notes what one step of a thread did to the circuit at `place`.
    pub(super) fn observe(&self, before: &State, after: &mut State, thread: usize, place: usize, told: Told) {
        let actor = &after.threads[thread];
        let Some(op) = actor.running else { return };
        let (log, ticket) = (&actor.log, actor.ticket);
        let others = before.circuits.iter().zip(&after.circuits).enumerate();
        let apart = others.filter(|(other, _)| *other != place).all(|(_, (old, new))| old.shared == new.shared);
        let waited = self.now(after).ticks().wrapping_sub(before.circuits[place].since);
        let read = log.iter().rev().find_map(|seen| if let Seen::Clock(now) = seen { Some(*now) } else { None });
        let wins = log.iter().filter(|seen| **seen == Seen::Won).count();

        let (old, new) = (&before.circuits[place], &mut after.circuits[place]);
        let (was, is) = (old.shared.word(), new.shared.word());
        let by_hand = op.is_by_hand();
        let changed = was.low != is.low;
        let opened = was.rule() != Rule::Open && is.rule() == Rule::Open;
        let half_opened = was.rule() == Rule::Open && is.rule() == Rule::HalfOpen;
        let closed = was.rule() == Rule::HalfOpen && is.rule() == Rule::Closed;
        let tripped = was.phase() == Phase::Closed && is.phase() == Phase::Open;
        let admitted =
            matches!((op, was.rule(), is.rule()), (Op::Acquire { .. }, Rule::HalfOpen, Rule::HalfOpen)) && changed;
        let given_up = admitted && is.in_flight() != was.in_flight() + 1;
        let moved = was.rule() != is.rule() || given_up;
        let outdated = ticket.is_some_and(|ticket| !by_hand && !ticket.counts_in(was));

        let mut holds = |claim: Claim, holds: bool| after.broken |= if holds { 0 } else { claim.bit() };
        holds(Claim::Apart, apart);
        holds(Claim::Told, (told.transitions, told.trips) == (moved.into(), tripped.into()));
        if !by_hand {
            let risen = is.generation().wrapping_sub(was.generation());
            holds(Claim::Generation, risen == u8::from(opened || given_up));
            holds(Claim::EarlyProbe, !half_opened || waited >= self.setup.wait.into());
            holds(Claim::EarlyLease, !given_up || waited >= self.setup.lease.into());
            holds(Claim::ByHand, was.rule() != Rule::ByHand || !changed);
            holds(Claim::Clear, !closed || old.stray || new.shared.history == [0; 2]);
            let settles = changed && op.outcome().is_some();
            holds(Claim::Stale, !(settles && outdated));
            holds(Claim::Once, !settles || wins == 1);
        }

        if changed && (by_hand || moved || admitted) {
            new.since = read.unwrap_or(new.since);
        }
        // Of what a call has seen, its last step is new, if it took one.
        let fresh = log.get(before.threads[thread].log.len()..).unwrap_or_default();
        let earlier = |seen: Seen| {
            log.iter().filter(|one| core::mem::discriminant(*one) == core::mem::discriminant(&seen)).count()
        };
        match fresh.first() {
            // A failure may fall between the clearing by hand and the change of state.
            _ if by_hand => new.stray = true,
            Some(Seen::Set) if earlier(Seen::Set) == 1 => new.clear(outdated),
            Some(seen @ Seen::Changed(_)) => {
                new.recorded += u8::from(earlier(*seen) == 1);
                new.stray |= outdated;
            }
            _ => {}
        }
        if changed && (half_opened || admitted) {
            after.threads[thread].ticket = Some(Ticket { circuit: place as u8, low: is.low });
        }
    }
}

impl Line {
    /// The history was cleared.
    fn clear(&mut self, outdated: bool) {
        self.recorded = 0;
        self.stray = outdated;
    }
}
