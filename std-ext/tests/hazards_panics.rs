//! Listeners and keys that panic, and what a set is then.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::MaxFailures;
use fusebox::{Event, Listener, Settings, State};
use fusebox_std::{CircuitBreakerSet, CircuitBreakerSetBuilder, Handle};

type Clock = &'static ManualClock<1_000>;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn builder<K: Clone + Eq + Hash>() -> (CircuitBreakerSetBuilder<K, Clock>, Clock) {
    let clock: Clock = Box::leak(Box::new(ManualClock::new()));
    let settings = Settings::builder().wait(secs(10)).build().unwrap();
    (CircuitBreakerSet::<K>::builder().clock(clock, settings).idle(secs(60)), clock)
}

fn fail<L: Listener<u64>>(circuit: &Handle<u64, Clock, MaxFailures<3>, L>) {
    let _ = circuit.call(|| Err::<(), _>("no answer"));
}

/// Told of anything while it is armed, it breaks.
fn broken_listener(armed: &AtomicBool) -> impl Fn(&u64, &Event) + '_ {
    |_, event| assert!(!armed.load(SeqCst), "told of {event:?}")
}

#[test]
fn x20_a_listener_that_panics_at_any_event_leaves_a_set_as_it_should_be() {
    let armed = AtomicBool::new(false);
    let (builder, clock) = builder::<u64>();
    let set = builder.capacity(3).listener(broken_listener(&armed)).build().unwrap();
    let breaks = |act: &dyn Fn()| {
        armed.store(true, SeqCst);
        assert!(catch_unwind(AssertUnwindSafe(act)).is_err(), "nothing was told");
        armed.store(false, SeqCst);
    };
    // A newcomer for whom another goes.
    (0..3).for_each(|key| drop(set.handle(&key)));
    breaks(&|| drop(set.handle(&3)));
    assert!(set.get(&3).is_some());
    assert_eq!((set.len(), set.evicted()), (3, 1));
    // One that comes back, for which another goes.
    let evicted = (0..3).find(|key| set.get(key).is_none()).unwrap();
    let circuit = set.handle(&evicted).unwrap();
    for key in 4..10 {
        drop(set.handle(&key));
    }
    assert!(set.get(&evicted).is_none());
    breaks(&|| fail(&circuit));
    assert_eq!(set.get(&evicted).map(|circuit| circuit.tally().failures), Some(1));
    assert_eq!((set.len(), circuit.counts().failures), (3, 1));
    // A trip, and the probe that follows.
    (0..2).for_each(|_| fail(&circuit));
    breaks(&|| fail(&circuit));
    assert_eq!((circuit.state(), circuit.records().len()), (State::Open, 1));
    clock.advance(secs(10));
    breaks(&|| assert!(circuit.call(|| Ok::<_, ()>(())).is_ok()));
    assert_eq!((circuit.state(), circuit.counts().failures), (State::HalfOpen, 4));
    breaks(&|| assert!(circuit.call(|| Ok::<_, ()>(())).is_ok()));
    assert_eq!((circuit.state(), circuit.records().len()), (State::Closed, 3));
    // Nobody can go.
    set.handles().iter().for_each(Handle::force_open);
    breaks(&|| drop(set.handle(&77)));
    assert_eq!((set.len(), set.refused()), (3, 1));
    set.handles().iter().for_each(Handle::reset);
    // Many at once.
    set.evict_idle();
    clock.advance(secs(60));
    let before = set.evicted();
    breaks(&|| assert!(set.evict_idle() > 0));
    assert_eq!((set.len(), set.evicted() - before), (0, 3));
    let evicted = set.evicted();
    assert!((100..103).all(|key| set.handle(&key).is_ok()));
    assert_eq!((set.len(), set.evicted()), (3, evicted));
}

/// A key that panics when it is hashed for the last time that is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fragile(u64);

thread_local! {
    static HASHES: Cell<u32> = const { Cell::new(u32::MAX) };
}

impl Hash for Fragile {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let left = HASHES.get();
        assert!(left > 0, "as it happens");
        HASHES.set(left - 1);
        self.0.hash(hasher);
    }
}

#[test]
fn x20_a_key_that_panics_whenever_it_is_hashed_leaves_a_set_as_it_should_be() {
    let (builder, _) = builder::<Fragile>();
    let set = builder.capacity(2).build().unwrap();
    set.handle(&Fragile(1)).unwrap().open();
    for hashes in 0..20 {
        HASHES.set(hashes);
        let made = catch_unwind(AssertUnwindSafe(|| drop(set.handle(&Fragile(2)))));
        HASHES.set(u32::MAX);
        let there: Vec<u64> = set.handles().iter().map(|circuit| circuit.key().0).collect();
        assert_eq!((set.len(), set.evicted(), there.len()), (1 + usize::from(made.is_ok()), 0, set.len()), "{hashes}");
        if made.is_ok() {
            set.handle(&Fragile(2)).unwrap().open();
            assert!(hashes > 2 && set.handle(&Fragile(3)).is_err());
            return;
        }
    }
    panic!("it was never made");
}

/// Two panics at once end a program, so the second one must not get away.
#[test]
fn x20_a_listener_that_panics_while_a_call_panics_does_not_end_the_program() {
    let armed = AtomicBool::new(true);
    let (builder, _) = builder::<u64>();
    let set = builder.capacity(1).listener(broken_listener(&armed)).build().unwrap();
    let circuit = set.handle(&7).unwrap();
    for _ in 0..4 {
        assert!(catch_unwind(AssertUnwindSafe(|| circuit.call(|| -> Result<(), ()> { panic!("no answer") }))).is_err());
    }
    assert_eq!((circuit.state(), circuit.counts().failures), (State::Open, 4));
    // Nor is there room for one that comes back.
    set.remove(&7);
    armed.store(false, SeqCst);
    let evicted = set.handle(&8).unwrap();
    set.handle(&9).unwrap().open();
    armed.store(true, SeqCst);
    assert!(catch_unwind(AssertUnwindSafe(|| evicted.call(|| -> Result<(), ()> { panic!("no answer") }))).is_err());
    assert_eq!((evicted.counts().failures, set.refused()), (1, 1));
}
