//! The histograms of one circuit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What became of a call: in the order of [`OUTCOMES`](crate::series::OUTCOMES).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Success,
    Failure,
    Ignored,
    Abandoned,
}

pub(crate) type Histograms = Arc<Cells>;

/// A histogram per outcome, added to by callers.
#[derive(Debug)]
pub(crate) struct Cells {
    bounds: Arc<[Duration]>,
    outcomes: [Histogram; 4],
    /// The same in a recorder of the `metrics` facade. It takes in single values only, so callers have to tell it.
    #[cfg(feature = "metrics")]
    recorded: std::sync::RwLock<Option<Recorded>>,
}

/// By which recorder, and where.
#[cfg(feature = "metrics")]
type Recorded = (usize, [metrics::Histogram; 4]);

#[derive(Debug)]
struct Histogram {
    /// One more than there are bounds.
    buckets: Box<[AtomicU64]>,
    nanos: AtomicU64,
}

impl Cells {
    pub(crate) fn new(bounds: Arc<[Duration]>) -> Self {
        let histogram = || Histogram {
            buckets: std::iter::repeat_with(AtomicU64::default).take(bounds.len() + 1).collect(),
            nanos: AtomicU64::new(0),
        };
        Self {
            outcomes: [histogram(), histogram(), histogram(), histogram()],
            bounds,
            #[cfg(feature = "metrics")]
            recorded: std::sync::RwLock::default(),
        }
    }

    pub(crate) fn record(&self, ended: Ended, took: Duration) {
        let index = self.bounds.partition_point(|bound| *bound < took);
        if let Some(histogram) = self.outcomes.get(ended as usize) {
            let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
            if histogram.nanos.fetch_add(nanos, Relaxed).checked_add(nanos).is_none() {
                // As all sums it stops at the largest number: it must not go back.
                histogram.nanos.store(u64::MAX, Relaxed);
            }
            if let Some(bucket) = histogram.buckets.get(index) {
                bucket.fetch_add(1, Relaxed);
            }
        }
        #[cfg(feature = "metrics")]
        {
            let recorded = self.recorded.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(histogram) = recorded.as_ref().and_then(|(_, outcomes)| outcomes.get(ended as usize)) {
                histogram.record(took.as_secs_f64());
            }
        }
    }

    /// Whether callers tell the recorder at this address.
    #[cfg(feature = "metrics")]
    pub(crate) fn is_recorded_by(&self, address: usize) -> bool {
        let recorded = self.recorded.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        recorded.as_ref().is_some_and(|(known, _)| *known == address)
    }

    /// From now on callers tell these.
    #[cfg(feature = "metrics")]
    pub(crate) fn record_by(&self, address: usize, histograms: [metrics::Histogram; 4]) {
        *self.recorded.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some((address, histograms));
    }

    pub(crate) fn read(&self) -> DurationTotals {
        let outcomes = self.outcomes.each_ref().map(|histogram| OutcomeTotals {
            buckets: histogram.buckets.iter().map(|bucket| bucket.load(Relaxed)).collect(),
            sum: Duration::from_nanos(histogram.nanos.load(Relaxed)),
        });
        DurationTotals { bounds: Arc::clone(&self.bounds), outcomes }
    }

    /// The same, in the place of what was read before.
    pub(crate) fn read_again(&self, totals: &mut DurationTotals) {
        totals.bounds.clone_from(&self.bounds);
        for (place, histogram) in totals.outcomes.iter_mut().zip(&self.outcomes) {
            place.buckets.clear();
            place.buckets.extend(histogram.buckets.iter().map(|bucket| bucket.load(Relaxed)));
            place.sum = Duration::from_nanos(histogram.nanos.load(Relaxed));
        }
    }
}

/// What histograms had when they were read.
#[derive(Clone, Debug)]
pub(crate) struct DurationTotals {
    pub(crate) bounds: Arc<[Duration]>,
    pub(crate) outcomes: [OutcomeTotals; 4],
}

/// One histogram; its buckets are not cumulative.
#[derive(Clone, Debug)]
pub(crate) struct OutcomeTotals {
    pub(crate) buckets: Vec<u64>,
    pub(crate) sum: Duration,
}

impl DurationTotals {
    /// None yet, with the same bounds.
    pub(crate) fn none_like(other: &Self) -> Self {
        let outcomes = other
            .outcomes
            .each_ref()
            .map(|outcome| OutcomeTotals { buckets: vec![0; outcome.buckets.len()], sum: Duration::ZERO });
        Self { bounds: Arc::clone(&other.bounds), outcomes }
    }

    /// Adds what came to `now` after `before`.
    pub(crate) fn add_since(&mut self, now: &Self, before: Option<&Self>) {
        for (index, (sum, now)) in self.outcomes.iter_mut().zip(&now.outcomes).enumerate() {
            let before = before.and_then(|before| before.outcomes.get(index));
            for (place, (bucket, count)) in sum.buckets.iter_mut().zip(&now.buckets).enumerate() {
                let known = before.and_then(|before| before.buckets.get(place)).copied().unwrap_or(0);
                *bucket += count.saturating_sub(known);
            }
            let known = before.map_or(Duration::ZERO, |before| before.sum);
            sum.sum = sum.sum.saturating_add(now.sum.saturating_sub(known));
        }
    }
}
