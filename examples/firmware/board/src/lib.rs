//! The four emulated boards behind one interface: boot, time, serial line, reset, exit.
#![no_std]

#[cfg(target_arch = "arm")]
#[path = "arm.rs"]
mod chip;
#[cfg(target_arch = "riscv32")]
#[path = "riscv.rs"]
mod chip;

#[cfg(feature = "uptime")]
pub mod alarm;
#[cfg(feature = "uptime")]
mod patience;
#[cfg(all(feature = "uptime", target_arch = "arm"))]
mod register;
pub mod retained;
#[cfg(feature = "uptime")]
mod uart;
#[cfg(feature = "uptime")]
mod uptime;

#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;

#[cfg(target_arch = "arm")]
pub use chip::TIMER_HZ;
pub use chip::{reset, wait_for_interrupt};
#[cfg(feature = "uptime")]
pub use patience::Patience;
#[cfg(feature = "uptime")]
pub use uart::Uart;
#[cfg(feature = "uptime")]
pub use uptime::{UPTIME, sleep_until, start_uptime, stop_uptime};

/// The board, as the emulator calls it.
pub const NAME: &str = if cfg!(board = "microbit") {
    "microbit"
} else if cfg!(board = "lm3s6965evb") {
    "lm3s6965evb"
} else if cfg!(board = "mps2_an386") {
    "mps2-an386"
} else {
    "virt"
};

/// Ends the emulation with this exit code.
pub fn exit(code: i32) -> ! {
    semihosting::process::exit(code)
}
