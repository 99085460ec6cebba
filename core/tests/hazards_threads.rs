//! Hazards that take several threads. What is tried here many times is tried in every order by the loom
//! tests.
#![cfg(not(fusebox_loom))]

mod common;

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use common::{Khz, admitted, secs};
use fusebox::policy::Consecutive;
use fusebox::{CircuitBreaker, Outcome, Settings, SettingsBuilder, State};

fn settings<'a>() -> SettingsBuilder<&'a Khz, Consecutive> {
    Settings::builder().consecutive(1)
}

#[test]
fn x05_a_thousand_calls_at_the_end_of_the_wait() {
    // Polly#216 and PR#223, antflydb/termite#27, safe-client-gateway#3442.
    for probes in [1, 2, 15] {
        for _ in 0..20 {
            let clock = Khz::new();
            let settings = settings().probes(probes).close_after(15).build().unwrap();
            let breaker = CircuitBreaker::with_settings(&clock, settings);
            breaker.open();
            clock.advance(secs(10));
            let start = Barrier::new(8);
            let counts: Vec<_> = thread::scope(|scope| {
                let callers: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            admitted(&breaker, 125)
                        })
                    })
                    .collect();
                callers.into_iter().map(|caller| caller.join().unwrap()).collect()
            });
            assert_eq!(counts.iter().sum::<usize>(), usize::from(probes), "{counts:?}");
        }
    }
}

#[test]
fn x06_two_threads_race_for_one_probe() {
    // resilience4j#1432: two threads race from open to half-open, n = 1.
    const ROUNDS: usize = 1_000;
    let clock = Khz::new();
    let breaker = CircuitBreaker::with_settings(&clock, settings().build().unwrap());
    let (ready, done) = (Barrier::new(3), Barrier::new(3));
    let (wins, mut rounds_with_one) = (AtomicUsize::new(0), 0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    ready.wait();
                    if let Ok(probe) = breaker.try_acquire() {
                        wins.fetch_add(1, SeqCst);
                        std::mem::forget(probe);
                    }
                    done.wait();
                }
            });
        }
        for _ in 0..ROUNDS {
            breaker.reset();
            breaker.open();
            clock.advance(secs(10));
            ready.wait();
            done.wait();
            // Judged afterwards: whoever fails in here leaves the others waiting.
            rounds_with_one += usize::from(wins.swap(0, SeqCst) == 1);
        }
    });
    assert_eq!(rounds_with_one, ROUNDS, "one of two is admitted");
}

#[test]
fn y04_never_more_than_so_many_probes_in_flight() {
    // circuitbreaker-rs 0.1: the probe counter wraps below zero in a race, and half-open admits everything.
    // Probes end without a verdict, so that the circuit stays half-open while stale permits of all kinds
    // are settled in between.
    let clock = Khz::new();
    let settings = settings().probes(3).close_after(15).abandoned(Outcome::Ignored).build().unwrap();
    let breaker = CircuitBreaker::with_settings(&clock, settings);
    let mut stale: Vec<_> = (0..4_000).map(|_| breaker.try_acquire().unwrap()).collect();
    breaker.open();
    clock.advance(secs(10));
    stale.push(breaker.try_acquire().unwrap());
    breaker.force_open();
    breaker.automatic();
    assert_eq!(breaker.state(), State::HalfOpen);

    let (in_flight, most, calls) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..20_000 {
                    let Ok(probe) = breaker.try_acquire() else { continue };
                    most.fetch_max(in_flight.fetch_add(1, SeqCst) + 1, SeqCst);
                    calls.fetch_add(1, SeqCst);
                    if round % 16 == 0 {
                        thread::yield_now();
                    }
                    in_flight.fetch_sub(1, SeqCst);
                    if round % 2 == 0 { probe.ignored() } else { drop(probe) }
                }
            });
        }
        scope.spawn(|| {
            for (number, permit) in stale.into_iter().enumerate() {
                permit.settle([Outcome::Success, Outcome::Failure, Outcome::Ignored][number % 3]);
            }
        });
    });
    assert!(most.load(SeqCst) <= 3, "{} probes in flight", most.load(SeqCst));
    assert!(calls.load(SeqCst) > 1_000);
    assert_eq!((breaker.state(), admitted(&breaker, 10)), (State::HalfOpen, 3), "and every slot came back");
}

#[test]
fn y04_one_verdict_of_many_probes() {
    // As above, with verdicts: of 15 probes that end at once, the failed one is the only one to decide.
    for round in 0..200 {
        let clock = Khz::new();
        let breaker = CircuitBreaker::with_settings(&clock, settings().probes(15).close_after(15).build().unwrap());
        breaker.open();
        clock.advance(secs(10));
        let probes: Vec<_> = (0..15).map(|_| breaker.try_acquire().unwrap()).collect();
        thread::scope(|scope| {
            for (number, probe) in probes.into_iter().enumerate() {
                scope.spawn(move || if number == round % 15 { probe.failure() } else { probe.success() });
            }
        });
        assert_eq!(breaker.state(), State::Open);
        clock.advance(secs(10));
        assert_eq!(admitted(&breaker, 100), 15);
    }
}

#[test]
fn y05_no_probe_before_the_wait_is_over() {
    // circuitbreaker-rs: the state is published before its time, a reader sees the old age and half-opens
    // at once. The clock stands during each round, so whatever is admitted after the trip is too early.
    const ROUNDS: usize = 1_000;
    let clock = Khz::new();
    let breaker = CircuitBreaker::with_settings(&clock, settings().build().unwrap());
    let (start, mut early) = (Barrier::new(3), 0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    start.wait();
                    for _ in 0..50 {
                        if let Ok(permit) = breaker.try_acquire() {
                            permit.ignored();
                        }
                    }
                    start.wait();
                }
            });
        }
        for _ in 0..ROUNDS {
            breaker.reset();
            clock.advance(secs(3_600));
            let permit = breaker.try_acquire().unwrap();
            start.wait();
            permit.failure();
            start.wait();
            // Judged afterwards, as above.
            early += usize::from(breaker.state() != State::Open);
        }
    });
    assert_eq!(early, 0, "a probe came early");
}
