//! The breakers of other crates, with the thresholds of ours: the fourth failure opens, windows hold twenty calls.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use failsafe::CircuitBreaker as _;
use failsafe::backoff::{self, Constant};
use failsafe::failure_policy::{self, ConsecutiveFailures, OrElse, SuccessRateOverTimeWindow};

use super::{Row, tower_resilience};
use crate::answer::Answer;
use crate::subject::{Kind, Subject};
use crate::work::{Failure, set_failing, work};

pub(super) const HOUR: Duration = Duration::from_secs(3_600);
const FAILURES: u32 = 4;
pub(super) const WINDOW: usize = 20;

/// Theirs of a row.
pub(super) fn of(row: Row) -> Vec<Subject> {
    let can_stay_half_open = [nobreak, circuitbreaker_rs, reliakit_alone, reliakit_in_mutex];
    let all = [failsafe_default, failsafe_consecutive, recloser, circuit_breaker, tower_resilience::subject];
    let others: &[fn(Row) -> Subject] = if row == Row::HalfOpen { &[] } else { &all };
    others.iter().chain(&can_stay_half_open as &[_]).map(|make| make(row)).collect()
}

/// How many failures in a row open it.
fn failures(row: Row) -> u32 {
    if row == Row::Failure { u32::MAX } else { FAILURES }
}

/// How long it is open. A breaker that is to become half-open is not for long.
fn wait(row: Row) -> Duration {
    if row == Row::HalfOpen { Duration::from_nanos(1) } else { HOUR }
}

/// Calls until the circuit opens, if it is to, and then until it is half-open, if that.
pub(super) fn brought_to<B>(row: Row, breaker: B, call: impl Fn(&B) -> Answer) -> B {
    if matches!(row, Row::Open | Row::HalfOpen) {
        set_failing(true);
        for _ in 0..2 * WINDOW {
            if call(&breaker) == Answer::Rejected {
                break;
            }
        }
        set_failing(false);
    }
    if row == Row::HalfOpen {
        std::thread::sleep(Duration::from_millis(1));
        call(&breaker);
    }
    breaker
}

#[allow(clippy::needless_pass_by_value, reason = "an answer is what is left of a result")]
fn failsafe_answer(result: Result<u32, failsafe::Error<Failure>>) -> Answer {
    match result {
        Ok(_) => Answer::Done,
        Err(failsafe::Error::Inner(_)) => Answer::Failed,
        Err(failsafe::Error::Rejected) => Answer::Rejected,
    }
}

type Default = OrElse<SuccessRateOverTimeWindow<Constant>, ConsecutiveFailures<Constant>>;

fn failsafe_default(row: Row) -> Subject {
    let build = move || {
        let rate = if row == Row::Failure { 0.0 } else { 0.5 };
        let wait = backoff::constant(HOUR);
        let window = failure_policy::success_rate_over_time_window(rate, 10, Duration::from_secs(60), wait.clone());
        let policy: Default = failsafe::FailurePolicy::or_else(window, consecutive(row, wait));
        let breaker = failsafe::Config::new().failure_policy(policy).build();
        Ok(brought_to(row, breaker, |breaker| failsafe_answer(breaker.call(work))))
    };
    let call = |breaker: &failsafe::StateMachine<Default, ()>| failsafe_answer(breaker.call(work));
    Subject::new(Kind::Peer, "failsafe, default", build, call)
}

fn failsafe_consecutive(row: Row) -> Subject {
    let build = move || Ok(brought_to(row, Consecutive::for_row(row), Consecutive::call));
    Subject::new(Kind::Peer, "failsafe, consecutive", build, Consecutive::call)
}

/// failsafe's with its simplest policy.
pub(super) struct Consecutive(failsafe::StateMachine<ConsecutiveFailures<Constant>, ()>);

impl Consecutive {
    pub(super) fn new() -> Self {
        Self::for_row(Row::Success)
    }

    fn for_row(row: Row) -> Self {
        Self(failsafe::Config::new().failure_policy(consecutive(row, backoff::constant(HOUR))).build())
    }

    #[inline]
    pub(super) fn call(&self) -> Answer {
        failsafe_answer(self.0.call(work))
    }
}

fn consecutive(row: Row, wait: Constant) -> ConsecutiveFailures<Constant> {
    failure_policy::consecutive_failures(failures(row), wait)
}

fn recloser(row: Row) -> Subject {
    let build = move || Ok(brought_to(row, recloser_for(row), call_recloser));
    Subject::new(Kind::Peer, "recloser", build, call_recloser)
}

pub(super) fn new_recloser() -> recloser::Recloser {
    recloser_for(Row::Success)
}

fn recloser_for(row: Row) -> recloser::Recloser {
    let rate = if row == Row::Failure { 2.0 } else { 0.5 };
    // It judges no window that is not full.
    recloser::Recloser::custom().error_rate(rate).closed_len(WINDOW).open_wait(HOUR).build()
}

#[inline]
pub(super) fn call_recloser(breaker: &recloser::Recloser) -> Answer {
    match breaker.call(work) {
        Ok(_) => Answer::Done,
        Err(recloser::Error::Inner(_)) => Answer::Failed,
        Err(recloser::Error::Rejected) => Answer::Rejected,
    }
}

fn circuit_breaker(row: Row) -> Subject {
    fn call(breaker: &circuit_breaker::CircuitBreaker) -> Answer {
        match breaker.execute(work) {
            Ok(_) => Answer::Done,
            Err(error) if error.is::<Failure>() => Answer::Failed,
            Err(_) => Answer::Rejected,
        }
    }
    let build = move || Ok(brought_to(row, circuit_breaker::CircuitBreaker::new(failures(row), wait(row)), call));
    Subject::new(Kind::Peer, "circuit_breaker", build, call)
}

fn nobreak(row: Row) -> Subject {
    fn call(breaker: &nobreak::CircuitBreaker) -> Answer {
        match breaker.call(work) {
            Ok(_) => Answer::Done,
            Err(nobreak::CircuitError::Failed { .. }) => Answer::Failed,
            Err(nobreak::CircuitError::Open) => Answer::Rejected,
        }
    }
    let build = move || {
        let breaker = nobreak::builder().with_failure_threshold(failures(row) as usize).with_open_duration(wait(row));
        Ok(brought_to(row, breaker.with_success_threshold(usize::MAX).build(), call))
    };
    Subject::new(Kind::Peer, "nobreak", build, call)
}

fn circuitbreaker_rs(row: Row) -> Subject {
    use circuitbreaker_rs::{BreakerError, CircuitBreaker, DefaultPolicy};
    type Breaker = CircuitBreaker<DefaultPolicy, Failure>;
    fn call(breaker: &Breaker) -> Answer {
        match breaker.call(work) {
            Ok(_) => Answer::Done,
            Err(BreakerError::Operation(_)) => Answer::Failed,
            Err(_) => Answer::Rejected,
        }
    }
    let build = move || {
        let rate = if row == Row::Failure { 2.0 } else { 0.5 };
        let breaker = Breaker::builder().failure_threshold(rate).consecutive_failures(failures(row).into());
        let breaker = breaker.cooldown(wait(row)).probe_interval(u32::MAX).consecutive_successes(u64::MAX).build();
        Ok(brought_to(row, breaker, call))
    };
    Subject::new(Kind::Peer, "circuitbreaker-rs", build, call)
}

/// It reads no clock and takes the time as a number; here it has always the same, or a late one to become half-open.
fn reliakit_alone(row: Row) -> Subject {
    let build = move || Ok(reliakit(row));
    let call = move |breaker: &mut reliakit_circuit::CircuitBreaker| {
        if !breaker.allow(1) {
            return Answer::Rejected;
        }
        let result = work();
        if result.is_ok() {
            breaker.on_success();
        } else {
            breaker.on_failure(1);
        }
        Answer::unguarded(result)
    };
    Subject::with_callers(Kind::Unshared, "reliakit-circuit, &mut, no clock", build, |b| **b, call)
}

fn reliakit_in_mutex(row: Row) -> Subject {
    let build = move || Ok((Mutex::new(reliakit(row)), Instant::now()));
    let call = |(breaker, start): &(Mutex<reliakit_circuit::CircuitBreaker>, Instant)| {
        let now = || start.elapsed().as_millis() as u64;
        if !breaker.lock().unwrap_or_else(PoisonError::into_inner).allow(now()) {
            return Answer::Rejected;
        }
        let result = work();
        if result.is_ok() {
            breaker.lock().unwrap_or_else(PoisonError::into_inner).on_success();
        } else {
            breaker.lock().unwrap_or_else(PoisonError::into_inner).on_failure(now());
        }
        Answer::unguarded(result)
    };
    Subject::new(Kind::Peer, "reliakit-circuit in a Mutex", build, call)
}

fn reliakit(row: Row) -> reliakit_circuit::CircuitBreaker {
    let wait = if row == Row::HalfOpen { 0 } else { u64::from(u32::MAX) };
    let mut breaker = reliakit_circuit::CircuitBreaker::new(failures(row), wait).with_success_threshold(u32::MAX);
    match row {
        Row::Success | Row::Failure => {}
        Row::Open => breaker.trip(0),
        Row::HalfOpen => {
            breaker.trip(0);
            breaker.allow(1);
        }
    }
    breaker
}
