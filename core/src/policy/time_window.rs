//! The failure rate of a stretch of time.

use core::num::NonZeroU32;

use super::{Call, Cell, RatePolicy, Rates, Tally, TripPolicy};
use crate::event::Trip;
use crate::time::{Clock, Instant, set_back_limit, skew};

/// Opens when too many calls failed in the last buckets of time, of which there are at most `B`.
///
/// Set with [`SettingsBuilder::time_window`](crate::SettingsBuilder::time_window). B + 1 words per peer.
///
/// ```
/// use core::time::Duration;
/// use fusebox::policy::{Rates, SlowTimeWindow};
/// use fusebox::{CircuitBreaker, Settings, clock::ManualClock};
///
/// // Of the calls of the last ten seconds half failed, or nine in ten took more than 200 ms.
/// let settings = Settings::builder()
///     .time_window(10, Duration::from_secs(1), Rates::failures(50).slow_calls(90).min_calls(20))
///     .slow_call(Duration::from_millis(200))
///     .build()?;
/// let clock = ManualClock::<1_000>::new();
/// let breaker = CircuitBreaker::<_, SlowTimeWindow<10>>::with_settings(&clock, settings);
/// let _ = breaker.call(|| Err::<(), _>("no answer"));
/// assert_eq!(breaker.tally().failures, 1);
/// clock.advance(Duration::from_secs(10));
/// assert_eq!(breaker.tally().failures, 0);
/// # Ok::<(), fusebox::SettingsError>(())
/// ```
///
/// Buckets are aligned to multiples of their length and drop out as a whole. A bucket counts 32,767
/// calls exactly; beyond that its counts are halved, which keeps the rate. A clock that is set back
/// leaves the counts as they are, and so does looking at them. A circuit that is not called for a whole
/// wrap of the clock (49.7 days at 1 kHz) may take its old counts for new ones.
///
/// The first word is the tick at which the newest bucket began, the others are the buckets, newest
/// first. Whoever moves the first word on shifts the buckets, by moving each count from one to the next,
/// so that none is lost or doubled, whoever is counting meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TimeWindow<const B: usize = 10, const TRACKS: usize = 1> {
    pub(crate) buckets: u32,
    pub(crate) bucket: NonZeroU32,
    pub(crate) rates: Rates,
}

/// A [`TimeWindow`] with room for slow calls: 2B + 1 words.
pub type SlowTimeWindow<const B: usize = 10> = TimeWindow<B, 2>;

/// The most buckets: 100 times what they count still fits 32 bits.
pub(crate) const MAX_BUCKETS: usize = 512;

/// What one peer's window holds.
#[derive(Debug)]
pub struct Buckets<const B: usize, const TRACKS: usize> {
    /// The tick at which the newest bucket began.
    start: Cell,
    /// Calls in the low half and failures in the high half, then slow calls where those are kept.
    tracks: [[Cell; B]; TRACKS],
}

/// How far the newest bucket has to move for a given moment.
enum Move {
    Stay,
    /// The clock was set back: begin anew here, with all that is counted.
    Rebase(Instant),
    Forward(u32),
}

impl<const B: usize, const TRACKS: usize> TimeWindow<B, TRACKS> {
    #[allow(clippy::integer_division, reason = "once per bucket, by a divisor that is not zero")]
    fn due<C: Clock>(&self, start: Instant, now: Instant) -> Move {
        let (elapsed, back) = (now.elapsed_since(start), start.elapsed_since(now));
        // Cores whose clocks differ a little must not move the window to and fro.
        if elapsed < self.bucket.get() || back <= skew(C::HZ) {
            Move::Stay
        } else if back <= set_back_limit(C::HZ) {
            let buckets = back / self.bucket + u32::from(back % self.bucket != 0);
            Move::Rebase(start.before(buckets.wrapping_mul(self.bucket.get())))
        } else {
            Move::Forward(elapsed / self.bucket)
        }
    }

    /// Moves the window on to a moment that is read after where it stands. Of racing threads one does.
    fn slide<C: Clock>(&self, history: &Buckets<B, TRACKS>, now: impl FnOnce() -> Instant) {
        let start = Instant::from_ticks(history.start.load_latest());
        match self.due::<C>(start, now()) {
            Move::Stay => {}
            Move::Rebase(to) => {
                history.start.replace(start.ticks(), to.ticks());
            }
            Move::Forward(by) => {
                let to = start.after(by.wrapping_mul(self.bucket.get()));
                if history.start.replace(start.ticks(), to.ticks()) {
                    for track in &history.tracks {
                        self.shift(track, by as usize);
                    }
                }
            }
        }
    }

    fn shift(&self, track: &[Cell; B], by: usize) {
        for (at, cell) in track.iter().enumerate().take(self.buckets as usize).rev() {
            let moved = cell.swap(0);
            if let Some(to) = track.get(..self.buckets as usize).and_then(|track| track.get(at.saturating_add(by))) {
                to.add(moved);
            }
        }
    }

    /// The sum of the newest buckets, the `skip` oldest left out.
    fn sum(&self, history: &Buckets<B, TRACKS>, skip: u32) -> Tally {
        let mut tally = Tally::default();
        let mut tracks = history.tracks.iter();
        let in_use = self.buckets.saturating_sub(skip) as usize;
        for cell in tracks.next().into_iter().flatten().take(in_use) {
            let counts = cell.load();
            tally.calls += counts & 0xffff;
            tally.failures += counts >> 16;
        }
        tally.slow = tracks.next().into_iter().flatten().take(in_use).map(Cell::load).sum();
        tally
    }
}

/// Makes room in the newest buckets before a count runs into its neighbour.
fn halve<const B: usize, const TRACKS: usize>(tracks: &[[Cell; B]; TRACKS]) {
    for cell in tracks.iter().filter_map(|track| track.first()) {
        cell.update(|counts| counts >> 1 & 0x7fff_7fff);
    }
}

impl<const B: usize, const TRACKS: usize> TripPolicy for TimeWindow<B, TRACKS> {
    type History = Buckets<B, TRACKS>;
    const EMPTY: Self::History =
        Buckets { start: Cell::new(0), tracks: [const { [const { Cell::new(0) }; B] }; TRACKS] };

    fn record<C: Clock>(&self, history: &Self::History, call: Call, clock: &C) -> Option<Trip> {
        self.slide::<C>(history, || clock.now());
        let mut newest = history.tracks.iter().filter_map(|track| track.first());
        if let Some(cell) = newest.next() {
            let counts = cell.add(u32::from(call.failed) << 16 | 1);
            if counts & 0x8000 != 0 {
                halve(&history.tracks);
            }
        }
        if let Some(cell) = newest.next().filter(|_| call.slow) {
            cell.add(1);
        }
        let tally = self.sum(history, 0);
        self.rates.exceeded_by(tally).map(|reason| Trip::new(reason, tally))
    }

    fn clear(&self, history: &Self::History) {
        for cell in history.tracks.iter().flatten() {
            cell.store(0);
        }
    }

    fn tally<C: Clock>(&self, history: &Self::History, now: Instant) -> Tally {
        match self.due::<C>(Instant::from_ticks(history.start.load()), now) {
            Move::Stay | Move::Rebase(_) => self.sum(history, 0),
            Move::Forward(by) => self.sum(history, by),
        }
    }

    #[inline]
    fn rates(&self) -> Option<Rates> {
        Some(self.rates)
    }

    /// The window's sums, up to 32,767 calls.
    fn save<C: Clock>(&self, history: &Self::History, now: Instant) -> u32 {
        let mut tally = self.tally::<C>(history, now);
        while tally.calls > 0x7fff {
            tally = Tally { calls: tally.calls >> 1, failures: tally.failures >> 1, slow: 0 };
        }
        tally.failures << 16 | tally.calls
    }

    /// Everything as if it had happened when it was saved.
    fn load<C: Clock>(&self, history: &Self::History, saved: u32, now: Instant, asleep: u32) {
        let recent = asleep < self.buckets.saturating_mul(self.bucket.get());
        self.slide::<C>(history, || if recent { now.before(asleep) } else { now });
        self.clear(history);
        let sound = saved & 0x8000_8000 == 0 && saved >> 16 <= saved & 0xffff;
        if let Some(newest) = history.tracks.first().and_then(|track| track.first()).filter(|_| sound && recent) {
            newest.store(saved);
        }
    }
}

impl<const B: usize, const TRACKS: usize> RatePolicy for TimeWindow<B, TRACKS> {}

#[cfg(test)]
mod tests;
