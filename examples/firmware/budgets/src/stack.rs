//! How deep an operation goes into the stack: painted before, looked at afterwards.

use core::arch::asm;
use core::hint::black_box;

/// Painted words. No operation goes deeper, or the image says so.
const WORDS: usize = 256;

/// Bytes from the stack pointer of the caller down to the deepest word that `operation` wrote.
#[inline(never)]
pub fn depth<A>(operation: fn(&A) -> bool, on: &A, paint: u32) -> u32 {
    let operation = black_box(operation);
    let top: *mut u32;
    // SAFETY: the stack pointer is only read.
    unsafe {
        #[cfg(target_arch = "arm")]
        asm!("mov {}, sp", out(reg) top, options(nomem, nostack, preserves_flags));
        #[cfg(target_arch = "riscv32")]
        asm!("mv {}, sp", out(reg) top, options(nomem, nostack, preserves_flags));
    }
    for word in 1..=WORDS {
        // SAFETY: nothing lives below the stack pointer, and no interrupt is enabled.
        unsafe { top.sub(word).write_volatile(paint) };
    }
    black_box(operation(on));
    let mut deepest = WORDS;
    // SAFETY: the same words.
    while deepest > 0 && unsafe { top.sub(deepest).read_volatile() } == paint {
        deepest -= 1;
    }
    (deepest * size_of::<u32>()) as u32
}

/// The depth that is too deep to be told.
pub const LIMIT: u32 = (WORDS * size_of::<u32>()) as u32;
