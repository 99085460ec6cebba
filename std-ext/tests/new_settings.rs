//! New settings at run time reach every circuit of a set, whatever becomes of its place meanwhile.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::Rates;
use fusebox::{Clock, Instant, Settings, State, WhenFull};
use fusebox_std::{CircuitBreakerSet, Uptime};

const KEPT: u64 = 7;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn settings<C: Clock>(wait: u64) -> Settings<C> {
    Settings::builder().wait(secs(wait)).build().unwrap()
}

type Set = CircuitBreakerSet<u64, &'static ManualClock<1_000>>;

fn small_set(when_full: WhenFull) -> (Set, &'static ManualClock<1_000>) {
    let clock: &'static ManualClock<1_000> = Box::leak(Box::new(ManualClock::new()));
    let set = CircuitBreakerSet::<u64>::builder().clock(clock, settings(10)).capacity(2).when_full(when_full);
    (set.idle(secs(60)).build().unwrap(), clock)
}

fn flood(set: &Set) {
    (1_000..1_020).for_each(|key| drop(set.handle(&key)));
    assert!(set.len() <= set.capacity());
}

#[test]
fn x24_a_circuit_that_comes_back_goes_by_the_new_settings() {
    let (set, _) = small_set(WhenFull::Refuse);
    let circuit = set.handle(&KEPT).unwrap();
    flood(&set);
    assert!(set.get(&KEPT).is_none());
    set.reload(settings(3));
    for _ in 0..4 {
        let _ = circuit.call(|| Err::<(), _>("no answer"));
    }
    assert!(set.get(&KEPT).is_some());
    assert_eq!((circuit.state(), circuit.retry_after()), (State::Open, Some(secs(3))));
}

#[test]
fn x24_settings_of_ones_own_are_not_lost_in_a_flood_or_by_being_idle() {
    let (set, clock) = small_set(WhenFull::Refuse);
    set.set_own_settings(&KEPT, Some(settings(77))).unwrap();
    flood(&set);
    set.evict_idle();
    clock.advance(secs(61));
    set.evict_idle();
    set.handle(&KEPT).unwrap().open();
    assert_eq!(set.get(&KEPT).and_then(|circuit| circuit.retry_after()), Some(secs(77)));

    // With the set's settings again it leaves like all others.
    set.handle(&KEPT).unwrap().reset();
    set.set_own_settings(&KEPT, None).unwrap();
    set.handle(&KEPT).unwrap().open();
    assert_eq!(set.get(&KEPT).and_then(|circuit| circuit.retry_after()), Some(secs(10)));
    set.handle(&KEPT).unwrap().reset();
    flood(&set);
    assert!(set.get(&KEPT).is_none());
}

#[test]
fn settings_for_a_peer_without_room_are_refused_and_not_forgotten() {
    for when_full in [WhenFull::Refuse, WhenFull::AdmitUntracked] {
        let (set, _) = small_set(when_full);
        set.set_own_settings(&1, Some(settings(20))).unwrap();
        set.set_own_settings(&2, Some(settings(20))).unwrap();
        assert!(set.set_own_settings(&KEPT, Some(settings(77))).is_err(), "{when_full:?}");
        set.set_own_settings(&1, None).unwrap();
        flood(&set);
        set.set_own_settings(&KEPT, Some(settings(77))).unwrap();
    }
}

#[test]
fn x24_a_half_open_circuit_keeps_its_lease() {
    let (set, clock) = small_set(WhenFull::Refuse);
    let circuit = set.handle(&KEPT).unwrap();
    circuit.open();
    clock.advance(secs(10));
    let probe = circuit.try_acquire().unwrap();
    set.reload(Settings::builder().wait(secs(3)).lease(secs(5)).build().unwrap());
    assert_eq!((circuit.state(), circuit.retry_after()), (State::HalfOpen, Some(secs(60))));
    probe.success();
    circuit.open();
    assert_eq!(circuit.retry_after(), Some(secs(3)));
}

/// A clock that tells when it is read while a circuit is made, and lets others go first.
#[derive(Clone)]
struct Telling(Arc<(AtomicBool, Sender<()>, Mutex<Receiver<()>>)>);

impl Clock for Telling {
    const HZ: u32 = 1_000;
    fn now(&self) -> Instant {
        Instant::from_ticks(0)
    }
}

impl Uptime for Telling {
    fn uptime(&self) -> Duration {
        let (armed, making, go_on) = &*self.0;
        if armed.swap(false, SeqCst) {
            making.send(()).unwrap();
            // Who changes the settings may have to wait until the circuit is there: then nobody says to go on.
            let _ = go_on.lock().unwrap().recv_timeout(Duration::from_millis(200));
        }
        Duration::ZERO
    }
}

#[test]
fn x24_a_circuit_that_is_made_meanwhile_goes_by_the_new_settings() {
    let ((making, is_made), (reloaded, go_on)) = (channel(), channel());
    let clock = Telling(Arc::new((AtomicBool::new(false), making, Mutex::new(go_on))));
    let set = CircuitBreakerSet::<u64>::builder().clock(clock.clone(), settings(10)).build().unwrap();
    clock.0.0.store(true, SeqCst);
    let circuit = std::thread::scope(|scope| {
        let circuit = scope.spawn(|| set.handle(&KEPT).unwrap());
        is_made.recv_timeout(secs(60)).unwrap();
        set.reload(settings(3));
        let _ = reloaded.send(());
        circuit.join().unwrap()
    });
    circuit.open();
    assert_eq!(circuit.retry_after(), Some(secs(3)));
}

/// Such a call was not timed, so nobody knows how long it took.
#[test]
fn a_call_from_before_it_was_said_what_is_slow_is_not_slow() {
    let clock: &'static ManualClock<1_000> = Box::leak(Box::new(ManualClock::new()));
    clock.advance(secs(3_600));
    let rates = Rates::failures(90).min_calls(5);
    let unlimited = Settings::builder().count_window::<1, 2>(10, rates).build().unwrap();
    let limited =
        Settings::builder().count_window::<1, 2>(10, rates.slow_calls(90)).slow_call(secs(1)).build().unwrap();
    let set: CircuitBreakerSet<u64, &'static ManualClock<1_000>, _> =
        CircuitBreakerSet::<u64>::builder().clock(clock, unlimited).build().unwrap();
    let circuit = set.handle(&KEPT).unwrap();
    let permits = [(); 2].map(|()| circuit.try_acquire().unwrap());
    set.reload(limited);
    let [succeeds, fails] = permits;
    succeeds.success();
    fails.failure();
    assert_eq!((circuit.tally().slow, circuit.counts().slow_successes), (0, 0));
}
