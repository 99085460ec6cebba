//! A circuit that was seen.

use fusebox_std::Incarnation;

use super::row::Row;
use super::totals::Rise;
use crate::durations::DurationTotals;
use crate::sample::Sample;
use crate::source::Circuit;
use crate::text::escape_label;

/// Who a circuit is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    Circuit(Incarnation),
    /// All that is known of circuits that others tell of, and which of those with that name.
    Name(Box<str>, u32),
}

impl Identity {
    pub(super) fn of(circuit: Option<&dyn Circuit>, name: &str) -> Self {
        circuit.map_or_else(|| Self::Name(name.into(), 0), |circuit| Self::Circuit(circuit.incarnation()))
    }

    pub(super) fn is(&self, circuit: Option<&dyn Circuit>, name: &str) -> bool {
        match (self, circuit) {
            (Self::Circuit(known), Some(circuit)) => circuit.is(known),
            (Self::Name(known, _), None) => **known == *name,
            _ => false,
        }
    }
}

/// A circuit that was seen at some time.
#[derive(Debug)]
pub(crate) struct Known {
    pub(super) identity: Identity,
    pub(crate) name: Box<str>,
    /// The name as it stands in a label, if it is another.
    escaped: Option<Box<str>>,
    /// At which look it was last seen.
    pub(super) seen: u64,
    /// Whether it has series of its own, once that was decided.
    pub(super) named: Option<bool>,
    /// Where that which was told of its name is, once something was.
    #[cfg(feature = "metrics")]
    pub(crate) told: Option<usize>,
    /// What it says of itself.
    pub(crate) row: Row,
    /// What it counted and was not told of yet.
    pub(crate) rise: Rise,
    /// Of the durations those that were told of, where it is not told of under its own name.
    pub(super) durations_told: Option<Box<DurationTotals>>,
}

impl Known {
    pub(super) fn new(identity: Identity, name: Box<str>, sample: &Sample, look: u64) -> Self {
        let mut escaped = String::with_capacity(name.len());
        // A string takes in everything.
        let _ = escape_label(&mut escaped, &name);
        let mut known = Self {
            identity,
            escaped: (*escaped != *name).then(|| escaped.into()),
            name,
            seen: look,
            named: None,
            #[cfg(feature = "metrics")]
            told: None,
            row: Row::none(),
            rise: Rise::default(),
            durations_told: None,
        };
        known.update(sample, look);
        known
    }

    pub(super) fn update(&mut self, sample: &Sample, look: u64) {
        self.seen = look;
        self.row.update(sample, &mut self.rise);
    }

    /// The name as it stands in a label.
    pub(crate) fn escaped(&self) -> &str {
        self.escaped.as_deref().unwrap_or(&self.name)
    }

    /// Notes that all it counted was told.
    pub(super) fn was_told(&mut self) {
        self.rise.clear();
        if self.named != Some(true) {
            self.durations_told.clone_from(&self.row.totals.durations);
        }
    }

    /// It is told of under its name no more. Says whether it was.
    pub(super) fn lose_name(&mut self) -> bool {
        let had = self.named == Some(true);
        if had {
            self.named = None;
            self.durations_told = self.row.totals.durations.take();
        }
        had
    }

    /// Whether it has to be remembered what it counted, in case that it comes back.
    pub(super) fn may_come_back(&self) -> bool {
        match &self.identity {
            Identity::Circuit(_) => self.is_alive(),
            Identity::Name(..) => self.row.totals.is_any(),
        }
    }

    /// Whether it is a circuit that is sure to be there still.
    pub(super) fn is_alive(&self) -> bool {
        matches!(&self.identity, Identity::Circuit(incarnation) if incarnation.is_alive())
    }
}
