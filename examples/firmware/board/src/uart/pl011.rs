//! Arm's PL011, on the Stellaris board.
#![allow(unsafe_code, reason = "registers have addresses")]

use crate::register::Register;

// SAFETY: these are the registers of UART0 in the LM3S6965 data sheet.
const DATA: Register = unsafe { Register::at(0x4000_c000) };
const FLAGS: Register = unsafe { Register::at(0x4000_c018) };
const LINE: Register = unsafe { Register::at(0x4000_c02c) };
const CONTROL: Register = unsafe { Register::at(0x4000_c030) };

const RECEIVE_EMPTY: u32 = 1 << 4;
const TRANSMIT_FULL: u32 = 1 << 5;

/// Eight bits, with the FIFOs.
pub(super) fn start() {
    LINE.write(0b111 << 4);
    CONTROL.write(0b11 << 8 | 1);
}

pub(super) fn has_received() -> bool {
    FLAGS.read() & RECEIVE_EMPTY == 0
}

pub(super) fn receive() -> u8 {
    DATA.read() as u8
}

pub(super) fn can_send() -> bool {
    FLAGS.read() & TRANSMIT_FULL == 0
}

pub(super) fn send(byte: u8) {
    DATA.write(byte.into());
}
