//! Interrupt handlers that use the breaker at every look at the clock. But for the shortest, each way through the
//! breaker takes one between two of its steps.
#![cfg(not(fusebox_loom))]

use std::cell::{Cell, RefCell};
use std::time::Duration;

use fusebox::policy::{Rates, TripPolicy};
use fusebox::{CircuitBreaker, Clock, Instant, Outcome, Permit, Settings, SettingsBuilder, State};
use proptest::prelude::*;

thread_local! {
    static NOW: Cell<u32> = const { Cell::new(0) };
    /// Who is interrupted, and what the interrupts to come do.
    static PENDING: RefCell<Option<(&'static dyn Board, Vec<u8>)>> = const { RefCell::new(None) };
}

#[derive(Clone, Copy)]
struct Interrupted;

impl Clock for Interrupted {
    const HZ: u32 = 1_000;

    fn now(&self) -> Instant {
        interrupt();
        let now = NOW.get();
        interrupt();
        Instant::from_ticks(now)
    }
}

/// One step of a handler, which may itself be interrupted, or none.
fn interrupt() {
    let next = PENDING.with_borrow_mut(|pending| {
        let (board, steps) = pending.as_mut()?;
        Some((*board, steps.pop()?))
    });
    if let Some((board, step)) = next {
        board.step(step);
    }
}

trait Board {
    fn step(&'static self, number: u8);
}

struct Shared<P: TripPolicy + 'static> {
    breaker: CircuitBreaker<Interrupted, P>,
    permits: RefCell<Vec<Permit<'static, Interrupted, P>>>,
    failed: Cell<u32>,
}

const ACQUIRE: u8 = 0;
const FAIL: u8 = 1;
const OPEN: u8 = 8;
const HALF_OPEN: u8 = 10;
/// From this number on nothing happens.
const STEPS: u8 = 12;

impl<P: TripPolicy> Board for Shared<P> {
    fn step(&'static self, number: u8) {
        let settle = |outcome| {
            let permit = self.permits.borrow_mut().pop();
            if let Some(permit) = permit {
                permit.settle(outcome);
            }
        };
        match number {
            FAIL => {
                self.failed.set(self.failed.get() + u32::from(!self.permits.borrow().is_empty()));
                settle(Outcome::Failure);
            }
            2 | 3 => settle(Outcome::Success),
            4 => settle(Outcome::Ignored),
            5 => {
                let abandoned = self.permits.borrow_mut().pop();
                drop(abandoned);
            }
            6 => NOW.set(NOW.get() + 7),
            7 => self.breaker.reset(),
            OPEN => self.breaker.open(),
            9 => self.breaker.close(),
            HALF_OPEN => drop(self.breaker.half_open()),
            11 | ACQUIRE => {
                let granted = self.breaker.try_acquire();
                self.permits.borrow_mut().extend(granted);
            }
            _ => {}
        }
    }
}

const PROBES: usize = 2;

fn settings() -> SettingsBuilder<Interrupted> {
    let (wait, lease) = (Duration::from_millis(10), Duration::from_millis(40));
    Settings::builder().wait(wait).lease(lease).probes(PROBES as u8).close_after(15)
}

/// Plays the steps with the interrupts, and hands over the breaker when all is quiet.
fn played<P: TripPolicy>(
    settings: SettingsBuilder<Interrupted, P>,
    steps: &[u8],
    handled: &[u8],
) -> &'static Shared<P> {
    let breaker = CircuitBreaker::with_settings(Interrupted, settings.build().unwrap());
    let board: &'static Shared<P> =
        Box::leak(Box::new(Shared { breaker, permits: RefCell::default(), failed: Cell::new(0) }));
    PENDING.set(Some((board, handled.to_vec())));
    for step in steps {
        board.step(*step);
    }
    PENDING.set(None);
    board
}

/// No slot of a probe is lost and none is made up: when all calls are over there is room for as many as the
/// settings say, and these close the circuit.
fn slots_are_all_there<P: TripPolicy + 'static>(
    settings: SettingsBuilder<Interrupted, P>,
    steps: &[u8],
    handled: &[u8],
) {
    // Half of the machine is behind an opening.
    let steps = &[&[OPEN, HALF_OPEN], steps].concat();
    let Shared { breaker, permits, .. } = played(settings, steps, handled);
    let context = || format!("{:?} after {steps:?} with {handled:?}", breaker.state());
    permits.take().into_iter().for_each(Permit::ignored);
    if breaker.state() == State::Open {
        NOW.set(NOW.get() + 10);
    }
    let probes: Vec<_> = (0..9).map_while(|_| breaker.try_acquire().ok()).collect();
    if breaker.state() == State::HalfOpen {
        assert_eq!(probes.len(), PROBES, "{}", context());
        probes.into_iter().for_each(Permit::success);
        for _ in 0..15 {
            breaker.try_acquire().expect("probes go through one after the other").success();
        }
    }
    assert_eq!(breaker.state(), State::Closed, "{}", context());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 2_000 }))]

    #[test]
    fn no_slot_is_lost_to_an_interrupt(
        steps in prop::collection::vec(0..STEPS, 1..40),
        handled in prop::collection::vec(0..3 * STEPS, 0..90),
    ) {
        let slow = Duration::from_millis(5);
        let rates = Rates::failures(50).slow_calls(50).min_calls(2);
        slots_are_all_there(settings().max_failures::<3>(2, Duration::from_secs(1)), &steps, &handled);
        slots_are_all_there(settings().consecutive(2).abandoned_after(slow), &steps, &handled);
        slots_are_all_there(settings().count_window::<1, 2>(4, rates).slow_call(slow * 99), &steps, &handled);
    }

    /// Of failures of the same moment each counts once, however they nest.
    #[test]
    fn no_failure_is_lost_to_an_interrupt(
        steps in prop::collection::vec(ACQUIRE..=FAIL, 1..40),
        handled in prop::collection::vec(prop::sample::select(&[ACQUIRE, FAIL, STEPS, STEPS]), 0..90),
    ) {
        let window = Duration::from_secs(1);
        let short = played(settings().max_failures::<3>(3, window), &steps, &handled);
        prop_assert_eq!(short.breaker.state() == State::Open, short.failed.get() > 3);
        let long = played(settings().max_failures::<12>(9, window).slow_call(window), &steps, &handled);
        prop_assert_eq!(long.breaker.state() == State::Open, long.failed.get() > 9);
    }
}
