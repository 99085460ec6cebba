//! The lines that an image prints, and its end.

use defmt_semihosting as _;

/// Prints a figure.
pub fn figure(group: &str, name: &str, value: u32) {
    defmt::info!("{=str} {=str} {=u32}", group, name, value);
}

/// Ends an image that could not measure what it should.
pub fn fail(name: &str, why: &str) -> ! {
    defmt::error!("{=str}: {=str}", name, why);
    board::exit(1)
}

/// Measures three times, `round` being the number of the time. The results must be equal.
pub fn thrice(name: &str, mut measure: impl FnMut(u32) -> u32) -> u32 {
    let first = measure(0);
    for round in 1..3 {
        let again = measure(round);
        if again != first {
            defmt::error!("{=str}: measured {=u32}, then {=u32}", name, first, again);
            board::exit(1);
        }
    }
    first
}

/// Ends an image that panicked.
pub fn panicked(info: &core::panic::PanicInfo) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    board::exit(101)
}
