//! The UART of the nRF51.
#![allow(unsafe_code, reason = "registers have addresses")]

use crate::register::Register;

// SAFETY: these are the registers of the UART in the nRF51 reference manual.
const START_RX: Register = unsafe { Register::at(0x4000_2000) };
const START_TX: Register = unsafe { Register::at(0x4000_2008) };
const RX_READY: Register = unsafe { Register::at(0x4000_2108) };
const TX_READY: Register = unsafe { Register::at(0x4000_211c) };
const ENABLE: Register = unsafe { Register::at(0x4000_2500) };
const RXD: Register = unsafe { Register::at(0x4000_2518) };
const TXD: Register = unsafe { Register::at(0x4000_251c) };

pub(super) fn start() {
    ENABLE.write(4);
    START_TX.write(1);
    START_RX.write(1);
    // As if a byte had just left: nothing else says that the first one may be sent.
    TX_READY.write(1);
}

pub(super) fn has_received() -> bool {
    RX_READY.read() != 0
}

/// The event is cleared first: reading sets it again if there is another byte.
pub(super) fn receive() -> u8 {
    RX_READY.write(0);
    RXD.read() as u8
}

pub(super) fn can_send() -> bool {
    TX_READY.read() != 0
}

pub(super) fn send(byte: u8) {
    TX_READY.write(0);
    TXD.write(byte.into());
}
