//! Panics at every point of a set that threads share.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use fusebox::{Outcome, Together};

use crate::points::{How, Panicked, each_point, each_point_both_ways};
use crate::user::{Clock, Judge, Key, fails, is_ignored, succeeds};
use crate::watch::in_time;
use crate::world::{WAIT, World, builder, settings};

fn times<T>(times: usize, act: impl Fn() -> T) {
    for _ in 0..times {
        act();
    }
}

fn each(name: &'static str, world: fn() -> World, act: fn(&World)) {
    each_point_both_ways(name, world, act, World::is_whole);
}

#[test]
fn a_call_of_a_circuit() {
    each("calls of a closed circuit", World::new, |world| {
        let circuit = &world.circuit;
        let _ = circuit.call_with(Judge, succeeds);
        let _ = circuit.call_with(Judge, is_ignored);
        times(4, || circuit.call_with(Judge, fails));
        circuit.call_or(succeeds, |_| ());
    });
    each("a probe that succeeds", World::before_a_probe, |world| times(1, || world.circuit.call_with(Judge, succeeds)));
    each("a probe that fails", World::before_a_probe, |world| times(1, || world.circuit.call_with(Judge, fails)));
    each("a probe that is ignored", World::before_a_probe, |world| {
        times(1, || world.circuit.call_with(Judge, is_ignored));
    });
}

#[test]
fn a_call_by_key() {
    each("calls by key", World::new, |world| {
        let set = &world.set;
        let _ = set.call_with(&Key(1), Judge, succeeds);
        let _ = set.call_with(&Key(1), Judge, is_ignored);
        times(4, || set.call_with(&Key(1), Judge, fails));
        let _ = set.call_with(&Key(2), Judge, fails);
        let _ = set.call_with(&Key(3), Judge, succeeds);
        let _ = set.call_with(&Key(4), Judge, succeeds);
    });
    each("a probe by key", World::before_a_probe, |world| {
        let _ = world.set.call_with(&Key(1), Judge, is_ignored);
        let _ = world.set.call_with(&Key(1), Judge, succeeds);
    });
}

#[test]
fn permits() {
    each("permits", World::before_a_probe, |world| {
        let acquire = || world.circuit.try_acquire();
        drop(acquire());
        let _ = acquire().map(|permit| permit.settle(Outcome::Ignored));
        let _ = acquire().map(|permit| permit.settle(Outcome::Success));
        let held: Vec<_> = (0..4).map(|_| acquire()).collect();
        held.into_iter().flatten().for_each(|permit| permit.settle(Outcome::Failure));
        assert!(acquire().is_err());
    });
    each("two circuits together", World::before_a_probe, |world| {
        let Ok(other) = world.set.handle(&Key(2)) else { return };
        let both = Together((&world.circuit, &other));
        for _ in 0..4 {
            let blame = |_: &Result<(), Outcome>| {
                crate::points::point("classifier");
                (Outcome::Success, Outcome::Failure)
            };
            let _ = both.call_with(blame, fails);
        }
        let _ = both.call(succeeds);
    });
}

#[test]
fn room_for_newcomers() {
    each("a newcomer where there is room", World::new, |world| drop(world.set.handle(&Key(2))));
    let went_are_counted = |world: &World, panicked: &Panicked| {
        let gone = (2..4).filter(|key| world.set.get(&Key(*key)).is_none()).count() as u64;
        assert_eq!(world.set.evicted(), gone, "who went is counted");
        let new = usize::from(world.set.get(&Key(5)).is_some());
        assert_eq!(world.set.len(), 4 - usize::try_from(gone).unwrap() + new);
        world.is_whole(panicked);
    };
    each_point_both_ways(
        "a newcomer for whom another goes",
        World::full,
        |world| drop(world.set.handle(&Key(5))),
        went_are_counted,
    );
    each("a newcomer for whom nobody goes", World::full, |world| {
        (2..4).filter_map(|key| world.set.get(&Key(key))).for_each(|circuit| circuit.force_open());
        assert!(world.set.handle(&Key(5)).is_err());
    });
    each("one that comes back", World::full, |world| {
        let Some(circuit) = world.set.get(&Key(2)) else { return };
        (10..13).for_each(|key| drop(world.set.handle(&Key(key))));
        times(3, || circuit.call_with(Judge, fails));
    });
}

#[test]
fn many_newcomers_and_the_calls_that_follow() {
    // A map that grows moves keys from table to table, and should not get stuck on one of them for ever.
    in_time(|at| {
        let world = || {
            let clock = Clock::default();
            World::with(builder(&clock).capacity(200), clock)
        };
        let act = |world: &World| (2..60).for_each(|key| drop(world.set.handle(&Key(key))));
        each_point(at, "58 newcomers", How::Once, world, act, |world, panicked| {
            (60..120).for_each(|key| drop(world.set.handle(&Key(key)).unwrap()));
            assert!((60..120).all(|key| world.set.get(&Key(key)).is_some()));
            world.is_whole(panicked);
        });
    });
}

#[test]
fn peers_that_leave() {
    each("peers that are removed", World::full, |world| {
        for key in 0..4 {
            world.set.remove(&Key(key));
        }
    });
    let idle = || {
        let clock = Clock::default();
        let set = builder(&clock).idle(std::time::Duration::from_secs(60));
        let world = World::with(set, clock);
        (2..4).for_each(|key| drop(world.set.handle(&Key(key)).unwrap()));
        world.set.evict_idle();
        world.clock.advance(60);
        world
    };
    let went_are_counted = |world: &World, panicked: &Panicked| {
        let gone = (1..4).filter(|key| world.set.get(&Key(*key)).is_none()).count() as u64;
        assert_eq!(world.set.evicted(), gone, "who went is counted");
        world.is_whole(panicked);
    };
    each_point_both_ways("idle peers", idle, |world| times(1, || world.set.evict_idle()), went_are_counted);
}

#[test]
fn settings_and_changes_by_hand() {
    each("new settings", World::before_a_probe, |world| {
        world.set.reload(settings(WAIT));
        let _ = world.set.set_own_settings(&Key(1), Some(settings(WAIT)));
        let _ = world.set.set_own_settings(&Key(2), Some(settings(WAIT)));
        let _ = world.set.set_own_settings(&Key(1), None);
        let _ = world.set.set_own_settings(&Key(2), None);
    });
    each("changes by hand", World::new, |world| {
        let (circuit, wait) = (&world.circuit, std::time::Duration::from_secs(WAIT));
        circuit.open();
        circuit.half_open();
        circuit.close();
        let _ = circuit.open_for(wait);
        let _ = circuit.wait_at_least(wait);
        circuit.reset();
        circuit.observe();
        times(4, || circuit.call_with(Judge, fails));
        circuit.disable();
        circuit.force_open();
        circuit.automatic();
        circuit.close();
        circuit.report(Outcome::Failure);
        circuit.restore(&circuit.snapshot(), wait);
    });
}

#[test]
fn looking_at_circuits() {
    each("looks", World::before_a_probe, |world| {
        let circuit = &world.circuit;
        let _ = (circuit.tally(), circuit.window(), circuit.retry_after(), circuit.state_times());
        let _ = (circuit.explain().to_string(), circuit.records(), circuit.counts(), circuit.transitions());
        world.set.handles().iter().for_each(|circuit| drop(circuit.key().to_string()));
    });
}

#[test]
fn saving() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    World::before_a_probe().set.save(&path).unwrap();
    let old = std::fs::read(&path).unwrap();
    let (saved, before) = (path.clone(), (path.clone(), old.clone()));
    let world = move || {
        std::fs::write(&before.0, &before.1).unwrap();
        World::before_a_probe()
    };
    let act = move |world: &World| drop(world.set.save(&saved));
    each_point_both_ways("saving", world, act, move |world, panicked| {
        assert!(std::fs::read(&path).unwrap() == old, "the old file is there");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "and no other");
        world.is_whole(panicked);
    });
}

#[test]
fn restoring() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    // The peer beside is not among those that are saved.
    let world = World::before_a_probe();
    world.bystander.reset();
    for key in [2, 5] {
        world.set.handle(&Key(key)).unwrap().force_open();
    }
    assert_eq!(world.set.save(&path).unwrap(), 3);
    let act = move |world: &World| drop(world.set.restore(folder.path().join("saved")));
    each_point_both_ways("restoring", World::full, act, World::is_whole);
}

/// What panics while a call panics must not get away: that would end the program.
#[test]
fn all_that_panics_while_a_call_panics() {
    fn breaks() -> Result<(), Outcome> {
        resume_unwind(Box::new("no answer"))
    }
    each("calls that panic", World::before_a_probe, |world| {
        for key in [1, 1, 1, 1, 2, 3, 4] {
            let call = catch_unwind(AssertUnwindSafe(|| world.set.call_with(&Key(key), Judge, breaks)));
            drop(call);
        }
        let held = world.set.handle(&Key(3)).and_then(|circuit| circuit.try_acquire());
        let call = catch_unwind(AssertUnwindSafe(|| {
            let _held = held;
            world.circuit.call_with(Judge, breaks)
        }));
        drop(call);
    });
}
