//! What steps are done to.

use core::time::Duration;

use fusebox::policy::Tally;
use fusebox::{Instant, Rejected, SettingsError, Snapshot, State, Ticks};

use crate::shelf::NoPlace;
use crate::step::{Ending, Key, Label, Manual};

/// A breaker of any policy on a clock of any rate, or a set, and the permits it gave. Dynamic, so that the
/// player is compiled once and not for every policy. A breaker has no keys: they make no difference to it.
pub(crate) trait Subject {
    fn set_time(&self, now: Instant);

    /// Whether a permit may be asked for and kept.
    fn has_place(&self, label: Option<Label>) -> Result<(), NoPlace>;

    /// Asks for a permit and keeps it. Says whether in observe mode it would have been rejected.
    fn acquire(&mut self, key: Key, label: Option<Label>) -> Result<bool, Rejected>;

    /// Settles a permit that is kept, if there is one.
    fn settle(&mut self, label: Option<Label>, ending: Ending) -> Option<()>;

    /// Drops a permit that is kept, if there is one.
    fn abandon(&mut self, label: Option<Label>) -> Option<()>;

    /// Whether it was accepted, where it can be refused.
    fn by_hand(&mut self, key: Key, manual: Manual) -> Result<Option<bool>, NotDone>;

    fn look(&self, key: Key) -> Look;

    /// How many peers have a circuit.
    fn peers(&self) -> u32;

    /// Whether this one has.
    fn knows(&self, key: Key) -> bool;

    /// The state of a circuit, if there is one, as it is kept over a reset.
    fn save(&self, key: Key) -> Option<Snapshot>;

    /// Takes up a state that was saved so long ago.
    fn restore(&mut self, key: Key, saved: &Snapshot, asleep: Duration) -> Result<(), Rejected>;
}

/// All that can be seen of a circuit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) state: State,
    pub(crate) retry_after: Option<Ticks>,
    pub(crate) tally: Tally,
}

/// Why something could not be done by hand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NotDone {
    Settings(SettingsError),
    /// The peer has no circuit and there is no room for one.
    Rejected(Rejected),
}

impl From<SettingsError> for NotDone {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

impl From<Rejected> for NotDone {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}
