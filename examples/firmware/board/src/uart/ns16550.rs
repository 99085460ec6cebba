//! The 16550 of the RISC-V machine. Its registers are bytes.
#![allow(unsafe_code, reason = "registers have addresses")]

const BASE: *mut u8 = 0x1000_0000 as *mut u8;
const DATA: *mut u8 = BASE;
const FIFO_CONTROL: *mut u8 = BASE.wrapping_add(2);
const LINE_CONTROL: *mut u8 = BASE.wrapping_add(3);
const LINE_STATUS: *mut u8 = BASE.wrapping_add(5);

const RECEIVED: u8 = 1;
const TRANSMIT_EMPTY: u8 = 1 << 5;

/// Eight bits, with the FIFOs.
pub(super) fn start() {
    write(FIFO_CONTROL, 1);
    write(LINE_CONTROL, 0b11);
}

pub(super) fn has_received() -> bool {
    read(LINE_STATUS) & RECEIVED != 0
}

pub(super) fn receive() -> u8 {
    read(DATA)
}

pub(super) fn can_send() -> bool {
    read(LINE_STATUS) & TRANSMIT_EMPTY != 0
}

pub(super) fn send(byte: u8) {
    write(DATA, byte);
}

fn read(register: *mut u8) -> u8 {
    // SAFETY: only called with the registers above, which this machine has.
    unsafe { register.read_volatile() }
}

fn write(register: *mut u8, value: u8) {
    // SAFETY: only called with the registers above, which this machine has.
    unsafe { register.write_volatile(value) };
}
