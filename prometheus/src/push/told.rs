//! What was told of one circuit.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, Key};

use super::{Line, To};
use crate::book::{Row, Totals, Value};
use crate::series::{Kind, Read};

/// What was told of circuits of one name.
pub(super) struct Told {
    pub(super) name: Arc<str>,
    /// Whether there is a circuit of that name now.
    pub(super) there: bool,
    /// By which line of all, in their order. Most circuits have less than half of them.
    slots: Vec<(usize, Slot)>,
}

/// What was told of one series.
enum Slot {
    Count(Counter, Sum),
    Gauge(Gauge),
}

/// All that was ever counted, and what of it was told: a recorder takes in whole numbers.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    count: u64,
    /// Of counters that are lengths of time.
    time: Duration,
    told: u64,
}

impl Told {
    pub(super) const fn new(name: Arc<str>) -> Self {
        Self { name, there: false, slots: Vec::new() }
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
                    sum.forget_recorder();
                    sum.tell(counter);
                }
            }
        }
    }

    /// Tells of a circuit, and what it counted since `before`.
    pub(super) fn tell(&mut self, row: &Row, before: &Totals, set: &Arc<str>, to: &To<'_>) {
        self.there = true;
        let mut next = 0;
        for (at, line) in to.lines.iter().enumerate() {
            let known = self.slots.get(next).is_some_and(|(known, _)| *known == at);
            match (row.read(line.series.read), known) {
                (None, false) => continue,
                (None, true) => {
                    if let Some((_, Slot::Gauge(gauge))) = self.slots.get(next) {
                        // There is no value now, and a recorder cannot be told so.
                        gauge.set(f64::NAN);
                    }
                }
                (Some(value), known) => {
                    if !known {
                        self.slots.insert(next, (at, Slot::new(&line.key(set, &self.name), line, to)));
                    }
                    if let Some((_, slot)) = self.slots.get_mut(next) {
                        slot.tell(value, || before.read(line.series.read));
                    }
                }
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

impl Slot {
    fn new(key: &Key, line: &Line<'_>, to: &To<'_>) -> Self {
        match line.family.kind {
            Kind::Gauge => Self::Gauge(to.gauge(key)),
            _ => Self::Count(to.counter(key), Sum::default()),
        }
    }

    fn tell(&mut self, value: Value, before: impl FnOnce() -> Value) {
        match self {
            Self::Gauge(gauge) => gauge.set(number(value)),
            Self::Count(counter, sum) => {
                sum.add(value, before());
                sum.tell(counter);
            }
        }
    }
}

impl Sum {
    /// Adds what came to `now` after `before`.
    pub(super) fn add(&mut self, now: Value, before: Value) {
        match (now, before) {
            (Value::Count(now), Value::Count(before)) => self.count += now.saturating_sub(before),
            (Value::Seconds(now), Value::Seconds(before)) => self.time += now.saturating_sub(before),
            _ => {}
        }
    }

    pub(super) const fn forget_recorder(&mut self) {
        self.told = 0;
    }

    /// Tells whole numbers; the rest comes with the next.
    pub(super) fn tell(&mut self, counter: &Counter) {
        let whole = self.count + self.time.as_secs();
        if whole > self.told {
            counter.increment(whole - self.told);
            self.told = whole;
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
