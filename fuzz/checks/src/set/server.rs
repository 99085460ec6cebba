//! The set of `fusebox-std`.

use std::collections::HashMap;
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::{CircuitBreaker, Outcome, RejectReason, Settings, State};
use fusebox_std::{Abandoned, CircuitBreakerSet, Handle, Permit};

use super::{Hand, Step, peer};

const PLACES: usize = 4;
const SECOND: Duration = Duration::from_secs(1);

type Clock<'a> = &'a ManualClock<1_000>;
type Set<'a> = CircuitBreakerSet<u16, Clock<'a>>;

/// A permit of both, for which peer, and for which of all the circuits that there ever were.
type Twins<'s, 'a> = (Permit<u16, Clock<'a>>, fusebox::Permit<'s, Clock<'a>>, u16, usize);

/// Does the steps on both and compares all that can be seen after each. Who goes is up to the set, as long as it may go.
pub(super) fn agree(steps: &[Step]) {
    let clock = ManualClock::new();
    let settings = Settings::builder().lease(Duration::from_secs(30)).abandoned_after(SECOND).build().unwrap();
    let set: Set<'_> = CircuitBreakerSet::<u16>::builder()
        .clock(&clock, settings)
        .capacity(PLACES)
        .abandoned(Abandoned::FailureAfter(SECOND))
        .build()
        .unwrap();
    // Of as many circuits as there may come to be, those that are in the list now, by peer.
    let breakers: Vec<_> = steps.iter().map(|_| CircuitBreaker::with_settings(&clock, settings)).collect();
    let mut present: HashMap<u16, usize> = HashMap::new();
    let mut made = 0;
    let mut permits: Vec<Twins<'_, '_>> = vec![];
    for (turn, step) in steps.iter().enumerate() {
        let evicted = set.evicted();
        let mut asked = None;
        match *step {
            Step::Advance(ticks) => clock.advance_ticks(ticks.into()),
            Step::Use(key) | Step::Acquire(key) => asked = Some((peer(key), set.handle(&peer(key)))),
            Step::Settle(which, ending) => settle(&mut permits, which, &present, Some(ending.outcome())),
            Step::Abandon(which) => settle(&mut permits, which, &present, None),
            Step::ByHand(key, hand) => {
                if let (Some(circuit), Some(number)) = (set.get(&peer(key)), present.get(&peer(key))) {
                    by_hand(&circuit, &breakers[*number], hand);
                }
            }
            Step::Remove(key) => assert_eq!(set.remove(&peer(key)), present.remove(&peer(key)).is_some()),
        }
        if let Some((key, handle)) = asked {
            let clean = |number: &usize| {
                let breaker = &breakers[*number];
                breaker.state() == State::Closed && breaker.tally().is_clean()
            };
            match &handle {
                Err(rejected) => {
                    assert_eq!(rejected.reason(), RejectReason::TableFull);
                    assert!(!present.contains_key(&key) && present.len() == PLACES, "turn {turn}: there is room");
                    assert!(!present.values().any(clean), "turn {turn}: there is one that could go");
                }
                Ok(_) if !present.contains_key(&key) => {
                    if present.len() == PLACES {
                        let gone: Vec<u16> = present.keys().copied().filter(|key| set.get(key).is_none()).collect();
                        let [gone] = gone[..] else { panic!("turn {turn}: {gone:?} went for one") };
                        assert!(present.get(&gone).is_some_and(clean), "turn {turn}: {gone} had learned something");
                        assert_eq!(set.evicted(), evicted + 1);
                        present.remove(&gone);
                    }
                    present.insert(key, made);
                    made += 1;
                }
                Ok(_) => {}
            }
            if let (Step::Acquire(_), Ok(handle)) = (step, handle) {
                let number = present[&key];
                match (handle.try_acquire(), breakers[number].try_acquire()) {
                    (Ok(permit), Ok(twin)) => permits.push((permit, twin, key, number)),
                    (Err(actual), Err(expected)) => assert_eq!(actual, expected, "turn {turn}"),
                    (actual, expected) => panic!("turn {turn}: {actual:?} instead of {expected:?}"),
                }
            }
        }
        for key in 0..8 {
            let seen = set.get(&key).map(|it| (it.state(), it.tally(), it.retry_after()));
            let expected = present.get(&key).map(|number| &breakers[*number]);
            let expected =
                expected.map(|it| (it.state(), it.tally(), it.retry_after().map(fusebox::Ticks::as_duration)));
            assert_eq!(seen, expected, "peer {key} after turn {turn}, {step:?}");
        }
        assert_eq!((set.len(), set.handles().len()), (present.len(), present.len()), "turn {turn}");
    }
}

/// A circuit that left its place comes back if it learns something, so late calls teach it nothing here.
fn settle(permits: &mut Vec<Twins<'_, '_>>, which: u8, present: &HashMap<u16, usize>, outcome: Option<Outcome>) {
    let which = usize::from(which % 8);
    if which >= permits.len() {
        return;
    }
    let (permit, twin, key, number) = permits.remove(which);
    let late = present.get(&key) != Some(&number);
    match outcome {
        _ if late => permit.settle(Outcome::Ignored),
        Some(outcome) => {
            permit.settle(outcome);
            twin.settle(outcome);
        }
        None => drop((permit, twin)),
    }
}

fn by_hand(circuit: &Handle<u16, Clock<'_>>, alone: &CircuitBreaker<Clock<'_>>, hand: Hand) {
    match hand {
        Hand::Open => (circuit.open(), alone.open()),
        Hand::ForceOpen => (circuit.force_open(), alone.force_open()),
        Hand::Disable => (circuit.disable(), alone.disable()),
        Hand::Observe => (circuit.observe(), alone.observe()),
        Hand::Automatic => (circuit.automatic(), alone.automatic()),
        Hand::Reset => (circuit.reset(), alone.reset()),
    };
}
