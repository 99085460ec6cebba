//! Instructions and stack of every operation, and the bytes of a circuit.
#![allow(unsafe_code, reason = "a hundred instructions that do nothing take assembly")]
#![no_std]
#![no_main]

use budgets::operations::{self, Meter, Operation};
use budgets::{counter, report, stack};
use fusebox::policy::{Consecutive, CountWindow, MaxFailures, TripPolicy};
use fusebox::{Circuit, CircuitBreaker, CircuitBreakerSet, clock::TickCounter};

struct Instructions;

impl Meter for Instructions {
    fn measure<A>(&mut self, operation: &Operation<A>, on: &A) {
        let name = operation.name;
        let done = report::thrice(name, |_| {
            (operation.before)(on);
            let ticks = counter::ticks(operation.run, on);
            if !(operation.holds)(on) {
                report::fail(name, "did something else");
            }
            (operation.before)(on);
            counter::instructions(ticks) - counter::instructions(counter::ticks(operation.unguarded, on))
        });
        report::figure("instructions", name, done);
        let deepest = report::thrice(name, |round| {
            (operation.before)(on);
            stack::depth(operation.run, on, 0xa5c3_5a3c ^ round as usize)
        });
        if deepest == stack::LIMIT {
            report::fail(name, "takes more stack than was painted");
        }
        report::figure("stack", name, deepest);
    }
}

/// A count that is known without counting.
fn hundred_more<A>(_: &A) -> bool {
    // SAFETY: they do nothing.
    unsafe {
        core::arch::asm!(".rept 100", "nop", ".endr", options(nomem, nostack, preserves_flags));
    }
    true
}

fn sizes() {
    /// What another peer adds to a set, besides its key.
    const fn of_peer<P: TripPolicy>() -> u32 {
        type Set<const N: usize, P> = CircuitBreakerSet<u32, &'static TickCounter<1_000>, N, P>;
        (size_of::<Set<9, P>>() - size_of::<Set<8, P>>() - size_of::<u32>()) as u32
    }
    const fn of_circuit<P: TripPolicy>() -> u32 {
        size_of::<Circuit<P>>() as u32
    }
    report::figure("ram", "circuit_consecutive", of_circuit::<Consecutive>());
    report::figure("ram", "circuit_count_window", of_circuit::<CountWindow>());
    report::figure("ram", "circuit_max_failures_3", of_circuit::<MaxFailures<3>>());
    report::figure("ram", "peer_of_set_consecutive", of_peer::<Consecutive>());
    report::figure("ram", "peer_of_set_count_window", of_peer::<CountWindow>());
    report::figure("ram", "peer_of_set_max_failures_3", of_peer::<MaxFailures<3>>());
    report::figure("ram", "breaker_settings_held", size_of::<CircuitBreaker<&'static TickCounter<1_000>>>() as u32);
}

#[board::entry]
fn main() -> ! {
    counter::start();
    let nothing = |(): &()| true;
    let (more, none) = (counter::ticks(hundred_more, &()), counter::ticks(nothing, &()));
    if counter::instructions(more) != counter::instructions(none) + 100 {
        report::fail("counter", "does not count instructions: is this the emulator, with -icount shift=10?");
    }
    operations::measure_all(&mut Instructions);
    sizes();
    board::exit(0)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    report::panicked(info)
}
