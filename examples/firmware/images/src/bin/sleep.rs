//! A circuit's state over a reset, as over a deep sleep, in memory that no startup code initializes.
//!
//! Each life of the image ends with a reset, and the next one goes on with what was retained:
//!
//! 1. nothing was retained: the circuit starts closed. It trips, and is saved two seconds later;
//! 2. it is still open, less the two seconds and the three of the sleep. A probe closes it, and it is saved with three
//!    failures;
//! 3. the fourth failure trips it. What is saved now is damaged in one bit;
//! 4. the damage is noticed, and the circuit starts closed.
#![no_std]
#![no_main]

use core::time::Duration;

use board::{UPTIME, retained};
use fusebox::clock::TickCounter;
use fusebox::{CircuitBreaker, Clock as _, Snapshot, SnapshotError, State, Ticks};
use images::{finish, holds};

static RADIO: CircuitBreaker<&TickCounter<1_000>> = CircuitBreaker::new(&UPTIME);

/// How long a reset lasts. A product reads this from a clock that runs during its sleep.
const ASLEEP: Duration = Duration::from_secs(3);
/// Says that the number of a life is one. Random memory says so once in four billion times.
const MARK: u32 = 0x5afe_11fe;

#[board::entry]
fn main() -> ! {
    board::start_uptime();
    let (life, saved) = last_life();
    let restored = Snapshot::from_bytes(saved).inspect(|snapshot| RADIO.restore(snapshot, ASLEEP));
    defmt::info!("life {=u32}: {}, {} with {} ms left", life, restored.map(|_| ()), RADIO.state(), left());
    let passed = match life {
        1 => first(restored.err()),
        2 => second(),
        3 => third(saved),
        _ => finish(last(restored.err())),
    };
    if !passed {
        finish(false);
    }
    board::reset();
}

fn first(error: Option<SnapshotError>) -> bool {
    let passed = holds("memory that was never written is no snapshot", error.is_some())
        & holds("the circuit starts closed", RADIO.state() == State::Closed);
    fail(4);
    let tripped = UPTIME.now().ticks();
    board::sleep_until(tripped + 2_000);
    save(2, RADIO.snapshot().to_bytes());
    passed & holds("four failures open", RADIO.state() == State::Open && left() == Some(8_000))
}

fn second() -> bool {
    let still_open = RADIO.state() == State::Open && RADIO.try_acquire().is_err();
    let counted = left().is_some_and(|left| (4_990..=5_000).contains(&left));
    board::sleep_until(5_010);
    let closed = RADIO.call(|| Ok::<_, ()>(())).is_ok() && RADIO.state() == State::Closed;
    fail(3);
    save(3, RADIO.snapshot().to_bytes());
    holds("the circuit is still open", still_open)
        & holds("the time before and during the sleep counts", counted)
        & holds("a probe closes it when the rest is over", closed)
}

fn third(saved: [u8; Snapshot::LEN]) -> bool {
    let remembered = RADIO.state() == State::Closed && RADIO.tally().failures == 3;
    fail(1);
    let tripped = RADIO.state() == State::Open;
    let whole = u128::from_le_bytes(saved);
    let refused = (0..u128::BITS).filter(|bit| Snapshot::from_bytes((whole ^ 1 << bit).to_le_bytes()).is_err()).count();
    defmt::info!("{=usize} of {=u32} damaged bits were noticed", refused, u128::BITS);
    save(4, (u128::from_le_bytes(RADIO.snapshot().to_bytes()) ^ 1 << 77).to_le_bytes());
    holds("failures are remembered", remembered)
        & holds("the next one trips", tripped)
        & holds("no damage goes unnoticed", refused == u128::BITS as usize)
}

fn last(error: Option<SnapshotError>) -> bool {
    holds("damage is told from a snapshot", error == Some(SnapshotError::Checksum))
        & holds("the circuit starts closed", RADIO.state() == State::Closed && RADIO.tally().failures == 0)
}

fn fail(times: u32) {
    for _ in 0..times {
        let _ = RADIO.call(|| Err::<(), _>("no acknowledgement"));
    }
}

/// Milliseconds until a probe.
fn left() -> Option<u32> {
    RADIO.retry_after().map(Ticks::as_millis)
}

fn save(life: u32, snapshot: [u8; Snapshot::LEN]) {
    let mut words: retained::Words = [MARK, life, 0, 0, 0, 0, 0, 0];
    for (word, bytes) in words[2..].iter_mut().zip(snapshot.chunks_exact(4)) {
        *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    retained::store(words);
}

/// The number of this life, and what the last one saved.
fn last_life() -> (u32, [u8; Snapshot::LEN]) {
    let [mark, life, saved @ ..] = retained::load();
    let mut snapshot = [0; Snapshot::LEN];
    for (bytes, word) in snapshot.chunks_exact_mut(4).zip(saved) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    (if mark == MARK { life } else { 1 }, snapshot)
}
