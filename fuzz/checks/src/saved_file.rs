//! The reader of saved circuits takes in whole files alone, all of a file or nothing, and its errors name a line.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use crc::{CRC_16_IBM_3740, CRC_32_ISO_HDLC, Crc};
use fusebox::clock::ManualClock;
use fusebox::{Settings, Snapshot, State};
use fusebox_std::{CircuitBreakerSet, SavedErrorReason};

const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const CHECKSUM_OF_CIRCUIT: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_3740);
const NAME: &str = "fusebox circuits 1\n";
const LAST: usize = "crc32 01234567\n".len();
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Circuits that a set has room for.
const ROOM: usize = 8;

type Set<'a> = CircuitBreakerSet<String, &'a ManualClock<1_000>>;

/// A circuit in a file, whose own checksum is put right.
#[derive(Arbitrary, Debug)]
struct Circuit {
    peer: String,
    snapshot: [u8; Snapshot::LEN],
}

/// The first byte says how much is put right, so that it goes on to what is behind that: nothing, the checksum, the head as
/// well, or all but what the circuits hold. With 4 added, the
/// last digit of the checksum is then spoiled.
pub fn check(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let file = match kind % 4 {
        0 => rest.to_vec(),
        1 => sealed(rest.to_vec()),
        2 => sealed([NAME.as_bytes(), about(), rest].concat()),
        _ => {
            let Ok(circuits) = Vec::<Circuit>::arbitrary_take_rest(Unstructured::new(rest)) else { return };
            let lines = circuits.into_iter().map(line);
            sealed(lines.fold([NAME.as_bytes(), about()].concat(), |text, line| [text, line.into_bytes()].concat()))
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let mut file = file;
    if let (true, Some(digit)) = (kind & 4 != 0, file.iter_mut().nth_back(1)) {
        *digit ^= 1;
    }
    take_up(&folder.path().join("circuits"), &file);
}

fn take_up(path: &Path, file: &[u8]) {
    let clock = ManualClock::new();
    let set = set(&clock);
    fs::write(path, file).unwrap();
    let contents = &file[..file.len().saturating_sub(LAST)];
    let lines = contents.split_inclusive(|byte| *byte == b'\n').count();
    match set.restore(path) {
        Err(error) => {
            assert!(set.is_empty(), "part of a file was taken up: {error}");
            assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
            if let SavedErrorReason::Key { line, .. } | SavedErrorReason::Snapshot { line, .. } = error.reason() {
                assert!((3..=lines).contains(line), "there is no such line: {error}");
                assert!(error.to_string().contains(&format!("line {line}: ")), "{error}");
            }
        }
        Ok(restored) => {
            let whole = sealed(contents.to_vec()) == file;
            assert!(whole && file.starts_with(NAME.as_bytes()), "a damaged file was taken up");
            assert_eq!(restored.circuits + restored.kept + restored.no_room, lines - 2, "{restored:?}");
            assert!(set.len() <= ROOM);
            save_again(&set, path, &clock);
            for _ in 0..4 {
                clock.advance(13 * DAY);
                for circuit in set.handles() {
                    circuit.automatic();
                    let _ = circuit.call(|| Ok::<_, ()>(()));
                }
            }
            assert!(set.handles().iter().all(|circuit| circuit.state() == State::Closed), "a circuit sticks");
        }
    }
}

/// What was taken up is there again in another set.
fn save_again(set: &Set<'_>, path: &Path, clock: &ManualClock<1_000>) {
    let states = |set: &Set<'_>| -> BTreeMap<String, State> {
        set.handles().iter().map(|circuit| (circuit.key().clone(), circuit.state())).collect()
    };
    let (saved, before) = (set.save(path).unwrap(), states(set));
    let again = self::set(clock);
    assert_eq!(again.restore(path).unwrap().circuits, saved);
    for (key, state) in states(&again) {
        assert_eq!(before.get(&key), Some(&state), "{key:?}");
    }
    // Those that were not saved have nothing to remember.
    assert!(before.iter().all(|(key, state)| again.get(key).is_some() || *state == State::Closed));
}

fn set(clock: &ManualClock<1_000>) -> Set<'_> {
    let settings = Settings::builder().backoff_cap(DAY).build().unwrap();
    CircuitBreakerSet::<String>::builder().clock(clock, settings).capacity(ROOM).build().unwrap()
}

fn sealed(mut text: Vec<u8>) -> Vec<u8> {
    let last = format!("crc32 {:08x}\n", CHECKSUM.checksum(&text));
    text.extend_from_slice(last.as_bytes());
    text
}

/// The line about all circuits, as such a set writes it.
fn about() -> &'static [u8] {
    static ABOUT: OnceLock<Vec<u8>> = OnceLock::new();
    ABOUT.get_or_init(|| {
        let (folder, clock) = (tempfile::tempdir().unwrap(), ManualClock::new());
        let path = folder.path().join("circuits");
        set(&clock).save(&path).unwrap();
        let file = fs::read(path).unwrap();
        file.split_inclusive(|byte| *byte == b'\n').nth(1).unwrap().to_vec()
    })
}

fn line(circuit: Circuit) -> String {
    let Circuit { peer, mut snapshot } = circuit;
    snapshot[..4].copy_from_slice(&[1, 0, 0, 0]);
    let checksum = CHECKSUM_OF_CIRCUIT.checksum(&snapshot);
    snapshot[2..4].copy_from_slice(&checksum.to_le_bytes());
    format!("{}\n", serde_json::json!({ "peer": peer, "snapshot": snapshot }))
}
