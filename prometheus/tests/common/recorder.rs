//! Recorders of the `metrics` facade, and what they were told.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use fusebox::State;
use fusebox_prometheus::Exporter;
use metrics::{Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use metrics_util::registry::{AtomicStorage, Registry};

/// A recorder that keeps what it is told, as recorders do, and what of it was there at the last look.
#[derive(Default)]
pub(crate) struct Recorder {
    inner: Keeping,
    pub(crate) counters: HashMap<String, u64>,
    pub(crate) gauges: HashMap<String, f64>,
    pub(crate) histograms: HashMap<String, Vec<f64>>,
    /// What came with the last sync.
    pub(crate) came: HashMap<String, u64>,
}

impl Recorder {
    pub(crate) fn sync(&mut self, exporter: &Exporter) -> &mut Self {
        metrics::with_local_recorder(&self.inner, || exporter.sync());
        self.read();
        self
    }

    /// A sync in which so many series are made and gauges set, and the next one panics.
    pub(crate) fn sync_until(&mut self, patience: usize, exporter: &Exporter) {
        self.inner.patience.left.store(patience, Relaxed);
        let sync = || metrics::with_local_recorder(&self.inner, || exporter.sync());
        // There may be fewer.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(sync));
        self.inner.patience.left.store(usize::MAX, Relaxed);
        self.read();
    }

    fn read(&mut self) {
        self.came.clear();
        let Keeping { registry, described, .. } = &self.inner;
        let name = |key: &Key| {
            assert!(described.lock().unwrap().contains(key.name()), "{key:?} is not described");
            let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            format!("{} {}", key.name(), labels.join(","))
        };
        registry.visit_counters(|key, counter| {
            let (name, count) = (name(key), counter.load(Relaxed));
            let before = self.counters.insert(name.clone(), count).unwrap_or(0);
            self.came.insert(name, count - before);
        });
        registry.visit_gauges(|key, gauge| {
            self.gauges.insert(name(key), f64::from_bits(gauge.load(Relaxed)));
        });
        registry.visit_histograms(|key, histogram| drop(self.histograms.insert(name(key), histogram.data())));
    }

    pub(crate) fn name(metric: &str, circuit: &str, more: &str) -> String {
        let comma = if more.is_empty() { "" } else { "," };
        format!("circuit_breaker_{metric} set=upstreams,circuit={circuit}{comma}{more}")
    }

    pub(crate) fn counter(&self, metric: &str, circuit: &str, more: &str) -> Option<u64> {
        self.counters.get(&Self::name(metric, circuit, more)).copied()
    }

    pub(crate) fn gauge(&self, metric: &str, circuit: &str, more: &str) -> Option<f64> {
        self.gauges.get(&Self::name(metric, circuit, more)).copied()
    }

    pub(crate) fn states(&self, circuit: &str) -> [f64; 6] {
        State::ALL.map(|state| self.gauge("state", circuit, &format!("state={state}")).unwrap())
    }

    /// The sum of a counter over all circuits.
    pub(crate) fn sum(&self, metric: &str, more: &str) -> u64 {
        let start = format!("circuit_breaker_{metric} set=upstreams,circuit=");
        let of_it =
            self.counters.iter().filter(|(name, _)| name.starts_with(&start) && name.ends_with(&format!(",{more}")));
        of_it.map(|(_, count)| count).sum()
    }
}

struct Keeping {
    registry: Registry<Key, AtomicStorage>,
    described: Mutex<HashSet<String>>,
    patience: Arc<Patience>,
}

/// How much a recorder takes in before it panics.
struct Patience {
    left: AtomicUsize,
}

impl Patience {
    fn wear(&self) {
        let left = self.left.load(Relaxed);
        if left == 0 {
            // Without a word, since it does so often.
            std::panic::resume_unwind(Box::new("a full disk, perhaps"));
        }
        self.left.store(left - 1, Relaxed);
    }
}

impl Default for Keeping {
    fn default() -> Self {
        let patience = Arc::new(Patience { left: AtomicUsize::new(usize::MAX) });
        Self { registry: Registry::atomic(), described: Mutex::default(), patience }
    }
}

impl Keeping {
    fn describe(&self, name: &KeyName) {
        self.described.lock().unwrap().insert(name.as_str().to_owned());
    }
}

impl metrics::Recorder for Keeping {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.patience.wear();
        self.registry.get_or_create_counter(key, |counter| Counter::from_arc(Arc::clone(counter)))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.patience.wear();
        let gauge = self.registry.get_or_create_gauge(key, |gauge| Gauge::from_arc(Arc::clone(gauge)));
        Gauge::from_arc(Arc::new(Impatient { gauge, patience: Arc::clone(&self.patience) }))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.registry.get_or_create_histogram(key, |histogram| Histogram::from_arc(Arc::clone(histogram)))
    }
}

/// A gauge that panics when its recorder's patience is at its end.
struct Impatient {
    gauge: Gauge,
    patience: Arc<Patience>,
}

impl GaugeFn for Impatient {
    fn increment(&self, value: f64) {
        self.gauge.increment(value);
    }

    fn decrement(&self, value: f64) {
        self.gauge.decrement(value);
    }

    fn set(&self, value: f64) {
        self.patience.wear();
        self.gauge.set(value);
    }
}
