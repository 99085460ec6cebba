//! Threads and listeners that do to a set all that can be done, at once.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, OnceLock};
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::MaxFailures;
use fusebox::{Event, Listener, Outcome, Settings, State};
use fusebox_std::{Abandoned, CircuitBreakerSet, CircuitBreakerSetBuilder, Handle, Permit};

type Clock = &'static ManualClock<1_000>;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn settings(wait: u64) -> Settings<Clock> {
    Settings::builder().wait(secs(wait)).build().unwrap()
}

fn builder() -> (CircuitBreakerSetBuilder<u64, Clock>, Clock) {
    let clock: Clock = Box::leak(Box::new(ManualClock::new()));
    let builder = CircuitBreakerSet::<u64>::builder().clock(clock, settings(10)).idle(secs(60));
    (builder.abandoned(Abandoned::As(Outcome::Failure)), clock)
}

fn fail<L: Listener<u64>>(circuit: &Handle<u64, Clock, MaxFailures<3>, L>) {
    let _ = circuit.call(|| Err::<(), _>("no answer"));
}

/// What does not end within a minute hangs.
fn in_time(test: impl FnOnce() + Send + 'static) {
    let (done, is_done) = channel();
    let test = std::thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    let ended = is_done.recv_timeout(secs(60));
    assert!(ended.is_ok() || test.is_finished(), "it hangs");
    test.join().unwrap();
}

/// Does everything that can be done with the set that tells it, whatever it is told of.
#[derive(Default)]
struct Meddler {
    set: OnceLock<Whole>,
    told: AtomicU64,
}

type Whole = CircuitBreakerSet<u64, Clock, MaxFailures<3>, Meddling>;

#[derive(Clone, Default)]
struct Meddling(Arc<Meddler>);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

impl Listener<u64> for Meddling {
    fn on_event(&self, peer: &u64, _: &Event) {
        let Some(set) = self.0.set.get() else { return };
        self.0.told.fetch_add(1, SeqCst);
        if INSIDE.replace(true) {
            return;
        }
        let others = [*peer, peer + 1, 99];
        for other in others {
            if let Ok(circuit) = set.handle(&other) {
                fail(&circuit);
                let _ = (circuit.records(), circuit.state_times(), circuit.explain(), circuit.counts());
                circuit.open();
                circuit.reset();
            }
            let _ = set.call(&other, || Ok::<_, ()>(()));
            let _ = set.set_own_settings(&other, Some(settings(3)));
            let _ = set.set_own_settings(&other, None);
        }
        set.reload(settings(5));
        set.evict_idle();
        set.remove(&99);
        let _ = (set.handles().len(), set.len());
        INSIDE.set(false);
    }
}

#[test]
fn x19_a_listener_may_do_all_that_can_be_done_with_a_set_from_every_event() {
    in_time(|| {
        let meddling = Meddling::default();
        let (builder, clock) = builder();
        let set = builder.capacity(4).listener(meddling.clone()).build().unwrap();
        assert!(meddling.0.set.set(set.clone()).is_ok());
        std::thread::scope(|scope| {
            for thread in 0..2_u64 {
                let set = &set;
                scope.spawn(move || {
                    for round in 0..200 {
                        let key = (round * 7 + thread) % 9;
                        if let Ok(circuit) = set.handle(&key) {
                            drop(circuit.try_acquire());
                            circuit.force_open();
                            circuit.automatic();
                            circuit.close();
                        }
                        for _ in 0..4 {
                            let _ = set.call(&key, || Err::<(), _>("no answer"));
                        }
                        clock.advance(secs(61));
                        set.evict_idle();
                    }
                });
            }
        });
        assert!(meddling.0.told.load(SeqCst) > 1_000);
        places_are_all_there(&set, 4);
    });
}

/// Whether whoever has a place is found, and whoever is found has a place: then all can be removed, and as many others
/// come as there is room for, without any of them going.
fn places_are_all_there<L: Listener<u64>>(set: &CircuitBreakerSet<u64, Clock, MaxFailures<3>, L>, capacity: usize) {
    for circuit in set.handles() {
        set.remove(circuit.key());
    }
    assert!(set.is_empty());
    // The listener is to leave these alone.
    INSIDE.set(true);
    let evicted = set.evicted();
    let newcomers: HashSet<u64> = (1_000..).take(capacity).collect();
    for key in &newcomers {
        set.handle(key).unwrap();
    }
    let there: HashSet<u64> = set.handles().iter().map(|circuit| *circuit.key()).collect();
    assert_eq!((there, set.evicted()), (newcomers, evicted));
    INSIDE.set(false);
}

#[test]
fn y23_a_set_that_all_threads_change_at_once_keeps_its_bound_and_its_places() {
    const CAPACITY: usize = 16;
    in_time(|| {
        let (builder, clock) = builder();
        let set = builder.capacity(CAPACITY).build().unwrap();
        let start = Barrier::new(4);
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let (set, start) = (&set, &start);
                scope.spawn(move || {
                    start.wait();
                    let mut random = 88_172_645_463_325_252_u64 + thread;
                    let mut kept = Vec::new();
                    for round in 0..20_000 {
                        random ^= random << 13;
                        random ^= random >> 7;
                        random ^= random << 17;
                        let key = random % 40;
                        match random >> 59 {
                            0..16 => {
                                let _ = set.call(&key, || if random & 64 == 0 { Err(()) } else { Ok(()) });
                            }
                            16..20 => kept.extend(set.handle(&key).ok().and_then(|circuit| circuit.try_acquire().ok())),
                            20..24 => kept.drain(..).for_each(Permit::failure),
                            24 => kept.clear(),
                            25 => set.get(&key).iter().for_each(Handle::force_open),
                            26 | 27 => set.get(&key).iter().for_each(Handle::reset),
                            28 => assert!(!set.remove(&key) || set.len() <= CAPACITY),
                            29 => {
                                let _ = set.set_own_settings(&key, (round % 2 == 0).then(|| settings(7)));
                            }
                            30 => assert!(set.evict_idle() <= CAPACITY),
                            _ => set.reload(settings(random % 9)),
                        }
                        clock.advance(Duration::from_millis(10));
                        assert!(set.len() <= CAPACITY + 4, "{} circuits", set.len());
                    }
                });
            }
        });
        assert!(set.len() <= CAPACITY);
        places_are_all_there(&set, CAPACITY);
    });
}

#[test]
fn x07_y08_a_straggler_that_was_called_by_its_key_changes_nothing() {
    let (builder, clock) = builder();
    let set = builder.build().unwrap();
    let circuit = set.handle(&7).unwrap();
    let _ = set.call(&7, || {
        circuit.open();
        clock.advance(secs(10));
        assert_eq!(circuit.call(|| Ok::<_, ()>(())), Ok(()));
        Err::<(), _>("no answer")
    });
    assert_eq!((circuit.state(), circuit.tally().failures, circuit.counts().failures), (State::Closed, 0, 1));
    let _ = set.call(&7, || {
        circuit.open();
        clock.advance(secs(10));
        let probe = circuit.try_acquire().unwrap();
        assert!(set.run(&7, |()| Outcome::Success, || ()).is_err(), "the only probe is under way");
        std::mem::forget(probe);
        Ok::<_, ()>(())
    });
    assert_eq!(circuit.state(), State::HalfOpen);
}

#[test]
fn x05_x06_of_threads_that_race_when_the_wait_is_over_one_makes_the_probe() {
    let (builder, clock) = builder();
    let set = builder.build().unwrap();
    set.handle(&7).unwrap().open();
    for round in 1..=100 {
        clock.advance(secs(10));
        let (start, probes) = (Barrier::new(4), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (set, start, probes) = (&set, &start, &probes);
                scope.spawn(move || {
                    start.wait();
                    let probe = || {
                        probes.fetch_add(1, SeqCst);
                        Err::<(), _>("no answer")
                    };
                    // By its key and through a handle.
                    if thread % 2 == 0 {
                        let _ = set.call(&7, probe);
                    } else {
                        let _ = set.handle(&7).unwrap().call(probe);
                    }
                });
            }
        });
        let circuit = set.get(&7).unwrap();
        assert_eq!((probes.load(SeqCst), circuit.state()), (1, State::Open));
        let counts = circuit.counts();
        assert_eq!((counts.failures, counts.rejected()), (round, round * 3));
        let times: Duration = circuit.state_times().iter().map(|(_, time)| time).sum();
        assert_eq!(times, secs(10 * round));
    }
}
