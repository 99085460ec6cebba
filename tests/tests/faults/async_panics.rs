//! Panics at every point of what is done asynchronously.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::asyncs::{Work, all};
use crate::dropped::runtime;
use crate::points::{each_point_both_ways, point};
use crate::world::{Circuit, World};

/// Polls until it is done, with a waker that does nothing: whoever is pending here has asked to be polled again.
fn finish(mut work: Work) {
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if work.as_mut().poll(&mut cx).is_ready() {
            return;
        }
    }
    panic!("it never ends");
}

#[test]
fn every_call_of_users_code_in_futures() {
    for (name, (world, work)) in all() {
        let act = move |world: &World| {
            let runtime = runtime();
            let _inside = runtime.enter();
            finish(work(world));
        };
        each_point_both_ways(name, world, act, World::is_whole);
    }
}

struct Breaks;

impl Wake for Breaks {
    fn wake(self: Arc<Self>) {
        point("waker");
    }
}

fn waits(circuit: &Circuit) -> bool {
    let waker = Arc::new(Breaks).into();
    pin!(circuit.wait_until_ready()).poll(&mut Context::from_waker(&waker)) == Poll::Pending
}

#[test]
fn a_waker_of_somebody_who_waits() {
    let act = |world: &World| {
        let runtime = runtime();
        let _inside = runtime.enter();
        let waker = Arc::new(Breaks).into();
        let mut cx = Context::from_waker(&waker);
        world.circuit.force_open();
        let mut waiting = pin!(world.circuit.wait_until_ready());
        assert!(waiting.as_mut().poll(&mut cx).is_pending() && waits(&world.circuit));
        world.circuit.half_open();
        let _ = waiting.as_mut().poll(&mut cx);
        // What is told by a change is written down, whatever the waker does.
        assert!(world.circuit.records().len() >= 2);
    };
    each_point_both_ways("a waker", World::new, act, World::is_whole);
}
