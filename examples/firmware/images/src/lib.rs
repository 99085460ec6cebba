//! What the images share.
#![no_std]

use defmt_semihosting as _;

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    board::exit(101)
}
