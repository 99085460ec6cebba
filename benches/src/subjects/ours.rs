//! The breakers of this project.

use std::time::Duration;

use anyhow::Result;
use fusebox::policy::{Consecutive, CountWindow, MaxFailures, Rates, TripPolicy};
use fusebox::{CircuitBreaker, Outcome, Settings, checked, constant_settings};
use fusebox_std::{CircuitBreakerSet, Counts, Handle, StdClock};

use super::Row;
use crate::answer::Answer;
use crate::subject::{Kind, Subject};
use crate::work::work;

/// A clock so fine that two failures never come within its window of one tick.
type Nanoseconds = StdClock<1_000_000_000>;

const HOUR: Duration = Duration::from_secs(3_600);
/// Open for longer than anybody measures; half-open it has most slots.
const LONG: Settings<StdClock> = checked!(Settings::builder().wait(HOUR).probes(15).close_after(15).build());
const WINDOW: Settings<StdClock, CountWindow> =
    checked!(Settings::builder().count_window(20, Rates::failures(50).min_calls(10)).build());
/// Lets every failure pass by: the last one was longer ago than its window is.
const FORGETFUL: Settings<Nanoseconds> = checked!(
    Settings::builder()
        .max_failures(3, Duration::from_nanos(1))
        .wait(Duration::from_secs(1))
        .lease(Duration::from_secs(1))
        .build()
);
const PATIENT: Settings<StdClock, Consecutive> = checked!(Settings::builder().consecutive(u32::MAX).build());

constant_settings! {
    /// The defaults.
    struct Defaults: Settings<StdClock> = Settings::builder().build();
}
constant_settings! {
    /// As `LONG`.
    struct Long: Settings<StdClock> = Settings::builder().wait(HOUR).probes(15).close_after(15).build();
}
constant_settings! {
    /// As `FORGETFUL`.
    struct Forgetful: Settings<Nanoseconds> = Settings::builder()
        .max_failures(3, Duration::from_nanos(1))
        .wait(Duration::from_secs(1))
        .lease(Duration::from_secs(1))
        .build();
}

static STATIC: CircuitBreaker<StdClock> = CircuitBreaker::new(StdClock::new());
static STATIC_CONSTANT: CircuitBreaker<StdClock, MaxFailures<3>, (), Defaults> =
    CircuitBreaker::with_settings(StdClock::new(), Defaults);

const IN_STATIC: &str = "breaker in a static";
const CONSTANT: &str = "breaker, constant settings";
const VALUE: &str = "breaker, settings held";
const HANDLE: &str = "Handle";
const HANDLE_NONE: &str = "Handle, Counts::None";
const HANDLE_ALL: &str = "Handle, Counts::All";
const COUNT_WINDOW: &str = "breaker, CountWindow";
const HANDLE_COUNT_WINDOW: &str = "Handle, CountWindow";
const CONSECUTIVE: &str = "breaker, Consecutive";

/// Ours of a row.
pub(super) fn of(row: Row) -> Vec<Subject> {
    match row {
        Row::Success => {
            let mut subjects = vec![
                Subject::new(Kind::Ours, IN_STATIC, || Ok(()), |()| Answer::of(STATIC.call(work))),
                Subject::new(Kind::Ours, CONSTANT, || Ok(()), |()| Answer::of(STATIC_CONSTANT.call(work))),
            ];
            subjects.extend(owned());
            subjects
        }
        Row::Failure => vec![
            held(VALUE, || Ok(CircuitBreaker::with_settings(Nanoseconds::new(), FORGETFUL))),
            Subject::new(
                Kind::Ours,
                CONSTANT,
                || Ok(CircuitBreaker::<_, MaxFailures<3>, (), _>::with_settings(Nanoseconds::new(), Forgetful)),
                |breaker| Answer::of(breaker.call(work)),
            ),
            held(CONSECUTIVE, || Ok(CircuitBreaker::with_settings(StdClock::new(), PATIENT))),
            handled(HANDLE, || {
                let set = CircuitBreakerSet::<u32>::builder().clock(Nanoseconds::new(), FORGETFUL).build()?;
                first(&set)
            }),
        ],
        Row::Open => vec![
            held(VALUE, || Ok(opened(CircuitBreaker::with_settings(StdClock::new(), LONG)))),
            Subject::new(
                Kind::Ours,
                CONSTANT,
                || {
                    let breaker = CircuitBreaker::<_, MaxFailures<3>, (), _>::with_settings(StdClock::new(), Long);
                    breaker.open();
                    Ok(breaker)
                },
                |breaker| Answer::of(breaker.call(work)),
            ),
            handled(HANDLE, || {
                let handle = handle_of(LONG, Counts::Failures)?;
                handle.open();
                Ok(handle)
            }),
        ],
        Row::HalfOpen => vec![Subject::new(
            Kind::Ours,
            "breaker, settings held, result ignored",
            || {
                let breaker = opened(CircuitBreaker::with_settings(StdClock::new(), LONG));
                breaker.half_open();
                Ok(breaker)
            },
            // An ignored result gives its slot back, so that it stays half-open.
            |breaker| match breaker.run(|_| Outcome::Ignored, work) {
                Ok(result) => Answer::unguarded(result),
                Err(_) => Answer::Rejected,
            },
        )],
    }
}

/// Those that succeed and have their bytes for themselves.
pub(super) fn owned() -> Vec<Subject> {
    vec![
        held(VALUE, || Ok(CircuitBreaker::<StdClock>::new(StdClock::new()))),
        held(COUNT_WINDOW, || Ok(CircuitBreaker::with_settings(StdClock::new(), WINDOW))),
        handled(HANDLE, || handle_of(Settings::DEFAULT, Counts::Failures)),
        handled(HANDLE_NONE, || handle_of(Settings::DEFAULT, Counts::None)),
        handled(HANDLE_ALL, || handle_of(Settings::DEFAULT, Counts::All)),
        handled(HANDLE_COUNT_WINDOW, || handle_of(WINDOW, Counts::Failures)),
    ]
}

/// A set with keys of 32 bits.
pub(super) fn set_with(peers: u32) -> Subject {
    let build = move || {
        let set = CircuitBreakerSet::<u32>::builder().capacity(peers as usize).build()?;
        (0..peers).try_for_each(|peer| set.handle(&peer).map(drop))?;
        Ok(set)
    };
    Subject::new(Kind::Ours, "each of 1,000 peers in a set", build, |set| Answer::of(set.call(&0, work)))
}

fn held<const HZ: u32, P: TripPolicy + Send + Sync + 'static>(
    name: &'static str,
    build: impl Fn() -> Result<CircuitBreaker<StdClock<HZ>, P>> + Copy + 'static,
) -> Subject
where
    P::History: Send + Sync,
{
    Subject::new(Kind::Ours, name, build, |breaker| Answer::of(breaker.call(work)))
}

fn handled<const HZ: u32, P: TripPolicy + Send + Sync + 'static>(
    name: &'static str,
    build: impl Fn() -> Result<Handle<u32, StdClock<HZ>, P>> + Copy + 'static,
) -> Subject
where
    P::History: Send + Sync,
{
    Subject::new(Kind::Ours, name, build, |handle| Answer::of(handle.call(work)))
}

fn handle_of<P: TripPolicy>(settings: Settings<StdClock, P>, counts: Counts) -> Result<Handle<u32, StdClock, P>> {
    first(&CircuitBreakerSet::<u32>::builder().settings(settings).counts(counts).build()?)
}

fn first<const HZ: u32, P: TripPolicy>(
    set: &CircuitBreakerSet<u32, StdClock<HZ>, P>,
) -> Result<Handle<u32, StdClock<HZ>, P>> {
    Ok(set.handle(&1)?)
}

fn opened<P: TripPolicy>(breaker: CircuitBreaker<StdClock, P>) -> CircuitBreaker<StdClock, P> {
    breaker.open();
    breaker
}
