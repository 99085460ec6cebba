//! What a message costs that nobody acknowledges.
//!
//! The radio is one of IEEE 802.15.4 at 2.4 GHz, which sends 250 kbit/s, 32 µs a byte. A frame of 23 bytes is 6 of
//! preamble, delimiter and length, 11 of header and checksum, 6 of message number and reading. After it the sender
//! listens for 54 symbols of 16 µs (`macAckWaitDuration`), and repeats it three times (`macMaxFrameRetries`).
//! At 3.3 V a module of this kind draws about 33 mA while it sends and 28 mA while it listens.

const ATTEMPTS: u32 = 4;
const AIRTIME_MICROSECONDS: u32 = 23 * 32;
const WAIT_MICROSECONDS: u32 = 54 * 16;
const SENDING_MILLIWATTS: u32 = 33 * 33 / 10;
const LISTENING_MILLIWATTS: u32 = 28 * 33 / 10;

/// Microjoules that one message costs if nobody acknowledges it, the modem's own repetitions included.
pub const UNACKNOWLEDGED_MICROJOULES: u32 =
    ATTEMPTS * (AIRTIME_MICROSECONDS * SENDING_MILLIWATTS + WAIT_MICROSECONDS * LISTENING_MILLIWATTS) / 1_000;
