//! The four emulated boards behind one interface: boot, time, exit.
#![no_std]

#[cfg(target_arch = "arm")]
#[path = "arm.rs"]
mod chip;
#[cfg(target_arch = "riscv32")]
#[path = "riscv.rs"]
mod chip;

#[cfg(feature = "uptime")]
mod uptime;

#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;

#[cfg(target_arch = "arm")]
pub use chip::CORE_HZ;
pub use chip::{reset, wait_for_interrupt};
#[cfg(feature = "uptime")]
pub use uptime::{UPTIME, start_uptime};

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
