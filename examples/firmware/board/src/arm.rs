//! What the Cortex-M boards have in common.
#![allow(unsafe_code, reason = "the timer belongs to nobody else")]

/// Sleeps until the next interrupt.
pub fn wait_for_interrupt() {
    cortex_m::asm::wfi();
}

/// Resets the chip. Memory that no section of the image initializes keeps what it holds.
pub fn reset() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}

/// The rate at which `SysTick` counts, down, in 24 bits.
pub const TIMER_HZ: u32 = if cfg!(board = "microbit") {
    16_000_000
} else if cfg!(board = "lm3s6965evb") {
    12_500_000
} else {
    25_000_000
};

#[cfg(feature = "uptime")]
mod timer {
    use cortex_m::peripheral::SYST;
    use cortex_m::peripheral::syst::SystClkSource;

    use super::TIMER_HZ;

    /// Interrupts a thousand times a second.
    pub(crate) fn start_timer() {
        interrupt_each(TIMER_HZ / 1_000);
    }

    /// Interrupts after so many ticks; the first interrupt is to stop the timer.
    pub(crate) fn interrupt_once(ticks: u32) {
        interrupt_each(ticks + 1);
    }

    pub(crate) fn stop_timer() {
        timer().disable_counter();
    }

    fn interrupt_each(ticks: u32) {
        let mut timer = timer();
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(ticks - 1);
        timer.clear_current();
        timer.enable_interrupt();
        timer.enable_counter();
    }

    fn timer() -> SYST {
        // SAFETY: the timer is this module's alone.
        unsafe { cortex_m::Peripherals::steal() }.SYST
    }

    #[cortex_m_rt::exception]
    fn SysTick() {
        if !crate::alarm::ring() {
            crate::UPTIME.tick();
        }
    }
}

#[cfg(feature = "uptime")]
pub(crate) use timer::{interrupt_once, start_timer, stop_timer};
