//! What the Cortex-M boards have in common.

/// Sleeps until the next interrupt.
pub fn wait_for_interrupt() {
    cortex_m::asm::wfi();
}

/// Resets the chip. Memory that no section of the image initializes keeps what it holds.
pub fn reset() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}

/// The rate at which `SysTick` counts.
pub const CORE_HZ: u32 = if cfg!(board = "microbit") {
    16_000_000
} else if cfg!(board = "lm3s6965evb") {
    12_500_000
} else {
    25_000_000
};

/// Interrupts a thousand times a second.
#[cfg(feature = "uptime")]
pub(crate) fn start_timer() {
    use cortex_m::peripheral::syst::SystClkSource;

    let Some(core) = cortex_m::Peripherals::take() else { return };
    let mut timer = core.SYST;
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CORE_HZ / 1_000 - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

#[cfg(feature = "uptime")]
#[cortex_m_rt::exception]
fn SysTick() {
    crate::UPTIME.tick();
}
