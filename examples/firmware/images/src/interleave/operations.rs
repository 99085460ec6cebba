//! What is done with a breaker, and where it begins.

use core::mem;
use core::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::{CircuitBreaker, RejectReason, Ticks};

use super::{BUCKET, Breaker, CLOCK, Pass, Raced};

/// Where the snapshots come from that are restored.
static OTHER: CircuitBreaker<&ManualClock> = CircuitBreaker::new(&CLOCK);

fn breaker<P: Raced>() -> &'static Breaker<P> {
    &P::subject().breaker
}

fn permit<P: Raced>() -> Pass<P> {
    breaker::<P>().try_acquire().ok()
}

/// Nothing has happened.
pub fn fresh<P: Raced>() -> (Pass<P>, Pass<P>) {
    (permit(), permit())
}

/// Two failures are too many.
pub fn about_to_trip_twice<P: Raced>() -> (Pass<P>, Pass<P>) {
    fail::<P>(permit());
    fail::<P>(permit());
    fresh()
}

/// The next failure is one too many.
pub fn about_to_trip<P: Raced>() -> (Pass<P>, Pass<P>) {
    fail::<P>(permit());
    about_to_trip_twice()
}

/// Two failures are one less than too many, and begin a new bucket.
pub fn a_bucket_later<P: Raced>() -> (Pass<P>, Pass<P>) {
    fail::<P>(permit());
    CLOCK.advance(BUCKET);
    fresh()
}

/// Two failures are too many, and begin a new bucket.
pub fn about_to_trip_a_bucket_later<P: Raced>() -> (Pass<P>, Pass<P>) {
    about_to_trip_twice::<P>();
    CLOCK.advance(BUCKET);
    fresh()
}

/// Opened by hand.
pub fn opened<P: Raced>() -> (Pass<P>, Pass<P>) {
    breaker::<P>().open();
    (None, None)
}

/// The next call is a probe.
pub fn wait_over<P: Raced>() -> (Pass<P>, Pass<P>) {
    breaker::<P>().open();
    CLOCK.advance(Duration::from_secs(10));
    (None, None)
}

/// A probe is under way.
pub fn probing<P: Raced>() -> (Pass<P>, Pass<P>) {
    wait_over::<P>();
    (permit(), None)
}

/// The interrupt's permit is from before the circuit opened.
pub fn probing_with_a_straggler<P: Raced>() -> (Pass<P>, Pass<P>) {
    let straggler = permit();
    (probing().0, straggler)
}

/// The main loop's permit is from before the circuit opened.
pub fn straggling_with_a_probe<P: Raced>() -> (Pass<P>, Pass<P>) {
    let (probe, straggler) = probing_with_a_straggler();
    (straggler, probe)
}

/// Settles a call that failed.
pub fn fail<P: Raced>(pass: Pass<P>) -> u32 {
    pass.map_or(0, |permit| {
        permit.failure();
        1
    })
}

/// Settles a call that succeeded.
pub fn succeed<P: Raced>(pass: Pass<P>) -> u32 {
    pass.map_or(0, |permit| {
        permit.success();
        1
    })
}

/// A call that is still under way at the end.
pub fn ask<P: Raced>(_: Pass<P>) -> u32 {
    match breaker::<P>().try_acquire() {
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

/// Makes the circuit as new.
pub fn reset<P: Raced>(pass: Pass<P>) -> u32 {
    mem::forget(pass);
    breaker::<P>().reset();
    1
}

/// Opens it.
pub fn open<P: Raced>(pass: Pass<P>) -> u32 {
    mem::forget(pass);
    breaker::<P>().open();
    1
}

/// Lets probes through.
pub fn half_open<P: Raced>(_: Pass<P>) -> u32 {
    breaker::<P>().half_open().into()
}

/// Closes it.
pub fn close<P: Raced>(pass: Pass<P>) -> u32 {
    mem::forget(pass);
    breaker::<P>().close();
    1
}

/// Opens it for good.
pub fn force_open<P: Raced>(pass: Pass<P>) -> u32 {
    mem::forget(pass);
    breaker::<P>().force_open();
    1
}

/// Looks which state a snapshot is of.
pub fn snapshot<P: Raced>(pass: Pass<P>) -> u32 {
    mem::forget(pass);
    breaker::<P>().snapshot().state() as u32
}

/// Takes up the state of a circuit that is forced open.
pub fn restore<P: Raced>(pass: Pass<P>) -> u32 {
    mem::forget(pass);
    OTHER.force_open();
    breaker::<P>().restore(&OTHER.snapshot(), Duration::ZERO);
    1
}

/// Asks how long to wait.
pub fn time_left<P: Raced>(pass: Pass<P>) -> u32 {
    mem::forget(pass);
    breaker::<P>().retry_after().map_or(0, Ticks::as_millis)
}
