//! Defects that a first critical reading found, each as the smallest test that showed it. They are mended.
#![cfg(not(fusebox_loom))]

use std::cell::Cell as StdCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use fusebox::clock::{FnClock, ManualClock};
use fusebox::policy::{Call, Cell, RatePolicy, Rates, Tally, TimeWindow, TripPolicy};
use fusebox::{
    CircuitBreaker, CircuitBreakerSet, Clock, Event, Instant, Outcome, Settings, SettingsError, State, Ticks, Trip,
    TripReason, checked,
};

type Khz = ManualClock<1_000>;
type OnKhz<'a> = &'a Khz;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// "Evict the least recently used peer": the count of uses starts at 0, as every slot does, and never
/// moves, so it is always the last slot that goes.
#[test]
fn the_least_recently_used_peer_makes_room() {
    let clock = Khz::new();
    let mut set = CircuitBreakerSet::<u16, _, 3>::new(&clock);
    for key in [1, 2, 3, 1, 2, 3] {
        set.peer(&key).unwrap();
    }
    set.peer(&4).unwrap();
    assert!(set.get(&1).is_none() && set.get(&2).is_some() && set.get(&3).is_some());
}

/// "Methods may be called in any order": the verdict by rate stays when the policy that has rates is
/// replaced by one that has none, and then the circuit never closes.
#[test]
fn judging_by_rate_goes_with_the_policy_that_has_rates() {
    let clock = Khz::new();
    let built = Settings::<OnKhz, _>::builder()
        .count_window::<1, 1>(10, Rates::failures(50))
        .judge_probes_by_rate()
        .consecutive(3)
        .close_after(2)
        .build();
    // Refusing this would do as well.
    let Ok(settings) = built else { return };
    let breaker = CircuitBreaker::with_settings(&clock, settings);
    breaker.open();
    for _ in 0..100 {
        clock.advance(secs(10));
        breaker.try_acquire().unwrap().success();
    }
    assert_eq!(breaker.state(), State::Closed);
}

/// A policy of one's own whose rates leave `min_calls` out: 0 calls are "enough", so no probe's result
/// is ever taken, and the circuit never closes.
#[test]
fn rates_of_a_custom_policy_may_leave_min_calls_out() {
    #[derive(Clone, Copy)]
    struct FirstFailure;

    impl TripPolicy for FirstFailure {
        type History = Cell;
        #[allow(clippy::declare_interior_mutable_const)]
        const EMPTY: Cell = Cell::new(0);

        fn record<C: Clock>(&self, _: &Cell, call: Call, _: &C) -> Option<Trip> {
            let tally = Tally { calls: 1, failures: 1, slow: 0 };
            call.failed.then_some(Trip::new(TripReason::Custom, tally))
        }
        fn clear(&self, _: &Cell) {}
        fn tally<C: Clock>(&self, _: &Cell, _: Instant) -> Tally {
            Tally::default()
        }
        fn rates(&self) -> Option<Rates> {
            Some(Rates::failures(50))
        }
    }

    impl RatePolicy for FirstFailure {}

    let clock = Khz::new();
    let settings = Settings::<OnKhz, _>::builder().trip(FirstFailure).probes(2).judge_probes_by_rate().build().unwrap();
    let breaker = CircuitBreaker::with_settings(&clock, settings);
    breaker.open();
    for _ in 0..100 {
        clock.advance(secs(60));
        breaker.try_acquire().unwrap().success();
    }
    assert_eq!(breaker.state(), State::Closed);
}

/// The builder checks its own defaults and keeps the error although the default is replaced: clocks
/// beyond 17.8 MHz, such as a cycle counter, cannot be used with any settings.
#[test]
fn a_fast_clock_works_with_settings_that_fit_it() {
    let built = Settings::<ManualClock<64_000_000>, _>::builder()
        .max_failures::<3>(3, secs(1))
        .wait(secs(1))
        .lease(secs(10))
        .build();
    assert_eq!(built.err(), None);
}

/// As above, for a policy that needs no time at all.
#[test]
fn a_fast_clock_works_with_a_policy_without_time() {
    let built = Settings::<ManualClock<64_000_000>, _>::builder().consecutive(3).wait(secs(1)).lease(secs(10)).build();
    assert_eq!(built.err(), None);
}

/// "Evicts closed peers with a clean history": the exponent that damping keeps over a close only ever
/// falls by another trip, so a peer that recovered long ago holds its place for ever.
#[test]
fn a_damped_peer_makes_room_after_its_quiet_periods() {
    let clock = Khz::new();
    let settings = Settings::builder().backoff_cap(secs(600)).damping(secs(60)).build().unwrap();
    let mut set = CircuitBreakerSet::<u16, _, 1>::with_settings(&clock, settings);
    let peer = set.peer(&1).unwrap();
    peer.open();
    clock.advance(secs(10));
    peer.try_acquire().unwrap().failure();
    clock.advance(secs(20));
    peer.try_acquire().unwrap().success();
    assert_eq!(peer.state(), State::Closed);
    clock.advance(secs(24 * 3_600));
    assert!(set.peer(&2).is_ok());
}

/// "Exponent 0 after a close": a disabled circuit that is made automatic is closed, and still has the
/// exponent of before. A manual opening then lasts eight times "the usual wait".
#[test]
fn the_back_off_starts_anew_after_disable_and_automatic() {
    let clock = Khz::new();
    let settings = Settings::builder().backoff_cap(secs(600)).build().unwrap();
    let breaker = CircuitBreaker::with_settings(&clock, settings);
    breaker.open();
    for _ in 0..3 {
        clock.advance(secs(600));
        breaker.try_acquire().unwrap().failure();
    }
    breaker.disable();
    breaker.automatic();
    assert_eq!(breaker.state(), State::Closed);
    breaker.open();
    assert_eq!(breaker.retry_after().unwrap().as_duration(), secs(10));
}

/// The same left-over exponent keeps a peer from ever making room, damping or not.
#[test]
fn a_peer_makes_room_after_disable_and_automatic() {
    let clock = Khz::new();
    let mut set = CircuitBreakerSet::<u16, _, 1>::new(&clock);
    let peer = set.peer(&1).unwrap();
    peer.open();
    clock.advance(secs(10));
    peer.try_acquire().unwrap().failure();
    peer.disable();
    peer.automatic();
    clock.advance(secs(24 * 3_600));
    assert_eq!(peer.state(), State::Closed);
    assert!(set.peer(&2).is_ok());
}

/// "Cleared on close": disabled and made automatic again, the circuit closes with the failures that had
/// opened it, and the next one opens it at once.
#[test]
fn the_history_is_cleared_when_a_disabled_circuit_is_closed() {
    let clock = Khz::new();
    let breaker = CircuitBreaker::new(&clock);
    for _ in 0..4 {
        breaker.try_acquire().unwrap().failure();
    }
    breaker.disable();
    breaker.automatic();
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), State::Closed);
}

/// The same for a dry run that is begun while the circuit is open: it starts closed, with the old failures.
#[test]
fn a_dry_run_starts_with_a_clean_history() {
    let clock = Khz::new();
    let breaker = CircuitBreaker::new(&clock);
    for _ in 0..4 {
        breaker.try_acquire().unwrap().failure();
    }
    breaker.observe();
    breaker.try_acquire().unwrap().failure();
    assert!(!breaker.try_acquire().unwrap().would_reject());
}

/// `Clock`: "cores whose counters differ by up to HZ / 1024 + 1 ticks are harmless". One tick of
/// disagreement at a bucket's edge moves the window back one bucket and on again, and each time a bucket
/// falls out. (The clock is also read before the window's start, so one core with two threads will do.)
#[test]
fn one_tick_of_skew_does_not_empty_a_time_window() {
    let clock = Khz::new();
    let settings =
        Settings::<OnKhz, _>::builder().time_window::<10, 1>(10, secs(1), Rates::failures(50).min_calls(50)).build();
    let breaker = CircuitBreaker::with_settings(&clock, settings.unwrap());
    clock.advance_ticks(999);
    for _ in 0..20 {
        breaker.try_acquire().unwrap().failure();
    }
    for turn in 0..20 {
        clock.set(Instant::from_ticks(999 + turn % 2));
        breaker.try_acquire().unwrap().success();
    }
    assert_eq!(breaker.tally(), Tally { calls: 40, failures: 20, slow: 0 });
}

/// The time spent asleep was added to the state only. Failures from before an hour's sleep counted as if
/// they had just been.
#[test]
fn failures_from_before_a_long_sleep_are_old() {
    let clock = Khz::new();
    let before = CircuitBreaker::new(&clock);
    for _ in 0..3 {
        before.try_acquire().unwrap().failure();
    }
    let after = CircuitBreaker::new(&clock);
    after.restore(&before.snapshot(), secs(3_600));
    after.try_acquire().unwrap().failure();
    assert_eq!(after.state(), State::Closed);
}

/// "Read the clock after loading the state": the time window reads it before. A thread that is held up in
/// between (here the clock itself makes another call meanwhile) moves the window back, and the next call
/// moves it on a second time, so that counts drop out early.
#[test]
fn a_thread_that_is_held_up_does_not_empty_a_time_window() {
    static NOW: AtomicU32 = AtomicU32::new(500);
    static HELD_UP: AtomicBool = AtomicBool::new(false);
    const SETTINGS: Settings<FnClock<1_000>, TimeWindow<10>> =
        checked!(Settings::builder().time_window(10, secs(1), Rates::failures(50).min_calls(50)).build());
    static BREAKER: CircuitBreaker<FnClock<1_000>, TimeWindow<10>> =
        CircuitBreaker::with_settings(FnClock::new(read), SETTINGS);

    fn read() -> u32 {
        let now = NOW.load(SeqCst);
        if HELD_UP.swap(false, SeqCst) {
            NOW.store(now + 3_000, SeqCst);
            BREAKER.try_acquire().unwrap().success();
        }
        now
    }

    for _ in 0..9 {
        BREAKER.try_acquire().unwrap().failure();
    }
    for _ in 0..3 {
        HELD_UP.store(true, SeqCst);
        BREAKER.try_acquire().unwrap().success();
    }
    BREAKER.try_acquire().unwrap().success();
    assert_eq!((NOW.load(SeqCst), BREAKER.tally().failures), (9_500, 9));
}

/// "Read the clock after loading the state", and the deadlines of a set: a circuit that another thread opens
/// in between lies ahead of the clock, which looks like a wait that is over, and the loop sleeps too long.
#[test]
fn next_deadline_knows_of_a_circuit_that_opens_meanwhile() {
    type Set = CircuitBreakerSet<u16, FnClock<1_000>, 4>;
    static NOW: AtomicU32 = AtomicU32::new(0);
    static HELD_UP: AtomicBool = AtomicBool::new(false);
    static SET: OnceLock<Set> = OnceLock::new();

    fn read() -> u32 {
        let now = NOW.load(SeqCst);
        if HELD_UP.swap(false, SeqCst) {
            NOW.store(now + 5_000, SeqCst);
            SET.get().unwrap().get(&1).unwrap().open();
        }
        now
    }

    let mut set = Set::new(FnClock::new(read));
    set.peer(&1).unwrap();
    SET.set(set).unwrap();
    HELD_UP.store(true, SeqCst);
    assert_eq!(SET.get().unwrap().next_deadline(), Some(Instant::from_ticks(15_000)));
}

/// `Transition::wait`, "how long the circuit will stay open": of one that was restored it is the whole wait.
#[test]
fn a_restored_circuit_tells_how_long_it_will_stay_open() {
    let clock = Khz::new();
    let told = StdCell::new(None);
    let listener = |(): &(), event: &Event| {
        if let Event::Transition(transition) = event {
            told.set(transition.wait());
        }
    };
    let breaker = CircuitBreaker::with_listener(&clock, Settings::DEFAULT, listener);
    breaker.open();
    breaker.restore(&breaker.snapshot(), secs(6));
    assert_eq!(told.get(), breaker.retry_after());
}

/// "Never a breaker that never trips": a window without tracks is accepted and counts nothing.
#[test]
fn a_count_window_without_tracks_is_refused() {
    let built = Settings::<OnKhz, _>::builder().count_window::<1, 0>(10, Rates::failures(50)).build();
    assert!(built.is_err());
}

/// As above.
#[test]
fn a_time_window_without_tracks_is_refused() {
    let built = Settings::<OnKhz, _>::builder().time_window::<10, 0>(10, secs(1), Rates::failures(50)).build();
    assert!(built.is_err());
}

/// `open`: "an open one stays as it is". One that is open for an hour by hand is cut to the usual wait.
#[test]
fn opening_by_hand_does_not_shorten_a_longer_opening() {
    let clock = Khz::new();
    let breaker = CircuitBreaker::new(&clock);
    breaker.open_for(secs(40)).unwrap();
    breaker.open();
    assert_eq!(breaker.retry_after().unwrap().as_duration(), secs(40));
}

/// Y19, "only a close resets it": a peer that is down and then says when to come back starts over with
/// the shortest wait.
#[test]
fn opening_for_a_time_keeps_the_back_off() {
    let clock = Khz::new();
    let settings = Settings::builder().backoff_cap(secs(600)).build().unwrap();
    let breaker = CircuitBreaker::with_settings(&clock, settings);
    breaker.open();
    for _ in 0..3 {
        clock.advance(secs(600));
        breaker.try_acquire().unwrap().failure();
    }
    breaker.open_for(secs(1)).unwrap();
    clock.advance(secs(1));
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.retry_after().unwrap().as_duration(), secs(160));
}

/// Row X20 with a listener that always panics: each lease that ends is told before there is a permit, so the
/// circuit can never close again.
#[test]
fn a_listener_that_always_panics_does_not_wedge_the_breaker() {
    let clock = Khz::new();
    let listener = |(): &(), event: &Event| panic!("{event:?}");
    let breaker = CircuitBreaker::with_listener(&clock, Settings::DEFAULT, listener);
    for _ in 0..10 {
        let _ = catch_unwind(AssertUnwindSafe(|| breaker.call(|| Err::<(), _>("no answer"))));
    }
    for _ in 0..20 {
        clock.advance(secs(60));
        let _ = catch_unwind(AssertUnwindSafe(|| breaker.call(|| Ok::<_, ()>("pong"))));
    }
    assert_eq!(breaker.state(), State::Closed);
}

/// X20: the listener panics when the wait is over, before there is a permit that could give the slot
/// back: every call is rejected until the lease ends.
#[test]
fn a_panic_of_the_listener_does_not_cost_a_probe() {
    let clock = Khz::new();
    let panics = StdCell::new(true);
    let listener = |(): &(), _: &Event| assert!(!panics.get(), "listener");
    let settings = Settings::builder().abandoned(Outcome::Ignored).build().unwrap();
    let breaker = CircuitBreaker::with_listener(&clock, settings, listener);
    panics.set(false);
    breaker.open();
    clock.advance(secs(10));
    panics.set(true);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(breaker.try_acquire()))).is_err());
    panics.set(false);
    assert_eq!(breaker.try_acquire().map(drop).map_err(|rejected| rejected.reason()), Ok(()));
}

/// X20: an abandoned call is told before it is settled, so a listener that panics loses its result.
#[test]
fn a_panic_of_the_listener_does_not_lose_an_abandoned_call() {
    let clock = Khz::new();
    let listener = |(): &(), event: &Event| assert!(!matches!(event, Event::Abandoned(_)), "listener");
    let breaker = CircuitBreaker::with_listener(&clock, Settings::DEFAULT, listener);
    breaker.open();
    clock.advance(secs(10));
    let probe = breaker.try_acquire().unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(probe))).is_err());
    assert_eq!(breaker.state(), State::Open);
}

/// A rate of slow calls that was replaced with its policy still asks for `slow_call`.
#[test]
fn a_replaced_policy_asks_for_nothing() {
    let built = Settings::<OnKhz, _>::builder()
        .count_window::<1, 2>(10, Rates::failures(50).slow_calls(50))
        .consecutive(3)
        .build();
    assert_eq!(built.err(), None::<SettingsError>);
}

/// What is told of a reset of a circuit that was closed and new: a transition from closed to closed.
#[test]
fn resetting_a_closed_circuit_is_no_transition() {
    let clock = Khz::new();
    let told = StdCell::new(0);
    let breaker = CircuitBreaker::with_listener(&clock, Settings::DEFAULT, |(): &(), _: &Event| told.set(1));
    breaker.reset();
    assert_eq!(told.get(), 0);
}

/// `Clock`, of a clock that is set back within a wait: it repeats no more than what had been waited.
#[test]
fn a_step_back_within_a_wait_at_most_starts_it_over() {
    for waited in 0..10 {
        for back in 0..=waited {
            let clock = Khz::new();
            clock.advance(secs(100));
            let breaker = CircuitBreaker::new(&clock);
            breaker.open();
            clock.advance(secs(waited));
            clock.set(clock.now().before((back * 1_000) as u32));
            let left = breaker.retry_after().map_or(Duration::ZERO, Ticks::as_duration);
            assert_eq!(left, secs(10 - waited + back), "{back} s back after {waited} s");
        }
    }
}
