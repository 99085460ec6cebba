//! The first few of many, in order, without sorting all.

use std::collections::BTreeMap;

/// Keeps those with the smallest keys, as many as there is room for.
pub(super) struct Smallest<K, V> {
    /// The number makes keys that are alike distinct.
    kept: BTreeMap<(K, usize), V>,
    room: usize,
    offered: usize,
}

impl<K: Ord, V> Smallest<K, V> {
    pub(super) const fn new(room: usize) -> Self {
        Self { kept: BTreeMap::new(), room, offered: 0 }
    }

    /// Passes by what is not smaller than the last one, if there is no room. `beyond` says so of a key; both key and
    /// value are only made of what is kept for now.
    pub(super) fn offer(&mut self, beyond: impl FnOnce(&K) -> bool, make: impl FnOnce() -> (K, V)) {
        self.offered += 1;
        let full = self.kept.len() >= self.room;
        if full && self.kept.last_key_value().is_none_or(|((last, _), _)| beyond(last)) {
            return;
        }
        let (key, value) = make();
        self.kept.insert((key, self.offered), value);
        if full {
            self.kept.pop_last();
        }
    }

    /// How many there was no room for.
    pub(super) fn left_out(&self) -> usize {
        self.offered - self.kept.len()
    }

    pub(super) fn into_values(self) -> Vec<V> {
        self.kept.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_what_sorting_would_put_first() {
        for room in [0, 1, 3, 100, 200] {
            let mut smallest = Smallest::new(room);
            let numbers: Vec<u32> = (0..100).map(|number| number * 37 % 50).collect();
            for &number in &numbers {
                smallest.offer(|last| number >= *last, || (number, number));
            }
            let mut sorted = numbers;
            sorted.sort_unstable();
            assert_eq!(smallest.left_out(), 100_usize.saturating_sub(room));
            sorted.truncate(room);
            assert_eq!(smallest.into_values(), sorted);
        }
    }
}
