//! The UART of Arm's Cortex-M System Design Kit, on the MPS2 board.
#![allow(unsafe_code, reason = "registers have addresses")]

use crate::register::Register;

// SAFETY: these are the registers of UART0 in application note 386.
const DATA: Register = unsafe { Register::at(0x4000_4000) };
const STATE: Register = unsafe { Register::at(0x4000_4004) };
const CONTROL: Register = unsafe { Register::at(0x4000_4008) };
const BAUD_DIVIDER: Register = unsafe { Register::at(0x4000_4010) };

const TRANSMIT_FULL: u32 = 1;
const RECEIVE_FULL: u32 = 1 << 1;

/// The smallest divider that there is: 1.6 Mbit/s.
pub(super) fn start() {
    BAUD_DIVIDER.write(16);
    CONTROL.write(0b11);
}

pub(super) fn has_received() -> bool {
    STATE.read() & RECEIVE_FULL != 0
}

pub(super) fn receive() -> u8 {
    DATA.read() as u8
}

pub(super) fn can_send() -> bool {
    STATE.read() & TRANSMIT_FULL == 0
}

pub(super) fn send(byte: u8) {
    DATA.write(byte.into());
}
