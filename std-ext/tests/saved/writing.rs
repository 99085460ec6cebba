//! What is left when saving fails, and who may call meanwhile.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};

use super::*;

/// A key that does not like to be written.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
struct Shy(bool);

impl Serialize for Shy {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0 { Err(S::Error::custom("not me")) } else { to.serialize_bool(false) }
    }
}

#[test]
fn the_old_file_stays_whole_when_saving_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    let shy = set::<Shy>();
    shy.handle(&Shy(false)).unwrap().open();
    shy.save(&path).unwrap();
    let old = std::fs::read(&path).unwrap();
    shy.handle(&Shy(true)).unwrap().open();
    let error = shy.save(&path).unwrap_err();
    assert!(matches!(error.reason(), SavedErrorReason::Key { .. }), "{error}");
    assert!(error.to_string().contains("not me"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), old);

    let missing = folder.path().join("missing").join("saved");
    let error = set::<u32>().save(&missing).unwrap_err();
    assert!(matches!(error.reason(), SavedErrorReason::Io(io) if io.kind() == std::io::ErrorKind::NotFound), "{error}");
    // A folder is in the way.
    let taken = folder.path().join("taken");
    std::fs::create_dir_all(taken.join("full")).unwrap();
    assert!(matches!(set::<u32>().save(&taken).unwrap_err().reason(), SavedErrorReason::Io(_)));
    let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["saved", "taken"], "something was left behind");
}

/// Saves in a process that may write no byte to any file, as if the disk were full.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_file_and_no_other() {
    const PATH: &str = "FUSEBOX_SAVE_TO";
    if let Some(path) = std::env::var_os(PATH) {
        let set = set::<u32>();
        set.handle(&1).unwrap().open();
        let error = set.save(path).unwrap_err();
        assert!(matches!(error.reason(), SavedErrorReason::Io(_)), "{error}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    saved_to(&path);
    let old = std::fs::read(&path).unwrap();
    let child = std::process::Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 0; exec \"$0\" --exact writing::a_full_disk_leaves_the_old_file_and_no_other",
        ])
        .arg(std::env::current_exe().unwrap())
        .env(PATH, &path)
        // Measuring coverage would write a file too.
        .env("LLVM_PROFILE_FILE", "/dev/null")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && told.contains("1 passed"), "{child:?}");
    assert_eq!(std::fs::read(&path).unwrap(), old);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "something was left behind");
}

#[test]
fn threads_may_call_while_the_set_is_saved_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    let set = set_at::<u32>(0, 64, WhenFull::Refuse);
    let done = AtomicBool::new(false);
    (0..8).for_each(|peer| set.handle(&peer).unwrap().force_open());
    std::thread::scope(|scope| {
        for thread in 0..2_u32 {
            let (set, done) = (&set, &done);
            scope.spawn(move || {
                for call in 0.. {
                    if done.load(Relaxed) {
                        return;
                    }
                    let peer = 8 + (call * 7 + thread) % 100;
                    let _ = set.call(&peer, || if call % 3 == 0 { Err("no answer") } else { Ok(()) });
                    if call % 11 == 0 {
                        set.remove(&peer);
                    }
                }
            });
        }
        let stop = Stop(&done);
        for _ in 0..50 {
            let saved = set.save(&path).unwrap();
            assert!(saved >= 8);
            let other = set_at::<u32>(77, 108, WhenFull::Refuse);
            let restored = other.restore(&path).unwrap();
            // A peer that was taken out and came back meanwhile may have been seen twice.
            assert_eq!((restored.circuits + restored.kept, restored.no_room), (saved, 0));
            assert!((0..8).all(|peer| other.get(&peer).is_some_and(|circuit| circuit.state() == State::ForcedOpen)));
            let again = set.restore(&path).unwrap();
            assert_eq!(again.circuits + again.kept + again.no_room, saved);
        }
        drop(stop);
    });
    assert!(set.len() <= 64);
}

/// Ends the threads of a test, also of one that fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
