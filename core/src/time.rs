//! Moments and lengths of time, in ticks of a wrapping 32-bit counter.

use core::time::Duration;

/// A source of monotonic time: a 32-bit counter that wraps.
///
/// Ready-made clocks are in [`clock`](crate::clock). A clock of your own is a few lines:
///
/// ```
/// use fusebox::{Clock, Instant};
///
/// struct Timer;
///
/// impl Clock for Timer {
///     const HZ: u32 = 32_768;
///     fn now(&self) -> Instant {
///         # fn read_hardware_counter() -> u32 { 7 }
///         Instant::from_ticks(read_hardware_counter())
///     }
/// }
/// assert_eq!(Timer.now().ticks(), 7);
/// ```
///
/// # What a breaker expects of it
/// - It wraps at 2<sup>32</sup>: a counter with fewer bits must be extended first.
/// - Threads that are ordered see it rise. Cores whose counters differ by up to
///   `HZ / 1024 + 1` ticks are harmless.
/// - It may be set back or jump. A clock that is set back to before an opening ends its wait; set back
///   within it, it repeats no more than what had been waited. Either way the wait ends. Windows keep what
///   they hold if the step is up to an hour, or 2<sup>26</sup> ticks where that is less.
/// - Reading it should be cheap: it is read once per rejected call and per recorded result, once or twice
///   per probe that is let in, once more by the failure that opens, and not at all for a successful call
///   through a closed circuit.
pub trait Clock {
    /// Ticks per second, 1 or more.
    ///
    /// Waits and windows may be up to 2<sup>31</sup> - 1 ticks: 24.8 days at 1 kHz, 35.7 minutes
    /// at 1 MHz.
    const HZ: u32;

    /// The present moment.
    fn now(&self) -> Instant;
}

impl<C: Clock + ?Sized> Clock for &C {
    const HZ: u32 = C::HZ;

    #[inline]
    fn now(&self) -> Instant {
        (**self).now()
    }
}

/// A moment, in ticks of a [`Clock`].
///
/// It wraps, so two moments have no order, only a distance: [`elapsed_since`](Self::elapsed_since).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u32);

impl Instant {
    /// The moment at which the counter reads `ticks`.
    #[inline]
    pub const fn from_ticks(ticks: u32) -> Self {
        Self(ticks)
    }

    /// What the counter reads, in ticks.
    #[inline]
    pub const fn ticks(self) -> u32 {
        self.0
    }

    /// Ticks from `earlier` until this moment, modulo 2<sup>32</sup>.
    ///
    /// ```
    /// use fusebox::Instant;
    ///
    /// let before_the_wrap = Instant::from_ticks(u32::MAX);
    /// assert_eq!(Instant::from_ticks(4).elapsed_since(before_the_wrap), 5);
    /// ```
    #[inline]
    pub const fn elapsed_since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    /// The moment `ticks` later.
    #[inline]
    pub const fn after(self, ticks: u32) -> Self {
        Self(self.0.wrapping_add(ticks))
    }

    /// The moment `ticks` earlier.
    #[inline]
    pub const fn before(self, ticks: u32) -> Self {
        Self(self.0.wrapping_sub(ticks))
    }

    /// How long ago `then` was, in ticks of a clock that may have been set back: such a moment,
    /// which seems to lie ahead, is 0 ticks ago. For windows and for the length of calls.
    ///
    /// ```
    /// use fusebox::{Instant, clock::ManualClock};
    ///
    /// let (earlier, later) = (Instant::from_ticks(1_000), Instant::from_ticks(61_000));
    /// assert_eq!(later.age_of::<ManualClock<1_000>>(earlier), 60_000);
    /// assert_eq!(earlier.age_of::<ManualClock<1_000>>(later), 0);
    /// ```
    #[inline]
    pub const fn age_of<C: Clock>(self, then: Self) -> u32 {
        let elapsed = self.elapsed_since(then);
        if elapsed > u32::MAX - set_back_limit(C::HZ) { 0 } else { elapsed }
    }

    /// How long a wait that began at `since` has lasted, in ticks.
    ///
    /// Only `skew`, what cores may disagree by, counts as 0. A clock that was really set back ends the
    /// wait early, since the one thing that must not happen is a wait that grows.
    #[inline]
    pub(crate) const fn waited_since(self, since: Self, skew: u32) -> u32 {
        let elapsed = self.elapsed_since(since);
        if elapsed > u32::MAX - skew { 0 } else { elapsed }
    }
}

/// By how many ticks the clocks of two cores may disagree: about a millisecond, and at least one tick.
pub(crate) const fn skew(hz: u32) -> u32 {
    (hz >> 10) + 1
}

/// How far a clock may be set back without emptying a window: an hour, or 2^26 ticks if that is less.
#[inline]
pub(crate) const fn set_back_limit(hz: u32) -> u32 {
    const MOST: u32 = 1 << 26;
    let hour = hz as u64 * 3_600;
    if hour > MOST as u64 { MOST } else { hour as u32 }
}

/// The longest wait or window, in ticks: half a wrap, so that its end cannot be missed.
pub(crate) const MAX_TICKS: u32 = i32::MAX as u32;

/// `duration` in ticks at `hz`, rounded up, or `None` if it is longer than [`MAX_TICKS`].
pub(crate) const fn ticks_in(duration: Duration, hz: u32) -> Option<u32> {
    let Some(whole) = duration.as_secs().checked_mul(hz as u64) else { return None };
    let part = (duration.subsec_nanos() as u64 * hz as u64).div_ceil(1_000_000_000);
    match whole.checked_add(part) {
        Some(ticks) if ticks <= MAX_TICKS as u64 => Some(ticks as u32),
        _ => None,
    }
}

/// `duration` in ticks at `hz`, rounded up; [`MAX_TICKS`] stands for anything longer.
pub(crate) const fn ticks_in_at_most(duration: Duration, hz: u32) -> u32 {
    match ticks_in(duration, hz) {
        Some(ticks) => ticks,
        None => MAX_TICKS,
    }
}

/// A length of time: a number of ticks and their rate.
///
/// Conversion to a [`Duration`] needs a division, so it is left until somebody asks for it.
///
/// ```
/// use core::time::Duration;
/// use fusebox::{CircuitBreaker, clock::ManualClock};
///
/// let clock = ManualClock::<1_000>::new();
/// let breaker = CircuitBreaker::new(&clock);
/// breaker.open();
/// assert_eq!(breaker.retry_after().map(|left| left.as_duration()), Some(Duration::from_secs(10)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticks {
    count: u32,
    hz: u32,
}

impl Ticks {
    #[inline]
    pub(crate) const fn of<C: Clock>(count: u32) -> Self {
        Self { count, hz: C::HZ }
    }

    /// The number of ticks.
    #[inline]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Ticks per second.
    #[inline]
    pub const fn hz(self) -> u32 {
        self.hz
    }

    /// The same length as a [`Duration`], rounded down to a nanosecond.
    #[allow(clippy::integer_division, reason = "the divisor is checked")]
    pub const fn as_duration(self) -> Duration {
        let (Some(seconds), Some(rest)) = (self.count.checked_div(self.hz), self.count.checked_rem(self.hz)) else {
            return Duration::ZERO;
        };
        match (rest as u64 * 1_000_000_000).checked_div(self.hz as u64) {
            Some(nanos) => Duration::new(seconds as u64, nanos as u32),
            None => Duration::ZERO,
        }
    }

    /// The same length in milliseconds, rounded up, `u32::MAX` if it is longer.
    pub const fn as_millis(self) -> u32 {
        let thousands = self.count as u64 * 1_000 + (self.hz as u64).saturating_sub(1);
        match thousands.checked_div(self.hz as u64) {
            Some(millis) if millis <= u32::MAX as u64 => millis as u32,
            _ => u32::MAX,
        }
    }

    /// For a log, rounded down: in 32 bits, since a division of 64 bits is much code on a small chip.
    #[cfg(any(feature = "defmt", test))]
    fn seconds_and_thousandths(self) -> (u32, u32) {
        let Self { count, hz } = self;
        let (seconds, rest) = (count.checked_div(hz).unwrap_or(0), count.checked_rem(hz).unwrap_or(0));
        // A thousand times the rest of a fast clock does not fit. Its ticks in a thousandth are many enough to
        // round: up, so that there are never a thousand thousandths.
        let thousandths =
            if hz < 1 << 22 { (rest * 1_000).checked_div(hz) } else { rest.checked_div(hz.div_ceil(1_000)) };
        (seconds, thousandths.unwrap_or(0))
    }
}

/// Seconds with thousandths, with millionths at 1 MHz.
#[cfg(feature = "defmt")]
impl defmt::Format for Ticks {
    #[allow(clippy::match_same_arms, reason = "the arms differ in their texts, which the macro takes out")]
    fn format(&self, f: defmt::Formatter<'_>) {
        match self.hz {
            1_000 => defmt::write!(f, "{=u32:ms} s", self.count),
            1_000_000 => defmt::write!(f, "{=u32:us} s", self.count),
            _ => {
                let (seconds, thousandths) = self.seconds_and_thousandths();
                defmt::write!(f, "{=u32}.{=u32:03} s", seconds, thousandths);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn durations_round_up_and_too_long_ones_are_refused() {
        assert_eq!(ticks_in(Duration::from_nanos(1), 1_000), Some(1));
        assert_eq!(ticks_in(Duration::from_secs(60), 1_000), Some(60_000));
        assert_eq!(ticks_in(Duration::ZERO, 1), Some(0));
        assert_eq!(ticks_in(Duration::from_millis(i32::MAX as u64), 1_000), Some(MAX_TICKS));
        assert_eq!(ticks_in(Duration::from_millis(1 << 31), 1_000), None);
        assert_eq!(ticks_in(Duration::MAX, u32::MAX), None);
    }

    #[test]
    fn a_step_back_is_an_age_of_zero_but_a_wait_that_is_over() {
        type Khz = ManualClock<1_000>;
        let (then, hour) = (Instant::from_ticks(100), 3_600_000);
        assert_eq!(then.before(hour).age_of::<Khz>(then), 0);
        assert_eq!(then.before(hour + 1).age_of::<Khz>(then), u32::MAX - hour);
        assert_eq!(then.before(1).waited_since(then, skew(1_000)), 0);
        assert_eq!(then.before(2).waited_since(then, skew(1_000)), u32::MAX - 1);
    }

    #[test]
    fn lengths_convert() {
        let length = Ticks { count: 1_500, hz: 1_000 };
        assert_eq!(length.as_duration(), Duration::from_millis(1_500));
        assert_eq!(length.as_millis(), 1_500);
        assert_eq!(Ticks { count: 1, hz: 32_768 }.as_millis(), 1);
        assert_eq!(Ticks { count: u32::MAX, hz: 1 }.as_millis(), u32::MAX);
        assert_eq!(Ticks { count: 5, hz: 0 }.as_duration(), Duration::ZERO);
    }

    #[test]
    fn lengths_read_as_seconds_at_every_rate() {
        let read = |count, hz| Ticks { count, hz }.seconds_and_thousandths();
        assert_eq!(read(327_680, 32_768), (10, 0));
        assert_eq!(read(327_679, 32_768), (9, 999));
        assert_eq!(read(7, 1), (7, 0));
        assert_eq!(read(u32::MAX, 1), (u32::MAX, 0));
        assert_eq!(read(5, 0), (0, 0));
        assert_eq!(read(18_750_000, 12_500_000), (1, 500));
        // The largest rest, on both sides of the change from slow clocks to fast ones too.
        for hz in [1_001, (1 << 22) - 1, 1 << 22, (1 << 22) + 1, 12_500_000, u32::MAX] {
            assert_eq!(read(hz - 1, hz), (0, 999), "{hz}");
        }
    }
}
