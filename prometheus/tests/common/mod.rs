//! Sets with a clock that is moved by hand, and pages read back.
#![allow(dead_code, reason = "no test needs all of it")]

#[cfg(feature = "metrics")]
pub(crate) mod recorder;

use std::collections::BTreeMap;
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{MaxFailures, TripPolicy};
use fusebox::{Listener, Settings};
use fusebox_prometheus::{Exporter, Format};
use fusebox_std::{CircuitBreakerSet, CircuitBreakerSetBuilder, Counts, Handle, Uptime};

pub(crate) type Clock = &'static ManualClock<1_000>;
pub(crate) type Set = CircuitBreakerSet<String, Clock>;

pub(crate) fn clock() -> Clock {
    Box::leak(Box::new(ManualClock::new()))
}

/// The fourth failure opens for 10 s, the next failed probe for 20.
pub(crate) fn builder(clock: Clock) -> CircuitBreakerSetBuilder<String, Clock> {
    let settings = Settings::builder().backoff_cap(secs(60)).build().unwrap();
    CircuitBreakerSet::<String>::builder().clock(clock, settings).counts(Counts::All)
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn fail<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>>(circuit: &Handle<K, C, P, L>) {
    let _ = circuit.call(|| Err::<(), _>("no answer"));
}

pub(crate) fn succeed<K, C: Uptime + Clone, P: TripPolicy, L: Listener<K>>(circuit: &Handle<K, C, P, L>) {
    let _ = circuit.call(|| Ok::<_, ()>(()));
}

pub(crate) fn trip(circuit: &Handle<String, Clock, MaxFailures<3>>) {
    (0..4).for_each(|_| fail(circuit));
}

/// A page, as who reads it sees it: each series once, with its value.
pub(crate) struct Page(pub(crate) BTreeMap<String, f64>);

impl Page {
    pub(crate) fn of(exporter: &Exporter) -> Self {
        Self::read(&exporter.render())
    }

    pub(crate) fn read(text: &str) -> Self {
        let mut series = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let before = series.insert(name.to_owned(), value.parse().unwrap());
            assert_eq!(before, None, "{name} is there twice");
        }
        Self(series)
    }

    /// A series by the end of its name and its labels.
    pub(crate) fn get(&self, name: &str, labels: &str) -> Option<f64> {
        self.0.get(&format!("circuit_breaker_{name}{{{labels}}}")).copied()
    }

    /// A series of a circuit in the set "upstreams".
    pub(crate) fn circuit(&self, name: &str, circuit: &str, more: &str) -> Option<f64> {
        let comma = if more.is_empty() { "" } else { "," };
        self.get(name, &format!("set=\"upstreams\",circuit=\"{circuit}\"{comma}{more}"))
    }

    /// Whether any series has this in its labels.
    pub(crate) fn mentions(&self, what: &str) -> bool {
        self.0.keys().any(|series| series.contains(what))
    }

    /// The sum of all series of a metric.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        let start = format!("circuit_breaker_{name}{{");
        self.0.iter().filter(|(series, _)| series.starts_with(&start)).map(|(_, value)| value).sum()
    }
}

/// A page with the moments of the wall clock taken out.
pub(crate) fn timeless(exporter: &Exporter, format: Format) -> String {
    let page = exporter.render_as(format);
    let lines = page.lines().map(|line| match line.rsplit_once(' ') {
        Some((series, _)) if series.contains("_timestamp_seconds{") || series.contains("_created{") => {
            format!("{series} WHEN\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}
