//! What is measured: the calls that a user writes.

use core::cell::Cell;
use core::hash::Hash;
use core::hint::black_box;
use core::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{Consecutive, CountWindow, MaxFailures, Rates, TripPolicy};
use fusebox::{CircuitBreaker, CircuitBreakerSet, Peer, Settings, Snapshot, State, checked};

/// Reads a word, as every clock does that an interrupt moves on.
type Clock = &'static ManualClock<1_000>;

static CLOCK: ManualClock<1_000> = ManualClock::new();

const CONSECUTIVE: Settings<Clock, Consecutive> = checked!(Settings::builder().consecutive(3).build());
const LAST_31: Settings<Clock, CountWindow> =
    checked!(Settings::builder().count_window(31, Rates::failures(50).min_calls(31)).build());

/// One operation on an `A`, whose parts are in hand: the operation's function is given a reference to it.
pub struct Operation<A> {
    /// The name of its figures.
    pub name: &'static str,
    /// Brings about what the operation needs.
    pub before: fn(&A),
    /// The operation.
    pub run: fn(&A) -> bool,
    /// The same without a breaker. What it costs is taken off.
    pub unguarded: fn(&A) -> bool,
    /// Whether the operation did what its name says.
    pub holds: fn(&A) -> bool,
}

/// Who measures operations.
pub trait Meter {
    /// Measures an operation.
    fn measure<A>(&mut self, operation: &Operation<A>, on: &A);
}

/// A call to a peer: the handle, and what the call will return.
struct Link<'a, P: TripPolicy> {
    peer: Peer<'a, Clock, P>,
    answers: Cell<bool>,
}

impl<P: TripPolicy> Link<'_, P> {
    /// What is guarded: it loads its result and returns it.
    #[inline(always)]
    fn send(&self) -> Result<(), ()> {
        if self.answers.get() { Ok(()) } else { Err(()) }
    }

    fn guarded(&self) -> bool {
        self.peer.call(|| self.send()).is_ok()
    }

    fn unguarded(&self) -> bool {
        self.send().is_ok()
    }

    fn acquire(&self) -> bool {
        self.peer.try_acquire().map(core::mem::forget).is_ok()
    }

    fn snapshot(&self) -> bool {
        black_box(self.peer.snapshot());
        true
    }

    /// A closed circuit that remembers so many failures. The next call succeeds.
    fn closed(&self, failures: u32) {
        CLOCK.advance_ticks(1_000_000);
        self.peer.reset();
        self.answers.set(false);
        for _ in 0..failures {
            self.guarded();
        }
        self.answers.set(true);
    }

    /// An open circuit whose wait is over.
    fn due(&self) {
        self.closed(4);
        CLOCK.advance_ticks(10_000);
    }

    fn failing(&self, before: impl Fn(&Self)) {
        before(self);
        self.answers.set(false);
    }

    fn has(&self, state: State, failures: u32) -> bool {
        self.peer.state() == state && self.peer.tally().failures == failures
    }
}

/// Returns, as every operation does.
fn nothing<A>(_: &A) -> bool {
    true
}

/// Measures every operation.
pub fn measure_all(meter: &mut impl Meter) {
    calls(meter);
    static_breaker(meter);
    counting_policies(meter);
    saved_state(meter);
    lookups(meter);
}

/// Calls through a breaker with the default settings.
fn calls(meter: &mut impl Meter) {
    type On<'a> = Link<'a, MaxFailures<3>>;

    let breaker = CircuitBreaker::new(&CLOCK);
    let link = On { peer: breaker.peer(), answers: Cell::new(true) };
    let (run, unguarded) = (On::guarded, On::unguarded);
    let mut measure = |operation| meter.measure(&operation, &link);
    measure(Operation {
        name: "closed_success",
        before: |link| link.closed(0),
        run,
        unguarded,
        holds: |link| link.has(State::Closed, 0),
    });
    measure(Operation {
        name: "failure",
        before: |link| link.failing(|link| link.closed(0)),
        run,
        unguarded,
        holds: |link| link.has(State::Closed, 1),
    });
    measure(Operation {
        name: "failure_that_trips",
        before: |link| link.failing(|link| link.closed(3)),
        run,
        unguarded,
        holds: |link| link.has(State::Open, 3),
    });
    measure(Operation {
        name: "reject",
        before: |link| link.closed(4),
        run,
        unguarded: nothing,
        holds: |link| link.has(State::Open, 3),
    });
    measure(Operation {
        name: "probe_admitted",
        before: On::due,
        run: On::acquire,
        unguarded: nothing,
        holds: |link| link.has(State::HalfOpen, 3),
    });
    measure(Operation {
        name: "probe_that_closes",
        before: On::due,
        run,
        unguarded,
        holds: |link| link.has(State::Closed, 0),
    });
    measure(Operation {
        name: "probe_that_fails",
        before: |link| link.failing(On::due),
        run,
        unguarded,
        holds: |link| link.has(State::Open, 3),
    });
    measure(Operation {
        name: "snapshot",
        before: |link| link.closed(4),
        run: On::snapshot,
        unguarded: nothing,
        holds: |link| link.has(State::Open, 3),
    });
}

/// The same success where the compiler knows the breaker's address.
fn static_breaker(meter: &mut impl Meter) {
    static RADIO: CircuitBreaker<Clock> = CircuitBreaker::new(&CLOCK);

    let link = Link { peer: RADIO.peer(), answers: Cell::new(true) };
    let operation = Operation {
        name: "closed_success_static",
        before: |link: &Link<_>| link.closed(0),
        run: |link| RADIO.call(|| link.send()).is_ok(),
        unguarded: Link::unguarded,
        holds: |link| link.has(State::Closed, 0),
    };
    meter.measure(&operation, &link);
}

/// Successes that are written down.
fn counting_policies(meter: &mut impl Meter) {
    let breaker = CircuitBreaker::with_settings(&CLOCK, CONSECUTIVE);
    let link = Link { peer: breaker.peer(), answers: Cell::new(true) };
    let operation = Operation {
        name: "consecutive_success",
        before: |link: &Link<_>| link.closed(2),
        run: Link::guarded,
        unguarded: Link::unguarded,
        holds: |link| link.has(State::Closed, 0),
    };
    meter.measure(&operation, &link);

    let breaker = CircuitBreaker::with_settings(&CLOCK, LAST_31);
    let link = Link { peer: breaker.peer(), answers: Cell::new(true) };
    let operation = Operation {
        name: "count_window_success",
        before: |link: &Link<_>| link.closed(2),
        run: Link::guarded,
        unguarded: Link::unguarded,
        holds: |link| link.has(State::Closed, 2) && link.peer.tally().calls == 3,
    };
    meter.measure(&operation, &link);
}

/// A saved state, given back to its breaker.
fn saved_state(meter: &mut impl Meter) {
    struct Saved<'a> {
        link: Link<'a, MaxFailures<3>>,
        snapshot: Snapshot,
    }

    let breaker = CircuitBreaker::new(&CLOCK);
    let link = Link { peer: breaker.peer(), answers: Cell::new(true) };
    link.closed(4);
    let snapshot = breaker.snapshot();
    let operation = Operation {
        name: "restore",
        before: |saved: &Saved| saved.link.closed(0),
        run: |saved| {
            saved.link.peer.restore(&saved.snapshot, Duration::ZERO);
            true
        },
        unguarded: nothing,
        holds: |saved| saved.link.has(State::Open, 3),
    };
    meter.measure(&operation, &Saved { link, snapshot });
}

/// Finding the first and the last of 32 peers, up to a handle in memory.
fn lookups(meter: &mut impl Meter) {
    lookup(meter, ["lookup_6_bytes_first", "lookup_6_bytes_last"], |index| [0x02, 0, 0, 0, 0, index]);
    lookup(meter, ["lookup_u16_first", "lookup_u16_last"], u16::from);
}

fn lookup<K: Clone + Eq + Hash>(meter: &mut impl Meter, names: [&'static str; 2], key: fn(u8) -> K) {
    struct Wanted<'a, K> {
        set: &'a CircuitBreakerSet<K, Clock, 32>,
        key: K,
    }
    const LAST: u8 = 31;

    let mut set = CircuitBreakerSet::new(&CLOCK);
    for index in 0..=LAST {
        let _ = set.peer(&key(index));
    }
    for (name, index) in names.into_iter().zip([0, LAST]) {
        let operation = Operation {
            name,
            before: |_| (),
            run: |wanted: &Wanted<K>| black_box(wanted.set.get(&wanted.key)).is_some(),
            unguarded: nothing,
            holds: |wanted| wanted.set.get(&wanted.key).is_some_and(|peer| *peer.key() == wanted.key),
        };
        meter.measure(&operation, &Wanted { set: &set, key: key(index) });
    }
}
