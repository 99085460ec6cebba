//! What was told of a set as a whole.

use std::sync::Arc;

use metrics::{Counter, Gauge};

use super::told::{Sum, number};
use super::{To, key};
use crate::book::{Seen, Value};
use crate::builder::NamedFamily;
use crate::series::{Of, OfSet};

/// What was told of a set as a whole.
#[derive(Default)]
pub(super) struct OfWholeSet {
    circuits: Option<Gauge>,
    evicted: OneCount,
    refused: OneCount,
}

/// A count of a set.
struct OneCount {
    counter: Option<Counter>,
    sum: Sum,
    /// What it was when it was last told.
    before: u64,
}

impl OfWholeSet {
    /// The set is gone: another that goes by its name begins to count at 0.
    pub(super) const fn end(&mut self) {
        (self.evicted.before, self.refused.before) = (0, 0);
    }

    /// Another recorder is told everything anew.
    pub(super) fn forget_recorder(&mut self) {
        self.circuits = None;
        (self.evicted.counter, self.refused.counter) = (None, None);
    }

    pub(super) fn tell(&mut self, seen: Seen, set: &Arc<str>, to: &To<'_>) {
        for NamedFamily { name, family, .. } in to.families {
            let Of::Sets(what) = family.of else { continue };
            let key = || key((name, family), set, None, &[]);
            match what {
                OfSet::Circuits => {
                    let gauge = self.circuits.get_or_insert_with(|| to.gauge(&key()));
                    gauge.set(number(Value::Count(seen.circuits)));
                }
                OfSet::Evicted => self.evicted.tell(seen.totals.evicted, || to.counter(&key())),
                OfSet::Refused => self.refused.tell(seen.totals.refused, || to.counter(&key())),
            }
        }
    }

    pub(super) fn tell_gone(&self) {
        if let Some(gauge) = &self.circuits {
            gauge.set(0.0);
        }
    }
}

impl Default for OneCount {
    fn default() -> Self {
        Self { counter: None, sum: Sum::Count(0), before: 0 }
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
        sum.add(Value::Count(now), Value::Count(*before), counter);
        *before = now;
    }
}
