//! Y02 and Y11: what stays behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use allocation_counter::measure;
use fusebox_peer_tests::subjects::ours;
use fusebox_peer_tests::{Failed, Subject};

use crate::seen::seen;

const BREAKERS: i64 = 1_000;
const CYCLES: i64 = 100;
const WAIT: Duration = Duration::from_millis(1);
const CALLS: usize = 100_000;

/// Y02: the bytes that stay for each breaker that was made and dropped, and for each time that one opened and closed.
fn y02<S: Subject>(make: impl Fn() -> S) -> (i64, i64) {
    let subject = make();
    let cycle = || {
        subject.trip();
        subject.wait(WAIT * 2);
        (0..12).for_each(|_| _ = subject.succeed());
    };
    // What a thread needs once is not counted, nor what others left for it to free.
    drop(make());
    cycle();
    (0..10_000).for_each(|_| _ = subject.succeed());
    let kept = measure(|| (0..BREAKERS).for_each(|_| drop(make()))).bytes_current;
    let cycled = measure(|| (0..CYCLES).for_each(|_| cycle())).bytes_current;
    (kept / BREAKERS, cycled / CYCLES)
}

/// Y11: how many of so many calls an open breaker makes, and how many bytes stay when a closed one made so many.
fn y11(open: &impl Subject, closed: &impl Subject) -> (usize, i64) {
    (0..4).for_each(|_| _ = open.fail());
    let made = Arc::new(AtomicUsize::new(0));
    for _ in 0..CALLS {
        let made = Arc::clone(&made);
        let work = async move {
            made.fetch_add(1, SeqCst);
            Err(Failed)
        };
        futures_end(open.call(Box::pin(work)));
    }
    let bytes = measure(|| (0..CALLS).for_each(|_| assert!(closed.succeed().made()))).bytes_current;
    (made.load(SeqCst), bytes)
}

fn futures_end(mut call: fusebox_peer_tests::Call<'_>) {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(call.as_mut().poll(&mut context).is_ready());
}

#[test]
fn y02_fusebox_keeps_nothing() {
    let kept = y02(|| ours::breaker(ours::settings(WAIT)));
    seen("Y02", "fusebox", format_args!("{} B a dropped breaker, {} B a cycle", kept.0, kept.1));
    assert_eq!(kept, (0, 0));
}

#[test]
fn y11_an_open_fusebox_makes_no_call_and_keeps_nothing() {
    let [open, closed] = [(); 2].map(|()| ours::breaker(ours::settings(WAIT)));
    let (made, bytes) = y11(&open, &closed);
    seen("Y11", "fusebox", format_args!("{made} of {CALLS} calls while open, {bytes} B kept"));
    assert_eq!((made, bytes), (0, 0));
}

#[cfg(feature = "peers")]
mod peers {
    use super::*;
    use fusebox_peer_tests::subjects::{recloser, resilient};

    #[test]
    fn y02_recloser_leaks() {
        let (dropped, cycle) = y02(|| recloser::breaker(100, WAIT, 10));
        seen("Y02", "recloser", format_args!("{dropped} B a dropped breaker, {cycle} B a cycle"));
        assert!(dropped > 50 && cycle > 50, "{dropped} B, {cycle} B");
    }

    #[test]
    fn y11_an_open_resilient_calls_and_its_log_grows() {
        let [open, closed] = [(); 2].map(|()| resilient::breaker(Duration::from_secs(3_600)));
        let (made, bytes) = y11(&open, &closed);
        seen("Y11", "resilient", format_args!("{made} of {CALLS} calls while open, {bytes} B kept"));
        assert_eq!(open.state(), ::resilient::circuit_breaker::breaker::BreakerState::Open);
        assert_eq!(made, CALLS);
        assert!(bytes > 1_000_000, "{bytes} B");
    }
}
