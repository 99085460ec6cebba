//! What a recorder of the `metrics` facade is told.

mod row;

use std::collections::HashMap;
use std::sync::Arc;

use metrics::{Key, Label, Level, Metadata, Recorder, SharedString};

use crate::book::{Book, Known, OTHER};
use crate::exporter::Exporter;
use crate::series::{self, Family, Kind, OUTCOMES, Of, OfSet, Vocabulary};
use crate::source::Source;
use row::{TellRow, Told};

impl Exporter {
    /// Brings the recorder of the [`metrics`] facade up to date, whichever is installed when this is called: what was
    /// counted since the last call is added to its counters, and its gauges are set. To be called before the recorder
    /// renders, or now and then, by a timer for instance.
    ///
    /// Counters never go back and lose nothing of what was counted when their circuit was last read; those of a circuit
    /// that is made anew go on. A recorder cannot let go of series. Where a circuit or a set is gone, its counters stay as
    /// they are; the gauges of its states and of its wait are 0, and the failure ratio is not a number. So at most as many
    /// names as the [builder](Exporter::builder) says are told for good, all later ones in `circuit="_other"`.
    ///
    /// The facade's counters are whole numbers: of the time in a state the fraction of a second is told with the next. A
    /// recorder that is installed later is told everything from the start, but for the durations of calls, which it is
    /// told from the first `sync` on.
    ///
    /// ```
    /// use fusebox_prometheus::Exporter;
    /// use fusebox_std::CircuitBreakerSet;
    ///
    /// let upstreams = CircuitBreakerSet::<String>::new();
    /// let exporter = Exporter::new();
    /// exporter.register("upstreams", &upstreams)?;
    /// // Whenever metrics are asked for:
    /// exporter.sync();
    /// # Ok::<(), fusebox_prometheus::RegisterError>(())
    /// ```
    pub fn sync(&self) {
        metrics::with_recorder(|recorder| {
            // A handle says not whether there is anybody behind it: whether it is outdated is told by whom it came from.
            let address = std::ptr::from_ref(recorder).cast::<()>().addr();
            self.with(|state, options| {
                let to = To { recorder, address, families: &options.families };
                if state.described != address {
                    to.describe();
                    state.described = address;
                }
                for set in &mut state.sets {
                    set.sync(&to);
                }
            });
        });
    }
}

/// A recorder, and what it is told of.
pub(crate) struct To<'a> {
    recorder: &'a dyn Recorder,
    address: usize,
    families: &'a [(String, &'static Family)],
}

impl To<'_> {
    const METADATA: Metadata<'static> = Metadata::new("circuit_breaker", Level::INFO, Some(module_path!()));

    fn describe(&self) {
        for (name, family) in self.families {
            let (key, help) = (full_name(name, family.kind).into(), SharedString::const_str(family.help));
            match family.kind {
                Kind::Counter | Kind::Summary => self.recorder.describe_counter(key, None, help),
                Kind::Gauge => self.recorder.describe_gauge(key, None, help),
                Kind::Histogram => self.recorder.describe_histogram(key, None, help),
            }
        }
    }
}

/// As a recorder is to know it.
fn full_name(name: &str, kind: Kind) -> String {
    match kind {
        Kind::Counter => format!("{name}_total"),
        Kind::Summary => format!("{name}_count"),
        Kind::Gauge | Kind::Histogram => name.to_owned(),
    }
}

fn key(
    (name, family): (&str, &Family),
    set: &Arc<str>,
    circuit: Option<&Arc<str>>,
    labels: &[(&'static str, &'static str)],
) -> Key {
    let circuit_label = match family.vocabulary {
        Vocabulary::Ours => "circuit",
        Vocabulary::Resilience4j => "name",
    };
    let mut all = vec![Label::new("set", Arc::clone(set))];
    all.extend(circuit.map(|circuit| Label::new(circuit_label, Arc::clone(circuit))));
    all.extend(labels.iter().map(|&(label, value)| Label::from_static_parts(label, value)));
    Key::from_parts(full_name(name, family.kind), all)
}

/// What was told of one set.
pub(crate) struct Push {
    book: Book,
    rows: Vec<TellRow>,
    by_name: HashMap<Box<str>, usize>,
    other: Option<TellRow>,
    /// Of the set as a whole.
    set: [Told; 3],
    /// What counters of the set as a whole were when they were last read.
    read: [u64; 3],
    sums: [u64; 3],
    address: usize,
    /// Whether something is told of that may be gone.
    there: bool,
}

impl Push {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            book: Book::that_keeps_names(most),
            rows: Vec::new(),
            by_name: HashMap::new(),
            other: None,
            set: [const { Told::Nothing }; 3],
            read: [0; 3],
            sums: [0; 3],
            address: 0,
            there: false,
        }
    }

    /// The set is gone: another that goes by its name begins to count at 0.
    pub(crate) fn end(&mut self) {
        self.read = [0; 3];
        self.book.end();
    }

    /// Says whether the set is there.
    pub(crate) fn sync(&mut self, set: &Arc<str>, source: Option<&dyn Source>, to: &To<'_>) -> bool {
        if self.address != to.address {
            self.address = to.address;
            self.set = [const { Told::Nothing }; 3];
            self.rows.iter_mut().chain(&mut self.other).for_each(TellRow::forget_recorder);
        }
        let seen = source.and_then(|source| self.book.look(source));
        self.rows.iter_mut().chain(&mut self.other).for_each(|row| row.there = false);
        if let Some(seen) = seen {
            self.there = true;
            self.follow(set, to);
            self.tell_set(set, [Some(seen.circuits), seen.totals.evicted, seen.totals.refused], to);
        } else if std::mem::take(&mut self.there) {
            self.tell_set(set, [Some(0), None, None], to);
        }
        for row in self.rows.iter_mut().chain(&mut self.other) {
            row.tell(set, to);
        }
        seen.is_some()
    }

    /// Takes in what the circuits counted.
    fn follow(&mut self, set: &Arc<str>, to: &To<'_>) {
        let Self { book, rows, by_name, other, .. } = self;
        for known in book.named() {
            let at = *by_name.entry(known.name.clone()).or_insert_with(|| {
                rows.push(TellRow::new(known.name.clone().into()));
                rows.len() - 1
            });
            if let Some(row) = rows.get_mut(at) {
                row.there = true;
                row.row.follow(known);
                pass_on(known, set, &row.name, to);
            }
        }
        if let Some(folded) = book.other() {
            let row = other.get_or_insert_with(|| TellRow::new(OTHER.into()));
            row.there = true;
            row.row.clone_from(folded);
            book.folded().for_each(|known| pass_on(known, set, &row.name, to));
        }
    }

    fn tell_set(&mut self, set: &Arc<str>, values: [Option<u64>; 3], to: &To<'_>) {
        for (name, family) in to.families {
            let Of::Sets(what) = family.of else { continue };
            let at = match what {
                OfSet::Circuits => 0,
                OfSet::Evicted => 1,
                OfSet::Refused => 2,
            };
            let (Some(told), Some(read), Some(sum), Some(Some(value))) =
                (self.set.get_mut(at), self.read.get_mut(at), self.sums.get_mut(at), values.get(at).copied())
            else {
                continue;
            };
            *sum += value.saturating_sub(*read);
            *read = value;
            let value = if what == OfSet::Circuits { value } else { *sum };
            told.tell(crate::book::Value::Count(value), family.kind, to, || key((name, family), set, None, &[]));
        }
    }
}

/// Has callers tell the recorder how long they took.
fn pass_on(known: &Known, set: &Arc<str>, circuit: &Arc<str>, to: &To<'_>) {
    let Some(durations) = &known.row.durations else { return };
    if durations.is_recorded_by(to.address) {
        return;
    }
    let Some((name, family)) = to.families.iter().find(|(_, family)| matches!(family.of, Of::Durations)) else {
        return;
    };
    let histograms = OUTCOMES.map(|outcome| {
        let key = key((name, family), set, Some(circuit), &[("outcome", outcome)]);
        to.recorder.register_histogram(&key, &To::METADATA)
    });
    durations.record_by(to.address, histograms);
}

/// All series of a circuit, in the order in which they are told.
fn series_of<'a>(families: &'a [(String, &'static Family)]) -> impl Iterator<Item = Line<'a>> {
    families.iter().flat_map(|(name, family)| {
        let series: &[series::Series] = if let Of::Circuits(series) = family.of { series } else { &[] };
        series.iter().map(move |series| Line { name, family, series })
    })
}

/// One series of a circuit.
struct Line<'a> {
    name: &'a str,
    family: &'static Family,
    series: &'static series::Series,
}
