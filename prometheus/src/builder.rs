//! What an exporter can be told.

use std::fmt;

use crate::error::PrefixError;
use crate::exporter::Exporter;
use crate::metric::Metric;
use crate::sample::Wanted;
use crate::series::{self, Family, OURS, RESILIENCE4J, Read, Series};

/// Makes an [`Exporter`].
///
/// ```
/// use fusebox_prometheus::Exporter;
///
/// let exporter = Exporter::builder().prefix("shop_circuit_breaker_").max_circuits(200).build()?;
/// # let _ = exporter;
/// # Ok::<(), fusebox_prometheus::PrefixError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "an exporter is there once it is built"]
pub struct ExporterBuilder {
    prefix: String,
    max_circuits: usize,
    /// By their bits.
    metrics: u16,
    created: bool,
    resilience4j: bool,
}

const PREFIX: &str = "circuit_breaker_";
const MAX_CIRCUITS: usize = 1_000;

impl Default for ExporterBuilder {
    fn default() -> Self {
        let builder =
            Self { prefix: PREFIX.into(), max_circuits: MAX_CIRCUITS, metrics: 0, created: false, resilience4j: false };
        builder.only(Metric::ALL.iter().copied())
    }
}

impl ExporterBuilder {
    /// What the names of metrics begin with; `circuit_breaker_` by default.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How many circuits of each set have series of their own, 1,000 by default. All others are told of together, with
    /// `circuit="_other"`: their counts as sums, and of their states the one that asks for most attention,
    /// none where no others are there.
    ///
    /// A circuit has about 30 series. Whose name is taken, since two keys are displayed alike, is among the others too.
    pub fn max_circuits(mut self, circuits: usize) -> Self {
        self.max_circuits = circuits;
        self
    }

    /// Of each circuit only these metrics, by default all. Those of whole sets and the names of resilience4j stay.
    ///
    /// For many circuits: a circuit has about 30 series, and with [`State`](Metric::State), [`Calls`](Metric::Calls) and
    /// [`Rejections`](Metric::Rejections) half of them. What is left out is not read either: a look at these takes less than
    /// half of what one at all takes.
    ///
    /// ```
    /// use fusebox_prometheus::{Exporter, Metric};
    ///
    /// let exporter = Exporter::builder().only([Metric::State, Metric::Calls, Metric::Rejections]).build()?;
    /// # let _ = exporter;
    /// # Ok::<(), fusebox_prometheus::PrefixError>(())
    /// ```
    pub fn only(mut self, metrics: impl IntoIterator<Item = Metric>) -> Self {
        self.metrics = metrics.into_iter().map(Metric::bit).fold(0, |bits, bit| bits | bit);
        self
    }

    /// Whether OpenMetrics pages say when counters began, in samples whose names end in `_created`; off by default.
    ///
    /// Turn it on for a Prometheus with the feature `created-timestamp-zero-ingestion`: it then knows that a counter which
    /// it first sees at 3 was 0 before. Others take these samples for series like any other.
    pub fn created(mut self, told: bool) -> Self {
        self.created = told;
        self
    }

    /// Whether the names of resilience4j are exported too, so that its dashboards can be used; off by default.
    ///
    /// | metric | |
    /// |---|---|
    /// | `resilience4j_circuitbreaker_state` | by `state`; observe mode is `metrics_only` |
    /// | `resilience4j_circuitbreaker_calls_seconds_count` | by `kind`: `successful`, `failed`, `ignored`; there is no `_sum` and no `_max` |
    /// | `resilience4j_circuitbreaker_not_permitted_calls_total` | with the `kind` `not_permitted` |
    /// | `resilience4j_circuitbreaker_failure_rate`, `…_slow_call_rate` | in percent, -1 while too few calls are known |
    /// | `resilience4j_circuitbreaker_buffered_calls` | by `kind`: `successful`, `failed`; 0 while too few calls are known |
    ///
    /// The label `name` is the circuit, and `set` is there too.
    pub fn resilience4j_names(mut self, told: bool) -> Self {
        self.resilience4j = told;
        self
    }

    /// Makes the exporter.
    ///
    /// # Errors
    /// [`PrefixError`] for a prefix that no metric's name can begin with.
    pub fn build(self) -> Result<Exporter, PrefixError> {
        let legal = |(at, char): (usize, char)| match char {
            'a'..='z' | 'A'..='Z' | '_' | ':' => true,
            '0'..='9' => at > 0,
            _ => false,
        };
        let options = Options::new(&self);
        // A name of ours may be one of theirs, and they are sorted.
        let unique = options.families.windows(2).all(|pair| !matches!(pair, [one, next] if one.name == next.name));
        if self.prefix.char_indices().all(legal) && unique {
            Ok(Exporter::of(options))
        } else {
            Err(PrefixError::new(self.prefix))
        }
    }
}

/// What an exporter goes by.
pub(crate) struct Options {
    pub(crate) most_circuits: usize,
    pub(crate) created: bool,
    pub(crate) wanted: Wanted,
    /// By name in full, sorted.
    pub(crate) families: Vec<NamedFamily>,
}

/// A family as this exporter names it.
#[derive(Debug)]
pub(crate) struct NamedFamily {
    /// In full, without the `_total` of counters.
    pub(crate) name: String,
    pub(crate) family: &'static Family,
    /// How the lines of each of its series go on after the circuit, up to the value.
    pub(crate) tails: Vec<String>,
    /// The number of the first, if its series tell of counts, one after the other.
    pub(crate) counts: Option<usize>,
}

impl NamedFamily {
    fn new(prefix: &str, family: &'static Family) -> Self {
        let series = family.series();
        let tail = |series: &Series| {
            let labels = series.labels.iter().flat_map(|&(label, value)| ["\",", label, "=\"", value]);
            labels.chain(["\"} "]).collect()
        };
        let counts = match series.first() {
            Some(Series { read: Read::Count(first), .. }) => Some(*first),
            _ => None,
        };
        let in_a_row = |first: &usize| series.iter().zip(*first..).all(|(one, number)| one.read == Read::Count(number));
        let (name, tails) = (series::name(prefix, family), series.iter().map(tail).collect());
        Self { name, family, tails, counts: counts.filter(in_a_row) }
    }
}

impl Options {
    fn new(builder: &ExporterBuilder) -> Self {
        let theirs = RESILIENCE4J.iter().filter(|_| builder.resilience4j);
        let left_out = Metric::ALL.iter().filter(|metric| builder.metrics & metric.bit() == 0);
        let left_out: Vec<_> = left_out.map(|metric| metric.name()).collect();
        let ours = OURS.iter().filter(|family| !left_out.contains(&family.name));
        let named = ours.chain(theirs).map(|family| NamedFamily::new(&builder.prefix, family));
        let mut families: Vec<_> = named.collect();
        families.sort_by(|one, other| one.name.cmp(&other.name));
        let wanted = Wanted::of(families.iter().flat_map(|named| named.family.series()).map(|series| series.read));
        Self { most_circuits: builder.max_circuits, created: builder.created, wanted, families }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new(&ExporterBuilder::default())
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("most_circuits", &self.most_circuits)
            .field("created", &self.created)
            .field("families", &self.families.len())
            .finish_non_exhaustive()
    }
}
