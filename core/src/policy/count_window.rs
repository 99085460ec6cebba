//! The failure rate of the last calls.

use super::{Call, Cell, RatePolicy, Rates, Tally, TripPolicy};
use crate::event::Trip;
use crate::time::{Clock, Instant};

/// Opens when too many of the last calls failed. Reads no clock.
///
/// Set with [`SettingsBuilder::count_window`](crate::SettingsBuilder::count_window). `WORDS` is the room:
///
/// | calls kept | `WORDS` | RAM per peer |
/// |---|---|---|
/// | 1 to 31 | 1 | 4 bytes |
/// | 32 and more | 1 + one per 32 calls | as many words |
///
/// ```
/// use fusebox::policy::{CountWindow, Rates};
/// use fusebox::{CircuitBreaker, Settings, State, clock::ManualClock};
///
/// // Half of the last 100 calls, judged as soon as 20 are known.
/// let settings = Settings::builder().count_window(100, Rates::failures(50).min_calls(20)).build()?;
/// let clock = ManualClock::<1_000>::new();
/// let breaker = CircuitBreaker::<_, CountWindow<5>>::with_settings(&clock, settings);
/// for call in 0..20 {
///     assert_eq!(breaker.state(), State::Closed);
///     let _ = breaker.call(|| if call % 2 == 0 { Ok(()) } else { Err(()) });
/// }
/// assert_eq!(breaker.state(), State::Open);
/// # Ok::<(), fusebox::SettingsError>(())
/// ```
///
/// The window holds exactly the last so many results, and every result is judged. While all of them
/// are successes, one more writes nothing.
///
/// Up to 31 results are the bits of one word. Longer windows are a
/// ring: the first word says where the next result goes, and each result has its place in the others.
/// A thread judges after it put its own result in, so of racing ones the last sees all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CountWindow<const WORDS: usize = 1, const TRACKS: usize = 1> {
    pub(crate) calls: u32,
    pub(crate) rates: Rates,
}

/// A [`CountWindow`] with room for slow calls: twice the words.
pub type SlowCountWindow<const WORDS: usize = 1> = CountWindow<WORDS, 2>;

/// The most calls that a window of so many words can keep.
pub(crate) const fn capacity(words: usize) -> u32 {
    match words {
        0 => 0,
        1 => 31,
        // A position takes 16 bits of the first word, and every count times 100 fits 32.
        2..=2_047 => 32 * (words as u32 - 1),
        _ => 32 * 2_046,
    }
}

impl<const WORDS: usize, const TRACKS: usize> CountWindow<WORDS, TRACKS> {
    /// Puts one bit per call in and says how many calls the track knows and how many bits are set.
    #[inline]
    fn push(&self, track: &[Cell; WORDS], bit: bool) -> (u32, u32) {
        // A clean full window stays what it is, wherever the next success goes.
        if !bit && self.is_seen_to_be_clean(track) {
            return (self.calls, 0);
        }
        match track.as_slice() {
            [] => (0, 0),
            [word] => row::count(word.update(|row| row::pushed(row, bit, self.calls))),
            [place, bits @ ..] => {
                let place = place.update(|before| ring::advanced(before, self.calls));
                let at = ring::position(place).checked_sub(1).unwrap_or(self.calls.saturating_sub(1));
                if let Some(word) = bits.get((at >> 5) as usize) {
                    let mask = 1 << (at & 31);
                    word.update(|word| if bit { word | mask } else { word & !mask });
                }
                self.count(track)
            }
        }
    }

    /// Whether the track is full of zeros, where a look at it saves more than it takes.
    #[inline]
    fn is_seen_to_be_clean(&self, track: &[Cell; WORDS]) -> bool {
        match track.as_slice() {
            [] => false,
            // On a chip that would make each call longer until the window is full.
            [word] => cfg!(target_has_atomic = "64") && row::is_clean(word.load(), self.calls),
            [place, bits @ ..] => ring::is_full(place.load()) && bits.iter().all(|word| word.load() == 0),
        }
    }

    fn count(&self, track: &[Cell; WORDS]) -> (u32, u32) {
        match track.as_slice() {
            [] => (0, 0),
            [word] => row::count(word.load()),
            [place, bits @ ..] => {
                let failed = bits.iter().map(|word| word.load_latest().count_ones()).sum();
                (ring::len(place.load_latest(), self.calls), failed)
            }
        }
    }
}

/// Up to 31 results in one word, with a 1 in front of the oldest. The word's last bit is kept inverted,
/// so that an empty row is 0.
mod row {
    #[inline]
    pub(super) const fn pushed(word: u32, bit: bool, calls: u32) -> u32 {
        let (row, front) = (word ^ 1, 1 << calls);
        let longer = row << 1 | bit as u32;
        // Beyond the window, and in a row of 31 the front bit falls off the word by itself.
        let row = if row >= front { longer & (front - 1) | front } else { longer };
        row ^ 1
    }

    /// Whether it is full of zeros.
    #[inline]
    pub(super) const fn is_clean(word: u32, calls: u32) -> bool {
        word ^ 1 == 1 << calls
    }

    #[inline]
    pub(super) const fn count(word: u32) -> (u32, u32) {
        let row = word ^ 1;
        (31u32.saturating_sub(row.leading_zeros()), row.count_ones().saturating_sub(1))
    }
}

/// The first word of a ring: the next position, and whether the ring went round.
mod ring {
    const WENT_ROUND: u32 = 1 << 31;

    #[inline]
    pub(super) const fn position(place: u32) -> u32 {
        place & !WENT_ROUND
    }

    #[inline]
    pub(super) const fn is_full(place: u32) -> bool {
        place & WENT_ROUND != 0
    }

    #[inline]
    pub(super) const fn len(place: u32, calls: u32) -> u32 {
        if is_full(place) { calls } else { position(place) }
    }

    #[inline]
    pub(super) const fn advanced(place: u32, calls: u32) -> u32 {
        if position(place) + 1 >= calls { WENT_ROUND } else { place + 1 }
    }
}

impl<const WORDS: usize, const TRACKS: usize> TripPolicy for CountWindow<WORDS, TRACKS> {
    type History = [[Cell; WORDS]; TRACKS];
    const EMPTY: Self::History = [const { [const { Cell::new(0) }; WORDS] }; TRACKS];

    #[inline]
    fn record<C: Clock>(&self, history: &Self::History, call: Call, _: &C) -> Option<Trip> {
        let mut tracks = history.iter();
        let (calls, failures) = tracks.next().map_or((0, 0), |track| self.push(track, call.failed));
        let (_, slow) = tracks.next().map_or((0, 0), |track| self.push(track, call.slow));
        let tally = Tally { calls, failures, slow };
        self.rates.exceeded_by(tally).map(|reason| Trip::new(reason, tally))
    }

    fn clear(&self, history: &Self::History) {
        for cell in history.iter().flatten() {
            cell.store(0);
        }
    }

    fn tally<C: Clock>(&self, history: &Self::History, _: Instant) -> Tally {
        let mut tracks = history.iter();
        let (calls, failures) = tracks.next().map_or((0, 0), |track| self.count(track));
        let (_, slow) = tracks.next().map_or((0, 0), |track| self.count(track));
        Tally { calls, failures, slow }
    }

    #[inline]
    fn rates(&self) -> Option<Rates> {
        Some(self.rates)
    }

    /// The last 31 results; of a longer window nothing.
    fn save<C: Clock>(&self, history: &Self::History, _: Instant) -> u32 {
        match history.first().map(<[Cell; WORDS]>::as_slice) {
            Some([row]) => row.load(),
            _ => 0,
        }
    }

    fn load<C: Clock>(&self, history: &Self::History, saved: u32, _: Instant, _: u32) {
        self.clear(history);
        // Only a row that this window could have written is taken for one.
        match history.first().map(<[Cell; WORDS]>::as_slice) {
            Some([row]) if row::count(saved).0 <= self.calls => row.store(saved),
            _ => {}
        }
    }
}

impl<const WORDS: usize, const TRACKS: usize> RatePolicy for CountWindow<WORDS, TRACKS> {}

#[cfg(test)]
mod tests;
