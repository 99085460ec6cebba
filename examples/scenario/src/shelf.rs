//! Where permits lie until they are settled.

use core::fmt;

#[cfg(not(feature = "std"))]
use heapless::Vec;

use crate::step::Label;

/// How many permits a scenario may keep.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Of those without a number.
    stacked: usize,
    /// Of those with a number.
    labelled: usize,
}

impl Room {
    /// What a chip has: a scenario that is to be compiled in must get along with it.
    pub const CHIP: Self = Self { stacked: STACKED, labelled: LABELLED };

    /// As much as there is memory.
    #[cfg(feature = "std")]
    pub const HOST: Self = Self { stacked: usize::MAX, labelled: usize::MAX };
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} permits without a number and {} with one", self.stacked, self.labelled)
    }
}

/// More than fit into any field of the state word. With 24 bytes each that is less than half of 16 KiB.
const STACKED: usize = 260;
const LABELLED: usize = 16;

#[cfg(feature = "std")]
type Stacked<T> = Vec<T>;
#[cfg(feature = "std")]
type Labelled<T> = Vec<(Label, T)>;
#[cfg(not(feature = "std"))]
type Stacked<T> = Vec<T, { STACKED + 1 }>;
#[cfg(not(feature = "std"))]
type Labelled<T> = Vec<(Label, T), LABELLED>;

/// The permits that a scenario keeps: those without a number in a stack.
pub(crate) struct Shelf<T> {
    stacked: Stacked<T>,
    labelled: Labelled<T>,
    room: Room,
}

/// Why there is no place for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    Taken,
    Full,
}

impl<T> Shelf<T> {
    pub(crate) const fn new(room: Room) -> Self {
        Self { stacked: Stacked::new(), labelled: Labelled::new(), room }
    }

    /// Whether a permit may be asked for.
    pub(crate) fn has_place(&self, label: Option<Label>) -> Result<(), NoPlace> {
        let (len, room) = match label {
            Some(label) if self.place_of(label).is_some() => return Err(NoPlace::Taken),
            Some(_) => (self.labelled.len(), self.room.labelled),
            None => (self.stacked.len(), self.room.stacked),
        };
        if len < room { Ok(()) } else { Err(NoPlace::Full) }
    }

    /// Keeps a permit for which there [is a place](Self::has_place), or a single one without a label beyond
    /// that, which is taken again before the next: that of a whole call.
    pub(crate) fn put(&mut self, label: Option<Label>, permit: T) {
        match label {
            Some(label) => push(&mut self.labelled, (label, permit)),
            None => push(&mut self.stacked, permit),
        }
    }

    /// The permit with this label, or the last one without.
    pub(crate) fn take(&mut self, label: Option<Label>) -> Option<T> {
        match label {
            Some(label) => Some(self.labelled.swap_remove(self.place_of(label)?).1),
            None => self.stacked.pop(),
        }
    }

    fn place_of(&self, label: Label) -> Option<usize> {
        self.labelled.iter().position(|(known, _)| *known == label)
    }
}

#[cfg(feature = "std")]
fn push<T>(store: &mut Vec<T>, permit: T) {
    store.push(permit);
}

#[cfg(not(feature = "std"))]
fn push<T, const N: usize>(store: &mut Vec<T, N>, permit: T) {
    // There is room: see `put`.
    let _ = store.push(permit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_gives_the_last_and_a_label_its_own() {
        let mut shelf = Shelf::new(Room { stacked: 2, labelled: 1 });
        shelf.put(None, 'a');
        shelf.put(Some(7), 'b');
        shelf.put(None, 'c');
        assert_eq!((shelf.has_place(None), shelf.has_place(Some(8))), (Err(NoPlace::Full), Err(NoPlace::Full)));
        assert_eq!(shelf.has_place(Some(7)), Err(NoPlace::Taken));
        assert_eq!((shelf.take(None), shelf.take(None), shelf.take(None)), (Some('c'), Some('a'), None));
        assert_eq!((shelf.take(Some(8)), shelf.take(Some(7)), shelf.take(Some(7))), (None, Some('b'), None));
        assert_eq!((shelf.has_place(None), shelf.has_place(Some(7))), (Ok(()), Ok(())));
    }
}
