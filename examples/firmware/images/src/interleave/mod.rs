//! Two operations on one breaker, the second from an interrupt that strikes at every instruction of the first.

pub mod operations;
mod subjects;

pub use subjects::{BUCKET, Breaker, CLOCK, Operation, Pass, Raced, Subject};

use core::sync::atomic::{AtomicBool, Ordering, compiler_fence};

use board::alarm;
use fusebox::policy::Cell as Counter;
use fusebox::policy::{Tally, TripPolicy};
use fusebox::{State, Ticks};
use subjects::RECORDED;

/// Two operations that race, and what is there before them.
pub struct Race<P: TripPolicy + 'static> {
    /// What the race is called in the log.
    pub name: &'static str,
    /// Brings the breaker, which is new, to where the race begins, and gives each operation its permit.
    setup: fn() -> (Pass<P>, Pass<P>),
    /// What the main loop does.
    main: Operation<P>,
    /// What the interrupt handler does meanwhile.
    interrupt: Operation<P>,
    /// Whether the circuit is made anew by hand. A policy's history is not one with the state word, so the failure of a
    /// call that was let in before may then be remembered.
    by_hand: bool,
}

/// All that can be seen of a race afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub struct Seen {
    main: u32,
    interrupt: u32,
    state: State,
    failures: u32,
    calls: u32,
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

static TOLD: Counter = Counter::new(0);
static IN_OPERATION: AtomicBool = AtomicBool::new(false);
static STRUCK: AtomicBool = AtomicBool::new(false);

impl<P: Raced> Race<P> {
    /// A race whose outcome is that of one order or the other.
    pub const fn new(
        name: &'static str,
        setup: fn() -> (Pass<P>, Pass<P>),
        main: Operation<P>,
        interrupt: Operation<P>,
    ) -> Self {
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
        let told = Seen { failures: order.failures, calls: order.calls, ..seen };
        let one_more = seen.failures <= order.failures + 1 && seen.calls <= order.calls + 1;
        seen == order || self.by_hand && told == order && one_more
    }

    fn once(&self, order: &Order) -> (Seen, Struck) {
        let subject = P::subject();
        subject.breaker.reset();
        let (mine, its) = (self.setup)();
        for count in &RECORDED {
            count.store(0);
        }
        STRUCK.store(false, Ordering::Relaxed);
        subject.set_pending(self.interrupt, its);
        match *order {
            Order::InterruptFirst => interrupt::<P>(),
            Order::MainFirst => {}
            Order::InterruptAfter(steps) => alarm::arm(steps * STEP_NANOSECONDS, interrupt::<P>),
        }
        IN_OPERATION.store(true, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        let main = (self.main)(mine);
        compiler_fence(Ordering::SeqCst);
        IN_OPERATION.store(false, Ordering::Relaxed);
        let too_late = alarm::disarm();
        interrupt::<P>();
        let struck = match (too_late, STRUCK.load(Ordering::Relaxed)) {
            (true, _) => Struck::TooLate,
            (false, true) => Struck::Within,
            (false, false) => Struck::Beside,
        };
        (seen(&subject.breaker, main), struck)
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
fn interrupt<P: Raced>() {
    let Some((operation, pass)) = P::subject().take_pending() else { return };
    STRUCK.store(IN_OPERATION.load(Ordering::Relaxed), Ordering::Relaxed);
    TOLD.store(operation(pass));
}

fn seen<P: TripPolicy>(breaker: &Breaker<P>, main: u32) -> Seen {
    let [opened, half_opened, closed] = RECORDED.each_ref().map(Counter::load);
    let state = breaker.state();
    // What is remembered counts while the circuit is closed, and is forgotten before it is closed again.
    let tally = if state == State::Closed { breaker.tally() } else { Tally::default() };
    Seen {
        main,
        interrupt: TOLD.load(),
        state,
        failures: tally.failures,
        calls: tally.calls,
        left: breaker.retry_after().map(Ticks::count),
        opened,
        half_opened,
        closed,
    }
}
