//! One breaker: calls, permits, commands, state.

use core::time::Duration;

use fusebox::policy::TripPolicy;
use fusebox::{
    CircuitBreaker, Classify, Clock as _, Error, Instant, Listener, Outcome, Peer, Rejected, Settings, Settle as _,
    Snapshot, State, Ticks, Together, by_error,
};

use crate::{CLOCK, Clock, Told, answer, answer_later, any, poll, used};

/// Uses every method of a breaker with these settings.
pub(crate) fn exercise<P: TripPolicy, S: AsRef<Settings<Clock, P>>>(settings: S) {
    let breaker = CircuitBreaker::with_listener(&CLOCK, any(settings), (Told, Told));
    calls(&breaker);
    async_calls(&breaker);
    permits(breaker.peer());
    commands(&breaker);
    looks(&breaker);
    saved(&breaker);
    time();
}

/// Uses every method that depends on the policy.
pub(crate) fn exercise_policy<P: TripPolicy>(settings: &Settings<Clock, P>) {
    let breaker = CircuitBreaker::with_settings(&CLOCK, any(settings));
    let both = Together((&breaker, breaker.peer()));
    used(both.call(|| answer(1)));
    used(both.call_with(|_| any((Outcome::Success, Outcome::Failure)), || answer(2)));
    used(both.try_acquire().map(|permits| permits.settle(any((Outcome::Ignored, Outcome::Failure)))));
    permits(breaker.peer());
    breaker.close();
    used((breaker.tally(), breaker.retry_after()));
    saved(&breaker);
}

fn severity(error: &u64) -> Outcome {
    match error {
        0..4 => Outcome::Success,
        4..9 => Outcome::Ignored,
        _ => Outcome::Failure,
    }
}

fn judged(result: &Result<u32, u64>) -> Outcome {
    result.as_ref().map_or_else(severity, |_| Outcome::Success)
}

fn calls<P: TripPolicy, L: Listener, S: AsRef<Settings<Clock, P>>>(breaker: &CircuitBreaker<Clock, P, L, S>) {
    let result = breaker.call(|| answer(1_u32));
    used(result.as_ref().err().and_then(Error::retry_after));
    used(result.err().and_then(Error::into_inner));
    used(breaker.call_with(by_error(severity), || answer(2)));
    used(breaker.call_with(judged, || answer(3)));
    used(breaker.call_with(fusebox::AnyError, || answer(4)));
    used(by_error(severity).classify(&answer(5)));
    used(breaker.run(judged, || answer(6)));
}

fn async_calls<P: TripPolicy, L: Listener, S: AsRef<Settings<Clock, P>>>(breaker: &CircuitBreaker<Clock, P, L, S>) {
    used(poll(breaker.call_async(|| answer_later(1_u32))));
    used(poll(breaker.call_async_with(by_error(severity), || answer_later(2))));
    used(poll(breaker.run_async(judged, || answer_later(3))));
}

fn permits<P: TripPolicy, L: Listener<K>, K: ?Sized, S: AsRef<Settings<Clock, P>>>(peer: Peer<'_, Clock, P, L, K, S>) {
    used(peer.key());
    for way in 0..5 {
        let permit = match peer.try_acquire() {
            Ok(permit) => permit,
            Err(rejected) => return used(explained(&rejected)),
        };
        used(permit.would_reject());
        match any(way) {
            0 => permit.success(),
            1 => permit.failure(),
            2 => permit.ignored(),
            3 => permit.settle_timed(any(Outcome::Failure), any(Duration::from_secs(1))),
            _ => drop(permit),
        }
    }
    if let Ok(ticket) = peer.try_acquire_ticket() {
        if any(ticket.would_reject()) {
            peer.settle_ticket(ticket, any(Outcome::Failure));
        } else {
            peer.abandon_ticket(ticket, any(Outcome::Ignored));
        }
    }
    used(peer.is_clean());
}

/// Everything that a rejection says.
pub(crate) fn explained(rejected: &Rejected) -> (&'static str, Option<u32>, Option<Duration>) {
    let left = rejected.retry_after();
    (rejected.reason().as_str(), left.map(Ticks::as_millis), left.map(Ticks::as_duration))
}

fn commands<P: TripPolicy, L: Listener, S: AsRef<Settings<Clock, P>>>(breaker: &CircuitBreaker<Clock, P, L, S>) {
    breaker.open();
    used(breaker.open_for(any(Duration::from_secs(30))).map_err(|error| (error.field(), error.message())));
    used(breaker.half_open());
    breaker.close();
    breaker.reset();
    breaker.force_open();
    breaker.disable();
    breaker.observe();
    breaker.automatic();
}

fn looks<P: TripPolicy, L: Listener, S: AsRef<Settings<Clock, P>>>(breaker: &CircuitBreaker<Clock, P, L, S>) {
    used((breaker.state().as_str(), State::ALL));
    used((breaker.tally(), breaker.tally().is_clean()));
    used(breaker.retry_after().map(|left| (left.count(), left.hz())));
    let settings = breaker.settings();
    used((settings.policy(), settings.wait(), settings.lease()));
    used(breaker.clock().now());
}

fn saved<P: TripPolicy, L: Listener, S: AsRef<Settings<Clock, P>>>(breaker: &CircuitBreaker<Clock, P, L, S>) {
    let snapshot = breaker.snapshot();
    used((snapshot.state(), snapshot.age()));
    match Snapshot::from_bytes(any(snapshot.to_bytes())) {
        Ok(read) => breaker.restore(&read, any(Duration::from_secs(60))),
        Err(error) => used(error),
    }
}

fn time() {
    CLOCK.set(Instant::from_ticks(any(7)));
    CLOCK.advance(any(Duration::from_millis(5)));
    CLOCK.advance_ticks(any(9));
    let now = CLOCK.now();
    let then = now.before(any(3)).after(any(2));
    used((now.elapsed_since(then), now.age_of::<Clock>(then), now.ticks()));
}
