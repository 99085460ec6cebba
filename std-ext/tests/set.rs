//! A set of circuits: who has one, who makes room, what new settings change.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::{Error, Event, RejectReason, Settings, State, WhenFull};
use fusebox_std::{CircuitBreakerSet, CircuitBreakerSetBuilder, Handle, SetError};

type Clock = &'static ManualClock<1_000>;
type Set<K, L = ()> = CircuitBreakerSet<K, Clock, fusebox::policy::MaxFailures<3>, L>;

fn settings(wait: u64) -> Settings<Clock> {
    Settings::builder().wait(secs(wait)).backoff_cap(secs(600)).build().unwrap()
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn clock() -> Clock {
    Box::leak(Box::new(ManualClock::new()))
}

fn builder<K: Clone + Eq + std::hash::Hash>(clock: Clock) -> CircuitBreakerSetBuilder<K, Clock> {
    CircuitBreakerSet::<K>::builder().clock(clock, settings(10))
}

fn fail<K, L: fusebox::Listener<K>>(circuit: &Handle<K, Clock, fusebox::policy::MaxFailures<3>, L>) {
    let _ = circuit.call(|| Err::<(), _>("no answer"));
}

fn trip<K, L: fusebox::Listener<K>>(circuit: &Handle<K, Clock, fusebox::policy::MaxFailures<3>, L>) {
    (0..4).for_each(|_| fail(circuit));
    assert_eq!(circuit.state(), State::Open);
}

#[test]
fn no_room_at_all_is_refused() {
    let error = builder::<u32>(clock()).capacity(0).build().unwrap_err();
    assert_eq!((error, error.to_string().as_str()), (SetError::Capacity, "capacity must be 1 or more"));
}

#[test]
fn y23_made_up_keys_do_not_push_out_who_is_failing() {
    let set: Set<u64> = builder(clock()).capacity(1_000).build().unwrap();
    for key in 0..100 {
        match key % 3 {
            0 => trip(&set.handle(&key).unwrap()),
            1 => fail(&set.handle(&key).unwrap()),
            _ => set.handle(&key).unwrap().force_open(),
        }
    }
    let mut random = 88_172_645_463_325_252_u64;
    for _ in 0..1_000_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let _ = set.call(&(random | 1 << 63), || Ok::<_, ()>(()));
    }
    assert!(set.len() <= 1_000, "{} circuits", set.len());
    let there: HashSet<u64> = set.handles().iter().map(|circuit| *circuit.key()).collect();
    assert!((0..100).all(|key| there.contains(&key)), "a failing peer was pushed out");
    assert!(set.evicted() > 40_000);
}

#[test]
fn a_set_that_is_full_of_failing_peers_says_so() {
    for (when_full, admitted) in [(WhenFull::Refuse, false), (WhenFull::AdmitUntracked, true)] {
        let told = AtomicU64::new(0);
        let listener = |peer: &u32, event: &Event| {
            // Of the peer without room nothing is told but that.
            assert!(*peer != 9 || matches!(event, Event::TableFull { .. }) || !admitted, "{event:?}");
            told.fetch_add(u64::from(*peer == 9 && *event == Event::TableFull { admitted }), Relaxed);
        };
        let set = builder::<u32>(clock()).capacity(2).when_full(when_full).listener(listener).build().unwrap();
        set.handle(&1).unwrap().open();
        set.handle(&2).unwrap().open();
        let result = set.call(&9, || Ok::<_, ()>(7));
        match result {
            Ok(7) => assert!(admitted),
            Err(Error::Rejected(rejected)) => assert!(!admitted && rejected.reason() == RejectReason::TableFull),
            other => panic!("{other:?}"),
        }
        assert_eq!((set.len(), set.refused(), told.load(Relaxed)), (2, 1, 1));
        assert_eq!(set.handle(&9).map(|untracked| untracked.state()).ok(), admitted.then_some(State::Disabled));
        // A peer that recovered makes room again.
        set.handle(&1).unwrap().reset();
        (0..3).for_each(|_| drop(set.handle(&9)));
        assert!(set.get(&9).is_some() && set.get(&1).is_none());
    }
}

#[test]
fn who_was_asked_for_stays_and_a_handle_outlives_its_place() {
    let sent_away = AtomicU64::new(0);
    let listener = |peer: &u32, event: &Event| {
        sent_away.fetch_add(u64::from(*peer == 1_000 && *event == Event::Evicted), Relaxed);
    };
    let set = builder(clock()).capacity(3).listener(listener).build().unwrap();
    let old = set.handle(&0).unwrap();
    for newcomer in 1..50 {
        set.handle(&1_000).unwrap();
        set.handle(&newcomer).unwrap();
    }
    assert_eq!(sent_away.load(Relaxed), 0, "it was asked for all the time");
    assert!(set.get(&0).is_none());
    assert_eq!(old.call(|| Ok::<_, ()>(7)), Ok(7));
    assert!(set.get(&0).is_none(), "nothing was learned");
    trip(&old);
    assert_eq!(old.call(|| Ok::<_, ()>(())).map_err(|error| error.retry_after().is_some()), Err(true));
}

#[test]
fn threads_that_ask_for_a_new_peer_share_its_circuit() {
    let set: Set<u32> = builder(clock()).build().unwrap();
    for peer in 0..200 {
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    start.wait();
                    fail(&set.handle(&peer).unwrap());
                });
            }
        });
        assert_eq!(set.get(&peer).map(|circuit| circuit.state()), Some(State::Open), "peer {peer}");
    }
    assert_eq!(set.len(), 200);
}

#[test]
fn idle_peers_go_and_failing_ones_stay() {
    let clock = clock();
    let set: Set<u32> = builder(clock).idle(secs(60)).build().unwrap();
    (0..4).for_each(|key| drop(set.handle(&key)));
    set.get(&3).unwrap().open();
    assert_eq!(set.evict_idle(), 0);
    clock.advance(secs(30));
    set.handle(&1).unwrap();
    assert_eq!(set.evict_idle(), 0);
    clock.advance(secs(31));
    assert_eq!(set.evict_idle(), 2);
    assert!(set.get(&1).is_some() && set.get(&3).is_some() && set.len() == 2);
    assert!(set.remove(&1) && !set.remove(&1));
}

#[test]
fn x24_new_settings_keep_state_failed_probes_and_deadline() {
    let clock = clock();
    let set: Set<u32> = builder(clock).build().unwrap();
    let (open, closed, own) = (set.handle(&1).unwrap(), set.handle(&2).unwrap(), set.handle(&3).unwrap());
    trip(&open);
    clock.advance(secs(10));
    fail(&open);
    assert_eq!(open.retry_after(), Some(secs(20)));
    fail(&closed);
    set.set_own_settings(&3, Some(settings(77))).unwrap();

    set.reload(settings(3));
    assert_eq!((open.state(), open.retry_after()), (State::Open, Some(secs(20))));
    assert_eq!(closed.tally().failures, 1);
    (0..3).for_each(|_| fail(&closed));
    assert_eq!(closed.retry_after(), Some(secs(3)));
    trip(&own);
    assert_eq!(own.retry_after(), Some(secs(77)));

    // Once it closed it goes by the new ones.
    clock.advance(secs(20));
    assert_eq!(open.call(|| Ok::<_, ()>(())), Ok(()));
    trip(&open);
    assert_eq!(open.retry_after(), Some(secs(3)));
    set.set_own_settings(&3, None).unwrap();
    own.reset();
    trip(&own);
    assert_eq!(own.retry_after(), Some(secs(3)));
    assert_eq!(set.handle(&4).map(|fresh| (trip(&fresh), fresh.retry_after()).1), Ok(Some(secs(3))));
}

fn trip_observed(circuit: &Handle<u32, Clock>) {
    (0..4).for_each(|_| fail(circuit));
    assert_eq!(circuit.state(), State::Observe);
}

#[test]
fn the_time_in_each_state_adds_up() {
    let clock = clock();
    let set: Set<u32> = builder(clock).build().unwrap();
    let circuit = set.handle(&1).unwrap();
    clock.advance(secs(5));
    trip(&circuit);
    clock.advance(secs(12));
    let probe = circuit.try_acquire().unwrap();
    clock.advance(secs(2));
    assert_eq!(circuit.state_times().get(State::HalfOpen), secs(2));
    probe.success();
    clock.advance(secs(1));
    let times = circuit.state_times();
    assert_eq!([State::Closed, State::Open, State::HalfOpen].map(|state| times.get(state)), [6, 12, 2].map(secs));
    assert_eq!(times.iter().map(|(_, time)| time).sum::<Duration>(), secs(20));
    assert_eq!(circuit.records().len(), 3);
    assert_eq!(circuit.explain().to_string(), "closed, since probes succeeded");

    // What is simulated meanwhile is no state of its own.
    circuit.observe();
    trip_observed(&circuit);
    clock.advance(secs(3));
    assert_eq!(
        (circuit.state_times().get(State::Observe), circuit.state_times().get(State::Open)),
        (secs(3), secs(12))
    );
}

#[test]
fn a_listener_may_use_the_set_that_calls_it() {
    type Told = Set<u32, fn(&u32, &Event)>;
    static WHOLE: Mutex<Option<Told>> = Mutex::new(None);
    static SEEN: AtomicU64 = AtomicU64::new(0);
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "so it is told")]
    fn look(peer: &u32, _: &Event) {
        let set = WHOLE.lock().unwrap().clone().unwrap();
        let circuit = set.handle(peer).unwrap();
        SEEN.fetch_add(circuit.records().len() as u64 + u64::from(circuit.state() == State::Open), Relaxed);
    }
    let set = builder(clock()).listener(look as fn(&u32, &Event)).build().unwrap();
    *WHOLE.lock().unwrap() = Some(set.clone());
    trip(&set.handle(&1).unwrap());
    assert_eq!(SEEN.load(Relaxed), 2);
}
