//! What instructions are counted of. Nothing in here reads the system's clock or is random, so that the figures are
//! the same on every machine: time is set by hand, keys are numbers, whose hash takes as long as any.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use anyhow::{Result, ensure};
use fusebox::clock::ManualClock;
use fusebox::policy::{CountWindow, Rates, TripPolicy};
use fusebox::{CircuitBreaker, Settings, checked};
use fusebox_std::{CircuitBreakerSet, Counts, Handle};

use crate::answer::Answer;
use crate::work::{Failure, work};
use crate::worker::Worker;

/// A way through the code.
#[allow(missing_debug_implementations, reason = "workers have nothing to show")]
pub struct Path {
    /// What the budget file calls it.
    pub name: &'static str,
    /// What every call answers.
    pub expected: Answer,
    /// What is counted.
    pub guarded: Box<dyn Worker>,
    /// What is not counted of it: the same loop, with the same work unguarded.
    pub floor: Box<dyn Worker>,
}

type Clock = &'static ManualClock<1_000>;

static CLOCK: ManualClock<1_000> = ManualClock::new();

/// Its window is over with the next tick.
const FORGETFUL: Settings<Clock> = checked!(Settings::builder().max_failures(3, TICK).build());
const WINDOW: Settings<Clock, CountWindow> =
    checked!(Settings::builder().count_window(20, Rates::failures(50).min_calls(10)).build());
const TICK: Duration = Duration::from_millis(1);

/// Peers in the set.
const PEERS: u64 = 1_000;

/// All paths.
///
/// # Errors
/// If a circuit cannot be made.
pub fn all() -> Result<Vec<Path>> {
    let mut paths = breakers();
    paths.extend(handles()?);
    paths.extend(sets()?);
    Ok(paths)
}

fn breakers() -> Vec<Path> {
    let breaker = CircuitBreaker::<Clock>::new(&CLOCK);
    let failing = CircuitBreaker::<Clock>::with_settings(&CLOCK, FORGETFUL);
    let open = CircuitBreaker::<Clock>::new(&CLOCK);
    open.open();
    let window = CircuitBreaker::<Clock, CountWindow>::with_settings(&CLOCK, WINDOW);
    let asynchronous = CircuitBreaker::<Clock>::new(&CLOCK);
    vec![
        succeeds("closed_success", move || Answer::of(breaker.call(work))),
        fails("failure", move || Answer::of(failing.call(later))),
        rejects("reject", move || Answer::of(open.call(work))),
        succeeds("count_window_success", move || Answer::of(window.call(work))),
        succeeds("async_success", move || Answer::of(polled(asynchronous.call_async(async || work())))),
    ]
}

fn handles() -> Result<Vec<Path>> {
    let [none, failures, all] =
        [Counts::None, Counts::Failures, Counts::All].map(|counts| handle(Settings::DEFAULT, counts));
    let (none, failures, all) = (none?, failures?, all?);
    let [failing, open, permit, asynchronous] = [(); 4].map(|()| handle(FORGETFUL, Counts::Failures));
    let (failing, open, permit, asynchronous) = (failing?, open?, permit?, asynchronous?);
    open.open();
    let window = handle(WINDOW, Counts::Failures)?;
    Ok(vec![
        succeeds("handle_success", move || Answer::of(failures.call(work))),
        succeeds("handle_success_counts_none", move || Answer::of(none.call(work))),
        succeeds("handle_success_counts_all", move || Answer::of(all.call(work))),
        fails("handle_failure", move || Answer::of(failing.call(later))),
        rejects("handle_reject", move || Answer::of(open.call(work))),
        succeeds("handle_count_window_success", move || Answer::of(window.call(work))),
        succeeds("handle_permit_success", move || match permit.try_acquire() {
            Ok(permit) => {
                let answer = Answer::unguarded(work());
                permit.success();
                answer
            }
            Err(_) => Answer::Rejected,
        }),
        succeeds("handle_async_success", move || Answer::of(polled(asynchronous.call_async(async || work())))),
    ])
}

fn sets() -> Result<Vec<Path>> {
    let mut paths = vec![];
    // The table's hash is another in each run, so not each peer is found in the first place that is looked at, and now and
    // then a table is about to grow, which every look notices.
    for peer in 0..LOOKED_UP {
        let set = CircuitBreakerSet::<u64>::builder().clock(&CLOCK, Settings::DEFAULT).build()?;
        for other in 0..PEERS {
            set.handle(&other)?;
        }
        ensure!(set.len() as u64 == PEERS, "the set has {} peers", set.len());
        let (called, asked) = (set.clone(), set);
        paths.push(succeeds("set_call", move || Answer::of(called.call(&peer, work))));
        paths.push(succeeds("set_handle", move || {
            asked.handle(&peer).map_or(Answer::Rejected, |_| Answer::unguarded(work()))
        }));
    }
    Ok(paths)
}

/// Sets, each with a peer, of which the one counts that is found with the fewest instructions.
const LOOKED_UP: u64 = 32;

fn handle<P: TripPolicy>(settings: Settings<Clock, P>, counts: Counts) -> Result<Handle<u64, Clock, P>> {
    let set = CircuitBreakerSet::<u64>::builder().clock(&CLOCK, settings).counts(counts).build()?;
    Ok(set.handle(&1)?)
}

/// What is polled once and done.
#[inline]
fn polled<T>(future: impl Future<Output = Result<T, fusebox::Error<Failure>>>) -> Result<T, fusebox::Error<Failure>> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(fusebox::Error::Inner(Failure)),
    }
}

/// The work, a tick later than the last time.
#[inline]
fn later() -> Result<u32, Failure> {
    CLOCK.advance_ticks(1);
    work()
}

fn succeeds(name: &'static str, guarded: impl FnMut() -> Answer + Send + 'static) -> Path {
    let floor = || Answer::unguarded(work());
    Path { name, expected: Answer::Done, guarded: Box::new(guarded), floor: Box::new(floor) }
}

fn fails(name: &'static str, guarded: impl FnMut() -> Answer + Send + 'static) -> Path {
    let floor = || Answer::unguarded(later());
    Path { name, expected: Answer::Failed, guarded: Box::new(guarded), floor: Box::new(floor) }
}

/// No work is done, so none is taken off.
fn rejects(name: &'static str, guarded: impl FnMut() -> Answer + Send + 'static) -> Path {
    let floor = || Answer::Rejected;
    Path { name, expected: Answer::Rejected, guarded: Box::new(guarded), floor: Box::new(floor) }
}
