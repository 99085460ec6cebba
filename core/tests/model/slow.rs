//! The breaker once more, slow and obvious: 64-bit time that never wraps, lists instead of bits, and a
//! period number instead of a generation.

use fusebox::{Outcome, State};

#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) policy: Policy,
    pub(crate) wait: u64,
    pub(crate) cap: Option<u64>,
    pub(crate) probes: usize,
    pub(crate) close_after: usize,
    pub(crate) judged_by_rate: bool,
    pub(crate) lease: u64,
    pub(crate) quiet: Option<u64>,
    pub(crate) abandoned: Abandoned,
    pub(crate) slow_call: Option<u64>,
    pub(crate) keep_history: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Abandoned {
    Always(Outcome),
    FailureAfter(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub(crate) failure: u64,
    pub(crate) slow: Option<u64>,
    pub(crate) min_calls: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Policy {
    MaxFailures { max: usize, window: u64 },
    Consecutive { failures: usize },
    CountWindow { calls: usize, rates: Rates },
    TimeWindow { buckets: u64, bucket: u64, rates: Rates },
    Either(Box<Policy>, Box<Policy>),
}

#[derive(Clone, Copy, Debug)]
struct Result {
    at: u64,
    failed: bool,
    slow: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    Open,
    HalfOpen,
    ForcedOpen,
    Disabled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) calls: usize,
    pub(crate) failures: usize,
    pub(crate) slow: usize,
}

/// What a call holds: the period it was admitted in, unless its result will not count anyway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permit {
    period: Option<u64>,
    started: u64,
    pub(crate) would_reject: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    config: Config,
    pub(crate) now: u64,
    /// Where time buckets are aligned to.
    origin: u64,
    phase: Phase,
    observing: bool,
    /// Counts everything that voids earlier results.
    period: u64,
    since: u64,
    /// The wait of this opening.
    wait: u64,
    exponent: u32,
    recovered: bool,
    in_flight: usize,
    probed: Vec<Result>,
    history: Vec<Result>,
}

impl Model {
    pub(crate) fn new(config: Config, now: u64, origin: u64) -> Self {
        Self {
            config,
            now,
            origin,
            phase: Phase::Closed,
            observing: false,
            period: 0,
            since: 0,
            wait: 0,
            exponent: 0,
            recovered: false,
            in_flight: 0,
            probed: Vec::new(),
            history: Vec::new(),
        }
    }

    pub(crate) fn state(&self) -> State {
        match self.phase {
            _ if self.observing => State::Observe,
            Phase::Closed => State::Closed,
            Phase::Open => State::Open,
            Phase::HalfOpen => State::HalfOpen,
            Phase::ForcedOpen => State::ForcedOpen,
            Phase::Disabled => State::Disabled,
        }
    }

    pub(crate) fn tally(&self) -> Tally {
        tally(&self.config.policy, &self.history, self.now, self.origin)
    }

    /// `Err` holds the time to come back, if there is one.
    pub(crate) fn acquire(&mut self) -> std::result::Result<Permit, Option<u64>> {
        match self.try_acquire() {
            Ok(period) => Ok(Permit { period, started: self.now, would_reject: false }),
            Err(_) if self.observing => Ok(Permit { period: None, started: self.now, would_reject: true }),
            Err(retry) => Err(retry),
        }
    }

    /// What [`acquire`](Self::acquire) would answer.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.clone().acquire().err().flatten()
    }

    fn try_acquire(&mut self) -> std::result::Result<Option<u64>, Option<u64>> {
        match self.phase {
            Phase::Closed => Ok(Some(self.period)),
            Phase::Disabled => Ok(None),
            Phase::ForcedOpen => Err(None),
            Phase::Open if self.now - self.since < self.wait => Err(Some(self.since + self.wait - self.now)),
            Phase::HalfOpen if self.has_room() => Ok(Some(self.admit_probe())),
            Phase::HalfOpen if self.in_flight > 0 && self.now - self.since < self.config.lease => {
                Err(Some(self.since + self.config.lease - self.now))
            }
            Phase::Open | Phase::HalfOpen => {
                self.become_half_open();
                Ok(Some(self.admit_probe()))
            }
        }
    }

    fn has_room(&self) -> bool {
        if self.config.judged_by_rate {
            self.in_flight + self.probed.len() < self.config.probes
        } else {
            self.in_flight < self.config.probes && self.in_flight + self.probed.len() < self.config.close_after
        }
    }

    fn admit_probe(&mut self) -> u64 {
        self.in_flight += 1;
        self.since = self.now;
        self.period
    }

    pub(crate) fn settle(&mut self, permit: Permit, outcome: Outcome, took: u64) {
        let slow = self.config.slow_call.is_some_and(|limit| took > limit);
        if permit.period != Some(self.period) {
            return;
        }
        let result = Result { at: self.now, failed: outcome == Outcome::Failure, slow };
        match self.phase {
            Phase::Closed if outcome != Outcome::Ignored => self.settle_closed(result),
            Phase::HalfOpen => {
                self.settle_probe(outcome, result);
                if self.config.keep_history && outcome != Outcome::Ignored {
                    self.record(result);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn abandon(&mut self, permit: Permit) {
        let took = self.now - permit.started;
        let outcome = match self.config.abandoned {
            Abandoned::Always(outcome) => outcome,
            Abandoned::FailureAfter(limit) if took >= limit => Outcome::Failure,
            Abandoned::FailureAfter(_) => Outcome::Ignored,
        };
        self.settle(permit, outcome, took);
    }

    pub(crate) fn took(&self, permit: Permit) -> u64 {
        self.now - permit.started
    }

    fn settle_closed(&mut self, result: Result) {
        if self.record(result) {
            self.trip();
        }
    }

    pub(crate) fn report(&mut self, outcome: Outcome) {
        if self.phase == Phase::Closed && outcome != Outcome::Ignored {
            self.settle_closed(Result { at: self.now, failed: outcome == Outcome::Failure, slow: false });
        }
    }

    /// Takes a result into the history and says whether the policy is broken.
    fn record(&mut self, result: Result) -> bool {
        self.history.push(result);
        breaks(&self.config.policy, &self.history, self.now, self.origin)
    }

    fn settle_probe(&mut self, outcome: Outcome, result: Result) {
        self.in_flight -= 1;
        if outcome == Outcome::Ignored {
            return;
        }
        self.probed.push(result);
        if !self.config.judged_by_rate {
            if result.failed || result.slow {
                self.open(self.exponent + 1);
            } else if self.probed.len() >= self.config.close_after {
                self.become_closed();
            }
            return;
        }
        let rates = rates(&self.config.policy).expect("only policies with rates judge probes by them");
        if self.probed.len() >= self.config.probes.min(rates.min_calls) {
            if exceeds(rates, count(self.probed.iter()), 0) {
                self.open(self.exponent + 1);
            } else {
                self.become_closed();
            }
        }
    }

    fn trip(&mut self) {
        let flapping = self.recovered && self.config.quiet.is_some_and(|quiet| self.now - self.since < quiet);
        let exponent = self.calmed() + u32::from(flapping);
        self.open(exponent);
    }

    /// What a closed circuit still knows of failed probes.
    fn calmed(&self) -> u32 {
        match self.config.quiet {
            Some(quiet) if self.phase == Phase::Closed => {
                self.exponent.saturating_sub(u32::try_from((self.now - self.since) / quiet).unwrap_or(u32::MAX))
            }
            _ => self.exponent,
        }
    }

    fn open(&mut self, exponent: u32) {
        self.exponent = exponent.min(16);
        self.wait = match self.config.cap {
            Some(cap) => (self.config.wait << self.exponent).min(cap),
            None => self.config.wait,
        };
        self.change_to(Phase::Open);
    }

    fn become_half_open(&mut self) {
        self.change_to(Phase::HalfOpen);
    }

    fn become_closed(&mut self) {
        if !self.config.keep_history {
            self.history.clear();
        }
        if self.config.quiet.is_none() {
            self.exponent = 0;
        }
        self.change_to(Phase::Closed);
        self.recovered = self.config.quiet.is_some();
    }

    fn change_to(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = self.now;
        self.period += 1;
        self.in_flight = 0;
        self.probed.clear();
        self.recovered = false;
    }
}

/// By hand.
impl Model {
    pub(crate) fn open_by_hand(&mut self) {
        if self.phase != Phase::Open || self.observing {
            let exponent = self.calmed();
            self.observing = false;
            self.open(exponent);
        }
    }

    pub(crate) fn open_for(&mut self, wait: u64) {
        self.exponent = self.calmed();
        self.observing = false;
        self.wait = wait;
        self.change_to(Phase::Open);
    }

    pub(crate) fn wait_at_least(&mut self, wait: u64) -> bool {
        let end = self.since + self.wait;
        if self.phase != Phase::Open || self.observing || self.now + wait <= end.max(self.now) {
            return false;
        }
        if end <= self.now {
            self.since = self.now;
        }
        // Eleven bits of it are kept, rounded up.
        let whole = self.now + wait - self.since;
        let unit = (0..32).map(|bit| 1 << bit).find(|unit| whole.div_ceil(*unit) < 1 << 11).unwrap_or(1);
        self.wait = whole.div_ceil(unit) * unit;
        true
    }

    pub(crate) fn half_open(&mut self) -> bool {
        match self.phase {
            _ if self.observing => false,
            Phase::Open | Phase::ForcedOpen => {
                self.become_half_open();
                true
            }
            Phase::HalfOpen => true,
            Phase::Closed | Phase::Disabled => false,
        }
    }

    pub(crate) fn close(&mut self) {
        if self.phase != Phase::Closed || self.observing {
            self.observing = false;
            self.become_closed();
        }
    }

    pub(crate) fn reset(&mut self) {
        self.history.clear();
        self.observing = false;
        self.exponent = 0;
        self.change_to(Phase::Closed);
    }

    pub(crate) fn force_open(&mut self) {
        self.exponent = self.calmed();
        self.switch_to(Phase::ForcedOpen, false);
    }

    pub(crate) fn disable(&mut self) {
        self.forget_unless(self.phase == Phase::Disabled);
        self.switch_to(Phase::Disabled, false);
        self.exponent = 0;
    }

    pub(crate) fn observe(&mut self) {
        if !self.observing {
            self.forget_unless(false);
            self.switch_to(Phase::Closed, true);
            self.exponent = 0;
        }
    }

    pub(crate) fn automatic(&mut self) {
        match self.phase {
            Phase::ForcedOpen => self.become_half_open(),
            Phase::Disabled => self.change_to(Phase::Closed),
            phase if self.observing => {
                let since = self.since;
                self.observing = false;
                self.change_to(phase);
                self.since = since;
            }
            _ => {}
        }
    }

    fn forget_unless(&mut self, there_already: bool) {
        if !there_already && !self.config.keep_history {
            self.history.clear();
        }
    }

    fn switch_to(&mut self, phase: Phase, observing: bool) {
        if (self.phase, self.observing) != (phase, observing) {
            self.observing = observing;
            self.change_to(phase);
        }
    }
}

fn rates(policy: &Policy) -> Option<Rates> {
    match policy {
        Policy::CountWindow { rates, .. } | Policy::TimeWindow { rates, .. } => Some(*rates),
        Policy::Either(first, second) => rates(first).or(rates(second)),
        _ => None,
    }
}

fn count<'r>(results: impl Iterator<Item = &'r Result>) -> Tally {
    let mut tally = Tally { calls: 0, failures: 0, slow: 0 };
    for result in results {
        tally.calls += 1;
        tally.failures += usize::from(result.failed);
        tally.slow += usize::from(result.slow);
    }
    tally
}

fn exceeds(rates: Rates, tally: Tally, min_calls: usize) -> bool {
    let reaches = |part: usize, percent: u64| part as f64 / tally.calls as f64 >= percent as f64 / 100.0 - 1e-9;
    tally.calls >= min_calls
        && (reaches(tally.failures, rates.failure) || rates.slow.is_some_and(|percent| reaches(tally.slow, percent)))
}

fn breaks(policy: &Policy, history: &[Result], now: u64, origin: u64) -> bool {
    match policy {
        Policy::MaxFailures { max, window } => {
            let failures: Vec<_> = history.iter().filter(|result| result.failed).collect();
            let latest_failed = history.last().is_some_and(|result| result.failed);
            latest_failed && failures.len() > *max && now - failures[failures.len() - 1 - max].at < *window
        }
        Policy::Consecutive { failures } => tally(policy, history, now, origin).failures >= *failures,
        Policy::CountWindow { rates, .. } | Policy::TimeWindow { rates, .. } => {
            exceeds(*rates, tally(policy, history, now, origin), rates.min_calls)
        }
        Policy::Either(first, second) => breaks(first, history, now, origin) || breaks(second, history, now, origin),
    }
}

fn tally(policy: &Policy, history: &[Result], now: u64, origin: u64) -> Tally {
    match policy {
        Policy::MaxFailures { max, window } => {
            let failures = history.iter().rev().filter(|result| result.failed).take(*max);
            let failures = failures.filter(|result| now - result.at < *window).count();
            Tally { calls: failures, failures, slow: 0 }
        }
        Policy::Consecutive { .. } => {
            let failures = history.iter().rev().take_while(|result| result.failed).count();
            Tally { calls: failures, failures, slow: 0 }
        }
        Policy::CountWindow { calls, rates } => {
            let kept = count(history.iter().rev().take(*calls));
            Tally { slow: if rates.slow.is_some() { kept.slow } else { 0 }, ..kept }
        }
        Policy::TimeWindow { buckets, bucket, rates } => {
            let number = |time: u64| (i128::from(time) - i128::from(origin)).div_euclid(i128::from(*bucket));
            let kept = count(history.iter().filter(|result| number(result.at) + i128::from(*buckets) > number(now)));
            Tally { slow: if rates.slow.is_some() { kept.slow } else { 0 }, ..kept }
        }
        Policy::Either(first, second) => {
            let (first, second) = (tally(first, history, now, origin), tally(second, history, now, origin));
            Tally {
                calls: first.calls.max(second.calls),
                failures: first.failures.max(second.failures),
                slow: first.slow.max(second.slow),
            }
        }
    }
}
