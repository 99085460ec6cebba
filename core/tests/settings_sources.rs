//! Settings as a constant of a type, shared by reference, and held by the breaker: all the same to a circuit.
#![cfg(not(fusebox_loom))]

use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::MaxFailures;
use fusebox::{CircuitBreaker, CircuitBreakerSet, Jitter, Outcome, Permit, Settings, SettingsError, constant_settings};
use proptest::prelude::*;

type Clock = &'static ManualClock<1_000>;

const fn settings() -> Result<Settings<Clock>, SettingsError> {
    Settings::builder()
        .max_failures::<3>(2, Duration::from_millis(40))
        .wait(Duration::from_millis(10))
        .backoff_cap(Duration::from_millis(70))
        .jitter(Jitter::Equal)
        .damping(Duration::from_millis(50))
        .lease(Duration::from_millis(30))
        .probes(2)
        .close_after(2)
        .build()
}

constant_settings! {
    /// What each of the breakers here goes by.
    pub(crate) struct Constant: Settings<Clock> = settings();
}

/// As the documentation of `Settings` calls its own.
const SETTINGS: Result<Settings<Clock>, SettingsError> = settings();

constant_settings! {
    struct Named: Settings<Clock> = SETTINGS;
}

static BY_REFERENCE: Settings<Clock> = fusebox::checked!(settings());

type Breaker<S> = CircuitBreaker<Clock, MaxFailures<3>, (), S>;

/// A breaker, and the calls that are under way.
struct Played<'a, S: AsRef<Settings<Clock>>> {
    breaker: &'a Breaker<S>,
    permits: Vec<Permit<'a, Clock, MaxFailures<3>, (), (), S>>,
}

impl<'a, S: AsRef<Settings<Clock>>> Played<'a, S> {
    fn new(breaker: &'a Breaker<S>) -> Self {
        Self { breaker, permits: Vec::new() }
    }

    /// Takes a step and says all that can be seen after it.
    fn step(&mut self, number: u8) -> String {
        match number {
            0..=3 => self.permits.extend(self.breaker.try_acquire()),
            4 => drop(self.permits.pop()),
            5 => self.permits.drain(..).for_each(Permit::success),
            _ => self.permits.drain(..).for_each(Permit::failure),
        }
        let Self { breaker, .. } = self;
        let saved = breaker.snapshot().to_bytes();
        format!("{:?} {:?} {:?} {saved:?}", breaker.state(), breaker.retry_after(), breaker.tally())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 500 }))]

    #[test]
    fn wherever_settings_are_kept_a_circuit_does_the_same(steps in prop::collection::vec((0u8..8, 0u64..25), 1..200)) {
        let clock: Clock = Box::leak(Box::new(ManualClock::new()));
        let held = CircuitBreaker::with_settings(clock, settings().unwrap());
        let constant = Breaker::with_settings(clock, Constant);
        let shared = Breaker::with_settings(clock, &BY_REFERENCE);
        let (mut held, mut constant, mut shared) = (Played::new(&held), Played::new(&constant), Played::new(&shared));
        for (step, wait) in steps {
            clock.advance(Duration::from_millis(wait));
            let seen = held.step(step);
            prop_assert_eq!(&constant.step(step), &seen);
            prop_assert_eq!(&shared.step(step), &seen);
        }
    }
}

#[test]
fn a_set_shares_settings_with_others() {
    let clock: Clock = Box::leak(Box::new(ManualClock::new()));
    let mut constant = CircuitBreakerSet::<u16, _, 4, MaxFailures<3>, (), _>::with_settings(clock, Constant);
    let mut shared = CircuitBreakerSet::<u16, _, 4, MaxFailures<3>, (), _>::with_settings(clock, &BY_REFERENCE);
    for _ in 0..3 {
        let ticket = constant.try_acquire(&7).unwrap();
        constant.settle(ticket, Outcome::Failure);
        shared.peer(&7).unwrap().try_acquire().unwrap().failure();
    }
    assert!(constant.try_acquire(&7).is_err(), "the third failure opens");
    assert_eq!(constant.next_deadline(), shared.next_deadline());
    assert_eq!(constant.settings().wait(), shared.settings().wait());
}

#[test]
fn constant_settings_take_no_room() {
    assert_eq!(size_of::<Breaker<Constant>>(), size_of::<(fusebox::Circuit, Clock)>());
    assert_eq!(size_of::<Settings<Clock>>(), 52, "what the documents say that they save");
}

/// The macro's own name for them was nearer than the one of the program: such settings did not compile.
#[test]
fn constant_settings_may_be_built_from_a_constant_of_any_name() {
    let clock: Clock = Box::leak(Box::new(ManualClock::new()));
    let breaker = Breaker::with_settings(clock, Named);
    assert_eq!(format!("{:?}", breaker.settings()), format!("{:?}", SETTINGS.unwrap()));
}
