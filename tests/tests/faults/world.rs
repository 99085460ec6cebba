//! A set of `fusebox-std` with peers in several states, and what has to hold of it whatever happened.

use fusebox::{Settings, State};
use fusebox_std::{Abandoned, CircuitBreakerSet, CircuitBreakerSetBuilder, Counts, Handle};

use crate::points::Panicked;
use crate::user::{Clock, Key, ThreeInARow, Told};

pub(crate) type Set = CircuitBreakerSet<Key, Clock, ThreeInARow, Told>;
pub(crate) type Circuit = Handle<Key, Clock, ThreeInARow, Told>;

pub(crate) const WAIT: u64 = 10;
pub(crate) const LEASE: u64 = 30;
/// The peer that has nothing to do with it. It has failed twice, and has a third failure to go.
const BYSTANDER: u32 = 1_000_000;

pub(crate) struct World {
    pub(crate) set: Set,
    pub(crate) clock: Clock,
    /// The circuit that is called. Its key is 1.
    pub(crate) circuit: Circuit,
    pub(crate) bystander: Circuit,
}

pub(crate) fn settings(wait: u64) -> Settings<Clock, ThreeInARow> {
    let secs = std::time::Duration::from_secs;
    Settings::builder().wait(secs(wait)).lease(secs(LEASE)).trip(ThreeInARow).build().unwrap()
}

pub(crate) fn builder(clock: &Clock) -> CircuitBreakerSetBuilder<Key, Clock, ThreeInARow, Told> {
    let set = CircuitBreakerSet::<Key>::builder().clock(clock.same(), settings(WAIT)).listener(Told);
    set.counts(Counts::All).abandoned(Abandoned::As(fusebox::Outcome::Ignored)).capacity(4)
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Clock::default();
        Self::with(builder(&clock), clock)
    }

    pub(crate) fn with(set: CircuitBreakerSetBuilder<Key, Clock, ThreeInARow, Told>, clock: Clock) -> Self {
        let set = set.build().unwrap();
        let bystander = set.handle(&Key(BYSTANDER)).unwrap();
        (0..2).for_each(|_| fail(&bystander));
        let circuit = set.handle(&Key(1)).unwrap();
        Self { set, clock, circuit, bystander }
    }

    /// With a circuit that is open, and would let a probe through.
    pub(crate) fn before_a_probe() -> Self {
        let world = Self::new();
        (0..3).for_each(|_| fail(&world.circuit));
        assert_eq!(world.circuit.state(), State::Open);
        world.clock.advance(WAIT);
        world
    }

    /// With no more room, but for who makes room: two peers that learned nothing.
    pub(crate) fn full() -> Self {
        let world = Self::new();
        fail(&world.circuit);
        (2..4).for_each(|key| drop(world.set.handle(&Key(key)).unwrap()));
        assert_eq!(world.set.len(), world.set.capacity());
        world
    }

    /// What holds whatever panicked.
    pub(crate) fn is_whole(&self, panicked: &Panicked) {
        let Self { set, clock, circuit, bystander } = self;
        assert_eq!((bystander.state(), bystander.tally().failures), (State::Closed, 2), "a peer next to it");
        let counts = bystander.counts();
        assert_eq!((counts.failures, counts.successes, counts.rejected()), (2, 0, 0), "a peer next to it");
        let handles = set.handles();
        assert_eq!(set.len(), handles.len());
        for handle in &handles {
            let found = set.get(handle.key()).unwrap_or_else(|| panic!("{} is listed and not found", handle.key()));
            assert_eq!(found.incarnation(), handle.incarnation());
        }
        // A clock or policy that panics while a result is taken in takes that result with it: its slot is free when its
        // lease is over. All others are free at once.
        if panicked.any(&["now", "policy"]) {
            clock.advance(LEASE);
        }
        for handle in handles.iter().chain([circuit]).filter(|handle| handle.key().0 != BYSTANDER) {
            closes(handle, clock);
        }
        let _ = format!("{:?} {set:?}", circuit.explain());
        // The seats of all who leave are free for others.
        for handle in set.handles() {
            assert!(set.remove(handle.key()));
        }
        assert_eq!((set.len(), set.handles().len()), (0, 0));
        let capacity = u32::try_from(set.capacity()).unwrap();
        for key in 0..capacity {
            set.handle(&Key(10_000 + key)).unwrap_or_else(|_| panic!("{key} of {capacity} have a seat")).force_open();
        }
        assert_eq!(set.len(), set.capacity());
        assert!(set.handle(&Key(20_000)).is_err(), "more seats than there were");
        set.handles().iter().for_each(Handle::reset);
        assert!(set.handle(&Key(20_000)).is_ok(), "nobody makes room");
    }
}

pub(crate) fn fail(circuit: &Circuit) {
    let _ = circuit.call(|| Err::<(), _>("no answer"));
}

/// A circuit lets a call through, at the latest after its wait, and closes.
fn closes(circuit: &Circuit, clock: &Clock) {
    circuit.automatic();
    if circuit.state() == State::Open {
        clock.advance(WAIT);
    }
    let state = circuit.state();
    let call = circuit.call(|| Ok::<_, ()>(()));
    assert!(call.is_ok(), "{} was {state} and rejects: {call:?}", circuit.key());
    assert_eq!(circuit.state(), State::Closed, "{} was {state}", circuit.key());
    assert_eq!(circuit.retry_after(), None);
}
