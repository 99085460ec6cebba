//! Who is told of events.

#[cfg(feature = "defmt")]
mod defmt;

#[cfg(feature = "defmt")]
pub use self::defmt::DefmtListener;

use crate::event::Event;

/// Is told what happens to circuits, after it happened and with nothing held: it may use the very
/// breaker that calls it. A listener that panics leaves the breaker usable, and the slot of a probe that it is told of free.
///
/// A guarded call that panics has failed, and that may be an event. A listener that panics then is a second panic at once, which
/// ends the program: without `std` nothing here can catch it. The same is true of a clock or a policy of your own. The sets of
/// `fusebox-std` catch such panics; with a breaker of this crate the listener may do so itself:
///
/// ```
/// use std::panic::{AssertUnwindSafe, catch_unwind};
/// use fusebox::{Event, Listener};
///
/// struct Caught<L>(L);
///
/// impl<K: ?Sized, L: Listener<K>> Listener<K> for Caught<L> {
///     fn on_event(&self, peer: &K, event: &Event) {
///         let told = catch_unwind(AssertUnwindSafe(|| self.0.on_event(peer, event)));
///         if let (Err(panic), false) = (told, std::thread::panicking()) {
///             std::panic::resume_unwind(panic);
///         }
///     }
/// }
/// ```
///
/// `K` names the peer: a set's key, and `()` for a single breaker. Closures listen, pairs pass each
/// event to both, `()` ignores it and costs nothing. For a listener in a `static`, implement the trait
/// for a reference to your type.
///
/// An interrupt handler that settles a call also runs the listener, so keep it short there.
///
/// ```
/// use fusebox::{CircuitBreakerSet, Event, Settings, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let log = |peer: &u16, event: &Event| println!("peer {peer}: {event:?}");
/// let mut set = CircuitBreakerSet::<u16, _, 8, _, _>::with_listener(&clock, Settings::DEFAULT, log);
/// set.peer(&7)?.open();
/// # Ok::<(), fusebox::Rejected>(())
/// ```
pub trait Listener<K: ?Sized = ()> {
    /// Called once per event.
    fn on_event(&self, peer: &K, event: &Event);
}

impl<K: ?Sized> Listener<K> for () {
    #[inline]
    fn on_event(&self, _: &K, _: &Event) {}
}

impl<K: ?Sized, A: Listener<K>, B: Listener<K>> Listener<K> for (A, B) {
    fn on_event(&self, peer: &K, event: &Event) {
        self.0.on_event(peer, event);
        self.1.on_event(peer, event);
    }
}

impl<K: ?Sized, F: Fn(&K, &Event)> Listener<K> for F {
    fn on_event(&self, peer: &K, event: &Event) {
        self(peer, event);
    }
}
