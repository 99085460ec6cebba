//! One 32-bit word that threads and interrupt handlers share: the bricks of a policy's history.
//!
//! Each method is one atomic step. Where the target has no compare-exchange (Cortex-M0, RV32IMC) the
//! step is a critical section of a few instructions. Most are `Relaxed`: the words are counts and
//! times that stand for themselves. Where several words together say something, `update` and
//! `load_latest` are in one order for all threads.

#[cfg(any(target_has_atomic = "32", fusebox_loom))]
use crate::atomic::SeqCst;
use crate::atomic::{AtomicU32, Relaxed};

/// A shared 32-bit word, for the history of a [`TripPolicy`](crate::policy::TripPolicy).
///
/// Works on every target, also on those whose atomics can only load and store.
///
/// ```
/// use fusebox::policy::Cell;
///
/// static FAILURES: Cell = Cell::new(0);
/// assert_eq!(FAILURES.add(1), 1);
/// assert_eq!(FAILURES.swap(7), 1);
/// assert_eq!(FAILURES.load(), 7);
/// ```
#[derive(Debug)]
pub struct Cell(AtomicU32);

#[cfg(feature = "defmt")]
impl defmt::Format for Cell {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Cell({=u32})", self.load());
    }
}

impl Cell {
    /// A word that holds `value`.
    pub const fn new(value: u32) -> Self {
        Self(AtomicU32::new(value))
    }

    /// The value now.
    #[inline]
    pub fn load(&self) -> u32 {
        self.0.load(Relaxed)
    }

    /// The value now, where several cells say something together: if two threads each [`update`] a cell
    /// and then read the other's in this way, at least one sees both updates.
    ///
    /// [`update`]: Self::update
    #[inline]
    pub fn load_latest(&self) -> u32 {
        #[cfg(any(target_has_atomic = "32", fusebox_loom))]
        return self.0.load(SeqCst);
        #[cfg(not(any(target_has_atomic = "32", fusebox_loom)))]
        critical_section::with(|_| self.load())
    }

    /// Sets the value.
    #[inline]
    pub fn store(&self, value: u32) {
        self.0.store(value, Relaxed);
    }

    /// Adds `amount`, wrapping, and returns the new value.
    #[inline]
    pub fn add(&self, amount: u32) -> u32 {
        #[cfg(any(target_has_atomic = "32", fusebox_loom))]
        return self.0.fetch_add(amount, Relaxed).wrapping_add(amount);
        #[cfg(not(any(target_has_atomic = "32", fusebox_loom)))]
        self.update(|value| value.wrapping_add(amount))
    }

    /// Sets the value and returns the one before.
    #[inline]
    pub fn swap(&self, value: u32) -> u32 {
        #[cfg(any(target_has_atomic = "32", fusebox_loom))]
        return self.0.swap(value, Relaxed);
        #[cfg(not(any(target_has_atomic = "32", fusebox_loom)))]
        critical_section::with(|_| {
            let before = self.load();
            self.store(value);
            before
        })
    }

    /// Pushes `value` in at the front of a row. Says whether all that were there count: then there is no room for
    /// another, and one fell out at the end.
    ///
    /// Each that counts moves one place on, up to the first that does not. It is a chain of swaps: threads that
    /// push at once may change places, but what counts is not lost. What does not is not handed on, or it could
    /// push out what a faster thread put behind it.
    ///
    /// Where the state word needs critical sections, a short row moves in one of those instead of one a cell.
    #[inline]
    pub(crate) fn push(row: &[Self], value: u32, counts: impl Fn(u32) -> bool) -> bool {
        #[cfg(all(any(not(target_has_atomic = "64"), fusebox_halves), not(fusebox_loom)))]
        if row.len() <= 8 {
            return critical_section::with(|_| {
                let mut value = value;
                row.iter().all(|cell| {
                    let before = cell.load();
                    cell.store(value);
                    value = before;
                    counts(value)
                })
            });
        }
        let mut value = value;
        row.iter().all(|cell| {
            value = cell.swap(value);
            counts(value)
        })
    }

    /// Sets the value to `new` if it is `current`; says whether it was.
    #[inline]
    pub fn replace(&self, current: u32, new: u32) -> bool {
        #[cfg(any(target_has_atomic = "32", fusebox_loom))]
        return self.0.compare_exchange(current, new, SeqCst, Relaxed).is_ok();
        #[cfg(not(any(target_has_atomic = "32", fusebox_loom)))]
        critical_section::with(|_| {
            let matches = self.load() == current;
            if matches {
                self.store(new);
            }
            matches
        })
    }

    /// Sets the value to `change` of itself and returns the new one. Where nothing changes, nothing
    /// is written.
    #[inline]
    pub fn update(&self, change: impl Fn(u32) -> u32) -> u32 {
        loop {
            let before = self.load();
            let after = change(before);
            if after == before || self.replace(before, after) {
                return after;
            }
        }
    }
}

#[cfg(all(test, not(fusebox_loom)))]
mod tests {
    use super::Cell;

    /// Rows that move in one critical section where there are some, and longer ones.
    #[test]
    fn what_goes_into_a_row_comes_out_in_turn() {
        const LONGEST: u32 = 10;
        for length in 0..=LONGEST {
            let row: Vec<Cell> = (0..length).map(|_| Cell::new(0)).collect();
            for value in 1..=3 * LONGEST {
                let full = Cell::push(&row, value, |cell| cell != 0);
                assert_eq!(full, value > length, "{value} into {length} cells");
                let there: Vec<u32> = row.iter().map(Cell::load).collect();
                let latest: Vec<u32> = (0..length).map(|place| value.saturating_sub(place)).collect();
                assert_eq!(there, latest, "{value} into {length} cells");
            }
        }
    }

    /// After a clock was set back, what is out of date may stand before what is not. The two carriers of the state
    /// word once differed here: one of them pushed the latter out.
    #[test]
    fn what_stands_behind_something_outdated_stays() {
        for (before, after) in [([0, 4, 3], [6, 4, 3]), ([5, 0, 3], [6, 5, 3]), ([5, 4, 0], [6, 5, 4])] {
            let row = before.map(Cell::new);
            assert!(!Cell::push(&row, 6, |cell| cell != 0));
            assert_eq!(row.each_ref().map(Cell::load), after, "{before:?}");
        }
    }

    #[test]
    fn a_row_is_full_only_of_what_counts() {
        for (there, full) in [([5, 4, 3], true), ([5, 4, 0], false), ([5, 0, 3], false), ([0, 4, 3], false)] {
            let row = there.map(Cell::new);
            assert_eq!(Cell::push(&row, 6, |cell| cell != 0), full, "{there:?}");
            assert_eq!(row[0].load(), 6);
        }
    }
}
