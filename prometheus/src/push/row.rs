//! What was told of one circuit.

use std::sync::Arc;

use metrics::{Counter, Gauge, Key};

use super::{Line, To, key, series_of};
use crate::book::{Row, Value};
use crate::series::{Kind, Read};

/// All that circuits of one name ever said, and what of that was told.
pub(super) struct TellRow {
    pub(super) name: Arc<str>,
    pub(super) row: Row,
    /// Whether there is a circuit of that name now.
    pub(super) there: bool,
    told: Vec<Told>,
}

/// What was told of one series.
pub(super) enum Told {
    /// That there is one was not told either.
    Nothing,
    Count(Counter, u64),
    Gauge(Gauge),
}

impl TellRow {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self { name, row: Row::none(), there: true, told: Vec::new() }
    }

    /// One that was told nothing yet.
    pub(super) fn forget_recorder(&mut self) {
        self.told.clear();
    }

    pub(super) fn tell(&mut self, set: &Arc<str>, to: &To<'_>) {
        let Self { name, row, there, told } = self;
        for (at, Line { name: metric, family, series }) in series_of(to.families).enumerate() {
            if told.len() <= at {
                told.push(Told::Nothing);
            }
            let Some(told) = told.get_mut(at) else { continue };
            let was_told = !matches!(told, Told::Nothing);
            let value = match of_nobody(series.read).filter(|_| !*there) {
                Some(_) if !was_told => continue,
                Some(value) => Some(value),
                None => row.read(series.read),
            };
            match value {
                Some(value) => {
                    told.tell(value, family.kind, to, || key((metric, family), set, Some(name), series.labels));
                }
                None => told.tell_unknown(*there),
            }
        }
    }
}

impl Told {
    pub(super) fn tell(&mut self, value: Value, kind: Kind, to: &To<'_>, key: impl FnOnce() -> Key) {
        if let Self::Nothing = self {
            *self = match kind {
                Kind::Gauge => Self::Gauge(to.recorder.register_gauge(&key(), &To::METADATA)),
                _ => Self::Count(to.recorder.register_counter(&key(), &To::METADATA), 0),
            };
        }
        match self {
            Self::Count(counter, told) => {
                let whole = match value {
                    Value::Count(count) => count,
                    Value::Seconds(time) => time.as_secs(),
                    Value::Number(_) => *told,
                };
                if whole > *told {
                    counter.increment(whole - *told);
                    *told = whole;
                }
            }
            Self::Gauge(gauge) => gauge.set(number(value)),
            Self::Nothing => {}
        }
    }

    /// There is no value: it was never told of, or is not a number now. Of who is gone, the last moments stay.
    fn tell_unknown(&self, there: bool) {
        if let (Self::Gauge(gauge), true) = (self, there) {
            gauge.set(f64::NAN);
        }
    }
}

/// What the gauges of a circuit say that is gone. `None` is for what stays as it is.
const fn of_nobody(read: Read) -> Option<Value> {
    match read {
        Read::State(_) | Read::OpenWait | Read::Window(_) => Some(Value::Count(0)),
        Read::FailureRatio => Some(Value::Number(f64::NAN)),
        Read::FailurePercent | Read::SlowPercent => Some(Value::Number(-1.0)),
        Read::Count(_) | Read::Rejected | Read::StateSeconds(_) | Read::LastTransition => None,
    }
}

#[allow(clippy::cast_precision_loss, reason = "gauges are floating-point numbers")]
fn number(value: Value) -> f64 {
    match value {
        Value::Count(count) => count as f64,
        Value::Seconds(time) => time.as_secs_f64(),
        Value::Number(number) => number,
    }
}
