//! A driver for a radio modem on a serial line. It knows nothing of breakers.
//!
//! The firmware sends a frame: `7e`, the receiver's address (6 bytes), the message number (2, little-endian), a
//! reading (4, little-endian), a checksum. The modem sends it on by radio, repeats it until it is acknowledged or
//! was tried often enough, and answers with a report: `7e`, the message number (2), a status, a checksum. A
//! checksum makes the sum of all that follows the `7e` equal to `ff`.

use embedded_io::{Error as _, ErrorKind, Read, ReadReady, Write};

use crate::address::Address;

/// A radio modem on a serial line whose reads end in time.
#[derive(Debug)]
pub struct Radio<S> {
    line: S,
}

/// Why a message was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub enum RadioError<E> {
    /// The peer did not acknowledge any of the modem's attempts.
    NoAcknowledgement,
    /// The modem found the channel in use for too long and sent nothing.
    ChannelBusy,
    /// The modem did not answer.
    NoReport,
    /// The modem's answer makes no sense.
    Garbled,
    /// The serial line failed.
    Line(E),
}

/// Who is to blame for an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub enum Fault {
    /// The receiver of the message.
    Peer,
    /// Others who use the channel.
    Air,
    /// The modem, or the line to it.
    Modem,
}

impl<E> RadioError<E> {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NoAcknowledgement => Fault::Peer,
            Self::ChannelBusy => Fault::Air,
            Self::NoReport | Self::Garbled | Self::Line(_) => Fault::Modem,
        }
    }
}

const SYNC: u8 = 0x7e;
const FRAME: usize = 14;
const REPORT: usize = 5;

/// A modem that says more than this and nothing sensible will not come to the point.
const PATIENCE_IN_BYTES: usize = 64;

impl<S: Read + ReadReady + Write> Radio<S> {
    /// A modem on this line.
    pub const fn new(line: S) -> Self {
        Self { line }
    }

    /// Sends a message and waits for the modem's report about it.
    ///
    /// # Errors
    /// [`RadioError`], with the reason why it was not delivered.
    pub fn send(&mut self, to: &Address, number: u16, reading: u32) -> Result<(), RadioError<S::Error>> {
        self.forget_late_reports()?;
        self.line.write_all(&frame(to, number, reading)).map_err(RadioError::Line)?;
        self.line.flush().map_err(RadioError::Line)?;
        match self.report(number)? {
            0 => Ok(()),
            1 => Err(RadioError::NoAcknowledgement),
            2 => Err(RadioError::ChannelBusy),
            _ => Err(RadioError::Garbled),
        }
    }

    fn forget_late_reports(&mut self) -> Result<(), RadioError<S::Error>> {
        let mut unread = [0; REPORT];
        for _ in 0..PATIENCE_IN_BYTES {
            if !self.line.read_ready().map_err(RadioError::Line)? {
                break;
            }
            self.line.read(&mut unread).map_err(RadioError::Line)?;
        }
        Ok(())
    }

    /// The status in the report about this message.
    fn report(&mut self, number: u16) -> Result<u8, RadioError<S::Error>> {
        let mut latest = [0; REPORT];
        for count in 0..PATIENCE_IN_BYTES {
            latest.rotate_left(1);
            match self.line.read(&mut latest[REPORT - 1..]) {
                Ok(_) => {}
                Err(error) if error.kind() != ErrorKind::TimedOut => return Err(RadioError::Line(error)),
                Err(_) if count == 0 => return Err(RadioError::NoReport),
                Err(_) => return Err(RadioError::Garbled),
            }
            match latest {
                [SYNC, low, high, status, _] if sum(&latest[1..]) == 0xff && [low, high] == number.to_le_bytes() => {
                    return Ok(status);
                }
                _ => {}
            }
        }
        Err(RadioError::Garbled)
    }
}

fn frame(to: &Address, number: u16, reading: u32) -> [u8; FRAME] {
    let mut frame = [0; FRAME];
    frame[0] = SYNC;
    frame[1..7].copy_from_slice(&to.0);
    frame[7..9].copy_from_slice(&number.to_le_bytes());
    frame[9..13].copy_from_slice(&reading.to_le_bytes());
    frame[13] = 0xff - sum(&frame[1..13]);
    frame
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| byte.wrapping_add(sum))
}
