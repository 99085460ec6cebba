//! What the hazard tests share: settings of every policy, and the short way to each state.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test binary uses its own part")]

use std::sync::Mutex;
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::TripPolicy;
use fusebox::{CircuitBreaker, Clock, Event, Listener, Permit, Settings, SettingsBuilder, State, Ticks, Transition};

/// A millisecond clock that stands until it is moved.
pub(crate) type Khz = ManualClock<1_000>;

/// Settings for breakers that own their clock of milliseconds.
pub(crate) const fn builder() -> SettingsBuilder<Khz> {
    Settings::builder()
}

/// The same for a clock of any rate.
pub(crate) const fn builder_at<const HZ: u32>() -> SettingsBuilder<ManualClock<HZ>> {
    Settings::builder()
}

pub(crate) fn breaker<C: Clock + Default, P: TripPolicy>(settings: SettingsBuilder<C, P>) -> CircuitBreaker<C, P> {
    CircuitBreaker::with_settings(C::default(), settings.build().expect("these settings are possible"))
}

/// Runs `$check` with settings of every policy that comes with the crate, for a clock of `$hz`. Each of
/// them opens on a dozen failures, none on five.
macro_rules! with_every_policy {
    ($hz:literal, $check:path) => {{
        use fusebox::policy::Rates;
        let rates = Rates::failures(50).min_calls(10);
        let slow_rates = rates.slow_calls(50);
        let (minute, bucket) = (crate::common::secs(60), crate::common::secs(10));
        let settings = || crate::common::builder_at::<$hz>();
        $check(settings().max_failures::<8>(8, minute));
        $check(settings().consecutive(9));
        $check(settings().count_window::<1, 1>(31, rates));
        $check(settings().count_window::<5, 1>(100, rates));
        $check(settings().slow_call(minute).count_window::<1, 2>(31, slow_rates));
        $check(settings().time_window::<6, 1>(6, bucket, rates));
        $check(settings().slow_call(minute).time_window::<10, 2>(6, bucket, slow_rates));
        $check(settings().time_window::<6, 1>(6, bucket, rates).or_consecutive(12));
    }};
}
pub(crate) use with_every_policy;

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// One call that fails, or is rejected.
pub(crate) fn fail<C: Clock, P: TripPolicy, L: Listener>(breaker: &CircuitBreaker<C, P, L>) {
    let _ = breaker.call(|| Err::<(), _>("no answer"));
}

/// One call that succeeds, or is rejected.
pub(crate) fn succeed<C: Clock, P: TripPolicy, L: Listener>(breaker: &CircuitBreaker<C, P, L>) {
    let _ = breaker.call(|| Ok::<_, ()>(()));
}

/// Fails until the policy opens the circuit.
pub(crate) fn trip<C: Clock, P: TripPolicy, L: Listener>(breaker: &CircuitBreaker<C, P, L>) {
    for _ in 0..1_000 {
        if breaker.state() == State::Open {
            return;
        }
        fail(breaker);
    }
    panic!("a thousand failures did not open the circuit");
}

/// Opens by hand and returns the first probe after the wait.
pub(crate) fn first_probe<const HZ: u32, P: TripPolicy, L: Listener>(
    breaker: &CircuitBreaker<ManualClock<HZ>, P, L>,
) -> Permit<'_, ManualClock<HZ>, P, L> {
    breaker.open();
    breaker.clock().advance(breaker.settings().wait().as_duration());
    let probe = breaker.try_acquire().expect("the wait is over");
    assert_eq!(breaker.state(), State::HalfOpen);
    probe
}

/// How long a call that comes now would have to wait.
pub(crate) fn left<C: Clock, P: TripPolicy, L: Listener>(breaker: &CircuitBreaker<C, P, L>) -> Option<Duration> {
    breaker.retry_after().map(Ticks::as_duration)
}

/// The same in ticks, 0 for none.
pub(crate) fn ticks_left<C: Clock, P: TripPolicy, L: Listener>(breaker: &CircuitBreaker<C, P, L>) -> u32 {
    breaker.retry_after().map_or(0, Ticks::count)
}

/// How many of so many simultaneous calls are let through. They end without an outcome and stay in
/// flight.
pub(crate) fn admitted<C: Clock, P: TripPolicy, L: Listener>(breaker: &CircuitBreaker<C, P, L>, calls: usize) -> usize {
    (0..calls).filter(|_| breaker.try_acquire().map(std::mem::forget).is_ok()).count()
}

/// Keeps what it is told.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Vec<Event>>);

impl Log {
    /// What was told since the last time.
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().expect("no test panics while it writes"))
    }

    /// The transitions among it.
    pub(crate) fn take_transitions(&self) -> Vec<Transition> {
        let transition = |event| match event {
            Event::Transition(transition) => Some(transition),
            _ => None,
        };
        self.take().into_iter().filter_map(transition).collect()
    }

    /// The transitions among it, from state to state.
    pub(crate) fn take_path(&self) -> Vec<(State, State)> {
        self.take_transitions().iter().map(|transition| (transition.from(), transition.to())).collect()
    }
}

impl<K: ?Sized> Listener<K> for &Log {
    fn on_event(&self, _: &K, event: &Event) {
        self.0.lock().expect("no test panics while it writes").push(*event);
    }
}
