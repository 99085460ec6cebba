//! Panics at every point of the breaker and the set without heap. Nothing there can catch a panic, so no more than one is
//! thrown at a time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use fusebox::{CircuitBreaker, CircuitBreakerSet, Event, Listener, Outcome, State, Together};

use crate::points::{How, Panicked, each_point, point};
use crate::user::{Clock, Judge, Key, ThreeInARow, Told, fails, is_ignored, succeeds};
use crate::watch::in_time;
use crate::world::{LEASE, WAIT, settings};

type Breaker = CircuitBreaker<Clock, ThreeInARow, Told>;
type Set = CircuitBreakerSet<Key, Clock, 3, ThreeInARow, Told>;

struct One {
    breaker: Breaker,
    /// The one next to it, which has failed twice.
    other: Breaker,
}

impl One {
    fn new() -> Self {
        let breaker = || Breaker::with_listener(Clock::default(), settings(WAIT), Told);
        let other = breaker();
        (0..2).for_each(|_| other.report(Outcome::Failure));
        Self { breaker: breaker(), other }
    }

    fn before_a_probe() -> Self {
        let world = Self::new();
        world.breaker.open();
        world.breaker.clock().advance(WAIT);
        world
    }

    fn is_whole(&self, panicked: &Panicked) {
        let Self { breaker, other } = self;
        assert_eq!((other.state(), other.tally().failures), (State::Closed, 2), "a breaker next to it");
        if panicked.any(&["now", "policy"]) {
            breaker.clock().advance(LEASE);
        }
        breaker.automatic();
        if breaker.state() == State::Open {
            breaker.clock().advance(WAIT);
        }
        assert!(breaker.call(|| Ok::<_, ()>(())).is_ok(), "{breaker:?}");
        assert_eq!((breaker.state(), breaker.retry_after()), (State::Closed, None));
    }
}

fn each(name: &'static str, world: fn() -> One, act: fn(&One)) {
    in_time(move |at| each_point(at, name, How::Once, world, act, One::is_whole));
}

#[test]
fn a_breaker() {
    each("breaker: closed", One::new, |world| {
        let _ = world.breaker.call_with(Judge, succeeds);
        let _ = world.breaker.call_with(Judge, is_ignored);
        (0..4).for_each(|_| {
            let _ = world.breaker.call_with(Judge, fails);
        });
    });
    each("breaker: probes", One::before_a_probe, |world| {
        let _ = world.breaker.call_with(Judge, is_ignored);
        let _ = world.breaker.try_acquire();
        let _ = world.breaker.try_acquire().map(fusebox::Permit::failure);
        world.breaker.clock().advance(WAIT);
        let _ = world.breaker.call_with(Judge, succeeds);
    });
    each("breaker: changes by hand", One::new, |world| {
        let wait = std::time::Duration::from_secs(WAIT);
        let breaker = &world.breaker;
        breaker.open();
        breaker.half_open();
        breaker.close();
        let _ = (breaker.open_for(wait), breaker.wait_at_least(wait));
        breaker.reset();
        breaker.observe();
        (0..3).for_each(|_| breaker.report(Outcome::Failure));
        breaker.disable();
        breaker.force_open();
        breaker.automatic();
        breaker.restore(&breaker.snapshot(), wait);
    });
    each("breakers together", One::before_a_probe, |world| {
        let third = Breaker::with_listener(Clock::default(), settings(WAIT), Told);
        let both = Together((&world.breaker, &third));
        let blame = |_: &Result<(), Outcome>| {
            point("classifier");
            (Outcome::Success, Outcome::Failure)
        };
        (0..4).for_each(|_| {
            let _ = both.call_with(blame, fails);
        });
        let _ = both.call(succeeds);
    });
}

struct Table {
    set: std::cell::RefCell<Set>,
    clock: Clock,
}

impl Table {
    /// Full, with one peer that failed and two that may go.
    fn new() -> Self {
        let clock = Clock::default();
        let mut set = Set::with_listener(clock.same(), settings(WAIT), Told);
        for key in 0..3 {
            set.peer(&Key(key)).unwrap();
        }
        (0..2).for_each(|_| set.peer(&Key(0)).unwrap().report(Outcome::Failure));
        Self { set: set.into(), clock }
    }

    fn is_whole(&self, panicked: &Panicked) {
        let set = &mut *self.set.borrow_mut();
        assert_eq!(set.get(&Key(0)).unwrap().tally().failures, 2, "a peer next to it");
        let keys: Vec<u32> = set.iter().map(|peer| peer.key().0).collect();
        assert_eq!(set.len(), keys.len());
        for (place, key) in keys.iter().enumerate() {
            assert!(set.get(&Key(*key)).is_some(), "{key} is listed and not found");
            assert!(!keys[..place].contains(key), "{key} is there twice");
        }
        if panicked.any(&["now", "policy"]) {
            self.clock.advance(LEASE);
        }
        for key in keys {
            let peer = set.get(&Key(key)).unwrap();
            if peer.state() == State::Open {
                self.clock.advance(WAIT);
            }
            assert!(peer.call(|| Ok::<_, ()>(())).is_ok());
            assert_eq!(peer.state(), State::Closed);
            assert!(set.remove(&Key(key)));
        }
        assert!(set.is_empty());
        for key in 10..13 {
            set.peer(&Key(key)).unwrap().force_open();
        }
        assert_eq!((set.len(), set.peer(&Key(13)).is_err()), (3, true));
    }
}

#[test]
fn a_set() {
    let each = |name: &'static str, act: fn(&mut Set)| {
        in_time(move |at| {
            let act = |world: &Table| act(&mut world.set.borrow_mut());
            each_point(at, name, How::Once, Table::new, act, Table::is_whole);
        });
    };
    each("set: calls", |set| {
        for key in [1, 1, 1, 2] {
            let _ = set.peer(&Key(key)).map(|peer| peer.call_with(Judge, fails));
        }
        let _ = set.next_deadline();
    });
    each("set: newcomers", |set| {
        for key in [5, 6, 7] {
            let _ = set.peer(&Key(key)).map(|peer| peer.call_with(Judge, succeeds));
        }
    });
    each("set: tickets", |set| {
        for key in [1, 5, 5, 5, 2] {
            let _ = set.try_acquire(&Key(key)).map(|ticket| set.settle(ticket, Outcome::Failure));
            let _ = set.try_acquire(&Key(key)).map(|ticket| set.abandon(ticket));
        }
        set.remove(&Key(2));
        let _ = set.try_acquire(&Key(8));
    });
}

#[test]
fn a_key_that_panics_when_it_is_dropped() {
    /// Panics when the last of them goes that is to.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Heavy(u32);

    impl Drop for Heavy {
        fn drop(&mut self) {
            point("drop of a key");
        }
    }

    type Heavies = CircuitBreakerSet<Heavy, Clock, 2, ThreeInARow, ()>;
    let world = || {
        let mut set = Heavies::with_settings(Clock::default(), settings(WAIT));
        for key in 0..2 {
            set.peer(&Heavy(key)).unwrap();
        }
        std::cell::RefCell::new(set)
    };
    let act = |set: &std::cell::RefCell<Heavies>| {
        let key = std::mem::ManuallyDrop::new(Heavy(7));
        let _ = set.borrow_mut().peer(&key);
        let _ = set.borrow_mut().remove(&*key);
        let _ = set.borrow_mut().peer(&key);
    };
    in_time(move |at| {
        each_point(at, "set: keys that go", How::Once, world, act, |set, _| {
            let set = &mut *set.borrow_mut();
            let keys: Vec<Heavy> = set.iter().map(|peer| peer.key().clone()).collect();
            assert!(keys.iter().all(|key| set.get(key).is_some()), "{keys:?}: one is listed and not found");
            assert!(keys.iter().all(|key| set.remove(key)) && set.is_empty());
            for key in 20..22 {
                set.peer(&Heavy(key)).unwrap().force_open();
            }
            assert!(set.peer(&Heavy(22)).is_err());
        });
    });
}

/// Catches what panics while something else does, as the documentation of listeners shows it.
struct Caught<L>(L);

impl<K: ?Sized, L: Listener<K>> Listener<K> for Caught<L> {
    fn on_event(&self, peer: &K, event: &Event) {
        let told = catch_unwind(AssertUnwindSafe(|| self.0.on_event(peer, event)));
        if let (Err(panic), false) = (told, std::thread::panicking()) {
            resume_unwind(panic);
        }
    }
}

fn trips_while_it_panics<L: Listener>(listener: L) -> State {
    let breaker = CircuitBreaker::with_listener(Clock::default(), settings(WAIT), listener);
    for _ in 0..3 {
        let call = || -> Result<(), ()> { resume_unwind(Box::new("no answer")) };
        assert!(catch_unwind(AssertUnwindSafe(|| breaker.call(call))).is_err());
    }
    breaker.state()
}

/// What the documentation of listeners says, and the way out that it shows.
#[test]
fn a_listener_that_panics_while_a_call_panics_ends_the_program_unless_it_is_caught() {
    const CHILD: &str = "FUSEBOX_FAULTS_ABORTS";
    const NAME: &str = "core_panics::a_listener_that_panics_while_a_call_panics_ends_the_program_unless_it_is_caught";
    let breaks = |(): &(), _: &Event| resume_unwind(Box::new("told"));
    if std::env::var_os(CHILD).is_some() {
        trips_while_it_panics(breaks);
        return;
    }
    assert_eq!(trips_while_it_panics(Caught(breaks)), State::Open);
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", NAME]).env(CHILD, "1").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("panic in a destructor during cleanup"), "{output:?}");
}
