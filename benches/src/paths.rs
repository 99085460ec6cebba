//! What instructions are counted of. Nothing in here reads the system's clock or is random, so that the figures are
//! the same on every machine: time is set by hand, keys are numbers, whose hash takes as long as any.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use anyhow::{Result, ensure};
use fusebox::clock::ManualClock;
use fusebox::policy::{CountWindow, Rates, TripPolicy};
use fusebox::{CircuitBreaker, Settings, checked};
use fusebox_prometheus::Exporter;
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
type Set = CircuitBreakerSet<u64, Clock>;

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
    paths.extend(exported()?);
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
        handle_path("handle_success", failures, None),
        succeeds("handle_success_counts_none", move || Answer::of(none.call(work))),
        handle_path("handle_success_counts_all", all, None),
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
        let set = full_set()?;
        let (called, asked) = (set.clone(), set);
        paths.push(set_path("set_call", called, peer, None));
        paths.push(succeeds("set_handle", move || {
            asked.handle(&peer).map_or(Answer::Rejected, |_| Answer::unguarded(work()))
        }));
    }
    Ok(paths)
}

/// The same calls as without the end of their names, to circuits that are exported. They must take as many instructions.
fn exported() -> Result<Vec<Path>> {
    let mut paths = vec![];
    for (name, counts) in
        [("handle_success_exported", Counts::Failures), ("handle_success_counts_all_exported", Counts::All)]
    {
        let set = CircuitBreakerSet::<u64>::builder().clock(&CLOCK, Settings::DEFAULT).counts(counts).build()?;
        let handle = set.handle(&1)?;
        let exporter = exporter_of(&set)?;
        paths.push(handle_path(name, handle, Some((set, exporter))));
    }
    for peer in 0..LOOKED_UP {
        let set = full_set()?;
        let exporter = exporter_of(&set)?;
        paths.push(set_path("set_call_exported", set, peer, Some(exporter)));
    }
    Ok(paths)
}

/// The same code whether there is an exporter or not. It is there as long as calls are made.
fn handle_path(name: &'static str, handle: Handle<u64, Clock>, exported: Option<(Set, Exporter)>) -> Path {
    succeeds(name, move || {
        let _exported = &exported;
        Answer::of(handle.call(work))
    })
}

fn set_path(name: &'static str, set: Set, peer: u64, exporter: Option<Exporter>) -> Path {
    succeeds(name, move || {
        let _exporter = &exporter;
        Answer::of(set.call(&peer, work))
    })
}

fn full_set() -> Result<Set> {
    let set = CircuitBreakerSet::<u64>::builder().clock(&CLOCK, Settings::DEFAULT).build()?;
    for peer in 0..PEERS {
        set.handle(&peer)?;
    }
    ensure!(set.len() as u64 == PEERS, "the set has {} peers", set.len());
    Ok(set)
}

/// An exporter that wrote a page of the set.
fn exporter_of(set: &Set) -> Result<Exporter> {
    let exporter = Exporter::new();
    exporter.register("peers", set)?;
    let (page, circuits) = (exporter.render(), format!("circuits{{set=\"peers\"}} {}", set.len()));
    ensure!(page.contains(&circuits), "the page has other circuits");
    Ok(exporter)
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
