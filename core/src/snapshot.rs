//! A circuit's state as plain data, to take it over a reset or a deep sleep.

use core::fmt;

use crate::outcome::State;
use crate::time::{Clock, Instant, MAX_TICKS};
use crate::word::{Phase, Rule, Word};

/// A circuit's state as 16 bytes of plain data, to take it over a reset or a deep sleep.
///
/// It holds ages, not moments, since a clock that starts anew knows no moments; the time spent asleep is
/// given when it is [restored](crate::CircuitBreaker::restore). Probes that were under way are forgotten. What the policy
/// remembers is kept as well as it fits 32 bits: `Consecutive` and `CountWindow` of up to 31 calls
/// exactly, of `MaxFailures` the latest four with ages rounded up by an eighth, of `TimeWindow` the sums,
/// of a pair what fits its first policy.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{CircuitBreaker, Snapshot, State, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let before = CircuitBreaker::new(&clock);
/// before.open();
/// let bytes = before.snapshot().to_bytes();
///
/// // After the reset, six seconds later:
/// let after = CircuitBreaker::new(&clock);
/// match Snapshot::from_bytes(bytes) {
///     Ok(snapshot) => after.restore(&snapshot, Duration::from_secs(6)),
///     Err(damaged) => println!("starting closed: {damaged}"),
/// }
/// assert_eq!(after.state(), State::Open);
/// assert_eq!(after.retry_after().map(|left| left.as_millis()), Some(4_000));
/// ```
///
/// # Layout
/// Little-endian: version (1 byte, 1), a 0, CRC-16/CCITT-FALSE of all the rest with 0 in its place (2), the low
/// half of the state word (4), ticks since the last transition (4), the policy's history (4). The ticks
/// are those of the clock in use: a program whose clock rate changed must not take up old snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Snapshot {
    low: u32,
    age: u32,
    history: u32,
}

const VERSION: u32 = 1;

impl Snapshot {
    /// The length in bytes.
    pub const LEN: usize = 16;

    pub(crate) fn new<C: Clock>(word: Word, now: Instant, history: u32) -> Self {
        let age = now.age_of::<C>(word.since).min(MAX_TICKS);
        Self { low: without_probes(word).low, age, history }
    }

    /// The state that was saved.
    pub const fn state(&self) -> State {
        Phase::of(self.low).state()
    }

    /// Ticks since the last transition.
    pub const fn age(&self) -> u32 {
        self.age
    }

    pub(crate) const fn history(&self) -> u32 {
        self.history
    }

    /// The saved word, in the place of `current` and with results of calls until now void.
    pub(crate) const fn word_after(&self, current: Word, now: Instant, asleep: u32) -> Word {
        const GENERATION: u32 = 0xff << 24;
        let low = self.low & !GENERATION | current.next_generation().low & GENERATION;
        let age = self.age.saturating_add(asleep);
        Word { low, since: now.before(if age > MAX_TICKS { MAX_TICKS } else { age }) }
    }

    /// The 16 bytes to keep.
    pub const fn to_bytes(&self) -> [u8; Self::LEN] {
        let (low, age, history) = (self.low as u128, self.age as u128, self.history as u128);
        let contents = VERSION as u128 | low << 32 | age << 64 | history << 96;
        (contents | (crc16(contents) as u128) << 16).to_le_bytes()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    /// Damaged bytes are refused: memory that was never written, a torn write, a state that cannot be.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Result<Self, SnapshotError> {
        let whole = u128::from_le_bytes(bytes);
        let contents = whole & !(0xffff << 16);
        if crc16(contents) != (whole >> 16) as u16 {
            return Err(SnapshotError::Checksum);
        }
        if contents as u32 != VERSION {
            return Err(SnapshotError::Version);
        }
        let (low, age, history) = ((contents >> 32) as u32, (contents >> 64) as u32, (contents >> 96) as u32);
        let word = Word { low, since: Instant::from_ticks(0) };
        if age > MAX_TICKS || !word.is_sound() || without_probes(word).low != low {
            return Err(SnapshotError::Contents);
        }
        Ok(Self { low, age, history })
    }
}

/// The word of a half-open circuit without its probes: nobody will tell how they ended.
const fn without_probes(word: Word) -> Word {
    match word.rule() {
        Rule::HalfOpen => word.with_in_flight(0).with_successes(0).with_failures(0).with_slow(0),
        _ => word,
    }
}

/// Why bytes are no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SnapshotError {
    /// The checksum does not match: the bytes are damaged, or were never a snapshot.
    Checksum,
    /// Another version of the layout.
    Version,
    /// The bytes are whole and describe a state that cannot be.
    Contents,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checksum => "the snapshot's checksum does not match",
            Self::Version => "the snapshot has another version",
            Self::Contents => "the snapshot describes a state that cannot be",
        })
    }
}

impl core::error::Error for SnapshotError {}

/// CRC-16/CCITT-FALSE of the little-endian bytes, bit by bit: 16 bytes are not worth a table in flash.
const fn crc16(contents: u128) -> u16 {
    let (mut crc, mut rest, mut bit) = (0xffff_u16, contents, 0);
    while bit < 128 {
        if bit % 8 == 0 {
            crc ^= (rest as u8 as u16) << 8;
            rest >>= 8;
        }
        crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
        bit += 1;
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn one_changed_bit_or_byte_is_noticed() {
        let word = Word::NEW.moved_to(Rule::Open, Instant::from_ticks(77)).with_exponent(3);
        let bytes = Snapshot::new::<ManualClock<1_000>>(word, Instant::from_ticks(1_077), 5).to_bytes();
        assert!(Snapshot::from_bytes(bytes).is_ok());
        for at in 0..Snapshot::LEN {
            for change in (1..=u8::MAX).step_by(if cfg!(miri) { 50 } else { 1 }) {
                let mut damaged = bytes;
                damaged[at] ^= change;
                assert!(Snapshot::from_bytes(damaged).is_err(), "byte {at} changed by {change:#x}");
            }
        }
        assert_eq!(Snapshot::from_bytes([0; 16]), Err(SnapshotError::Checksum));
        assert_eq!(Snapshot::from_bytes([0xff; 16]), Err(SnapshotError::Checksum));
    }

    #[test]
    fn whole_bytes_with_an_impossible_state_are_refused() {
        for low in [0xff << 16 | Phase::Open as u32, 0xf8 | Phase::HalfOpen as u32, 1 << 16] {
            let bytes = Snapshot { low, age: 0, history: 0 }.to_bytes();
            assert_eq!(Snapshot::from_bytes(bytes), Err(SnapshotError::Contents), "{low:#x}");
        }
        // Probes are forgotten when a snapshot is taken, and a lease would be waited for in vain.
        for low in [Phase::HalfOpen, Phase::ObserveHalfOpen].map(|phase| phase as u32 | 1 << 8) {
            let bytes = Snapshot { low, age: 0, history: 0 }.to_bytes();
            assert_eq!(Snapshot::from_bytes(bytes), Err(SnapshotError::Contents), "{low:#x}");
        }
        let bytes = Snapshot { low: 0, age: 1 << 31, history: 0 }.to_bytes();
        assert_eq!(Snapshot::from_bytes(bytes), Err(SnapshotError::Contents));
    }

    /// The layout that the documentation promises, byte for byte.
    #[test]
    fn the_bytes_are_laid_out_as_it_is_written() {
        let snapshot = Snapshot { low: 0x0304_0019, age: 0x4321_8765, history: 0x9abc_def1 };
        let bytes = snapshot.to_bytes();
        assert_eq!(bytes[..2], [1, 0]);
        assert_eq!(bytes[4..8], [0x19, 0x00, 0x04, 0x03]);
        assert_eq!(bytes[8..12], [0x65, 0x87, 0x21, 0x43]);
        assert_eq!(bytes[12..], [0xf1, 0xde, 0xbc, 0x9a]);
        let mut without = bytes;
        without[2..4].fill(0);
        assert_eq!(u16::from_le_bytes([bytes[2], bytes[3]]), crc16(u128::from_le_bytes(without)));
        assert_eq!(Snapshot::from_bytes(bytes), Ok(snapshot));
        assert_eq!((snapshot.state(), snapshot.age(), snapshot.history()), (State::Open, 0x4321_8765, 0x9abc_def1));
    }

    #[test]
    fn every_state_that_can_be_is_read_back() {
        for phase in Phase::ALL {
            for age in [0, 1, MAX_TICKS] {
                let snapshot = Snapshot { low: 7 << 24 | phase as u32, age, history: 0 };
                assert_eq!(Snapshot::from_bytes(snapshot.to_bytes()), Ok(snapshot));
                assert_eq!(snapshot.state(), phase.state());
            }
        }
    }

    #[test]
    fn another_version_is_refused_even_if_it_is_whole() {
        for version in [0, 2, 0x100, 0x101] {
            let contents = u128::from_le_bytes(Snapshot { low: 0, age: 0, history: 0 }.to_bytes());
            let contents = contents & !0xffff_ffff | version;
            let bytes = (contents | u128::from(crc16(contents)) << 16).to_le_bytes();
            assert_eq!(Snapshot::from_bytes(bytes), Err(SnapshotError::Version), "{version:#x}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (error, word) in [
            (SnapshotError::Checksum, "checksum"),
            (SnapshotError::Version, "version"),
            (SnapshotError::Contents, "state"),
        ] {
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn a_saved_word_comes_back_aged_and_in_the_generation_after_the_present_one() {
        let saved = Word::NEW.moved_to(Rule::Open, Instant::from_ticks(0)).with_exponent(5).in_generation(9);
        let current = Word::NEW.in_generation(0x56).with_exponent(3);
        let now = Instant::from_ticks(1_000);
        let after = |age, asleep| Snapshot { low: saved.low, age, history: 0 }.word_after(current, now, asleep);
        let expected = |since| saved.in_generation(0x57).at(since);
        assert_eq!(after(30, 12), expected(now.before(42)));
        // What is older than time can be told is as old as can be told.
        for (age, asleep) in [(MAX_TICKS, 0), (MAX_TICKS, 1), (1, MAX_TICKS), (MAX_TICKS, u32::MAX)] {
            assert_eq!(after(age, asleep), expected(now.before(MAX_TICKS)), "{age} {asleep}");
        }
        assert_eq!(after(MAX_TICKS - 2, 1), expected(now.before(MAX_TICKS - 1)));
    }

    #[test]
    fn probes_are_forgotten_and_nothing_else() {
        let probing = Word::NEW.moved_to(Rule::HalfOpen, Instant::from_ticks(5)).with_exponent(2);
        let counted = probing.with_in_flight(1).with_successes(2).with_failures(3).with_slow(4);
        let now = Instant::from_ticks(25);
        let snapshot = Snapshot::new::<ManualClock<1_000>>(counted, now, 6);
        assert_eq!(snapshot, Snapshot { low: probing.low, age: 20, history: 6 });
        let held = Word::NEW.moved_to(Rule::Open, Instant::from_ticks(5)).with_slow(1);
        assert_eq!(Snapshot::new::<ManualClock<1_000>>(held, now, 6).low, held.low);
    }

    /// Computed with Python's `binascii.crc_hqx(bytes(range(16)), 0xffff)`.
    #[test]
    fn the_checksum_is_the_one_it_says() {
        let bytes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        assert_eq!(crc16(u128::from_le_bytes(bytes)), 0x3b37);
    }
}
