//! Instructions, counted by a timer. The emulator lets 1,024 ns pass with each (`-icount shift=10`).

const NANOSECONDS_PER_INSTRUCTION: u64 = 1 << 10;

/// The rate of the timer.
#[cfg(target_arch = "arm")]
const HZ: u32 = board::TIMER_HZ;
/// The emulator counts retired instructions in nanoseconds of its clock.
#[cfg(target_arch = "riscv32")]
const HZ: u32 = 1_000_000_000;

/// Starts the timer. Call it once.
pub fn start() {
    #[cfg(target_arch = "arm")]
    if let Some(mut core) = cortex_m::Peripherals::take() {
        core.SYST.set_clock_source(cortex_m::peripheral::syst::SystClkSource::Core);
        core.SYST.set_reload(0x00ff_ffff);
        core.SYST.clear_current();
        core.SYST.enable_counter();
    }
}

/// What the timer shows.
#[inline]
pub fn read() -> u32 {
    #[cfg(target_arch = "arm")]
    return cortex_m::peripheral::SYST::get_current();
    #[cfg(target_arch = "riscv32")]
    return riscv::register::minstret::read() as u32;
}

/// Ticks between two readings.
#[inline]
pub const fn elapsed(start: u32, end: u32) -> u32 {
    if cfg!(target_arch = "arm") {
        // `SysTick` counts down, in 24 bits.
        start.wrapping_sub(end) & 0x00ff_ffff
    } else {
        end.wrapping_sub(start)
    }
}

/// Ticks as instructions. A reading is a whole number of ticks, of which many pass in an instruction, so the
/// nearest whole number is exact.
pub const fn instructions(ticks: u32) -> u32 {
    let nanoseconds = ticks as u64 * 1_000_000_000;
    let instruction = HZ as u64 * NANOSECONDS_PER_INSTRUCTION;
    ((nanoseconds + instruction / 2) / instruction) as u32
}

/// Ticks that `operation` takes, with the call of it. The pointer keeps it from being merged into the caller.
#[inline(never)]
pub fn ticks<A>(operation: fn(&A) -> bool, on: &A) -> u32 {
    let operation = core::hint::black_box(operation);
    let start = read();
    let done = operation(on);
    let end = read();
    core::hint::black_box(done);
    elapsed(start, end)
}
