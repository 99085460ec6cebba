//! Y04 and Y05: two threads that meet. Loom tests of fusebox go through every order; here crates that cannot be built for
//! loom are run until they show it, which takes as long as it takes two threads to meet within a few nanoseconds.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use fusebox::Outcome;
use fusebox_peer_tests::Subject;
use fusebox_peer_tests::subjects::ours;

use crate::seen::seen;

const BATCH: usize = 200;
const MANY: usize = 20;
const SECOND: Duration = Duration::from_secs(1);

/// What was tried, and how often it went wrong.
#[derive(Debug, Default)]
struct Met {
    rounds: usize,
    wrong: usize,
}

/// Tries batches until one goes wrong or the time is up.
fn until(limit: Duration, mut batch: impl FnMut() -> usize) -> Met {
    let (start, mut met) = (Instant::now(), Met::default());
    while met.wrong == 0 && start.elapsed() < limit {
        met.rounds += BATCH;
        met.wrong += batch();
    }
    met
}

/// Y04: two threads ask for the last probe of each half-open breaker, whose wait `pass` lets pass. How often everything is
/// let through then.
fn y04<S: Subject + Sync>(make: impl Fn() -> S, pass: impl Fn(&[S]), limit: Duration) -> Met {
    until(limit, || {
        let all: Vec<_> = (0..BATCH).map(|_| make()).collect();
        all.iter().for_each(Subject::trip);
        pass(&all);
        let first: Vec<_> = all.iter().map(|subject| subject.begin().unwrap()).collect();
        let step = AtomicUsize::new(0);
        let ask = || {
            let both = (1..).map(|number| 2 * number);
            let ask = |(subject, both): (&S, usize)| {
                meet(&step, both);
                drop(subject.begin());
            };
            all.iter().zip(both).for_each(ask);
        };
        thread::scope(|scope| {
            scope.spawn(ask);
            ask();
        });
        drop(first);
        all.iter().filter(|subject| subject.admitted(MANY) == MANY).count()
    })
}

/// Y05: one thread opens a breaker that has been closed for longer than its wait, which `pass` lets pass, and another calls
/// meanwhile. How often a call is let through afterwards, before the wait is over.
fn y05<S: Subject + Sync>(make: impl Fn() -> S, pass: impl Fn(&[S]), wait: Duration, limit: Duration) -> Met {
    until(limit, || {
        let all: Vec<_> = (0..BATCH).map(|_| make()).collect();
        pass(&all);
        let (step, opened) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let mut early = 0;
        thread::scope(|scope| {
            scope.spawn(|| {
                for (number, subject) in all.iter().enumerate() {
                    meet(&step, 4 * number + 2);
                    while opened.load(SeqCst) <= number {
                        drop(subject.begin());
                    }
                    meet(&step, 4 * number + 4);
                }
            });
            for (number, subject) in all.iter().enumerate() {
                meet(&step, 4 * number + 2);
                let start = Instant::now();
                subject.fail();
                opened.fetch_add(1, SeqCst);
                meet(&step, 4 * number + 4);
                early += usize::from(subject.begin().is_some() && start.elapsed() < wait);
            }
        });
        early
    })
}

/// Both threads go on at the same moment, awake.
fn meet(step: &AtomicUsize, both: usize) {
    step.fetch_add(1, SeqCst);
    let start = Instant::now();
    while step.load(SeqCst) < both {
        // The other thread may have no processor of its own.
        if start.elapsed() > Duration::from_micros(50) {
            thread::yield_now();
        }
        std::hint::spin_loop();
    }
}

#[test]
fn y04_the_last_probe_of_fusebox_is_one() {
    let wait = Duration::from_secs(1);
    let settings = || ours::settings(wait).probes(2).close_after(2).abandoned(Outcome::Ignored);
    let met = y04(|| ours::breaker(settings()), |all| all.iter().for_each(|one| one.wait(wait)), SECOND);
    seen("Y04", "fusebox", format_args!("{} of {} races let everything through", met.wrong, met.rounds));
    assert_eq!(met.wrong, 0);
}

#[test]
fn y05_fusebox_lets_nothing_through_before_the_wait_is_over() {
    let wait = Duration::from_secs(3_600);
    let settings = || ours::settings(wait).consecutive(1).abandoned(Outcome::Ignored);
    let met = y05(|| ours::breaker(settings()), |all| all.iter().for_each(|one| one.wait(wait)), wait, SECOND);
    seen("Y05", "fusebox", format_args!("{} of {} openings let a call through early", met.wrong, met.rounds));
    assert_eq!(met.wrong, 0);
}

#[cfg(feature = "peers")]
mod peers {
    use super::*;
    use crate::seen::not_seen;
    use fusebox_peer_tests::subjects::circuitbreaker_rs;

    /// How long it may take to be seen. Where threads have one processor among them, they may never meet.
    const PATIENCE: Duration = Duration::from_secs(20);
    const PACKAGE: &str = "circuitbreaker-rs";

    #[test]
    fn y04_the_count_of_circuitbreaker_rs_wraps() {
        let wait = Duration::from_millis(1);
        let met = y04(|| circuitbreaker_rs::breaker(4, wait, 1), |all| all[0].wait(wait * 2), PATIENCE);
        tell("Y04", &met, "races let everything through");
    }

    #[test]
    fn y05_circuitbreaker_rs_lets_a_call_through_at_once() {
        let wait = Duration::from_millis(200);
        let met = y05(|| circuitbreaker_rs::breaker(1, wait, 5), |all| all[0].wait(wait), wait, PATIENCE);
        tell("Y05", &met, "openings let a call through early");
    }

    /// A race that was not seen proves nothing, and is no failure.
    fn tell(row: &str, met: &Met, what: &str) {
        match met.wrong {
            0 => not_seen(row, PACKAGE, format_args!("two threads did not meet in {} rounds", met.rounds)),
            wrong => seen(row, PACKAGE, format_args!("{wrong} of {} {what}", met.rounds)),
        }
    }
}
