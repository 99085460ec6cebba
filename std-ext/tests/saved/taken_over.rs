//! What is taken over, and what is not.

use std::sync::Mutex;

use fusebox::policy::MaxFailures;
use fusebox::{Cause, Event};
use fusebox_std::StdClock;
use serde::{Deserialize, Serialize};

use super::*;

#[test]
fn a_program_that_starts_again_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    let before = saved_to(&path);
    // Asleep for no time, since the wall clock went back: as exact as a test needs it.
    let text = resaved_at(&std::fs::read(&path).unwrap(), SystemTime::now() + secs(1_000_000));
    std::fs::write(&path, text).unwrap();
    // The new clock stands shortly before its ticks wrap.
    let after = set_at::<String>(u32::MAX - 5, 100, WhenFull::Refuse);
    let restored = after.restore(&path).unwrap();
    assert_eq!((restored.circuits, restored.kept, restored.no_room, restored.asleep), (6, 0, 0, Duration::ZERO));
    assert_eq!(after.len(), 6);
    for circuit in after.handles() {
        let old = before.get(circuit.key()).unwrap();
        assert_eq!((circuit.state(), circuit.retry_after()), (old.state(), old.retry_after()), "{}", circuit.key());
        assert_eq!(circuit.tally(), old.tally(), "{}", circuit.key());
    }
    assert_eq!(after.get("open").unwrap().retry_after(), Some(secs(600)));
    let failing = after.get("failing").unwrap();
    fail(&failing);
    assert_eq!(failing.state(), State::Closed);
    fail(&failing);
    assert_eq!(failing.state(), State::Open);
    assert_eq!(after.get("open").unwrap().explain().to_string(), "open, since that was saved; a probe in 600s");
    // What was restored can be saved again.
    assert_eq!(after.save(&path).unwrap(), 6);
}

#[test]
fn the_time_asleep_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    saved_to(&path);
    let text = std::fs::read(&path).unwrap();
    let restored_after = |seconds| {
        std::fs::write(&path, resaved_at(&text, SystemTime::now() - secs(seconds))).unwrap();
        let set = set::<String>();
        let restored = set.restore(&path).unwrap();
        assert_eq!(restored.circuits, 6);
        assert!(restored.asleep >= secs(seconds));
        (set, restored)
    };
    let (set, restored) = restored_after(100);
    // In ticks, of which one may have begun.
    let left = set.get("open").unwrap().retry_after().unwrap();
    assert!(left + restored.asleep <= secs(600) + Duration::from_millis(1), "{left:?} left");
    assert!(left + restored.asleep + Duration::from_millis(1) >= secs(600), "{left:?} left");
    assert_eq!(set.get("failing").unwrap().tally().failures, 0, "its window is over");
    let (set, _) = restored_after(600);
    assert_eq!(set.call("open", || Ok::<_, ()>(())), Ok(()));
    assert_eq!(set.get("open").unwrap().state(), State::Closed);
    // Longer than the clock's ticks can tell.
    let (set, _) = restored_after(1_000_000_000);
    assert_eq!(set.call("open", || Ok::<_, ()>(())), Ok(()));
    assert_eq!(set.get("forced \"open\"\n").unwrap().state(), State::ForcedOpen);
}

#[test]
fn a_set_with_too_little_room_says_how_many_are_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    saved_to(&path);
    for when_full in [WhenFull::Refuse, WhenFull::AdmitUntracked] {
        let small = set_at::<String>(0, 4, when_full);
        // Clean peers make room, a failing one does not.
        small.handle("clean").unwrap();
        fail(&small.handle("new").unwrap());
        let restored = small.restore(&path).unwrap();
        assert_eq!((restored.circuits, restored.kept, restored.no_room), (3, 0, 3));
        assert_eq!((small.len(), small.refused()), (4, 0));
        assert!(small.get("new").is_some() && small.get("clean").is_none());
    }
}

#[test]
fn what_is_newer_than_the_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    saved_to(&path);
    let after = set::<String>();
    fail(&after.handle("open").unwrap());
    let clean = after.handle("forced \"open\"\n").unwrap();
    let restored = after.restore(&path).unwrap();
    assert_eq!((restored.circuits, restored.kept, restored.no_room), (5, 1, 0));
    assert_eq!((after.get("open").unwrap().state(), clean.state()), (State::Closed, State::ForcedOpen));
}

#[test]
fn a_circuit_that_loses_its_place_meanwhile_is_not_said_to_be_restored() {
    type Told = CircuitBreakerSet<String, StdClock, MaxFailures<3>, fn(&String, &Event)>;
    static WHOLE: Mutex<Option<Told>> = Mutex::new(None);
    fn take_out(peer: &String, event: &Event) {
        let restored = matches!(event, Event::Transition(transition) if transition.cause() == Cause::Restored);
        if restored && peer == "disabled" {
            let set = WHOLE.lock().unwrap().clone().unwrap();
            assert!(set.remove(peer));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    saved_to(&path);
    let builder = CircuitBreakerSet::<String>::builder();
    let set: Told = builder.listener(take_out as fn(&String, &Event)).build().unwrap();
    *WHOLE.lock().unwrap() = Some(set.clone());
    // Of the same clock rate, so the file is taken for the set's own.
    let restored = set.restore(&path).unwrap();
    assert_eq!((restored.circuits, restored.kept, restored.no_room, set.len()), (5, 0, 1, 5));
}

#[test]
fn keys_of_every_shape_come_back() {
    #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    enum Peer {
        Address(std::net::SocketAddr),
        Tenant { name: String, shard: u128 },
        Anyone,
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    let peers = [
        Peer::Address("[2001:db8::1]:443".parse().unwrap()),
        Peer::Tenant { name: "naïve\n\u{1f600}\"\\\0".to_owned(), shard: u128::MAX },
        Peer::Anyone,
    ];
    let before: CircuitBreakerSet<Peer> = CircuitBreakerSet::new();
    for peer in &peers {
        before.handle(peer).unwrap().open();
    }
    before.save(&path).unwrap();
    let after: CircuitBreakerSet<Peer> = CircuitBreakerSet::new();
    assert_eq!(after.restore(&path).unwrap().circuits, 3);
    assert!(peers.iter().all(|peer| after.get(peer).is_some_and(|circuit| circuit.state() == State::Open)));
}
