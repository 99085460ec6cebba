//! What was told of one circuit.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge};

use super::To;
use crate::book::{Row, Shape, Totals, Value};
use crate::series::{Kind, Read};

/// What was told of circuits of one name.
pub(super) struct Told {
    pub(super) name: Arc<str>,
    /// Whether there is a circuit of that name now.
    pub(super) there: bool,
    /// What series it had when it was last told of. As long as it has the same, nobody has to look for others.
    shape: Option<Shape>,
    /// By which line of all, in their order. Most circuits have less than half of them.
    slots: Vec<(usize, Slot)>,
}

/// What was told of one series.
enum Slot {
    Count(Counter, Sum),
    Gauge(Gauge),
}

/// All that was ever counted. A recorder takes in whole numbers, so of a length of time it was told the full seconds.
#[derive(Clone, Copy)]
pub(super) enum Sum {
    Count(u64),
    Time(Duration),
}

impl Told {
    pub(super) const fn new(name: Arc<str>) -> Self {
        Self { name, there: false, shape: None, slots: Vec::new() }
    }

    /// Another recorder is told everything anew.
    pub(super) fn tell_another(&mut self, set: &Arc<str>, to: &To<'_>) {
        for (at, slot) in &mut self.slots {
            let Some(line) = to.lines.get(*at) else { continue };
            let key = line.key(set, &self.name);
            match slot {
                Slot::Gauge(gauge) => *gauge = to.gauge(&key),
                Slot::Count(counter, sum) => {
                    *counter = to.counter(&key);
                    sum.tell_all(counter);
                }
            }
        }
    }

    /// Tells of a circuit, and what it counted since `before`.
    pub(super) fn tell(&mut self, row: &Row, before: &Totals, set: &Arc<str>, to: &To<'_>) {
        self.there = true;
        if self.shape != Some(row.shape()) {
            self.make_slots(row, set, to);
            self.shape = Some(row.shape());
        }
        for (at, slot) in &mut self.slots {
            let Some(line) = to.lines.get(*at) else { continue };
            match (row.read(line.series.read), slot) {
                (Some(value), Slot::Count(counter, sum)) => sum.add(value, before.read(line.series.read), counter),
                (Some(value), Slot::Gauge(gauge)) => gauge.set(number(value)),
                // There is no value now, and a recorder cannot be told so.
                (None, Slot::Gauge(gauge)) => gauge.set(f64::NAN),
                (None, Slot::Count(..)) => {}
            }
        }
    }

    /// For what it has now and was never told.
    fn make_slots(&mut self, row: &Row, set: &Arc<str>, to: &To<'_>) {
        let mut next = 0;
        for (at, line) in to.lines.iter().enumerate() {
            if self.slots.get(next).is_none_or(|(known, _)| *known != at) {
                let Some(value) = row.read(line.series.read) else { continue };
                let key = line.key(set, &self.name);
                let slot = match line.family.kind {
                    Kind::Gauge => Slot::Gauge(to.gauge(&key)),
                    _ => Slot::Count(to.counter(&key), Sum::none_like(value)),
                };
                self.slots.insert(next, (at, slot));
            }
            next += 1;
        }
    }

    /// There was a circuit of that name and is no more. What is told of the past stays.
    pub(super) fn tell_gone(&mut self, to: &To<'_>) {
        self.there = false;
        for (at, slot) in &self.slots {
            let (Some(line), Slot::Gauge(gauge)) = (to.lines.get(*at), slot) else { continue };
            match line.series.read {
                Read::State(_) | Read::OpenWait | Read::Window(_) => gauge.set(0.0),
                Read::FailureRatio => gauge.set(f64::NAN),
                Read::FailurePercent | Read::SlowPercent => gauge.set(-1.0),
                _ => {}
            }
        }
    }
}

impl Sum {
    const fn none_like(value: Value) -> Self {
        match value {
            Value::Seconds(_) => Self::Time(Duration::ZERO),
            _ => Self::Count(0),
        }
    }

    /// Adds what came to `now` after `before`, and tells it; a fraction of a second comes with the next.
    pub(super) fn add(&mut self, now: Value, before: Value, counter: &Counter) {
        let told = self.whole();
        match (&mut *self, now, before) {
            (Self::Count(sum), Value::Count(now), Value::Count(before)) => *sum += now.saturating_sub(before),
            (Self::Time(sum), Value::Seconds(now), Value::Seconds(before)) => *sum += now.saturating_sub(before),
            _ => {}
        }
        let more = self.whole() - told;
        if more > 0 {
            counter.increment(more);
        }
    }

    /// To a recorder that was told nothing yet.
    pub(super) fn tell_all(&self, counter: &Counter) {
        counter.increment(self.whole());
    }

    const fn whole(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            Self::Time(time) => time.as_secs(),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "gauges are floating-point numbers")]
pub(super) fn number(value: Value) -> f64 {
    match value {
        Value::Count(count) => count as f64,
        Value::Seconds(time) => time.as_secs_f64(),
        Value::Number(number) => number,
    }
}
