//! For how long every operation masks interrupts, and how often.
#![allow(unsafe_code, reason = "the interface of critical-section is unsafe, and so is switching interrupts")]
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use budgets::operations::{self, Meter, Operation};
use budgets::{counter, report};
use critical_section::{Impl, RawRestoreState, set_impl};

/// Masks interrupts as the chip's own crate does, and takes the time in between.
struct Measured;
set_impl!(Measured);

/// Sections that were entered with interrupts on.
static SECTIONS: AtomicU32 = AtomicU32::new(0);
/// Ticks of the longest of them, from the timer's reading in it to the next one.
static LONGEST: AtomicU32 = AtomicU32::new(0);
static START: AtomicU32 = AtomicU32::new(0);

// SAFETY: interrupts are off from `acquire` to `release`, on the only core.
unsafe impl Impl for Measured {
    unsafe fn acquire() -> RawRestoreState {
        let before = chip::mask();
        if chip::was_on(before) {
            START.store(counter::read(), Relaxed);
        }
        before
    }

    unsafe fn release(before: RawRestoreState) {
        if chip::was_on(before) {
            let took = counter::elapsed(START.load(Relaxed), counter::read());
            SECTIONS.store(SECTIONS.load(Relaxed) + 1, Relaxed);
            LONGEST.store(LONGEST.load(Relaxed).max(took), Relaxed);
        }
        chip::restore(before);
    }
}

/// What the chip's own crate does for `critical-section`.
#[cfg(target_arch = "arm")]
mod chip {
    use cortex_m::register::primask;
    use critical_section::RawRestoreState;

    #[inline]
    pub(crate) fn mask() -> RawRestoreState {
        let before = primask::read_raw();
        cortex_m::interrupt::disable();
        before
    }

    pub(crate) const fn was_on(before: RawRestoreState) -> bool {
        before & 1 == 0
    }

    #[inline]
    pub(crate) fn restore(before: RawRestoreState) {
        // SAFETY: it was so before.
        unsafe { primask::write_raw(before) };
    }

    /// They are on after a reset.
    pub(crate) const fn unmask() {}
}

/// What the chip's own crate does for `critical-section`.
#[cfg(target_arch = "riscv32")]
mod chip {
    use critical_section::RawRestoreState;

    #[inline]
    pub(crate) fn mask() -> RawRestoreState {
        let before: usize;
        // SAFETY: it switches interrupts off, and says what was before.
        unsafe { core::arch::asm!("csrrci {}, mstatus, 0b1000", out(reg) before) };
        before & 0b1000 != 0
    }

    pub(crate) const fn was_on(before: RawRestoreState) -> bool {
        before
    }

    #[inline]
    pub(crate) fn restore(before: RawRestoreState) {
        if before {
            unmask();
        }
    }

    pub(crate) fn unmask() {
        // SAFETY: no source of interrupts is enabled.
        unsafe { riscv::interrupt::enable() };
    }
}

/// Sections and ticks of the longest one since the last call.
fn measured() -> (u32, u32) {
    let measured = (SECTIONS.load(Relaxed), LONGEST.load(Relaxed));
    SECTIONS.store(0, Relaxed);
    LONGEST.store(0, Relaxed);
    measured
}

struct Masked {
    /// Ticks that an empty section seems to take.
    empty: u32,
    /// Instructions to mask and unmask.
    real: u32,
}

impl Masked {
    fn calibrated() -> Self {
        /// Masks and unmasks, with nothing in between.
        fn empty_section<A>(_: &A) -> bool {
            chip::restore(chip::mask());
            true
        }
        let nothing = |(): &()| true;
        let ticks = counter::ticks(empty_section, &()) - counter::ticks(nothing, &());
        measured();
        critical_section::with(|_| ());
        let (sections, empty) = measured();
        if sections != 1 {
            report::fail("an empty section", "was not seen");
        }
        Self { empty, real: counter::instructions(ticks) }
    }

    /// What is between masking and unmasking, and both of these.
    fn stretch(&self, ticks: u32) -> u32 {
        counter::instructions(ticks) - counter::instructions(self.empty) + self.real
    }
}

impl Meter for Masked {
    fn measure<A>(&mut self, operation: &Operation<A>, on: &A) {
        let run = || {
            (operation.before)(on);
            measured();
            core::hint::black_box(operation.run)(on);
            let measured = measured();
            if !(operation.holds)(on) {
                report::fail(operation.name, "did something else");
            }
            measured
        };
        let sections = report::thrice(operation.name, |_| run().0);
        let longest = report::thrice(operation.name, |_| match run() {
            (0, _) => 0,
            (_, ticks) => self.stretch(ticks),
        });
        report::figure("masked_times", operation.name, sections);
        report::figure("masked_longest", operation.name, longest);
    }
}

#[board::entry]
fn main() -> ! {
    counter::start();
    chip::unmask();
    operations::measure_all(&mut Masked::calibrated());
    board::exit(0)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    report::panicked(info)
}
