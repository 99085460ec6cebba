//! The whole state machine of a circuit as one 64-bit value.
//!
//! ```text
//! high half   since: the tick of the last transition, in half-open of the last probe's admission
//! low half    31…24       23…20     19…16         15…12          11…8           7…3           2…0
//!             generation  slow      failures      successes      in flight      exponent      phase
//!                         └────────── of half-open's probes ──────────┘
//! ```
//! While open for a time set by hand, bits 23…8 hold that time instead: see [`Hold`].
//! While closed after a recovery that is damped, `successes` is 1.
//!
//! The generation counts openings and everything else that makes the results of earlier calls void.
//! A permit carries the low half as it was when it was granted: its phase and generation tell whether
//! it still counts.

use crate::time::Instant;

/// State and mode in three bits: the eight combinations that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Closed = 0,
    Open = 1,
    HalfOpen = 2,
    ForcedOpen = 3,
    /// Observe mode: everything is admitted, and these three are what would have been.
    ObserveClosed = 4,
    ObserveOpen = 5,
    ObserveHalfOpen = 6,
    Disabled = 7,
}

impl Phase {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 8] = [
        Self::Closed,
        Self::Open,
        Self::HalfOpen,
        Self::ForcedOpen,
        Self::ObserveClosed,
        Self::ObserveOpen,
        Self::ObserveHalfOpen,
        Self::Disabled,
    ];

    #[inline]
    pub(crate) const fn of(low: u32) -> Self {
        match low & PHASE {
            0 => Self::Closed,
            1 => Self::Open,
            2 => Self::HalfOpen,
            3 => Self::ForcedOpen,
            4 => Self::ObserveClosed,
            5 => Self::ObserveOpen,
            6 => Self::ObserveHalfOpen,
            _ => Self::Disabled,
        }
    }

    #[inline]
    pub(crate) const fn observed(self) -> bool {
        matches!(self, Self::ObserveClosed | Self::ObserveOpen | Self::ObserveHalfOpen)
    }
}

/// Which rules a phase goes by: its last two bits. Those of observe mode are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Closed = 0,
    Open = 1,
    HalfOpen = 2,
    /// Forced open or disabled: only a hand ends it.
    ByHand = 3,
}

impl Rule {
    #[inline]
    pub(crate) const fn of(low: u32) -> Self {
        match low & RULE {
            0 => Self::Closed,
            1 => Self::Open,
            2 => Self::HalfOpen,
            _ => Self::ByHand,
        }
    }

    /// The phase outside observe mode, for rules that are not by hand.
    pub(crate) const fn phase(self) -> Phase {
        match self {
            Self::Closed => Phase::Closed,
            Self::Open => Phase::Open,
            Self::HalfOpen => Phase::HalfOpen,
            Self::ByHand => Phase::ForcedOpen,
        }
    }
}

pub(crate) const PHASE: u32 = 0x0000_0007;
const RULE: u32 = 0x0000_0003;
const EXPONENT: u32 = 0x0000_00f8;
const EXPONENT_SHIFT: u32 = 3;
const IN_FLIGHT_SHIFT: u32 = 8;
const SUCCESSES_SHIFT: u32 = 12;
const FAILURES_SHIFT: u32 = 16;
const SLOW_SHIFT: u32 = 20;
const COUNT: u32 = 0xf;
const PROBES: u32 = 0x00ff_ff00;
const GENERATION: u32 = 0xff00_0000;
const ONE_GENERATION: u32 = 0x0100_0000;

/// Python-circuit's bound, and far beyond every cap.
pub(crate) const MAX_EXPONENT: u32 = 16;
/// The most probes that the counters of the word can hold.
pub(crate) const MAX_PROBES: u8 = COUNT as u8;

/// One circuit's state. Fields are read and written by name; the bits are this file's business.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) low: u32,
    pub(crate) since: Instant,
}

/// A permit's phase and generation, compared with those of the word.
#[inline]
pub(crate) const fn same_epoch(permit: u32, low: u32) -> bool {
    (permit ^ low) & (GENERATION | PHASE) == 0
}

/// Closed, with nothing special about it: the one test on the way of a call through a healthy circuit.
#[inline]
pub(crate) const fn is_closed(low: u32) -> bool {
    low & PHASE == Phase::Closed as u32
}

impl Word {
    /// A circuit nothing has happened to.
    pub(crate) const NEW: Self = Self { low: 0, since: Instant::from_ticks(0) };

    #[cfg(all(target_has_atomic = "64", not(fusebox_halves)))]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self { low: bits as u32, since: Instant::from_ticks((bits >> 32) as u32) }
    }

    #[cfg(all(target_has_atomic = "64", not(fusebox_halves)))]
    pub(crate) const fn to_bits(self) -> u64 {
        (self.since.ticks() as u64) << 32 | self.low as u64
    }

    #[inline]
    pub(crate) const fn phase(self) -> Phase {
        Phase::of(self.low)
    }

    #[inline]
    pub(crate) const fn rule(self) -> Rule {
        Rule::of(self.low)
    }

    #[inline]
    pub(crate) const fn exponent(self) -> u32 {
        (self.low & EXPONENT) >> EXPONENT_SHIFT
    }

    #[inline]
    const fn count(self, shift: u32) -> u32 {
        (self.low >> shift) & COUNT
    }

    #[inline]
    pub(crate) const fn in_flight(self) -> u32 {
        self.count(IN_FLIGHT_SHIFT)
    }

    #[inline]
    pub(crate) const fn successes(self) -> u32 {
        self.count(SUCCESSES_SHIFT)
    }

    #[inline]
    pub(crate) const fn failures(self) -> u32 {
        self.count(FAILURES_SHIFT)
    }

    #[inline]
    pub(crate) const fn slow(self) -> u32 {
        self.count(SLOW_SHIFT)
    }

    #[inline]
    pub(crate) const fn generation(self) -> u8 {
        (self.low >> 24) as u8
    }

    /// Changes the count at `shift` by `by`, within its four bits.
    #[inline]
    const fn with_count(self, shift: u32, value: u32) -> Self {
        let value = if value > COUNT { COUNT } else { value };
        Self { low: self.low & !(COUNT << shift) | value << shift, ..self }
    }

    #[inline]
    pub(crate) const fn with_in_flight(self, value: u32) -> Self {
        self.with_count(IN_FLIGHT_SHIFT, value)
    }

    #[inline]
    pub(crate) const fn with_successes(self, value: u32) -> Self {
        self.with_count(SUCCESSES_SHIFT, value)
    }

    #[inline]
    pub(crate) const fn with_failures(self, value: u32) -> Self {
        self.with_count(FAILURES_SHIFT, value)
    }

    #[inline]
    pub(crate) const fn with_slow(self, value: u32) -> Self {
        self.with_count(SLOW_SHIFT, value)
    }

    #[inline]
    pub(crate) const fn with_exponent(self, exponent: u32) -> Self {
        let exponent = if exponent > MAX_EXPONENT { MAX_EXPONENT } else { exponent };
        Self { low: self.low & !EXPONENT | exponent << EXPONENT_SHIFT, ..self }
    }

    #[inline]
    pub(crate) const fn at(self, since: Instant) -> Self {
        Self { since, ..self }
    }

    #[inline]
    pub(crate) const fn in_generation(self, generation: u8) -> Self {
        Self { low: self.low & !GENERATION | (generation as u32) << 24, ..self }
    }

    /// Makes the results of all calls so far void.
    #[inline]
    pub(crate) const fn next_generation(self) -> Self {
        Self { low: self.low.wrapping_add(ONE_GENERATION), ..self }
    }

    /// Another rule in the same mode, no probes, the same generation and exponent.
    #[inline]
    pub(crate) const fn moved_to(self, rule: Rule, now: Instant) -> Self {
        let low = self.low & !(PROBES | RULE) | rule as u32;
        Self { low, since: now }
    }

    /// Another phase and mode, no probes, the same generation and exponent.
    #[inline]
    pub(crate) const fn switched_to(self, phase: Phase, now: Instant) -> Self {
        let low = self.low & !(PROBES | PHASE) | phase as u32;
        Self { low, since: now }
    }

    /// The wait that was set by hand, if this is an open circuit with such a one.
    #[inline]
    pub(crate) const fn hold(self) -> Option<Hold> {
        let code = (self.low & PROBES) >> IN_FLIGHT_SHIFT;
        if code == 0 { None } else { Some(Hold(code)) }
    }

    /// Open for the time of `hold`.
    #[inline]
    pub(crate) const fn with_hold(self, hold: Hold) -> Self {
        Self { low: self.low & !PROBES | hold.0 << IN_FLIGHT_SHIFT, ..self }
    }

    /// Whether these bits can have been written by the machine.
    pub(crate) const fn is_sound(self) -> bool {
        let probes = self.low & PROBES;
        self.exponent() <= MAX_EXPONENT
            && match self.rule() {
                Rule::Open => (probes >> IN_FLIGHT_SHIFT) >> Hold::BITS <= Hold::MAX_SHIFT,
                Rule::HalfOpen => true,
                Rule::Closed => probes & !(1 << SUCCESSES_SHIFT) == 0,
                Rule::ByHand => probes == 0,
            }
    }
}

impl core::fmt::Debug for Word {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Word")
            .field("phase", &self.phase())
            .field("since", &self.since.ticks())
            .field("generation", &self.generation())
            .field("exponent", &self.exponent())
            .field("in_flight", &self.in_flight())
            .field("successes", &self.successes())
            .field("failures", &self.failures())
            .field("slow", &self.slow())
            .finish_non_exhaustive()
    }
}

/// A wait in 16 bits, never 0: 5 bits that say how far to shift the other 11. Exact up to 2,047 ticks,
/// above that rounded up by at most one part in 1,024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hold(u32);

impl Hold {
    const BITS: u32 = 11;
    const MAX_SHIFT: u32 = 20;
    const MANTISSA: u32 = (1 << Self::BITS) - 1;

    /// 2^31 - 2^20 ticks, 24.8 days at 1 kHz.
    pub(crate) const LONGEST: Self = Self(Self::MAX_SHIFT << Self::BITS | Self::MANTISSA);
    #[cfg(test)]
    pub(crate) const MAX: u32 = Self::LONGEST.ticks();

    /// A hold of at least `ticks`, or `None` if that is more than [`MAX`](Self::MAX).
    pub(crate) const fn at_least(ticks: u32) -> Option<Self> {
        let (mut mantissa, mut shift) = (ticks, 0);
        while mantissa > Self::MANTISSA {
            mantissa = mantissa.div_ceil(2);
            shift += 1;
        }
        if shift > Self::MAX_SHIFT {
            None
        } else if mantissa == 0 {
            Some(Self(1 << Self::BITS))
        } else {
            Some(Self(shift << Self::BITS | mantissa))
        }
    }

    #[inline]
    pub(crate) const fn ticks(self) -> u32 {
        (self.0 & Self::MANTISSA) << (self.0 >> Self::BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_touch_each_other() {
        let word = Word { low: u32::MAX, since: Instant::from_ticks(9) };
        for (changed, bits) in [
            (word.with_in_flight(0), 0xf00),
            (word.with_successes(0), 0xf000),
            (word.with_failures(0), 0xf_0000),
            (word.with_slow(0), 0xf0_0000),
            (word.with_exponent(0), 0xf8),
        ] {
            assert_eq!(changed.low, !bits);
            assert_eq!(changed.since, word.since);
        }
        assert_eq!(word.next_generation().low, 0x00ff_ffff);
        assert_eq!(Word::NEW.with_in_flight(99).low, 0xf00);
        assert_eq!(Word::NEW.with_exponent(99).exponent(), MAX_EXPONENT);
    }

    #[test]
    #[cfg(all(target_has_atomic = "64", not(fusebox_halves)))]
    fn bits_are_kept() {
        let word = Word { low: 0x1234_5678, since: Instant::from_ticks(0x9abc_def0) };
        assert_eq!(word.to_bits(), 0x9abc_def0_1234_5678);
        assert_eq!(Word::from_bits(word.to_bits()), word);
    }

    #[test]
    fn phases_are_their_numbers() {
        for (number, phase) in (0u32..).zip(Phase::ALL) {
            assert_eq!(phase as u32, number);
            assert_eq!(Phase::of(number | 0xffff_fff8), phase);
        }
    }

    #[test]
    fn a_hold_is_exact_when_short_and_never_too_short() {
        for ticks in (0..70_000).step_by(if cfg!(miri) { 1_999 } else { 1 }).chain([
            1 << 20,
            (1 << 29) + 1,
            Hold::MAX - 1,
            Hold::MAX,
        ]) {
            let held = Hold::at_least(ticks).unwrap().ticks();
            assert!(held >= ticks && held - ticks <= ticks / 1_024, "{ticks} became {held}");
            if ticks <= 2_047 {
                assert_eq!(held, ticks);
            }
            let word = Word::NEW.moved_to(Rule::Open, Instant::from_ticks(0));
            assert_eq!(word.with_hold(Hold::at_least(ticks).unwrap()).hold().unwrap().ticks(), held);
        }
        assert_eq!(Hold::at_least(Hold::MAX + 1), None);
        assert_eq!(Hold::at_least(u32::MAX), None);
    }

    #[test]
    fn a_hold_ends_with_its_opening_and_leaves_the_failed_probes_alone() {
        let open = Word::NEW.moved_to(Rule::Open, Instant::from_ticks(0)).with_exponent(3);
        let held = open.with_hold(Hold::at_least(123_456).unwrap());
        let probing = held.moved_to(Rule::HalfOpen, Instant::from_ticks(1));
        assert_eq!((probing.exponent(), probing.in_flight()), (3, 0));
    }
}
