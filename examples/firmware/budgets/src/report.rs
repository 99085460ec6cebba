//! The lines that an image prints, and its end.

use semihosting::println;

/// Prints a figure.
pub fn figure(group: &str, name: &str, value: u32) {
    println!("{group} {name} {value}");
}

/// Ends an image that could not measure what it should.
pub fn fail(name: &str, why: &str) -> ! {
    println!("{name}: {why}");
    board::exit(1)
}

/// Measures three times, `round` being the number of the time. The results must be equal.
pub fn thrice(name: &str, mut measure: impl FnMut(u32) -> u32) -> u32 {
    let first = measure(0);
    for round in 1..3 {
        let again = measure(round);
        if again != first {
            println!("{name}: measured {first}, then {again}");
            board::exit(1);
        }
    }
    first
}

/// Ends an image that panicked.
pub fn panicked(info: &core::panic::PanicInfo) -> ! {
    println!("{info}");
    board::exit(101)
}
