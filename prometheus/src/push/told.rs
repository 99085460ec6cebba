//! What was told of one circuit.

use std::sync::Arc;

use metrics::{Counter, Gauge};

use super::To;
use crate::book::{Rise, Row, Shape, Value};
use crate::series::{Kind, Read};

/// What was told of circuits of one name.
pub(super) struct Told {
    pub(super) name: Arc<str>,
    /// When there was a circuit of that name last.
    pub(super) turn: u64,
    /// What series it had when it was last told of. As long as it has the same, nobody has to look for others.
    shape: Option<Shape>,
    /// By their lines, in the order of those.
    gauges: Vec<(usize, Gauge)>,
    /// The same.
    counts: Vec<(usize, Count)>,
}

/// A counter, and all that was ever counted.
struct Count {
    counter: Counter,
    sum: Sum,
}

/// Recorders take in whole numbers, so of a length of time they are told the full seconds.
#[derive(Clone, Copy)]
pub(super) enum Sum {
    Of(u64),
    Nanoseconds(u64),
}

impl Told {
    pub(super) const fn new(name: Arc<str>) -> Self {
        Self { name, turn: 0, shape: None, gauges: Vec::new(), counts: Vec::new() }
    }

    /// Another recorder is told everything anew.
    pub(super) fn tell_another(&mut self, set: &Arc<str>, to: &To<'_>) {
        for (at, gauge) in &mut self.gauges {
            if let Some(line) = to.lines.get(*at) {
                *gauge = to.gauge(&line.key(set, &self.name));
            }
        }
        for (at, Count { counter, sum }) in &mut self.counts {
            if let Some(line) = to.lines.get(*at) {
                *counter = to.counter(&line.key(set, &self.name));
                sum.tell_all(counter);
            }
        }
    }

    /// Tells of a circuit, and what came to its totals, of which nothing is left then.
    pub(super) fn tell(&mut self, row: &Row, rise: &mut Rise, set: &Arc<str>, to: &To<'_>) {
        let shape = Some(row.shape());
        if self.shape != shape {
            self.find_series(row, set, to);
            self.shape = shape;
        }
        for (at, gauge) in &self.gauges {
            if let Some(line) = to.lines.get(*at) {
                // Where there is no value now, a recorder cannot be told so.
                gauge.set(row.read(line.series.read).map_or(f64::NAN, number));
            }
        }
        while let Some((number, by)) = rise.take() {
            for (at, Count { counter, sum }) in &mut self.counts {
                if to.lines.get(*at).is_some_and(|line| line.sums & 1 << number != 0) {
                    sum.add(by, counter);
                }
            }
        }
    }

    /// Those that it has now and was never told of.
    #[cold]
    fn find_series(&mut self, row: &Row, set: &Arc<str>, to: &To<'_>) {
        for (at, line) in to.lines.iter().enumerate() {
            let Some(value) = row.read(line.series.read) else { continue };
            let key = || line.key(set, &self.name);
            if line.family.kind == Kind::Gauge {
                insert(&mut self.gauges, at, || to.gauge(&key()));
            } else {
                insert(&mut self.counts, at, || Count { counter: to.counter(&key()), sum: Sum::none_like(value) });
            }
        }
    }

    /// There was a circuit of that name and is no more. What is told of the past stays.
    pub(super) fn tell_gone(&self, to: &To<'_>) {
        for (at, gauge) in &self.gauges {
            match to.lines.get(*at).map(|line| line.series.read) {
                Some(Read::State(_) | Read::OpenWait | Read::Window(_)) => gauge.set(0.0),
                Some(Read::FailureRatio) => gauge.set(f64::NAN),
                Some(Read::FailurePercent | Read::SlowPercent) => gauge.set(-1.0),
                _ => {}
            }
        }
    }
}

/// Keeps the order.
fn insert<T>(slots: &mut Vec<(usize, T)>, line: usize, make: impl FnOnce() -> T) {
    if let Err(place) = slots.binary_search_by_key(&line, |(known, _)| *known) {
        slots.insert(place, (line, make()));
    }
}

impl Sum {
    const fn none_like(value: Value) -> Self {
        match value {
            Value::Seconds(_) => Self::Nanoseconds(0),
            _ => Self::Of(0),
        }
    }

    /// Adds more, and tells it; a fraction of a second comes with the next.
    pub(super) fn add(&mut self, more: u64, counter: &Counter) {
        let told = self.whole();
        let (Self::Of(sum) | Self::Nanoseconds(sum)) = self;
        *sum = sum.saturating_add(more);
        let more = self.whole() - told;
        if more > 0 {
            counter.increment(more);
        }
    }

    /// To a recorder that was told nothing yet, or only what was counted before another took its place.
    pub(super) fn tell_all(&self, counter: &Counter) {
        counter.absolute(self.whole());
    }

    const fn whole(&self) -> u64 {
        match self {
            Self::Of(count) => *count,
            Self::Nanoseconds(time) => *time / 1_000_000_000,
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
