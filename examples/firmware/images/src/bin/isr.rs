//! One breaker in a `static`, used by the main loop and an interrupt handler at once, with no lock.
//!
//! The interrupt strikes at each instruction of each operation in turn. What comes of it must be what one of the two
//! orders gives: no failure lost, one trip and not two, never more probes than allowed.
#![no_std]
#![no_main]

use core::mem;
use core::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::{CircuitBreaker, RejectReason, Ticks};
use images::finish;
use images::interleave::{BREAKER, CLOCK, Pass, Race};

/// Where the snapshots come from that are restored.
static OTHER: CircuitBreaker<&ManualClock> = CircuitBreaker::new(&CLOCK);

const RACES: &[Race] = &[
    Race::new("failure, failure", fresh, fail, fail),
    Race::new("trip, failure", about_to_trip, fail, fail),
    Race::new("trip, call", about_to_trip, fail, ask),
    Race::new("call, trip", about_to_trip, ask, fail),
    Race::new("success, trip", about_to_trip, succeed, fail),
    Race::new("probe, probe", wait_over, ask, ask),
    Race::new("probe, reset", wait_over, ask, reset),
    Race::new("probe fails, call", probing, fail, ask),
    Race::new("probe succeeds, call", probing, succeed, ask),
    Race::new("probe succeeds, late failure", probing_with_a_straggler, succeed, fail),
    Race::new("late failure, probe fails", straggling_with_a_probe, fail, fail),
    Race::new("reset, failure", about_to_trip, reset, fail).by_hand(),
    Race::new("failure, reset", about_to_trip, fail, reset).by_hand(),
    Race::new("open by hand, trip", about_to_trip, open, fail),
    Race::new("half-open by hand, call", opened, half_open, ask),
    Race::new("close by hand, probe fails", straggling_with_a_probe, close, fail),
    Race::new("force open, probe succeeds", straggling_with_a_probe, force_open, succeed),
    Race::new("snapshot, trip", about_to_trip, snapshot, fail),
    Race::new("snapshot, probe succeeds", straggling_with_a_probe, snapshot, succeed),
    Race::new("restore, trip", about_to_trip, restore, fail).by_hand(),
    Race::new("time left, trip", about_to_trip, time_left, fail),
];

#[board::entry]
fn main() -> ! {
    let (mut sum, mut passed) = (0, true);
    for race in RACES {
        let report = race.run();
        sum += report.interrupts;
        passed &= report.wrong.is_none() && report.interrupts > 0;
        match report.wrong {
            None => defmt::info!("{=str}: {=u32} interrupts", race.name, report.interrupts),
            Some((at, seen)) => {
                defmt::error!("{=str}: at interrupt {=u32} {}, not {}", race.name, at, seen, report.orders);
            }
        }
    }
    defmt::info!("{=usize} races, {=u32} interrupts, two an instruction", RACES.len(), sum);
    finish(passed)
}

fn permit() -> Pass {
    BREAKER.try_acquire().ok()
}

fn fresh() -> (Pass, Pass) {
    (permit(), permit())
}

/// The next failure is one too many.
fn about_to_trip() -> (Pass, Pass) {
    for _ in 0..3 {
        fail(permit());
    }
    fresh()
}

fn opened() -> (Pass, Pass) {
    BREAKER.open();
    (None, None)
}

/// The next call is a probe.
fn wait_over() -> (Pass, Pass) {
    BREAKER.open();
    CLOCK.advance(Duration::from_secs(10));
    (None, None)
}

fn probing() -> (Pass, Pass) {
    wait_over();
    (permit(), None)
}

/// The interrupt's permit is from before the circuit opened.
fn probing_with_a_straggler() -> (Pass, Pass) {
    let straggler = permit();
    (probing().0, straggler)
}

fn straggling_with_a_probe() -> (Pass, Pass) {
    let (probe, straggler) = probing_with_a_straggler();
    (straggler, probe)
}

fn fail(pass: Pass) -> u32 {
    pass.map_or(0, |permit| {
        permit.failure();
        1
    })
}

fn succeed(pass: Pass) -> u32 {
    pass.map_or(0, |permit| {
        permit.success();
        1
    })
}

/// A call that is still under way at the end.
fn ask(_: Pass) -> u32 {
    match BREAKER.try_acquire() {
        Ok(permit) => {
            mem::forget(permit);
            1
        }
        Err(rejected) => match rejected.reason() {
            RejectReason::Open => 2,
            RejectReason::HalfOpenFull => 3,
            _ => 4,
        },
    }
}

fn reset(pass: Pass) -> u32 {
    mem::forget(pass);
    BREAKER.reset();
    1
}

fn open(pass: Pass) -> u32 {
    mem::forget(pass);
    BREAKER.open();
    1
}

fn half_open(_: Pass) -> u32 {
    BREAKER.half_open().into()
}

fn close(pass: Pass) -> u32 {
    mem::forget(pass);
    BREAKER.close();
    1
}

fn force_open(pass: Pass) -> u32 {
    mem::forget(pass);
    BREAKER.force_open();
    1
}

fn snapshot(pass: Pass) -> u32 {
    mem::forget(pass);
    BREAKER.snapshot().state() as u32
}

fn restore(pass: Pass) -> u32 {
    mem::forget(pass);
    OTHER.force_open();
    BREAKER.restore(&OTHER.snapshot(), Duration::ZERO);
    1
}

fn time_left(pass: Pass) -> u32 {
    mem::forget(pass);
    BREAKER.retry_after().map_or(0, Ticks::as_millis)
}
