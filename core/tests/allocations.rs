//! Hazards of memory: nothing is allocated, and nothing kept, whatever is done with breakers and however
//! often. Every allocation of this program goes through a counter.
#![cfg(not(fusebox_loom))]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::pending;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use common::{Khz, builder, fail, secs, succeed};
use fusebox::policy::{Rates, TripPolicy};
use fusebox::{CircuitBreaker, CircuitBreakerSet, Outcome, Settings, Snapshot, State};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// Counts the allocations of each thread.
struct Counting;

// SAFETY: everything is left to the system's allocator. The counter needs no memory of its own, and is
// simply missed while its thread ends.
#[expect(unsafe_code, reason = "an allocator's interface is unsafe")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The allocations of this thread during `action`.
fn allocations(action: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    action();
    ALLOCATIONS.get() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(5)))), 1);
}

/// Closed, open, half-open and closed again.
fn cycle<P: TripPolicy>(breaker: &CircuitBreaker<&Khz, P>) {
    succeed(breaker);
    for _ in 0..4 {
        fail(breaker);
    }
    assert_eq!(breaker.state(), State::Open);
    breaker.clock().advance(secs(10));
    succeed(breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn y02_a_million_breakers_in_flat_memory() {
    // recloser 1.4: 164 B leaked per dropped breaker and 302 B per cycle of open and closed.
    let clock = Khz::new();
    let settings = Settings::builder().build().unwrap();
    let count = allocations(|| {
        for _ in 0..1_000_000 {
            let breaker = CircuitBreaker::with_settings(&clock, settings);
            cycle(&breaker);
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn y02_a_hundred_thousand_cycles_in_flat_memory() {
    // As above: one breaker of each policy.
    let clock = Khz::new();
    let (rates, limit) = (Rates::failures(50).min_calls(5), secs(1));
    macro_rules! cycles {
        ($($policy:tt)*) => {
            let settings = Settings::<&Khz, _>::builder().slow_call(limit).$($policy)*.build().unwrap();
            let breaker = CircuitBreaker::with_settings(&clock, settings);
            let count = allocations(|| (0..100_000).for_each(|_| cycle(&breaker)));
            assert_eq!(count, 0, stringify!($($policy)*));
        };
    }
    cycles!(consecutive(4));
    cycles!(count_window::<1, 2>(5, rates.slow_calls(50)));
    cycles!(count_window::<9, 1>(250, rates));
    cycles!(time_window::<10, 2>(10, secs(1), rates.slow_calls(50)));
    cycles!(time_window::<10, 1>(10, secs(1), rates).or_consecutive(4));
}

#[test]
fn y02_everything_else_in_flat_memory() {
    // As above: futures that end and futures that are dropped, commands, snapshots, and sets with more
    // peers than places.
    let clock = Khz::new();
    let breaker = CircuitBreaker::new(&clock);
    let mut set = CircuitBreakerSet::<u16, _, 8>::new(&clock);
    let mut context = Context::from_waker(Waker::noop());
    let count = allocations(|| {
        for round in 0..100_000_u32 {
            assert!(pin!(breaker.call_async(|| async { Ok::<_, ()>(()) })).poll(&mut context).is_ready());
            assert!(pin!(breaker.call_async(pending::<Result<(), ()>>)).poll(&mut context).is_pending());
            breaker.open();
            assert!(
                Snapshot::from_bytes(breaker.snapshot().to_bytes())
                    .map(|saved| breaker.restore(&saved, Duration::ZERO))
                    .is_ok()
            );
            breaker.observe();
            breaker.force_open();
            breaker.reset();

            let ticket = set.try_acquire(&(round as u16));
            ticket.map(|ticket| set.settle(ticket, Outcome::Success)).unwrap();
        }
    });
    assert_eq!((count, set.len()), (0, 8));
}

#[test]
fn y11_rejected_call_is_not_made() {
    // resilient 0.1: an open breaker still calls the peer, and 10 M calls take 384 MiB.
    let clock = Khz::new();
    let settings = Settings::builder().wait(Duration::from_secs(2_000_000)).build().unwrap();
    let breaker = CircuitBreaker::with_settings(&clock, settings);
    let made = Cell::new(0);
    let peer = || made.replace(made.get() + 1);
    let mut context = Context::from_waker(Waker::noop());
    let mut rejects = |breaker: &CircuitBreaker<&Khz>, calls: u32| {
        let count = allocations(|| {
            for _ in 0..calls {
                assert!(breaker.call(|| Ok::<_, ()>(peer())).is_err());
                assert!(breaker.run(|_| Outcome::Success, peer).is_err());
                // Not even the future is made, let alone polled.
                let call = breaker.run_async(
                    |_| Outcome::Success,
                    || {
                        peer();
                        async { peer() }
                    },
                );
                assert!(matches!(pin!(call).poll(&mut context), std::task::Poll::Ready(Err(_))));
                clock.advance_ticks(1);
            }
        });
        assert_eq!((count, made.get()), (0, 0), "{}", breaker.state());
    };
    breaker.open();
    rejects(&breaker, 1_000_000);
    breaker.half_open();
    std::mem::forget(breaker.try_acquire().unwrap());
    rejects(&breaker, 1_000);
    breaker.force_open();
    rejects(&breaker, 1_000);

    let observed = CircuitBreaker::with_settings(Khz::new(), builder().build().unwrap());
    observed.observe();
    (0..4).for_each(|_| fail(&observed));
    assert_eq!(observed.run(|_| Outcome::Success, peer), Ok(0));
    assert_eq!(made.get(), 1, "a dry run rejects nothing");
}
