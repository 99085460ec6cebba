//! The emulator's RISC-V machine.
#![allow(unsafe_code, reason = "registers have addresses, and interrupts are switched on")]

/// Sleeps until the next interrupt.
pub fn wait_for_interrupt() {
    riscv::asm::wfi();
}

/// The device that ends or resets the machine, and the word that resets it.
const TEST_DEVICE: *mut u32 = 0x10_0000 as *mut u32;
const RESET: u32 = 0x7777;

/// Resets the chip. Memory that no section of the image initializes keeps what it holds.
pub fn reset() -> ! {
    // SAFETY: the register is this machine's, and is there to be written.
    unsafe { TEST_DEVICE.write_volatile(RESET) };
    loop {
        riscv::asm::wfi();
    }
}

#[cfg(feature = "uptime")]
mod timer {
    /// The rate at which `mtime` counts.
    pub(crate) const TIMER_HZ: u32 = 10_000_000;
    const TICKS_PER_MILLISECOND: u64 = TIMER_HZ as u64 / 1_000;
    const MTIME: *mut u32 = 0x0200_bff8 as *mut u32;
    const MTIMECMP: *mut u32 = 0x0200_4000 as *mut u32;

    fn now() -> u64 {
        loop {
            // SAFETY: both halves of the counter may be read at any time.
            let (high, low, again) =
                unsafe { (MTIME.add(1).read_volatile(), MTIME.read_volatile(), MTIME.add(1).read_volatile()) };
            if high == again {
                return u64::from(high) << 32 | u64::from(low);
            }
        }
    }

    fn interrupt_at(moment: u64) {
        // SAFETY: the comparator is this hart's. The high half is out of reach while the low one changes.
        unsafe {
            MTIMECMP.add(1).write_volatile(u32::MAX);
            MTIMECMP.write_volatile(moment as u32);
            MTIMECMP.add(1).write_volatile((moment >> 32) as u32);
        }
    }

    /// Interrupts a thousand times a second.
    pub(crate) fn start_timer() {
        interrupt_after(TICKS_PER_MILLISECOND);
    }

    /// Interrupts after so many ticks; the first interrupt is to stop the timer.
    pub(crate) fn interrupt_once(ticks: u32) {
        interrupt_after(ticks.into());
    }

    fn interrupt_after(ticks: u64) {
        interrupt_at(now() + ticks);
        // SAFETY: nothing masks this interrupt for its own protection.
        unsafe {
            riscv::register::mie::set_mtimer();
            riscv::interrupt::enable();
        }
    }

    pub(crate) fn stop_timer() {
        riscv::interrupt::free(|| {
            // SAFETY: an interrupt that does not come breaks nobody's lock.
            unsafe { riscv::register::mie::clear_mtimer() };
        });
    }

    #[riscv_rt::core_interrupt(riscv::interrupt::Interrupt::MachineTimer)]
    fn machine_timer() {
        if !crate::alarm::ring() {
            crate::UPTIME.tick();
            interrupt_at(now() + TICKS_PER_MILLISECOND);
        }
    }
}

#[cfg(feature = "uptime")]
pub(crate) use timer::{TIMER_HZ, interrupt_once, start_timer, stop_timer};
