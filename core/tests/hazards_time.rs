//! Hazards of time: clocks that are set back or wrap, waits, windows, rates and jitter.
#![cfg(not(fusebox_loom))]

mod common;

use std::cell::Cell;
use std::time::Duration;

use common::{
    Khz, admitted, breaker, builder, builder_at, fail, first_probe, left, millis, secs, succeed, ticks_left, trip,
};
use fusebox::clock::{FnClock, ManualClock};
use fusebox::policy::{Rates, TripPolicy};
use fusebox::{CircuitBreaker, Clock, Event, Instant, Jitter, Permit, RejectReason, Settings, SettingsBuilder, State};

/// Ticks in a whole number of milliseconds, modulo a wrap of the counter.
fn ticks<C: Clock>(milliseconds: u64) -> u32 {
    (milliseconds * u64::from(C::HZ)).div_ceil(1_000) as u32
}

/// What clocks of different cores may disagree by: a step back of this size counts as none.
const fn skew(hz: u32) -> u32 {
    hz / 1_024 + 1
}

#[test]
fn x11_failures_while_open_leave_the_deadline_alone() {
    // openabdev/openab#969, ahawkins/breaker#7, Semian, python-circuit: failures keep arriving while open.
    fn check<const HZ: u32, P: TripPolicy>(settings: SettingsBuilder<ManualClock<HZ>, P>) {
        let breaker = breaker(settings);
        let late: Vec<_> = (0..20).map(|_| breaker.try_acquire().unwrap()).collect();
        trip(&breaker);
        for (number, permit) in late.into_iter().enumerate() {
            breaker.clock().advance(millis(400));
            permit.failure();
            fail(&breaker);
            assert_eq!(left(&breaker), Some(millis(10_000 - 400 * (number as u64 + 1))));
        }
        breaker.clock().advance(secs(2));
        assert_eq!(admitted(&breaker, 1), 1);
    }
    common::with_every_policy!(1_000, check);
}

#[test]
fn x16_clock_set_back_while_open_never_makes_a_wait_longer_than_a_whole_one() {
    // fabfuel/circuitbreaker PR#31; resilience4j and python-circuit (reproduced: open for 3,610 s after a
    // step back of an hour). A step beyond the beginning of the wait ends it. A smaller one cannot be told
    // from a wait that began later, and costs at most what had been waited.
    fn check<const HZ: u32, P: TripPolicy>(settings: impl Fn() -> SettingsBuilder<ManualClock<HZ>, P>) {
        let whole = ticks::<ManualClock<HZ>>(60_000);
        for start in [0, 5, 100_000, u32::MAX - 7] {
            for waited in [0, 1, 30_000, 59_999] {
                for step in [1, 60_000, 3_600_000] {
                    let breaker = breaker(settings().wait(secs(60)));
                    let clock = breaker.clock();
                    clock.set(Instant::from_ticks(start));
                    trip(&breaker);
                    let (waited, step) = (ticks::<ManualClock<HZ>>(waited), ticks::<ManualClock<HZ>>(step));
                    clock.advance_ticks(waited);
                    clock.set(clock.now().before(step));
                    let left = ticks_left(&breaker);
                    let case = format!("{HZ} Hz from {start}, {waited} ticks waited, then {step} back");
                    if step > waited + skew(HZ) {
                        assert_eq!(left, 0, "{case}");
                    } else {
                        assert_eq!(left, whole - waited.saturating_sub(step), "{case}");
                    }
                    clock.advance_ticks(if left == 0 { 0 } else { left + skew(HZ) });
                    assert_eq!(admitted(&breaker, 10), 1, "{case}");
                }
            }
        }
    }
    check(|| builder_at::<1_000>().max_failures::<3>(3, secs(60)));
    check(|| builder_at::<32_768>().consecutive(3));
    check(|| builder_at::<1_000_000>().count_window::<1, 1>(10, Rates::failures(50)));
    check(|| builder_at::<1_000_000>().time_window::<6, 1>(6, secs(10), Rates::failures(50)));
}

#[test]
fn x16_clock_set_back_never_makes_a_lease_longer_than_a_whole_one() {
    // As above, while a probe is under way.
    fn check<const HZ: u32>() {
        for step in [1, 60_000, 3_600_000] {
            let breaker = breaker(builder_at::<HZ>().lease(secs(30)));
            let clock = breaker.clock();
            clock.set(Instant::from_ticks(7));
            std::mem::forget(first_probe(&breaker));
            clock.set(clock.now().before(ticks::<ManualClock<HZ>>(step)));
            let left = ticks_left(&breaker);
            assert!(left <= ticks::<ManualClock<HZ>>(30_000), "{HZ} Hz, {step} ms back: {left} ticks");
            clock.advance_ticks(if left == 0 { 0 } else { left + skew(HZ) });
            assert_eq!(admitted(&breaker, 10), 1, "{HZ} Hz, {step} ms back");
        }
    }
    check::<1_000>();
    check::<32_768>();
    check::<1_000_000>();
}

#[test]
fn x17_clock_set_back_empties_no_window() {
    // resilience4j SlidingTimeWindowMetrics (reproduced: 100 calls, 5 after the step, 0 after looking).
    // Up to an hour, or 2^26 ticks if that is less: what `Clock` promises.
    fn check<const HZ: u32, P: TripPolicy>(settings: impl Fn() -> SettingsBuilder<ManualClock<HZ>, P>) {
        for start in [0, 100_000, 4_000_000_000, u32::MAX - 1_000] {
            for step in [1, 60_000, 3_600_000] {
                if step * u64::from(HZ) / 1_000 > (1 << 26).min(3_600 * u64::from(HZ)) {
                    continue;
                }
                let breaker = breaker(settings());
                let clock = breaker.clock();
                clock.set(Instant::from_ticks(start));
                for _ in 0..2 {
                    succeed(&breaker);
                }
                for _ in 0..4 {
                    clock.advance(secs(1));
                    fail(&breaker);
                }
                let (before, counted) = (clock.now(), breaker.tally());
                assert_eq!(counted.failures, 4);
                clock.set(before.before(ticks::<ManualClock<HZ>>(step)));
                for _ in 0..3 {
                    assert_eq!(breaker.tally(), counted, "{HZ} Hz from {start}, {step} ms back, only looking");
                }
                fail(&breaker);
                assert_eq!(breaker.tally().failures, 5, "{HZ} Hz from {start}, {step} ms back");
                clock.advance(millis(step));
                trip(&breaker);
            }
        }
    }
    macro_rules! at {
        ($hz:literal) => {
            let settings = builder_at::<$hz>;
            let rates = || Rates::failures(50).min_calls(12);
            check(|| settings().max_failures::<8>(8, secs(300)));
            check(|| settings().consecutive(9));
            check(|| settings().count_window::<1, 1>(20, rates()));
            check(|| settings().count_window::<5, 1>(100, rates()));
            check(|| settings().time_window::<6, 1>(6, secs(60), rates()));
            check(|| settings().time_window::<60, 1>(60, secs(5), rates()));
            check(|| settings().time_window::<6, 1>(6, secs(60), rates()).or_max_failures::<8>(8, secs(300)));
        };
    }
    at!(1_000);
    at!(32_768);
    at!(1_000_000);
}

#[test]
fn x18_tick_counter_wraps_while_open() {
    // Embedded: 2^32 ticks of a millisecond are 49.7 days.
    fn check<const HZ: u32, P: TripPolicy>(settings: SettingsBuilder<ManualClock<HZ>, P>) {
        let breaker = breaker(settings);
        for before_the_wrap in [0, 1, 3_000, 9_999] {
            breaker.reset();
            breaker.clock().set(Instant::from_ticks(0).before(ticks::<ManualClock<HZ>>(before_the_wrap)));
            trip(&breaker);
            breaker.clock().advance(millis(9_999));
            assert_eq!(breaker.try_acquire().unwrap_err().reason(), RejectReason::Open);
            breaker.clock().advance(millis(1));
            succeed(&breaker);
            assert_eq!(breaker.state(), State::Closed);
        }
    }
    common::with_every_policy!(1_000, check);
}

#[test]
fn x18_tick_counter_wraps_during_a_window() {
    // As above: near the wrap every policy holds, second by second, what it holds elsewhere.
    fn check<const HZ: u32, P: TripPolicy>(settings: impl Fn() -> SettingsBuilder<ManualClock<HZ>, P>) {
        // Whole buckets before the wrap, for windows that are aligned to them.
        for seconds in [10, 30, 50, 60, 100, 290] {
            let (there, here) = (breaker(settings()), breaker(settings()));
            here.clock().set(Instant::from_ticks(0).before(ticks::<ManualClock<HZ>>(seconds * 1_000)));
            for turn in 0..300_u64 {
                for breaker in [&there, &here] {
                    match turn % 29 {
                        0..=2 => fail(breaker),
                        9 => succeed(breaker),
                        _ => {}
                    }
                    breaker.clock().advance(secs(1));
                }
                let case = format!("second {turn}, the wrap at {seconds}");
                assert_eq!((here.state(), here.tally()), (there.state(), there.tally()), "{case}");
            }
        }
    }
    let rates = Rates::failures(90).min_calls(4);
    check(|| builder().max_failures::<8>(8, secs(60)));
    check(|| builder().consecutive(5));
    check(|| builder().count_window::<1, 1>(31, rates));
    check(|| builder().count_window::<3, 1>(40, rates));
    check(|| builder().time_window::<6, 1>(6, secs(10), rates));
    check(|| builder().time_window::<60, 1>(60, secs(1), rates));
    check(|| builder().time_window::<6, 1>(6, secs(10), rates).or_max_failures::<8>(8, secs(60)));
}

#[test]
fn x18_tick_counter_wraps_during_a_lease() {
    // As above, while a probe is under way.
    for before_the_wrap in [0, 1, 30_000, 59_999] {
        let breaker = breaker(builder());
        breaker.clock().set(Instant::from_ticks(0).before(before_the_wrap + 10_000));
        std::mem::forget(first_probe(&breaker));
        breaker.clock().advance(millis(59_999));
        assert_eq!(admitted(&breaker, 10), 0);
        breaker.clock().advance(millis(1));
        assert_eq!(admitted(&breaker, 10), 1);
    }
}

#[test]
fn x21_wait_of_zero_is_bounded_work() {
    // resilience4j#2038: an open wait of 0, or a negative one, recurses. Here every call is made once, reads
    // the clock a few times and tells of at most two transitions: to half-open and back.
    let (reads, now, told, calls) = (Cell::new(0), Cell::new(0_u32), Cell::new(0), Cell::new(0));
    let clock = FnClock::<1_000, _>::new(|| {
        reads.set(reads.get() + 1);
        now.get()
    });
    let settings = Settings::builder().consecutive(1).wait(Duration::ZERO).build().unwrap();
    let breaker = CircuitBreaker::with_listener(clock, settings, |(): &(), _: &Event| told.set(told.get() + 1));
    for round in 0..1_000 {
        reads.set(0);
        told.set(0);
        // Every other time the clock has stepped back by a tick or by a minute.
        now.set(now.get().wrapping_add([5, u32::MAX, 5, u32::MAX - 60_000][round % 4]));
        let answer = breaker.call(|| {
            calls.set(calls.get() + 1);
            Err::<(), _>("no answer")
        });
        assert!(answer.is_err() && reads.get() <= 4 && told.get() <= 2, "{} reads, {}", reads.get(), told.get());
    }
    assert_eq!((calls.get(), breaker.state()), (1_000, State::Open));
}

#[test]
fn x22_opens_at_exactly_so_many_percent_of_a_count_window() {
    // cep21 TestRegression_OpenerExactThreshold: p failures of 100, for p = 1 to 100.
    for percent in 1..=100 {
        let breaker = breaker(builder().count_window::<5, 1>(100, Rates::failures(percent)));
        x22(&breaker, percent);
        // The window slides: of the last hundred calls one more failed.
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open, "{percent} of 100");
    }
}

#[test]
fn x22_opens_at_exactly_so_many_percent_of_a_time_window() {
    // As above.
    for percent in 1..=100 {
        let rates = Rates::failures(percent).min_calls(100);
        let breaker = breaker(builder().time_window::<10, 1>(10, secs(1), rates));
        x22(&breaker, percent);
    }
}

/// Opens on failure `percent` of 100 calls and not with one less; ends closed, with one less of 100.
fn x22<P: TripPolicy>(breaker: &CircuitBreaker<Khz, P>, percent: u8) {
    for (failures, state) in [(percent, State::Open), (percent - 1, State::Closed)] {
        breaker.reset();
        for call in 0..100 {
            assert_eq!(breaker.state(), State::Closed, "{failures} of 100 at {percent} %, call {call}");
            if call < 100 - failures {
                succeed(breaker);
            } else {
                fail(breaker);
            }
            breaker.clock().advance(millis(50));
        }
        assert_eq!(breaker.state(), state, "{failures} of 100 at {percent} %");
    }
}

#[test]
fn x25_jitter_is_drawn_once_however_often_it_is_polled() {
    // python-circuit (reproduced: a wait of 64 s lasts 0.96 s when it is polled every 10 ms).
    const OPENINGS: u32 = 1_000;
    for (jitter, mean) in [(Jitter::Full, 500), (Jitter::Equal, 750)] {
        let settings = || builder().consecutive(1).wait(secs(1)).jitter(jitter).seed(7);
        let (polled, asked) = (breaker(settings()), breaker(settings()));
        let (mut polled_for, mut asked_for) = (0, 0);
        for _ in 0..OPENINGS {
            // Closed in between, so that every opening is one of its own.
            trip(&polled);
            let drawn = ticks_left(&polled);
            let mut ticks = 0;
            while polled.try_acquire().map(Permit::success).is_err() {
                polled.clock().advance_ticks(1);
                ticks += 1;
            }
            assert_eq!(ticks, drawn);
            polled_for += ticks;
            polled.clock().advance(secs(3));

            trip(&asked);
            let left = ticks_left(&asked);
            asked.clock().advance_ticks(left);
            asked_for += left;
            succeed(&asked);
            assert_eq!(asked.state(), State::Closed);
            asked.clock().advance(secs(3));
        }
        assert_eq!(polled_for, asked_for);
        let drawn = polled_for / OPENINGS;
        assert!(drawn.abs_diff(mean) < mean / 20, "{jitter:?}: {drawn} ms in the mean, {mean} expected");
    }
}

#[test]
fn y17_windows_of_any_length_work_or_are_refused() {
    // failsafe: a window under one second trips on one failure, under 5 ms it divides by zero.
    for (window, ticks) in [(Duration::from_nanos(1), 1), (millis(1), 1), (millis(4), 4), (millis(999), 999)] {
        let breaker = breaker(builder().max_failures::<3>(3, window));
        for failures in 1..=3 {
            fail(&breaker);
            assert_eq!((breaker.state(), breaker.tally().failures), (State::Closed, failures), "{window:?}");
        }
        breaker.clock().advance_ticks(ticks);
        fail(&breaker);
        assert_eq!((breaker.state(), breaker.tally().failures), (State::Closed, 1), "{window:?}: all others are old");
        trip(&breaker);

        let rates = Rates::failures(50).min_calls(4);
        let breaker = common::breaker(builder().time_window::<1, 1>(1, window, rates));
        for _ in 0..3 {
            fail(&breaker);
        }
        breaker.clock().advance_ticks(ticks);
        fail(&breaker);
        assert_eq!((breaker.state(), breaker.tally().calls), (State::Closed, 1), "{window:?}");
        trip(&breaker);
    }
}

#[test]
fn y22_breaker_lives_on_over_many_wraps() {
    // reliakit: a wrapping u32 tick of milliseconds leaves it open for good. Two years in odd steps.
    let breaker = breaker(builder());
    let (mut random, mut openings) = (1_u32, 0);
    for _ in 0..20_000 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        breaker.clock().advance_ticks(random >> 9);
        trip(&breaker);
        openings += 1;
        let left = ticks_left(&breaker);
        assert_eq!(left, 10_000, "opening {openings}");
        breaker.clock().advance_ticks(left);
        succeed(&breaker);
        assert_eq!(breaker.state(), State::Closed, "opening {openings}");
    }
}
