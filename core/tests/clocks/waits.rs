//! What may be told of a wait, in time that does not wrap.

use fusebox::{Outcome, RejectReason, State, Ticket};
use proptest::prelude::*;

use crate::circuit::{Circuit, Config, make};
use crate::outcomes;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Move(Move),
    /// Asks, and keeps what it is given.
    Ask,
    /// Which of those that were kept, as what.
    Settle(usize, Outcome),
    /// Failures until the circuit is no longer closed.
    Break,
    Open,
    OpenFor(u32),
    WaitAtLeast(u32),
    HalfOpen,
    Close,
}

/// Where the clock goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    Forward(u32),
    Back(u32),
    /// So many ticks before or after the end of what is told.
    AboutTheEnd(i32),
    /// So many ticks before or after the moment from which the wait runs.
    AboutTheBeginning(i32),
}

pub(crate) fn ops() -> impl Strategy<Value = Op> {
    let short = prop_oneof![3 => 0..=40u32, 1 => 0..=100_000u32];
    let moves = prop_oneof![
        6 => (0..=20u32).prop_map(Move::Forward),
        2 => (0..=100_000u32).prop_map(Move::Forward),
        // Up to half a wrap, beyond, and almost a whole one.
        2 => any::<u32>().prop_map(Move::Forward),
        1 => (0..2_000u32).prop_map(|less| Move::Forward(u32::MAX - less)),
        2 => Just(Move::Forward(1 << 30)),
        3 => (0..=20u32).prop_map(Move::Back),
        2 => (0..=5_000_000u32).prop_map(Move::Back),
        1 => (0..=i32::MAX as u32).prop_map(Move::Back),
        4 => (-2..=2).prop_map(Move::AboutTheEnd),
        3 => (-1_200..=2).prop_map(Move::AboutTheBeginning),
    ];
    prop_oneof![
        10 => moves.prop_map(Op::Move),
        6 => Just(Op::Ask),
        6 => (0..4usize, outcomes()).prop_map(|(which, outcome)| Op::Settle(which, outcome)),
        3 => Just(Op::Break),
        1 => Just(Op::Open),
        1 => short.clone().prop_map(Op::OpenFor),
        2 => short.prop_map(Op::WaitAtLeast),
        1 => Just(Op::HalfOpen),
        1 => Just(Op::Close),
    ]
}

/// Plays the operations, then lets time go on, and has the circuit close.
pub(crate) fn check(config: &Config, hz: u32, start: u32, ops: &[Op]) {
    let circuit = make(config, hz, Some(1));
    circuit.set_clock(start);
    let mut player = Player {
        circuit: &*circuit,
        config,
        skew: i64::from(hz / 1_024 + 1),
        now: start,
        begun: Wait { whole: 0, passed: 0, repeated: 0, waited: 0, steps_back: 0, wrapped: false },
        permits: vec![],
        period: 0,
        admitted: 0,
    };
    for op in ops {
        player.play(*op);
    }
    player.recover();
}

/// A wait, or a lease.
#[derive(Debug)]
struct Wait {
    whole: i64,
    /// How far the clock is from its beginning, before it if less than 0.
    passed: i64,
    /// What was added to it by steps back.
    repeated: i64,
    /// For how long somebody has waited.
    waited: i64,
    steps_back: i64,
    /// Whether the clock went so far that its counter says nothing any more.
    wrapped: bool,
}

struct Player<'a> {
    circuit: &'a dyn Circuit,
    config: &'a Config,
    skew: i64,
    now: u32,
    begun: Wait,
    /// Each with the period in which it was given.
    permits: Vec<(Ticket, u32)>,
    period: u32,
    /// In this half-open period, those that were ignored left out.
    admitted: u32,
}

impl Player<'_> {
    fn left(&self) -> i64 {
        self.circuit.left().map_or(0, |left| i64::from(left.count()))
    }

    fn play(&mut self, op: Op) {
        match op {
            Op::Move(to) => self.move_clock(to),
            Op::Ask => drop(self.ask()),
            Op::Settle(which, outcome) if !self.permits.is_empty() => {
                let (ticket, period) = self.permits.swap_remove(which % self.permits.len());
                if outcome == Outcome::Ignored && period == self.period {
                    self.admitted = self.admitted.saturating_sub(1);
                }
                self.circuit.settle(ticket, outcome);
            }
            Op::Settle(..) => {}
            Op::Break => self.break_it(),
            Op::Open => self.circuit.open(),
            Op::OpenFor(ticks) => assert!(self.circuit.open_for(ticks)),
            Op::WaitAtLeast(ticks) => self.wait_at_least(ticks),
            Op::HalfOpen => self.circuit.half_open(),
            Op::Close => self.circuit.close(),
        }
        self.take_transitions();
        self.is_as_told();
    }

    /// A wait begins with each transition. By hand an opening may be prolonged, which is told as well.
    fn take_transitions(&mut self) {
        for transition in self.circuit.transitions() {
            let whole = match transition.to() {
                State::Open => transition.wait().map_or(0, |wait| i64::from(wait.count())),
                _ => i64::from(self.config.lease),
            };
            self.begin(whole);
            self.period += 1;
            self.admitted = 0;
        }
    }

    fn begin(&mut self, whole: i64) {
        self.begun = Wait { whole, passed: 0, repeated: 0, waited: 0, steps_back: 0, wrapped: false };
    }

    /// What is told is what is left of the whole, in time that does not wrap.
    fn is_as_told(&self) {
        let (told, state, wait) = (self.left(), self.circuit.state(), &self.begun);
        assert!(told <= wait.whole || state == State::Closed, "{told} of {wait:?}");
        let expected = match wait.passed {
            passed if passed >= 0 && passed < (1 << 32) - self.skew => (wait.whole - passed).max(0),
            // What cores may disagree by counts as nothing; set back further, the wait is over.
            passed if passed < 0 && passed >= -self.skew => wait.whole,
            passed if passed < 0 && passed > wait.whole - (1 << 32) => 0,
            // A whole wrap, in which nobody called: the counter cannot tell.
            _ => return,
        };
        match state {
            State::Open => assert_eq!(told, expected, "{wait:?}"),
            // As long as probes are under way.
            State::HalfOpen => assert!(told == 0 || told == expected, "{told} instead of {expected}: {wait:?}"),
            _ => assert_eq!(told, 0),
        }
    }

    fn move_clock(&mut self, to: Move) {
        let before = self.left();
        let target = match to {
            Move::Forward(ticks) => i64::from(ticks),
            Move::Back(ticks) => -i64::from(ticks),
            Move::AboutTheEnd(more) => before + i64::from(more),
            Move::AboutTheBeginning(more) => i64::from(more) - self.begun.passed,
        };
        // Further than a wrap there is nothing that a counter could show.
        let by = target.clamp(1 - (1 << 32), (1 << 32) - 1);
        self.now = (i64::from(self.now) + by) as u32;
        self.circuit.set_clock(self.now);
        let passed = self.begun.passed;
        self.begun.passed += by;
        let after = self.left();
        let (whole, skew) = (self.begun.whole, self.skew);
        let known = |passed: i64| passed > whole - (1 << 32) && passed < (1 << 32) - skew;
        self.begun.wrapped |= !known(self.begun.passed);
        if self.begun.wrapped {
            return;
        }
        if by >= 0 {
            // Set back to before the beginning, the wait is over for who calls then. If nobody does until the clock is
            // there again, it is what it was there.
            if passed < -self.skew {
                self.begun.repeated += after;
                return;
            }
            let slack = if passed < 0 { self.skew } else { 0 };
            assert!(after <= before, "a wait grew from {before} to {after} when {by} ticks passed: {:?}", self.begun);
            let due = (before + slack - by).max(0);
            assert!(after <= due, "{after} of {before} are left after {by}: {:?}", self.begun);
            self.begun.waited += by.min(before + slack);
        } else {
            // At most what had been waited.
            let repeats = (-by).min(passed.max(0));
            assert!(after <= before + repeats, "from {before} to {after}, {by} ticks: {:?}", self.begun);
            self.begun.repeated += (after - before).max(0);
            self.begun.steps_back += 1;
        }
        // With one step back at most twice as long as without.
        let Wait { whole, repeated, waited, steps_back, .. } = self.begun;
        let slack = self.skew * (steps_back + 1);
        assert!(waited <= whole + repeated + slack, "{:?}", self.begun);
        assert!(repeated <= whole * steps_back, "{:?}", self.begun);
    }

    /// Asks: rejected if and only if a time is told, and no probe is one too many.
    fn ask(&mut self) -> Result<(), i64> {
        let (told, state) = (self.left(), self.circuit.state());
        let asked = self.circuit.acquire();
        self.take_transitions();
        match asked {
            Ok(ticket) => {
                assert!(told == 0, "admitted {told} ticks early: {:?}", self.begun);
                self.permits.push((ticket, self.period));
                if self.circuit.state() == State::HalfOpen {
                    // The lease runs from the last probe.
                    self.begin(i64::from(self.config.lease));
                    self.admitted += 1;
                    self.has_no_probe_too_many();
                }
                Ok(())
            }
            Err(rejected) => {
                let retry = rejected.retry_after().map(|left| i64::from(left.count()));
                assert_eq!(retry, Some(told), "{rejected:?}");
                assert!(told > 0, "rejected, and nothing to wait for");
                let reason = if state == State::Open { RejectReason::Open } else { RejectReason::HalfOpenFull };
                assert_eq!(rejected.reason(), reason);
                Err(told)
            }
        }
    }

    fn has_no_probe_too_many(&self) {
        let under_way = self.permits.iter().filter(|(_, period)| *period == self.period).count();
        let Config { probes, close_after, .. } = *self.config;
        assert!(under_way <= usize::from(probes), "{under_way} probes at once");
        let most = if self.config.judged_by_rate() { probes } else { close_after };
        assert!(self.admitted <= u32::from(most), "{} probes in one period", self.admitted);
    }

    /// A peer that answers nothing is noticed, whatever the clock did before.
    fn break_it(&mut self) {
        for _ in 0..200 {
            if self.circuit.state() != State::Closed {
                return;
            }
            let ticket = self.circuit.acquire().expect("the circuit is closed");
            self.circuit.settle(ticket, Outcome::Failure);
        }
        panic!("200 failures did not open the circuit");
    }

    /// Time goes on and the peer answers: a caller gets through after what is told, and its successes close the
    /// circuit.
    fn recover(&mut self) {
        self.break_it();
        self.take_transitions();
        for _ in 0..20 {
            if self.circuit.state() == State::Closed {
                return;
            }
            if let Err(told) = self.ask() {
                let longest = i64::from(self.config.lease).max(self.begun.whole);
                assert!(told <= longest);
                self.now = (i64::from(self.now) + told + self.skew) as u32;
                self.circuit.set_clock(self.now);
                self.begun.passed += told + self.skew;
                assert_eq!(self.ask(), Ok(()), "the wait is over");
            }
            let (ticket, _) = self.permits.pop().expect("it was admitted just now");
            self.circuit.settle(ticket, Outcome::Success);
            self.take_transitions();
        }
        panic!("twenty answers did not close the circuit: {:?}", self.begun);
    }

    /// A wait that a peer asked for: the one way in which a wait gets longer.
    fn wait_at_least(&mut self, ticks: u32) {
        let before = self.left();
        let longer = self.circuit.wait_at_least(ticks);
        let after = self.left();
        assert!(longer || after == before);
        if longer {
            assert!(after >= i64::from(ticks) && after > before, "{after} instead of {ticks}, {before} before");
            if before == 0 {
                self.begin(after);
            } else {
                // Beyond a wrap the counter stands where it stood in the first round.
                let round = self.begun.passed.rem_euclid(1 << 32);
                self.begun.passed = if round >= (1 << 32) - self.skew { round - (1 << 32) } else { round };
                self.begun.whole = self.begun.passed.max(0) + after;
            }
        }
    }
}
