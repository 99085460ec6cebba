//! Files of saved circuits that are torn, and places where none can be written.

use std::path::Path;

use fusebox::Settings;
use fusebox::clock::ManualClock;
use fusebox_std::{CircuitBreakerSet, SavedError};

type Set = CircuitBreakerSet<String, &'static ManualClock<1_000>>;

pub(crate) fn set() -> Set {
    static CLOCK: ManualClock<1_000> = ManualClock::new();
    CircuitBreakerSet::<String>::builder().clock(&CLOCK, Settings::<_>::DEFAULT).build().unwrap()
}

/// The bytes of a set with so many peers that are open, and of which each has a name of its own.
pub(crate) fn saved(path: &Path, peers: usize, name: &str) -> Vec<u8> {
    let set = set();
    for number in 0..peers {
        set.handle(&format!("{name}-{number}")).unwrap().open();
    }
    assert_eq!(set.save(path).unwrap(), peers);
    std::fs::read(path).unwrap()
}

pub(crate) fn tells_of(error: &SavedError, path: &Path) {
    assert_eq!(error.path(), path);
    assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
}

/// Whether it is taken up. If not, the error names the file, and the set is as empty as before.
fn is_taken_up(path: &Path, bytes: &[u8]) -> bool {
    // File systems that guard against what is tried here take their time to write over a file.
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
    let set = set();
    match set.restore(path) {
        Ok(restored) => restored.circuits == set.len() && restored.circuits > 0,
        Err(error) => {
            tells_of(&error, path);
            assert!(set.is_empty());
            assert!(set.call("anybody", || Ok::<_, ()>(())).is_ok(), "circuits start closed");
            false
        }
    }
}

#[test]
fn a_file_that_is_torn_at_any_byte_is_the_old_one_or_the_new_one_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    let (short, long) = (saved(&path, 2, "old"), saved(&path, 5, "new"));
    let (mut tried, mut refused) = (0, 0);
    for (old, new) in [(&short, &long), (&long, &short)] {
        for length in 0..=new.len() {
            let over = |rest: &[u8]| [&new[..length], rest].concat();
            let torn = [
                // Cut off, over what was there, and where the file has its size but not yet its bytes.
                over(&[]),
                over(old.get(length..).unwrap_or_default()),
                over(&vec![0; new.len() - length]),
                over(&vec![0; 512]),
            ];
            for bytes in torn {
                tried += 1;
                let whole = bytes == *old || bytes == *new;
                assert_eq!(is_taken_up(&path, &bytes), whole, "{length} bytes of the new file");
                refused += usize::from(!whole);
            }
        }
    }
    println!("torn files: {tried} tried, {refused} refused");
    assert!(refused > 3_000);
}

#[test]
fn a_file_with_any_bit_changed_or_any_part_lost_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    let text = saved(&path, 3, "peer");
    let mut tried = 0;
    let mut refuses = |bytes: &[u8], what: &dyn Fn() -> String| {
        tried += 1;
        assert!(!is_taken_up(&path, bytes), "{}", what());
    };
    for bit in 0..text.len() * 8 {
        let mut changed = text.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        refuses(&changed, &|| format!("bit {bit}"));
    }
    for part in [1, 2, 4, 64] {
        for at in 0..text.len() - part {
            let lost = [&text[..at], &text[at + part..]].concat();
            if lost != text {
                refuses(&lost, &|| format!("without {part} bytes at {at}"));
            }
            let zeroed = [&text[..at], &vec![0; part], &text[at + part..]].concat();
            refuses(&zeroed, &|| format!("{part} zeros at {at}"));
        }
    }
    println!("damaged files: {tried} tried, all refused");
}

#[test]
fn what_is_in_the_way_is_named_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let full = folder.path().join("folder");
    std::fs::create_dir_all(full.join("full")).unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "somebody's").unwrap();
    let places = [full.clone(), folder.path().join("missing").join("saved"), file.join("saved")];
    for place in &places {
        let error = set().save(place).unwrap_err();
        tells_of(&error, place);
    }
    assert!(set().restore(&full).is_err());
    assert_eq!(std::fs::read(&file).unwrap(), b"somebody's");
    // What is another's is not taken up, and what has its place is replaced as a whole.
    tells_of(&set().restore(&file).unwrap_err(), &file);
    let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["file", "folder"], "something was left behind");
}
