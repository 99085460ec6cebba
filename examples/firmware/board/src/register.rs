//! A register of a device.
#![allow(unsafe_code, reason = "registers have addresses")]

/// A 32-bit register at a fixed address of this board.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Register(usize);

impl Register {
    /// # Safety
    /// There must be a register of this board that may be read and written at any time.
    pub(crate) const unsafe fn at(address: usize) -> Self {
        Self(address)
    }

    pub(crate) fn read(self) -> u32 {
        // SAFETY: whoever made this vouches for the address.
        unsafe { (self.0 as *const u32).read_volatile() }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: whoever made this vouches for the address.
        unsafe { (self.0 as *mut u32).write_volatile(value) };
    }
}
