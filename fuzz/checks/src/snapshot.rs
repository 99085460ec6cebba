//! The decoder of snapshots takes in whole ones alone, and no circuit sticks in what it took up.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use crc::{CRC_16_IBM_3740, Crc};
use fusebox::clock::ManualClock;
use fusebox::policy::{Rates, TripPolicy};
use fusebox::{CircuitBreaker, Instant, Outcome, Settings, SettingsBuilder, Snapshot, SnapshotError, State};

/// By another implementation than that of the library.
const CHECKSUM: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_3740);
const DAY: Duration = Duration::from_secs(24 * 3_600);

type Clock<'a> = &'a ManualClock<1_000>;

/// Bytes, and a circuit that takes them up.
#[derive(Arbitrary, Debug)]
struct Input {
    bytes: [u8; Snapshot::LEN],
    /// The checksum and the version are put right, so that it goes on to what is behind them.
    mended: bool,
    policy: u8,
    now: u32,
    asleep_ms: u64,
    /// Calls and pauses after it.
    calls: Vec<(u16, u8)>,
}

/// Bytes are those of a snapshot, and what is done with it.
pub fn check(data: &[u8]) {
    let Ok(mut input) = Input::arbitrary_take_rest(Unstructured::new(data)) else { return };
    if input.mended {
        input.bytes[..2].copy_from_slice(&[1, 0]);
        let checksum = checksum(&input.bytes);
        input.bytes[2..4].copy_from_slice(&checksum);
    }
    let snapshot = Snapshot::from_bytes(input.bytes);
    let whole = input.bytes[2..4] == checksum(&input.bytes);
    assert_eq!(snapshot == Err(SnapshotError::Checksum), !whole, "{snapshot:?}: the checksum is right: {whole}");
    let snapshot = match snapshot {
        Ok(snapshot) => snapshot,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert_eq!(input.bytes[..2], [1, 0], "another version was taken in");
    assert_eq!(snapshot.to_bytes(), input.bytes, "what is written is what was read");

    let builder = || Settings::builder().backoff_cap(DAY);
    let rates = Rates::failures(50).min_calls(4);
    match input.policy % 5 {
        0 => take_up(builder().max_failures::<3>(3, Duration::from_secs(60)), &snapshot, &input),
        1 => take_up(builder().consecutive(5), &snapshot, &input),
        2 => take_up(builder().count_window::<1, 1>(31, rates), &snapshot, &input),
        3 => take_up(builder().count_window::<3, 1>(40, rates), &snapshot, &input),
        _ => take_up(builder().time_window::<5, 1>(5, Duration::from_secs(10), rates), &snapshot, &input),
    }
}

/// The checksum of all bytes but its own, in its place.
fn checksum(bytes: &[u8; Snapshot::LEN]) -> [u8; 2] {
    let mut contents = *bytes;
    contents[2..4].fill(0);
    CHECKSUM.checksum(&contents).to_le_bytes()
}

fn take_up<P: TripPolicy>(builder: SettingsBuilder<Clock<'_>, P>, snapshot: &Snapshot, input: &Input) {
    let clock = ManualClock::new();
    clock.set(Instant::from_ticks(input.now));
    let settings = builder.build().unwrap_or_else(|error| panic!("{error}"));
    let breaker = CircuitBreaker::with_settings(&clock, settings);
    let before = breaker.try_acquire().ok();
    breaker.restore(snapshot, Duration::from_millis(input.asleep_ms));
    assert_eq!(breaker.state(), snapshot.state());
    assert!(breaker.snapshot().age() >= snapshot.age(), "an age only grows");
    let tally = breaker.tally();
    assert!(tally.failures <= tally.calls && tally.slow <= tally.calls, "{tally:?}");
    // A result from before it changes nothing.
    let seen = (breaker.state(), breaker.tally(), breaker.retry_after());
    if let Some(permit) = before {
        permit.settle(Outcome::Failure);
    }
    assert_eq!((breaker.state(), breaker.tally(), breaker.retry_after()), seen);
    let again = breaker.snapshot().to_bytes();
    let twin = CircuitBreaker::with_settings(&clock, settings);
    twin.restore(&Snapshot::from_bytes(again).unwrap_or_else(|error| panic!("{error}")), Duration::ZERO);
    assert_eq!((twin.state(), twin.retry_after()), (breaker.state(), breaker.retry_after()));

    for (pause, ending) in &input.calls {
        clock.advance_ticks(u32::from(*pause) * 16);
        let outcome = [Outcome::Failure, Outcome::Success, Outcome::Ignored][usize::from(*ending) % 3];
        let wait = breaker.retry_after();
        let asked = breaker.run(|()| outcome, || ()).is_ok();
        assert!(!asked || wait.is_none(), "a call went through {wait:?} before its time");
    }
    if matches!(breaker.state(), State::ForcedOpen | State::Disabled | State::Observe) {
        breaker.automatic();
    }
    // Longer than any wait, and shorter than half a wrap.
    for _ in 0..3 {
        clock.advance(13 * DAY);
        let _ = breaker.run(|()| Outcome::Success, || ());
    }
    assert_eq!(breaker.state(), State::Closed, "time and good calls do not lead out of {snapshot:?}");
}
