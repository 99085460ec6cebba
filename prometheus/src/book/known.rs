//! A circuit that was seen.

use fusebox_std::Incarnation;

use super::row::Row;
use super::totals::Totals;
use crate::sample::Sample;
use crate::text::escape_label;

/// Who a circuit is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    Circuit(Incarnation),
    /// All that is known of circuits that others tell of.
    Name(Box<str>),
}

/// A circuit that was seen at some time.
#[derive(Debug)]
pub(crate) struct Known {
    pub(super) identity: Identity,
    pub(crate) name: Box<str>,
    /// The name as it stands in a label.
    pub(crate) escaped: Box<str>,
    /// At which look it was last seen.
    pub(super) seen: u64,
    /// Whether it has series of its own, once that was decided.
    pub(super) named: Option<bool>,
    /// Where that which was told of its name is, once something was.
    #[cfg(feature = "metrics")]
    pub(crate) told: Option<usize>,
    /// What it says of itself.
    pub(crate) row: Row,
    /// What it said at the look before.
    pub(crate) before: Totals,
}

impl Known {
    pub(super) fn new(identity: Identity, name: Box<str>, sample: &Sample, look: u64) -> Self {
        let mut escaped = String::with_capacity(name.len());
        // A string takes in everything.
        let _ = escape_label(&mut escaped, &name);
        Self {
            identity,
            name,
            escaped: escaped.into(),
            seen: look,
            named: None,
            #[cfg(feature = "metrics")]
            told: None,
            row: Row::of(sample),
            before: Totals::default(),
        }
    }

    /// `done` is the last look that came to its end: what was seen in one that did not was not taken up.
    pub(super) fn update(&mut self, sample: &Sample, look: u64, done: u64) {
        if self.seen <= done {
            std::mem::swap(&mut self.before, &mut self.row.totals);
        }
        self.seen = look;
        self.row.update(sample);
    }

    /// Whether it has to be remembered what it counted, in case that it comes back.
    pub(super) fn may_come_back(&self) -> bool {
        match &self.identity {
            Identity::Circuit(incarnation) => incarnation.is_alive(),
            Identity::Name(_) => self.row.totals.counted() != 0,
        }
    }
}
