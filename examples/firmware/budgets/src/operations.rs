//! What is measured: the calls that a user writes.

use core::cell::Cell;
use core::hash::Hash;
use core::hint::black_box;
use core::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{Consecutive, CountWindow, MaxFailures, Rates, TripPolicy};
use fusebox::{CircuitBreaker, CircuitBreakerSet, Peer, Settings, Snapshot, State, constant_settings};

/// Reads a word, as every clock does that an interrupt moves on.
type Clock = &'static ManualClock<1_000>;

static CLOCK: ManualClock<1_000> = ManualClock::new();

constant_settings! {
    struct Default: Settings<Clock> = Settings::builder().build();
}
constant_settings! {
    struct ThreeInARow: Settings<Clock, Consecutive> = Settings::builder().consecutive(3).build();
}
constant_settings! {
    struct HalfOf31: Settings<Clock, CountWindow> =
        Settings::builder().count_window(31, Rates::failures(50).min_calls(31)).build();
}

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
struct Link<'a, P: TripPolicy, S> {
    peer: Peer<'a, Clock, P, (), (), S>,
    answers: Cell<bool>,
}

impl<'a, P: TripPolicy, S: AsRef<Settings<Clock, P>>> Link<'a, P, S> {
    fn to(breaker: &'a CircuitBreaker<Clock, P, (), S>) -> Self {
        Self { peer: breaker.peer(), answers: Cell::new(true) }
    }

    /// What is guarded: it loads its result and returns it.
    #[inline]
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

    const fn closed_success(name: &'static str) -> Operation<Self> {
        Operation {
            name,
            before: |link| link.closed(0),
            run: Self::guarded,
            unguarded: Self::unguarded,
            holds: |link| link.has(State::Closed, 0),
        }
    }

    const fn failure(name: &'static str) -> Operation<Self> {
        Operation {
            name,
            before: |link| link.failing(|link| link.closed(0)),
            holds: |link| link.has(State::Closed, 1),
            ..Self::closed_success("")
        }
    }

    const fn reject(name: &'static str) -> Operation<Self> {
        Operation {
            name,
            before: |link| link.closed(4),
            unguarded: nothing,
            holds: |link| link.has(State::Open, 3) && !link.guarded(),
            ..Self::closed_success("")
        }
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
    other_settings(meter);
    counting_policies(meter);
    saved_state(meter);
    lookups(meter);
}

/// Calls through a handle, the settings being a constant.
fn calls(meter: &mut impl Meter) {
    type On<'a> = Link<'a, MaxFailures<3>, Default>;

    let breaker = CircuitBreaker::with_settings(&CLOCK, Default);
    let link = Link::to(&breaker);
    let mut measure = |operation| meter.measure(&operation, &link);
    measure(On::closed_success("closed_success"));
    measure(On::failure("failure"));
    measure(Operation {
        name: "failure_that_trips",
        before: |link| link.failing(|link| link.closed(3)),
        holds: |link| link.has(State::Open, 3),
        ..On::closed_success("")
    });
    measure(On::reject("reject"));
    measure(Operation {
        name: "probe_admitted",
        before: On::due,
        run: On::acquire,
        unguarded: nothing,
        holds: |link| link.has(State::HalfOpen, 3),
    });
    measure(Operation { name: "probe_that_closes", before: On::due, ..On::closed_success("") });
    measure(Operation {
        name: "probe_that_fails",
        before: |link| link.failing(On::due),
        // It waits again.
        holds: |link| link.has(State::Open, 3) && link.peer.retry_after().is_some(),
        ..On::closed_success("")
    });
    measure(Operation { name: "snapshot", run: On::snapshot, ..On::reject("") });
}

/// A breaker in a static, and settings that the compiler does not know.
fn other_settings(meter: &mut impl Meter) {
    static RADIO: CircuitBreaker<Clock, MaxFailures<3>, (), Default> = CircuitBreaker::with_settings(&CLOCK, Default);

    let link = Link::to(&RADIO);
    let run = |link: &Link<_, _>| RADIO.call(|| link.send()).is_ok();
    meter.measure(&Operation { run, ..Link::closed_success("closed_success_static") }, &link);
    meter.measure(&Operation { run, ..Link::failure("failure_static") }, &link);
    meter.measure(&Operation { run, ..Link::reject("reject_static") }, &link);

    let breaker = CircuitBreaker::with_settings(&CLOCK, black_box(Settings::DEFAULT));
    let link = Link::to(&breaker);
    meter.measure(&Link::closed_success("closed_success_settings_held"), &link);
    meter.measure(&Link::failure("failure_settings_held"), &link);
    meter.measure(&Link::reject("reject_settings_held"), &link);
}

/// Successes that are written down.
fn counting_policies(meter: &mut impl Meter) {
    let breaker = CircuitBreaker::with_settings(&CLOCK, ThreeInARow);
    let operation = Operation {
        name: "consecutive_success",
        before: |link: &Link<_, _>| link.closed(2),
        ..Link::closed_success("")
    };
    meter.measure(&operation, &Link::to(&breaker));

    let breaker = CircuitBreaker::with_settings(&CLOCK, HalfOf31);
    let operation = Operation {
        name: "count_window_success",
        before: |link: &Link<_, _>| link.closed(2),
        holds: |link| link.has(State::Closed, 2) && link.peer.tally().calls == 3,
        ..Link::closed_success("")
    };
    meter.measure(&operation, &Link::to(&breaker));
}

/// A saved state, given back to its breaker.
fn saved_state(meter: &mut impl Meter) {
    struct Saved<'a> {
        link: Link<'a, MaxFailures<3>, Default>,
        snapshot: Snapshot,
    }

    let breaker = CircuitBreaker::with_settings(&CLOCK, Default);
    let link = Link::to(&breaker);
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
        set: &'a CircuitBreakerSet<K, Clock, 32, MaxFailures<3>, (), Default>,
        key: K,
    }
    const LAST: u8 = 31;

    let mut set = CircuitBreakerSet::with_settings(&CLOCK, Default);
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
