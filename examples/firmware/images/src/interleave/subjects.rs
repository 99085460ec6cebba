//! The breakers that are raced, one for each kind of policy.

use core::cell::Cell;
use core::time::Duration;

use critical_section::Mutex;
use fusebox::clock::ManualClock;
use fusebox::policy::Cell as Counter;
use fusebox::policy::{CountWindow, MaxFailures, Rates, TimeWindow, TripPolicy};
use fusebox::{CircuitBreaker, Event, Listener, Permit, Settings, State, checked};

/// The breaker of one policy that main loop and interrupt handler share, as it is.
pub struct Subject<P: TripPolicy + 'static> {
    /// The breaker.
    pub breaker: Breaker<P>,
    pending: Mutex<Cell<Pending<P>>>,
}

/// What the interrupt handler is to do.
type Pending<P> = Option<(Operation<P>, Pass<P>)>;

/// A policy whose breaker is raced.
pub trait Raced: TripPolicy + 'static {
    /// Where the breaker is.
    fn subject() -> &'static Subject<Self>;
}

/// A breaker that counts its transitions.
pub type Breaker<P> = CircuitBreaker<&'static ManualClock, P, Recorder>;
/// A right to make a call, if the operation has one.
pub type Pass<P> = Option<Permit<'static, &'static ManualClock, P, Recorder>>;
/// Something that is done with a breaker. The number stands for what came of it.
pub type Operation<P> = fn(Pass<P>) -> u32;

/// The clock. Time stands still during an operation.
pub static CLOCK: ManualClock = ManualClock::new();

impl<P: TripPolicy> Subject<P> {
    /// A breaker with these settings.
    pub const fn new(settings: Settings<&'static ManualClock, P>) -> Self {
        let breaker = CircuitBreaker::with_listener(&CLOCK, settings, Recorder);
        Self { breaker, pending: Mutex::new(Cell::new(None)) }
    }

    pub(super) fn set_pending(&self, operation: Operation<P>, pass: Pass<P>) {
        critical_section::with(|held| self.pending.borrow(held).set(Some((operation, pass))));
    }

    pub(super) fn take_pending(&self) -> Pending<P> {
        critical_section::with(|held| self.pending.borrow(held).take())
    }
}

/// How the four policies are set: the fourth failure trips.
const HALF: Rates = Rates::failures(50).min_calls(4);
/// The length of a bucket of the window of time.
pub const BUCKET: Duration = Duration::from_secs(10);

static FAILURES: Subject<MaxFailures<3>> = Subject::new(Settings::DEFAULT);
static WORD: Subject<CountWindow> = Subject::new(checked!(Settings::builder().count_window(8, HALF).build()));
static RING: Subject<CountWindow<2>> = Subject::new(checked!(Settings::builder().count_window(32, HALF).build()));
static BUCKETS: Subject<TimeWindow<4>> =
    Subject::new(checked!(Settings::builder().time_window(4, BUCKET, HALF).build()));

impl Raced for MaxFailures<3> {
    fn subject() -> &'static Subject<Self> {
        &FAILURES
    }
}

impl Raced for CountWindow {
    fn subject() -> &'static Subject<Self> {
        &WORD
    }
}

impl Raced for CountWindow<2> {
    fn subject() -> &'static Subject<Self> {
        &RING
    }
}

impl Raced for TimeWindow<4> {
    fn subject() -> &'static Subject<Self> {
        &BUCKETS
    }
}

/// Counts transitions by where they lead.
#[derive(Clone, Copy, Debug)]
pub struct Recorder;

pub(super) static RECORDED: [Counter; 3] = [const { Counter::new(0) }; 3];

impl Listener for Recorder {
    fn on_event(&self, (): &(), event: &Event) {
        let [opened, half_opened, closed] = &RECORDED;
        if let Event::Transition(transition) = event {
            match transition.to() {
                State::Open => opened.add(1),
                State::HalfOpen => half_opened.add(1),
                State::Closed => closed.add(1),
                _ => 0,
            };
        }
    }
}
