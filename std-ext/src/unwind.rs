//! Sets and handles may be used on either side of a caught panic.
//!
//! No lock is held while the user's code runs, and a call that panics is settled: whoever catches it finds each circuit as
//! whole as ever. The locks of `parking_lot` do not promise that by themselves.

use std::panic::RefUnwindSafe;

use fusebox::policy::TripPolicy;

use crate::entry::Entry;
use crate::set::Table;

impl<K, C, P, L> RefUnwindSafe for Entry<K, C, P, L>
where
    K: RefUnwindSafe,
    C: RefUnwindSafe,
    P: TripPolicy<History: RefUnwindSafe> + RefUnwindSafe,
    L: RefUnwindSafe,
{
}

impl<K, C, P, L> RefUnwindSafe for Table<K, C, P, L>
where
    K: RefUnwindSafe,
    C: RefUnwindSafe,
    P: TripPolicy<History: RefUnwindSafe> + RefUnwindSafe,
    L: RefUnwindSafe,
{
}
