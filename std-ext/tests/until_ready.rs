//! Those who wait for a circuit are woken, whatever comes in between.
#![cfg(feature = "tokio")]

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake};
use std::time::Duration;

use fusebox::policy::{MaxFailures, TripPolicy};
use fusebox::{Event, Listener, Outcome, Settings, SettingsBuilder, State, Transition};
use fusebox_std::{Abandoned, CircuitBreakerSet, Handle, Permit, TokioClock, Uptime};
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

/// Sets a circuit by hand as soon as it is told that it changed, before the change is written down.
struct InBetween(Handle<&'static str, Clock>, AtomicBool);

impl Wake for InBetween {
    fn wake(self: Arc<Self>) {
        if !self.1.swap(true, SeqCst) {
            self.0.force_open();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn transitions_that_overtake_each_other_are_written_down_in_their_order() {
    let set = CircuitBreakerSet::<&str>::builder().clock(Clock::new(), Settings::<_>::DEFAULT).build().unwrap();
    let circuit = set.handle(&"upstream").unwrap();
    circuit.open();
    let waker = Arc::new(InBetween(circuit.clone(), AtomicBool::new(false))).into();
    let mut wait = Box::pin(circuit.wait_until_ready());
    assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    circuit.close();
    advance(Duration::from_secs(5)).await;
    assert_eq!(circuit.state(), State::ForcedOpen);
    let times = circuit.state_times();
    assert_eq!((times.get(State::ForcedOpen), times.get(State::Closed)), (Duration::from_secs(5), Duration::ZERO));
    let to: Vec<State> = circuit.records().iter().map(|record| record.transition.to()).collect();
    assert_eq!(to, [State::Open, State::Closed, State::ForcedOpen]);
}

/// One probe at a time, and more successes than one to close.
async fn waits_for_a_slot<P: TripPolicy>(
    settings: SettingsBuilder<Clock, P>,
    end: impl Fn(Permit<&'static str, Clock, P>),
) {
    let set = CircuitBreakerSet::<&str>::builder().clock(Clock::new(), settings.close_after(3).build().unwrap());
    let set = set.abandoned(Abandoned::As(Outcome::Ignored)).build().unwrap();
    let circuit = set.handle(&"upstream").unwrap();
    circuit.open();
    advance(Duration::from_secs(10)).await;
    let probe = circuit.try_acquire().unwrap();
    let asked = Instant::now();
    let wait = async {
        tokio::join!(circuit.wait_until_ready(), async { end(probe) });
    };
    timeout(Duration::from_secs(3_600), wait).await.unwrap();
    assert_eq!((circuit.state(), asked.elapsed()), (State::HalfOpen, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_comes_back_and_decides_nothing_wakes_those_who_wait() {
    waits_for_a_slot(Settings::builder(), Permit::success).await;
    waits_for_a_slot(Settings::builder(), Permit::ignored).await;
    waits_for_a_slot(Settings::builder(), drop).await;
    waits_for_a_slot(Settings::builder().consecutive(3), Permit::success).await;
}

#[tokio::test(start_paused = true)]
async fn settings_of_ones_own_that_wait_less_wake_those_who_wait() {
    let set = CircuitBreakerSet::<&str>::builder().clock(Clock::new(), Settings::<_>::DEFAULT).build().unwrap();
    let circuit = set.handle(&"upstream").unwrap();
    circuit.open();
    let asked = Instant::now();
    let shorter = Settings::builder().wait(Duration::from_secs(2)).build().unwrap();
    tokio::join!(circuit.wait_until_ready(), async { set.set_own_settings(&"upstream", Some(shorter)).unwrap() });
    assert_eq!(asked.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_change_that_lets_nobody_through_ends_no_wait() {
    let set = CircuitBreakerSet::<&str>::builder().clock(Clock::new(), Settings::<_>::DEFAULT).build().unwrap();
    let circuit = set.handle(&"upstream").unwrap();
    circuit.open();
    let asked = Instant::now();
    let act = async {
        tokio::task::yield_now().await;
        circuit.force_open();
        tokio::time::sleep(Duration::from_secs(60)).await;
        circuit.automatic();
    };
    let wait = async {
        timeout(Duration::from_secs(3_600), circuit.wait_until_ready()).await.unwrap();
        asked.elapsed()
    };
    assert_eq!(tokio::join!(wait, act).0, Duration::from_secs(60));
}
