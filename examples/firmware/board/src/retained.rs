//! A few words that keep what they hold over a reset.
#![allow(unsafe_code, reason = "no safe code can name memory that the startup leaves alone")]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

/// What is retained. After power-on it is anything.
pub type Words = [u32; 8];

struct Memory(UnsafeCell<MaybeUninit<Words>>);

// SAFETY: it is only used inside a critical section.
unsafe impl Sync for Memory {}

/// No startup code writes to this section.
#[unsafe(link_section = ".uninit.retained")]
static MEMORY: Memory = Memory(UnsafeCell::new(MaybeUninit::uninit()));

/// What the words hold.
pub fn load() -> Words {
    // SAFETY: nobody else is here, and any bits are words. Volatile, because they come from before the start.
    critical_section::with(|_| unsafe { MEMORY.0.get().cast::<Words>().read_volatile() })
}

/// Sets the words.
pub fn store(words: Words) {
    // SAFETY: nobody else is here. Volatile, because it is read after the end.
    critical_section::with(|_| unsafe { MEMORY.0.get().cast::<Words>().write_volatile(words) });
}
