//! Hazards of being told: listeners that use the breaker, and listeners that panic.
#![cfg(not(fusebox_loom))]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use common::{Khz, Log, admitted, fail, secs, succeed, trip};
use fusebox::{CircuitBreaker, Event, Listener, RejectReason, Settings, State, Transition};

type Static<L> = CircuitBreaker<Khz, fusebox::policy::MaxFailures<3>, L>;

#[test]
fn x19_listener_may_ask_and_call_the_breaker() {
    // gobreaker#37 and PR#119, gascity#4839: the hook asks for the state, the counts, a permit.
    static PATH: Mutex<Vec<(State, State)>> = Mutex::new(Vec::new());
    static BREAKER: Static<Curious> = CircuitBreaker::with_listener(Khz::new(), Settings::DEFAULT, Curious);

    struct Curious;

    impl Listener for Curious {
        fn on_event(&self, (): &(), event: &Event) {
            let Event::Transition(transition) = event else { return };
            PATH.lock().unwrap().push((transition.from(), transition.to()));
            assert_eq!(BREAKER.state(), transition.to(), "told after it happened");
            let _ = (BREAKER.tally(), BREAKER.snapshot(), BREAKER.retry_after());
            match transition.to() {
                State::Closed => assert_eq!(BREAKER.call(|| Ok::<_, ()>(5)), Ok(5)),
                State::Open => assert_eq!(BREAKER.try_acquire().unwrap_err().reason(), RejectReason::Open),
                State::HalfOpen => assert_eq!(admitted(&BREAKER, 3), 0, "the probe is the caller's"),
                other => panic!("{other}"),
            }
        }
    }

    for _ in 0..3 {
        trip(&BREAKER);
        BREAKER.clock().advance(secs(10));
        succeed(&BREAKER);
    }
    let cycle = [(State::Closed, State::Open), (State::Open, State::HalfOpen), (State::HalfOpen, State::Closed)];
    assert_eq!(*PATH.lock().unwrap(), cycle.repeat(3));
}

#[test]
fn x19_each_transition_is_told_once_and_in_order() {
    // As above: by hand and by results, every transition begins where the one before ended.
    let (log, clock) = (Log::default(), Khz::new());
    let breaker = CircuitBreaker::with_listener(&clock, Settings::DEFAULT, &log);
    trip(&breaker);
    clock.advance(secs(10));
    fail(&breaker);
    breaker.half_open();
    std::mem::forget(breaker.try_acquire().unwrap());
    clock.advance(secs(60));
    succeed(&breaker);
    breaker.force_open();
    breaker.automatic();
    breaker.disable();
    breaker.automatic();
    breaker.open();
    breaker.close();

    let transitions = log.take_transitions();
    let told: Vec<_> = transitions.iter().map(|transition| (transition.cause().as_str(), transition.to())).collect();
    assert_eq!(
        told,
        [
            ("tripped", State::Open),
            ("wait_over", State::HalfOpen),
            ("probes_failed", State::Open),
            ("manual", State::HalfOpen),
            ("lease_expired", State::HalfOpen),
            ("probes_succeeded", State::Closed),
            ("manual", State::ForcedOpen),
            ("manual", State::HalfOpen),
            ("manual", State::Disabled),
            ("manual", State::Closed),
            ("manual", State::Open),
            ("manual", State::Closed),
        ]
    );
    let states = transitions.iter().map(Transition::from);
    let before = std::iter::once(State::Closed).chain(transitions.iter().map(Transition::to));
    assert!(states.eq(before.take(transitions.len())));
}

#[test]
fn x20_listener_that_panics_leaves_the_breaker_usable() {
    // cep21 PanickingMetricsListener: the hook of every opening and closing panics. The state is the new one
    // all the same, and later events are told.
    static TOLD: AtomicU32 = AtomicU32::new(0);

    struct Panicking;

    impl Listener for Panicking {
        fn on_event(&self, (): &(), event: &Event) {
            let Event::Transition(transition) = event else { return };
            TOLD.fetch_add(1, SeqCst);
            assert_eq!(transition.to(), State::HalfOpen, "the listener panics");
        }
    }

    let breaker = CircuitBreaker::with_listener(Khz::new(), Settings::DEFAULT, Panicking);
    let panics = |action: &dyn Fn()| catch_unwind(AssertUnwindSafe(action)).is_err();
    for cycle in 0..3 {
        for _ in 0..3 {
            fail(&breaker);
        }
        assert!(panics(&|| fail(&breaker)));
        assert_eq!((breaker.state(), TOLD.load(SeqCst)), (State::Open, 3 * cycle + 1));
        breaker.clock().advance(secs(10));
        assert!(panics(&|| succeed(&breaker)));
        assert_eq!((breaker.state(), TOLD.load(SeqCst)), (State::Closed, 3 * cycle + 3));
        assert_eq!((breaker.tally().failures, breaker.call(|| Ok::<_, ()>(5))), (0, Ok(5)));
    }
}

#[test]
fn y18_listener_may_reset_and_open_the_breaker() {
    // failsafe: `reset()` deadlocks when the hook reads the breaker. Here the hook itself resets it as soon
    // as it opens, or opens it as soon as it closes.
    static RESETS: AtomicBool = AtomicBool::new(true);
    static CALLS: AtomicU32 = AtomicU32::new(0);
    static BREAKER: Static<Meddling> = CircuitBreaker::with_listener(Khz::new(), Settings::DEFAULT, Meddling);

    struct Meddling;

    impl Listener for Meddling {
        fn on_event(&self, (): &(), event: &Event) {
            let Event::Transition(transition) = event else { return };
            CALLS.fetch_add(1, SeqCst);
            let _ = (BREAKER.state(), BREAKER.tally());
            match (transition.to(), RESETS.load(SeqCst)) {
                (State::Open, true) => BREAKER.reset(),
                (State::Closed, false) => BREAKER.open(),
                _ => {}
            }
        }
    }

    for _ in 0..3 {
        for _ in 0..4 {
            fail(&BREAKER);
        }
        assert_eq!((BREAKER.state(), BREAKER.tally().failures), (State::Closed, 0));
    }
    assert_eq!(CALLS.load(SeqCst), 6);

    RESETS.store(false, SeqCst);
    BREAKER.force_open();
    BREAKER.reset();
    assert_eq!(BREAKER.state(), State::Open);
    BREAKER.clock().advance(secs(10));
    succeed(&BREAKER);
    assert_eq!(BREAKER.state(), State::Open);
}
