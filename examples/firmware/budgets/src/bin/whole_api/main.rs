//! Everything the library offers, in an image without a panic: it links only if no panic is left in it.
//!
//! What the compiler cannot know is what [`any`] returns. The image is for the linker and is never run.
#![allow(unsafe_code, reason = "a name that only the linker knows")]
#![no_std]
#![no_main]

mod breaker;
mod bus;
mod peers;
mod policies;
mod stream;
mod texts;

use core::fmt::Write as _;
use core::hint::black_box;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use fusebox::clock::ManualClock;
use fusebox::{Cause, Event, Listener};

type Clock = &'static ManualClock<1_000>;

static CLOCK: ManualClock<1_000> = ManualClock::new();

/// A value that could be any.
fn any<T>(value: T) -> T {
    black_box(value)
}

/// Keeps the computation of a value.
fn used<T>(value: T) {
    black_box(value);
}

/// The result of a call.
fn answer<T>(value: T) -> Result<T, u64> {
    if any(true) { Ok(value) } else { Err(any(1)) }
}

/// The same, not always at once.
async fn answer_later<T>(value: T) -> Result<T, u64> {
    sometime().await;
    answer(value)
}

async fn sometime() {
    core::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        if any(true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Polls a future to its end, or drops it before.
fn poll<F: Future>(future: F) -> Option<F::Output> {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(future);
    while any(true) {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
    }
    None
}

/// Looks at all that it is told.
struct Told;

impl<K: ?Sized> Listener<K> for Told {
    fn on_event(&self, peer: &K, event: &Event) {
        used(peer);
        used(write!(texts::Sink, "{event:?}"));
        let Event::Transition(transition) = event else { return used(event) };
        used((transition.from(), transition.to(), transition.wait(), transition.observed(), transition.is_trip()));
        let cause: Cause = transition.cause();
        used(cause.as_str());
        if let Some(trip) = cause.trip() {
            used((trip.reason().as_str(), trip.calls(), trip.failures(), trip.slow(), trip.rate()));
        }
    }
}

#[cfg(feature = "one-index")]
fn one_index() {
    let table = any([1, 2, 3]);
    used(table[any(2)]);
}

#[board::entry]
fn main() -> ! {
    loop {
        policies::exercise();
        peers::exercise();
        bus::exercise();
        stream::exercise();
        texts::exercise();
        #[cfg(feature = "one-index")]
        one_index();
    }
}

unsafe extern "C" {
    /// Nobody defines it.
    safe fn a_panic_is_reachable() -> !;
}

/// Rust puts this panic into every `async fn`, for callers that poll one after its end.
const POLLED_AFTER_ITS_END: &str = "`async fn` resumed after completion";

/// Links if all calls of it have that one message, which the optimizer knows then.
#[panic_handler]
#[expect(unused_attributes, clippy::inline_always, reason = "the compiler says that it ignores this, and does not")]
#[inline(always)]
fn panic(info: &core::panic::PanicInfo) -> ! {
    if info.message().as_str() == Some(POLLED_AFTER_ITS_END) {
        loop {}
    }
    a_panic_is_reachable()
}
