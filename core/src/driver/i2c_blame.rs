//! Whose fault an error on an I2C bus is.

use embedded_hal::i2c::{Error, ErrorKind, NoAcknowledgeSource};

/// Whose fault an error on an I2C bus is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Blame {
    /// The device's: a failure for its circuit, nothing for the bus.
    Device,
    /// The bus's: a failure for the circuit of the bus, nothing for the device. If the guard has none for the
    /// bus, a failure for the device, since nothing else would stop the calls.
    Bus,
    /// Neither's: the device is busy, or the fault is our own. It counts for nothing.
    Nobody,
}

/// Decides whose fault an error of an I2C bus is. Any `Fn(&E) -> Blame` does.
pub trait BlameError<E> {
    /// Whose fault this is.
    fn blame(&self, error: &E) -> Blame;
}

impl<E, F: Fn(&E) -> Blame> BlameError<E> for F {
    fn blame(&self, error: &E) -> Blame {
        self(error)
    }
}

/// Blames by the kind of the error.
///
/// | kind | means | blames |
/// |---|---|---|
/// | `NoAcknowledge(Data)` | the device is there, and busy | [`Nobody`](Blame::Nobody) |
/// | `NoAcknowledge(Address)`, `NoAcknowledge(Unknown)` | nobody answers | [`Device`](Blame::Device) |
/// | `Bus`, `ArbitrationLoss` | the lines are disturbed or held | [`Bus`](Blame::Bus) |
/// | `Overrun` | we were too slow | [`Nobody`](Blame::Nobody) |
/// | `Other`, among them timeouts, and kinds to come | unknown | [`Device`](Blame::Device) |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BlameByKind;

impl<E: Error> BlameError<E> for BlameByKind {
    fn blame(&self, error: &E) -> Blame {
        match error.kind() {
            ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data) | ErrorKind::Overrun => Blame::Nobody,
            ErrorKind::Bus | ErrorKind::ArbitrationLoss => Blame::Bus,
            _ => Blame::Device,
        }
    }
}
