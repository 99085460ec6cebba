//! What the images share.
#![no_std]

pub mod address;
pub mod energy;
pub mod interleave;
pub mod link;
pub mod radio;

use core::sync::atomic::{AtomicBool, Ordering};

use defmt_semihosting as _;

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    static PANICKED: AtomicBool = AtomicBool::new(false);
    // Whoever panics while a line is logged would panic here again.
    if PANICKED.load(Ordering::Relaxed) {
        board::exit(102)
    }
    PANICKED.store(true, Ordering::Relaxed);
    defmt::error!("{}", defmt::Display2Format(info));
    board::exit(101)
}

/// Ends the image with an exit code that says whether all was as it must be. What was not has been logged.
pub fn finish(passed: bool) -> ! {
    board::exit(i32::from(!passed))
}

/// Whether something is as it must be. If it is not, the log says so.
pub fn holds(what: &'static str, holds: bool) -> bool {
    if !holds {
        defmt::error!("does not hold: {=str}", what);
    }
    holds
}
