//! How deep an operation goes into the stack: painted before, looked at afterwards.
#![allow(unsafe_code, reason = "the unused stack is painted and read")]

use core::arch::asm;
use core::hint::black_box;

/// Painted words. No operation goes deeper, or the image says so.
const WORDS: usize = 256;

/// Bytes from the stack pointer of the caller down to the deepest word that `operation` wrote.
///
/// Each word has a colour of its own, which an operation that saves a register cannot happen to write.
#[inline(never)]
pub fn depth<A>(operation: fn(&A) -> bool, on: &A, colour: usize) -> u32 {
    let operation = black_box(operation);
    let top: *mut usize;
    // SAFETY: the stack pointer is only read.
    unsafe {
        #[cfg(target_arch = "arm")]
        asm!("mov {}, sp", out(reg) top, options(nomem, nostack, preserves_flags));
        #[cfg(target_arch = "riscv32")]
        asm!("mv {}, sp", out(reg) top, options(nomem, nostack, preserves_flags));
    }
    let word = |below: usize| top.wrapping_sub(below);
    for word in (1..=WORDS).map(word) {
        // SAFETY: nothing lives below the stack pointer, and no interrupt is enabled.
        unsafe { word.write_volatile(word.addr() ^ colour) };
    }
    black_box(operation(on));
    let is_painted = |word: *mut usize| {
        // SAFETY: it is one of the same words.
        let found = unsafe { word.read_volatile() };
        found == word.addr() ^ colour
    };
    let untouched = (1..=WORDS).rev().map(word).take_while(|word| is_painted(*word)).count();
    ((WORDS - untouched) * size_of::<usize>()) as u32
}

/// The depth that is too deep to be told.
pub const LIMIT: u32 = (WORDS * size_of::<usize>()) as u32;
