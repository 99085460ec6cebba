//! A set that outlives its program: what is taken over, what is refused, what is left when saving fails.
#![cfg(feature = "saved")]

mod refused;
mod taken_over;
mod writing;

use std::path::Path;
use std::time::{Duration, SystemTime};

use crc::{CRC_32_ISO_HDLC, Crc};
use fusebox::clock::ManualClock;
use fusebox::{Instant, Settings, State, WhenFull};
use fusebox_std::{CircuitBreakerSet, Handle, SavedError, SavedErrorReason};

type Clock = &'static ManualClock<1_000>;
type Set<K> = CircuitBreakerSet<K, Clock>;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A set of a program that started so many ticks after its clock did.
fn set_at<K: Clone + Eq + std::hash::Hash>(ticks: u32, capacity: usize, when_full: WhenFull) -> Set<K> {
    let clock: Clock = Box::leak(Box::new(ManualClock::new()));
    clock.set(Instant::from_ticks(ticks));
    let settings = Settings::builder().wait(secs(600)).max_failures::<3>(3, secs(60)).build().unwrap();
    CircuitBreakerSet::<K>::builder().clock(clock, settings).capacity(capacity).when_full(when_full).build().unwrap()
}

fn set<K: Clone + Eq + std::hash::Hash>() -> Set<K> {
    set_at(0, 100, WhenFull::Refuse)
}

fn fail<K>(circuit: &Handle<K, Clock>) {
    let _ = circuit.call(|| Err::<(), _>("no answer"));
}

/// A set with a circuit in every state that is worth saving, and one that is not.
fn saved_to(path: &Path) -> Set<String> {
    let set = set::<String>();
    let circuit = |peer: &str| set.handle(peer).unwrap();
    (0..4).for_each(|_| fail(&circuit("open")));
    (0..2).for_each(|_| fail(&circuit("failing")));
    circuit("half-open").open();
    assert!(circuit("half-open").half_open());
    circuit("forced \"open\"\n").force_open();
    circuit("disabled").disable();
    circuit("observed").observe();
    let _ = circuit("clean").call(|| Ok::<_, ()>(()));
    assert_eq!(set.save(path).unwrap(), 6);
    set
}

/// The file as if it had been saved at another time, and with a checksum that is right again.
fn resaved_at(text: &[u8], time: SystemTime) -> Vec<u8> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let text = std::str::from_utf8(text).unwrap();
    let (before, rest) = text.split_once(r#""saved":{"#).unwrap();
    let (_, after) = rest.split_once('}').unwrap();
    let saved =
        format!(r#""saved":{{"secs_since_epoch":{},"nanos_since_epoch":{}}}"#, since.as_secs(), since.subsec_nanos());
    checked(&format!("{before}{saved}{after}"))
}

fn checked(text: &str) -> Vec<u8> {
    let contents = &text[..text.len() - "crc32 01234567\n".len()];
    let checksum = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(contents.as_bytes());
    format!("{contents}crc32 {checksum:08x}\n").into_bytes()
}

fn refusal(path: &Path, bytes: &[u8]) -> SavedError {
    std::fs::write(path, bytes).unwrap();
    let set = set::<String>();
    let error = set.restore(path).expect_err("it was taken up");
    assert_eq!((set.len(), error.path()), (0, path));
    assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
    error
}
