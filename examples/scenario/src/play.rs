//! Plays the steps of a scenario and compares.

use fusebox::Instant;
use fusebox::policy::Tally;

use crate::failure::{Failure, Reason, Sight};
use crate::packed::{Error, Scenario};
use crate::setup::with_subject;
use crate::shelf::{NoPlace, Room};
use crate::step::{After, Ending, Key, Label, Op, Retry, Step};
use crate::subject::{Look, NotDone, Subject};
use crate::trace::Trace;
use crate::trial::Trial;

/// What became of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Played<'a> {
    /// The first step that did not come out as expected.
    pub verdict: Result<(), Failure<'a>>,
    /// A checksum of all that was seen up to there.
    pub digest: u32,
}

impl<'a> Scenario<'a> {
    /// Plays it on a clock of milliseconds, or of microseconds if its times ask for it.
    ///
    /// # Errors
    /// [`Error`] if it cannot be played.
    pub fn play(&self, trial: Trial, room: &Room) -> Result<Played<'a>, Error> {
        let mut played = Ok(Played { verdict: Ok(()), digest: 0 });
        with_subject(&self.config, trial.in_set, room, &mut |subject| played = play(self, trial, subject))?;
        played
    }
}

/// Does the steps one after the other, up to the first that fails.
fn play<'a>(scenario: &Scenario<'a>, trial: Trial, subject: &mut dyn Subject) -> Result<Played<'a>, Error> {
    let hz = scenario.config.tick.hz();
    let mut player = Player::new(subject, trial.judged);
    let mut verdict = Ok(());
    for (number, step) in (1..).zip(scenario.steps()) {
        let step = step?;
        player.subject.set_time(Instant::from_ticks(trial.start).after(step.at.as_tick(hz)));
        if let Err(reason) = player.step(&step) {
            verdict = Err(Failure { number, step, reason });
            break;
        }
    }
    Ok(Played { verdict, digest: player.trace.finish() })
}

/// Does to a subject what steps say, and keeps a checksum of what came of it.
pub(crate) struct Player<'s> {
    pub(crate) subject: &'s mut dyn Subject,
    pub(crate) trace: Trace,
    judges: bool,
}

/// What an operation came to, as far as it can be seen.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) admitted: Option<bool>,
    would_reject: Option<bool>,
    /// What a rejection said.
    retry_after: Option<Retry>,
}

impl<'s> Player<'s> {
    pub(crate) const fn new(subject: &'s mut dyn Subject, judges: bool) -> Self {
        Self { subject, trace: Trace::new(), judges }
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), Reason> {
        let expect = step.expect;
        for _ in 0..step.times {
            let seen = match self.perform(step.peer, step.op) {
                Ok(seen) => seen,
                Err(reason) if self.judges => return Err(reason),
                Err(_) => Seen::default(),
            };
            self.same(Sight::Admitted, expect.admitted, seen.admitted)?;
            self.same(Sight::WouldReject, expect.would_reject, seen.would_reject)?;
            self.same(Sight::RetryOfRejection, expect.retry_after, seen.retry_after)?;
        }
        let look = self.look(step.peer);
        self.same(Sight::State, expect.state.map(|After(state)| state), Some(look.state))?;
        self.same(Sight::RetryAfter, expect.retry_after, Some(look.retry_after.into()))
    }

    /// Looks at all that can be seen.
    pub(crate) fn look(&mut self, key: Key) -> Look {
        let look = self.subject.look(key);
        self.trace.look(&look);
        self.trace.number(self.subject.peers());
        look
    }

    pub(crate) fn perform(&mut self, key: Key, op: Op) -> Result<Seen, Reason> {
        let nothing = Seen::default();
        match op {
            Op::Call(ending) => Ok(self.call(key, ending)),
            Op::Settle(ending) => {
                if self.subject.settle(None, ending).is_none() {
                    self.call(key, ending);
                }
                Ok(nothing)
            }
            Op::Acquire(label) => {
                self.subject.has_place(label).map_err(|error| match (error, label) {
                    (NoPlace::Taken, Some(label)) => Reason::PermitTaken(label),
                    _ => Reason::NoRoom,
                })?;
                Ok(self.acquire(key, label))
            }
            Op::Release(label, ending) => {
                let settled = self.subject.settle(Some(label), ending);
                settled.map(|()| nothing).ok_or(Reason::NoPermit(label))
            }
            Op::Drop(label) => {
                let dropped = self.subject.abandon(label);
                dropped.map(|()| nothing).ok_or(label.map_or(Reason::NothingToDrop, Reason::NoPermit))
            }
            Op::Manual(manual) => match self.subject.by_hand(key, manual) {
                Ok(admitted) => {
                    self.trace.number(admitted.is_none_or(|admitted| admitted).into());
                    Ok(Seen { admitted, ..nothing })
                }
                Err(NotDone::Settings(error)) => Err(Reason::Settings(error)),
                Err(NotDone::Rejected(rejected)) => Err(Reason::Rejected(rejected)),
            },
            Op::Look => Ok(nothing),
            Op::Window { calls, failures, slow } => {
                let tally = self.subject.look(key).tally;
                let expected = Tally { calls, failures, slow: slow.unwrap_or(tally.slow) };
                self.same(Sight::Tally, Some(expected), Some(tally)).map(|()| nothing)
            }
            Op::Peers(peers) => {
                let came = self.subject.peers();
                self.same(Sight::Peers, Some(peers), Some(came)).map(|()| nothing)
            }
        }
    }

    fn call(&mut self, key: Key, ending: Ending) -> Seen {
        let seen = self.acquire(key, None);
        if seen.admitted == Some(true) {
            self.subject.settle(None, ending);
        }
        seen
    }

    fn acquire(&mut self, key: Key, label: Option<Label>) -> Seen {
        match self.subject.acquire(key, label) {
            Ok(would_reject) => {
                self.trace.number(u32::from(would_reject) + 1);
                Seen { admitted: Some(true), would_reject: Some(would_reject), retry_after: None }
            }
            Err(rejected) => {
                self.trace.number(0);
                self.trace.rejected(&rejected);
                Seen { admitted: Some(false), would_reject: None, retry_after: Some(rejected.retry_after().into()) }
            }
        }
    }

    /// Compares what is expected with what came, if both are there.
    fn same<T: PartialEq>(&self, sight: fn(T) -> Sight, expected: Option<T>, came: Option<T>) -> Result<(), Reason> {
        match (expected, came) {
            (Some(expected), Some(came)) if self.judges && expected != came => {
                Err(Reason::Differs { expected: sight(expected), came: sight(came) })
            }
            _ => Ok(()),
        }
    }
}
