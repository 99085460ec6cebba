//! Who leaves a full set, and what is not lost by it.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{CountWindow, MaxFailures, Rates};
use fusebox::{Error, Event, Outcome, Settings, State};
use fusebox_std::{Abandoned, CircuitBreakerSet, CircuitBreakerSetBuilder, Handle, Permit};

type Clock = &'static ManualClock<1_000>;
type Set = CircuitBreakerSet<u64, Clock>;

const FAILING: u64 = 7;

fn clock() -> Clock {
    Box::leak(Box::new(ManualClock::new()))
}

fn builder(clock: Clock) -> CircuitBreakerSetBuilder<u64, Clock> {
    let settings = Settings::builder().wait(Duration::from_secs(10)).build().unwrap();
    CircuitBreakerSet::<u64>::builder().clock(clock, settings).abandoned(Abandoned::As(Outcome::Failure))
}

/// A set of two, and a flood of made-up keys.
fn small_set() -> Set {
    builder(clock()).capacity(2).build().unwrap()
}

fn flood(set: &Set) {
    for key in 1_000..1_020 {
        let _ = set.handle(&key);
    }
    assert!(set.len() <= set.capacity());
}

fn state(set: &Set) -> Option<State> {
    set.get(&FAILING).map(|circuit| circuit.state())
}

/// Makes a peer fail that is evicted between each call's begin and its end.
fn fails_in_a_flood(fail: impl Fn(&Set)) -> Set {
    let set = small_set();
    for failures in 1..=4 {
        fail(&set);
        let circuit = set.get(&FAILING).unwrap();
        assert!(circuit.state() == State::Open || circuit.tally().failures == failures, "{circuit:?} {failures}");
        flood(&set);
    }
    assert_eq!(state(&set), Some(State::Open));
    flood(&set);
    assert_eq!(state(&set), Some(State::Open), "it stays");
    set
}

#[test]
fn y23_a_newcomer_that_fails_in_a_flood_is_remembered_when_called_by_its_key() {
    fails_in_a_flood(|set| {
        // It has a circuit already, which the call lets go while it is under way.
        set.handle(&FAILING).unwrap();
        let failed = set.call(&FAILING, || {
            flood(set);
            Err::<(), _>("no answer")
        });
        assert_eq!(failed, Err(Error::Inner("no answer")));
    });
}

#[test]
fn y23_a_newcomer_that_panics_in_a_flood_is_remembered() {
    fails_in_a_flood(|set| {
        set.handle(&FAILING).unwrap();
        let call = || {
            set.call(&FAILING, || -> Result<(), ()> {
                flood(set);
                panic!("as it happens")
            })
        };
        catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    });
}

#[test]
fn y23_a_newcomer_that_fails_in_a_flood_is_remembered_when_called_through_a_handle() {
    fails_in_a_flood(|set| {
        let circuit = set.handle(&FAILING).unwrap();
        flood(set);
        let _ = circuit.call(|| Err::<(), _>("no answer"));
    });
}

#[test]
fn y23_a_newcomer_that_is_abandoned_in_a_flood_is_remembered() {
    fails_in_a_flood(|set| {
        let permit = set.handle(&FAILING).unwrap().try_acquire().unwrap();
        flood(set);
        drop(permit);
    });
}

#[test]
fn y23_who_was_open_before_and_fails_in_a_flood_is_remembered() {
    let clock = clock();
    let set = builder(clock).capacity(2).build().unwrap();
    let circuit = set.handle(&FAILING).unwrap();
    circuit.open();
    clock.advance(Duration::from_secs(10));
    assert_eq!(circuit.call(|| Ok::<_, ()>(())), Ok(()));
    let _ = set.call(&FAILING, || {
        flood(&set);
        Err::<(), _>("no answer")
    });
    let now = set.get(&FAILING).unwrap();
    assert_eq!((now.tally().failures, now.counts().failures), (1, 1));
}

/// Four calls of one peer were let through, and each found another circuit of it, since all were evicted in turn.
#[test]
fn y23_failures_of_several_evicted_circuits_come_together() {
    let set = small_set();
    let permits: Vec<Permit<u64, Clock>> = (0..4)
        .map(|_| {
            let permit = set.handle(&FAILING).unwrap().try_acquire().unwrap();
            flood(&set);
            permit
        })
        .collect();
    for permit in permits {
        assert_ne!(state(&set), Some(State::Open));
        permit.failure();
    }
    assert_eq!(state(&set), Some(State::Open));
}

#[test]
fn a_circuit_that_is_set_by_hand_after_it_was_evicted_comes_back() {
    let set = small_set();
    let circuit = set.handle(&FAILING).unwrap();
    flood(&set);
    assert_eq!(state(&set), None);
    circuit.force_open();
    assert_eq!(state(&set), Some(State::ForcedOpen));
}

#[test]
fn a_circuit_that_was_removed_does_not_come_back_by_itself() {
    let set = small_set();
    let circuit = set.handle(&FAILING).unwrap();
    assert!(set.remove(&FAILING));
    assert!(!set.remove(&FAILING));
    for _ in 0..4 {
        let _ = circuit.call(|| Err::<(), _>("no answer"));
    }
    assert_eq!((circuit.state(), state(&set), set.len()), (State::Open, None, 0));
}

#[test]
fn a_failure_for_which_there_is_no_room_is_told() {
    let full = AtomicU64::new(0);
    let listener = |_: &u64, event: &Event| {
        full.fetch_add(u64::from(*event == Event::TableFull { admitted: false }), Relaxed);
    };
    let set = builder(clock()).capacity(1).listener(listener).build().unwrap();
    let evicted = set.handle(&FAILING).unwrap();
    set.handle(&1).unwrap().force_open();
    assert!(set.get(&FAILING).is_none());
    let _ = evicted.call(|| Err::<(), _>("no answer"));
    assert_eq!((set.len(), set.refused(), full.load(Relaxed)), (1, 1, 1));
}

/// A handle goes on after its set is gone.
#[test]
fn a_handle_outlives_its_set() {
    let set = small_set();
    let circuit: Handle<u64, Clock, MaxFailures<3>> = set.handle(&FAILING).unwrap();
    flood(&set);
    drop(set);
    for _ in 0..4 {
        let _ = circuit.call(|| Err::<(), _>("no answer"));
    }
    assert_eq!(circuit.state(), State::Open);
}

/// Everything that adds and takes out circuits, in a random order, against a list of who must be there.
#[test]
fn whoever_is_removed_or_idle_leaves_and_nobody_else_does() {
    let clock = clock();
    let set = builder(clock).capacity(5_000).idle(Duration::from_secs(60)).build().unwrap();
    let mut there = HashSet::new();
    let mut random = 88_172_645_463_325_252_u64;
    for round in 0..20_000_u64 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let key = random % 3_000;
        if random >> 60 < 5 {
            assert_eq!(set.remove(&key), there.remove(&key), "{key} in round {round}");
        } else {
            set.handle(&key).unwrap();
            there.insert(key);
        }
    }
    let keys = |set: &Set| set.handles().iter().map(|it| *it.key()).collect::<HashSet<_>>();
    assert_eq!(keys(&set), there);
    // Those that are asked for after the first look stay, all others go at the second.
    set.evict_idle();
    clock.advance(Duration::from_secs(60));
    let stay: HashSet<u64> = there.iter().copied().filter(|key| key % 3 == 0).collect();
    for key in &stay {
        set.handle(key).unwrap();
    }
    assert_eq!(set.evict_idle(), there.len() - stay.len());
    assert_eq!(keys(&set), stay);
    for key in &stay {
        assert!(set.remove(key));
    }
    assert!(set.is_empty());
}

#[test]
fn somebody_makes_room_though_all_were_asked_for() {
    let set = small_set();
    for key in [1, 2, 1, 2] {
        set.handle(&key).unwrap();
    }
    assert!(set.handle(&3).is_ok());
    assert_eq!((set.len(), set.evicted(), set.refused()), (2, 1, 0));
}

/// A peer that fails once in five calls, through a handle whose circuit was evicted, while another circuit has its place.
#[test]
fn successes_count_where_failures_do_for_the_circuit_that_has_the_place() {
    let settings: Settings<Clock, CountWindow> =
        Settings::builder().count_window(20, Rates::failures(50).min_calls(10)).build().unwrap();
    let set = CircuitBreakerSet::<u64>::builder().clock(clock(), settings).capacity(2).build().unwrap();
    let evicted = set.handle(&FAILING).unwrap();
    (1_000..1_020).for_each(|key| drop(set.handle(&key)));
    let successor = set.handle(&FAILING).unwrap();
    for call in 0..100 {
        let _ = evicted.call(|| if call % 5 == 0 { Err("no answer") } else { Ok(()) });
    }
    let tally = successor.tally();
    assert_eq!((successor.state(), tally.calls, tally.failures), (State::Closed, 20, 4));
    assert_eq!(evicted.tally(), tally);
}

#[test]
fn a_slow_success_of_an_evicted_circuit_is_remembered_and_a_fast_one_takes_no_place() {
    let clock = clock();
    let rates = Rates::failures(50).slow_calls(50).min_calls(10);
    let settings: Settings<Clock, CountWindow<1, 2>> =
        Settings::builder().count_window(20, rates).slow_call(Duration::from_secs(1)).build().unwrap();
    let set = CircuitBreakerSet::<u64>::builder().clock(clock, settings).capacity(2).build().unwrap();
    let permits = [(), ()].map(|()| set.handle(&FAILING).unwrap().try_acquire().unwrap());
    let [fast, slow] = permits;
    (1_000..1_020).for_each(|key| drop(set.handle(&key)));
    fast.success();
    assert!(set.get(&FAILING).is_none());
    clock.advance(Duration::from_secs(2));
    slow.success();
    assert_eq!(set.get(&FAILING).map(|circuit| circuit.tally().slow), Some(1));
}

#[test]
fn whoever_is_called_through_a_handle_that_was_kept_is_not_idle() {
    let clock = clock();
    let set = builder(clock).idle(Duration::from_secs(60)).build().unwrap();
    let kept = set.handle(&FAILING).unwrap();
    set.handle(&1).unwrap();
    let mut went = Vec::new();
    for _ in 0..3 {
        assert_eq!(kept.call(|| Ok::<_, ()>(7)), Ok(7));
        went.push(set.evict_idle());
        clock.advance(Duration::from_secs(60));
    }
    assert_eq!((went, set.len()), (vec![0, 1, 0], 1));
    clock.advance(Duration::from_secs(60));
    assert_eq!((set.evict_idle(), set.len()), (1, 0), "a handle that nobody uses keeps nothing in the set");
    assert_eq!(kept.call(|| Ok::<_, ()>(7)), Ok(7));
}
