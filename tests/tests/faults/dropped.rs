//! Futures that are polled so many times and no more: dropped, dropped by another thread, or forgotten.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Wake, Waker};

use fusebox::State;
use tokio::runtime::Runtime;

use crate::asyncs::{Parts, all};
use crate::points::Panicked;
use crate::watch::{At, in_time};

/// What timers need. Nobody drives it, so no timer ends by itself.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Dropped,
    DroppedElsewhere,
    /// Never dropped at all. What it holds is lost, until its lease is over.
    Forgotten,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Ends the work after each number of polls, in a world of its own, and says at how many awaits that was.
fn at_each_await(at: &At, name: &str, end: End, (world, work): Parts) -> u32 {
    for polls in 0..1_000 {
        at.set(format!("{polls} polls of {name}, then {end:?}"));
        let world = world();
        let mut work = work(&world);
        let mut cx = Context::from_waker(Waker::noop());
        let done = (0..polls).any(|_| work.as_mut().poll(&mut cx).is_ready());
        let woken = Arc::new(Woken::default());
        let waker = Arc::clone(&woken).into();
        {
            let mut waiting = pin!(world.circuit.wait_until_ready());
            let waits = waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending();
            match end {
                End::Dropped => drop(work),
                End::DroppedElsewhere => std::thread::spawn(move || drop(work)).join().unwrap(),
                End::Forgotten => std::mem::forget(work),
            }
            let let_through = world.circuit.retry_after().is_none() && world.circuit.state() != State::ForcedOpen;
            assert!(!waits || !let_through || woken.0.load(SeqCst), "one who waits is not woken");
        }
        world.is_whole(&Panicked::forgotten(end == End::Forgotten));
        if done {
            return polls;
        }
    }
    panic!("{name} never ends");
}

#[test]
fn every_future_at_every_await() {
    for (name, parts) in all() {
        in_time(move |at| {
            let runtime = runtime();
            let _inside = runtime.enter();
            let ends = [End::Dropped, End::DroppedElsewhere, End::Forgotten];
            let awaits: Vec<u32> = ends.into_iter().map(|end| at_each_await(at, name, end, parts)).collect();
            assert!(awaits[0] > 0 && awaits.iter().all(|one| *one == awaits[0]), "{awaits:?}");
            println!("{name}: ended after 0 to {} polls, in {} ways", awaits[0], ends.len());
        });
    }
}
