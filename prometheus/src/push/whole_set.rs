//! What was told of a set as a whole.

use std::sync::Arc;

use fusebox_std::Incarnation;
use metrics::{Counter, Gauge};

use super::told::{Sum, number};
use super::{To, key};
use crate::book::{Seen, Value};
use crate::builder::NamedFamily;
use crate::series::{Of, OfSet};

/// What was told of a set as a whole.
#[derive(Default)]
pub(super) struct OfWholeSet {
    capacity: Option<Gauge>,
    circuits: Option<Gauge>,
    evicted: OneCount,
    refused: OneCount,
    /// Which set that was, and whether it was the last that is told of.
    set: Option<Incarnation>,
    ended: bool,
}

/// A count of a set.
struct OneCount {
    counter: Option<Counter>,
    sum: Sum,
    /// What it was when it was last told.
    before: u64,
}

impl OfWholeSet {
    /// The set is gone, unless it is registered anew.
    pub(super) const fn end(&mut self) {
        self.ended = true;
    }

    /// Another recorder is told everything anew.
    pub(super) fn forget_recorder(&mut self) {
        (self.capacity, self.circuits) = (None, None);
        (self.evicted.counter, self.refused.counter) = (None, None);
    }

    pub(super) fn tell(&mut self, seen: &Seen, set: &Arc<str>, to: &To<'_>) {
        if std::mem::take(&mut self.ended) && (seen.set.is_none() || seen.set != self.set) {
            // Another that goes by its name begins to count at 0.
            (self.evicted.before, self.refused.before) = (0, 0);
        }
        self.set.clone_from(&seen.set);
        for NamedFamily { name, family, .. } in to.families {
            let Of::Sets(what) = family.of else { continue };
            let key = || key((name, family), set, None, &[]);
            match what {
                OfSet::Capacity => tell_gauge(&mut self.capacity, seen.totals.capacity, || to.gauge(&key())),
                OfSet::Circuits => tell_gauge(&mut self.circuits, Some(seen.circuits), || to.gauge(&key())),
                OfSet::Evicted => self.evicted.tell(seen.totals.evicted, || to.counter(&key())),
                OfSet::Refused => self.refused.tell(seen.totals.refused, || to.counter(&key())),
            }
        }
    }

    pub(super) fn tell_gone(&self) {
        for gauge in [&self.capacity, &self.circuits].into_iter().flatten() {
            gauge.set(0.0);
        }
    }
}

/// A gauge that is not told of is not there, unless another set's was.
fn tell_gauge(gauge: &mut Option<Gauge>, count: Option<u64>, make: impl FnOnce() -> Gauge) {
    match (count, gauge) {
        (Some(count), gauge) => gauge.get_or_insert_with(make).set(number(Value::Count(count))),
        (None, Some(gauge)) => gauge.set(f64::NAN),
        (None, None) => {}
    }
}

impl Default for OneCount {
    fn default() -> Self {
        Self { counter: None, sum: Sum::Of(0), before: 0 }
    }
}

impl OneCount {
    fn tell(&mut self, now: Option<u64>, make: impl FnOnce() -> Counter) {
        let Some(now) = now else { return };
        let Self { counter, sum, before } = self;
        let counter = counter.get_or_insert_with(|| {
            let counter = make();
            sum.tell_all(&counter);
            counter
        });
        sum.add(now.saturating_sub(*before), counter);
        *before = now;
    }
}
