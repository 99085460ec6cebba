//! Those who wait for a circuit are woken, whatever comes in between.
#![cfg(feature = "tokio")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusebox::policy::MaxFailures;
use fusebox::{Event, Listener, Outcome, Settings, State, Transition};
use fusebox_std::{CircuitBreakerSet, TokioClock, Uptime};
use tokio::time::{Instant, advance, timeout};

type Clock = TokioClock<1_000>;

#[tokio::test(start_paused = true)]
async fn x02_a_probe_that_never_comes_back_is_waited_for_until_its_lease_ends() {
    let settings = Settings::builder().lease(Duration::from_secs(30)).build().unwrap();
    let set: CircuitBreakerSet<&str, Clock, MaxFailures<3>> =
        CircuitBreakerSet::builder().clock(Clock::new(), settings).build().unwrap();
    let circuit = set.handle(&"upstream").unwrap();
    circuit.open();
    advance(Duration::from_secs(10)).await;
    std::mem::forget(circuit.try_acquire().unwrap());
    let asked = Instant::now();
    assert!(timeout(Duration::from_secs(3_600), circuit.wait_until_ready()).await.is_ok());
    assert_eq!(asked.elapsed(), Duration::from_secs(30));
}

/// Something to be done at a moment that is hard to meet.
#[derive(Clone, Default)]
struct Then(Arc<Mutex<Option<Act>>>);

type Act = Box<dyn FnOnce() + Send>;

impl Then {
    fn set(&self, act: impl FnOnce() + Send + 'static) {
        *self.0.lock().unwrap() = Some(Box::new(act));
    }

    fn run(&self) {
        let act = self.0.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
    }
}

/// A clock that lets something happen while somebody reads it: after the state was looked at.
#[derive(Clone)]
struct Meddler(Clock, Then);

impl fusebox::Clock for Meddler {
    const HZ: u32 = 1_000;

    fn now(&self) -> fusebox::Instant {
        self.1.run();
        self.0.now()
    }
}

impl Uptime for Meddler {
    fn uptime(&self) -> Duration {
        self.0.uptime()
    }
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_that_comes_while_the_state_is_looked_at_is_not_lost() {
    let then = Then::default();
    let set: CircuitBreakerSet<&str, Meddler, MaxFailures<3>> =
        CircuitBreakerSet::builder().clock(Meddler(Clock::new(), then.clone()), Settings::DEFAULT).build().unwrap();
    let circuit = set.handle(&"upstream").unwrap();
    circuit.open();
    let mut waiting = tokio_test::task::spawn(circuit.wait_until_ready());
    then.set(move || circuit.close());
    assert!(waiting.poll().is_ready());
}

/// Panics at the first probe, after something else.
struct Broken(Then);

impl Listener<&'static str> for Broken {
    fn on_event(&self, _: &&'static str, event: &Event) {
        let half_open = |transition: &Transition| transition.to() == State::HalfOpen;
        if matches!(event, Event::Transition(transition) if half_open(transition)) {
            self.0.run();
            panic!("a listener that panics");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn x20_the_slot_that_a_broken_listener_gives_back_wakes_those_who_wait() {
    let then = Then::default();
    let set: CircuitBreakerSet<&str, Clock, MaxFailures<3>, Broken> = CircuitBreakerSet::builder()
        .clock(Clock::new(), Settings::DEFAULT)
        .listener(Broken(then.clone()))
        .build()
        .unwrap();
    let circuit = set.handle(&"upstream").unwrap();
    circuit.open();
    advance(Duration::from_secs(10)).await;
    let waiting = Arc::new(Mutex::new(tokio_test::task::spawn(circuit.wait_until_ready())));
    let looks = Arc::clone(&waiting);
    then.set(move || assert!(looks.lock().unwrap().poll().is_pending()));
    assert!(catch_unwind(AssertUnwindSafe(|| circuit.try_acquire().map(drop))).is_err());
    let mut waiting = waiting.lock().unwrap();
    assert!(waiting.is_woken() && waiting.poll().is_ready());
}

/// The only way out of a forced-open circuit is by hand, so a wake-up that is lost is waited for in vain.
#[test]
fn no_wake_up_is_lost_between_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let set = CircuitBreakerSet::<&str>::new();
    let circuit = set.handle(&"upstream").unwrap();
    runtime.block_on(async {
        for round in 0..20_000 {
            circuit.force_open();
            let waiting = circuit.clone();
            let task = tokio::spawn(async move { waiting.wait_until_ready().await });
            if round % 2 == 0 {
                tokio::task::yield_now().await;
            }
            circuit.automatic();
            let woken = timeout(Duration::from_secs(60), task).await;
            assert!(woken.is_ok(), "round {round}");
            circuit.run(|()| Outcome::Success, || ()).unwrap();
        }
    });
}
