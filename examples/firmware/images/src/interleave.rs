//! Two operations on one breaker, the second from an interrupt that strikes at every instruction of the first.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering, compiler_fence};

use board::alarm;
use critical_section::Mutex;
use fusebox::clock::ManualClock;
use fusebox::policy::Cell as Counter;
use fusebox::policy::MaxFailures;
use fusebox::{CircuitBreaker, Event, Listener, Permit, State, Ticks};

/// The breaker that main loop and interrupt handler share, as it is.
pub static BREAKER: CircuitBreaker<&ManualClock, MaxFailures<3>, Recorder> =
    CircuitBreaker::with_listener(&CLOCK, fusebox::Settings::DEFAULT, Recorder);
/// Its clock. Time stands still during an operation.
pub static CLOCK: ManualClock = ManualClock::new();

/// A right to make a call, if the operation has one.
pub type Pass = Option<Permit<'static, &'static ManualClock, MaxFailures<3>, Recorder>>;

/// Something that is done with the breaker. The number stands for what came of it.
pub type Operation = fn(Pass) -> u32;

/// Two operations that race, and what is there before them.
#[derive(Clone, Copy, Debug)]
pub struct Race {
    /// What the race is called in the log.
    pub name: &'static str,
    /// Brings the breaker, which is new, to where the race begins, and gives each operation its permit.
    setup: fn() -> (Pass, Pass),
    /// What the main loop does.
    main: Operation,
    /// Whether the circuit is made anew by hand. A policy's history is not one with the state word, so the failure of a
    /// call that was let in before may then be remembered.
    by_hand: bool,
    /// What the interrupt handler does meanwhile.
    interrupt: Operation,
}

/// All that can be seen of a race afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub struct Seen {
    main: u32,
    interrupt: u32,
    state: State,
    failures: u32,
    left: Option<u32>,
    opened: u32,
    half_opened: u32,
    closed: u32,
}

/// How a race went.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// So many interrupts struck within the operation, two for each of its instructions.
    pub interrupts: u32,
    /// The first outcome that neither order gives, with the number of the interrupt.
    pub wrong: Option<(u32, Seen)>,
    /// The outcomes of the two orders.
    pub orders: [Seen; 2],
}

/// Half an instruction, with `-icount shift=10`: timers have ticks, and a step must not miss an instruction.
const STEP_NANOSECONDS: u32 = 1 << 9;

static PENDING: Mutex<Cell<Option<(Operation, Pass)>>> = Mutex::new(Cell::new(None));
static TOLD: Counter = Counter::new(0);
static IN_OPERATION: AtomicBool = AtomicBool::new(false);
static STRUCK: AtomicBool = AtomicBool::new(false);

impl Race {
    /// A race whose outcome is that of one order or the other.
    pub const fn new(name: &'static str, setup: fn() -> (Pass, Pass), main: Operation, interrupt: Operation) -> Self {
        Self { name, setup, main, interrupt, by_hand: false }
    }

    /// One in which the circuit is made anew by hand.
    pub const fn by_hand(self) -> Self {
        Self { by_hand: true, ..self }
    }

    /// Runs the race once for each instruction of the main loop's operation.
    pub fn run(&self) -> Report {
        let orders = [self.once(&Order::InterruptFirst).0, self.once(&Order::MainFirst).0];
        let (mut interrupts, mut wrong) = (0, None);
        for after in 1.. {
            let (seen, struck) = self.once(&Order::InterruptAfter(after));
            interrupts += u32::from(struck == Struck::Within);
            if wrong.is_none() && !orders.iter().any(|order| self.allows(*order, seen)) {
                wrong = Some((interrupts, seen));
            }
            if struck == Struck::TooLate {
                break;
            }
        }
        Report { interrupts, wrong, orders }
    }

    /// Whether this is the outcome of an order.
    fn allows(&self, order: Seen, seen: Seen) -> bool {
        let one_more = Seen { failures: order.failures + 1, ..order };
        seen == order || self.by_hand && seen == one_more
    }

    fn once(&self, order: &Order) -> (Seen, Struck) {
        BREAKER.reset();
        let (mine, its) = (self.setup)();
        for count in &RECORDED {
            count.store(0);
        }
        STRUCK.store(false, Ordering::Relaxed);
        critical_section::with(|held| PENDING.borrow(held).set(Some((self.interrupt, its))));
        match *order {
            Order::InterruptFirst => interrupt(),
            Order::MainFirst => {}
            Order::InterruptAfter(steps) => alarm::arm(steps * STEP_NANOSECONDS, interrupt),
        }
        IN_OPERATION.store(true, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        let main = (self.main)(mine);
        compiler_fence(Ordering::SeqCst);
        IN_OPERATION.store(false, Ordering::Relaxed);
        let too_late = alarm::disarm();
        interrupt();
        let struck = match (too_late, STRUCK.load(Ordering::Relaxed)) {
            (true, _) => Struck::TooLate,
            (false, true) => Struck::Within,
            (false, false) => Struck::Beside,
        };
        (seen(main), struck)
    }
}

enum Order {
    InterruptFirst,
    MainFirst,
    InterruptAfter(u32),
}

#[derive(PartialEq, Eq)]
enum Struck {
    Within,
    Beside,
    TooLate,
}

/// Does the pending operation, if it has not been done.
fn interrupt() {
    let Some((operation, pass)) = critical_section::with(|held| PENDING.borrow(held).take()) else { return };
    STRUCK.store(IN_OPERATION.load(Ordering::Relaxed), Ordering::Relaxed);
    TOLD.store(operation(pass));
}

fn seen(main: u32) -> Seen {
    let [opened, half_opened, closed] = RECORDED.each_ref().map(Counter::load);
    Seen {
        main,
        interrupt: TOLD.load(),
        state: BREAKER.state(),
        failures: BREAKER.tally().failures,
        left: BREAKER.retry_after().map(Ticks::count),
        opened,
        half_opened,
        closed,
    }
}

/// Counts transitions by where they lead.
#[derive(Clone, Copy, Debug)]
pub struct Recorder;

static RECORDED: [Counter; 3] = [const { Counter::new(0) }; 3];

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
