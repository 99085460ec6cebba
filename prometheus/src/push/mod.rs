//! What a recorder of the `metrics` facade is told.

mod told;
mod whole_set;

use std::collections::HashMap;
use std::sync::Arc;

use metrics::{Counter, Gauge, Key, Label, Level, Metadata, Recorder, SharedString};

use crate::book::{Book, Known, OTHER};
use crate::builder::NamedFamily;
use crate::exporter::Exporter;
use crate::sample::Wanted;
use crate::series::{Bits, Family, Kind, OUTCOMES, Of, Series, Vocabulary};
use crate::source::Source;
use told::Told;
use whole_set::OfWholeSet;

impl Exporter {
    /// Brings the recorder of the [`metrics`] facade up to date, whichever is installed when this is called: what was
    /// counted since the last call is added to its counters, and gauges are set to what they are by now. To be called
    /// before the recorder renders, or now and then, by a timer for instance.
    ///
    /// Counters never go back and lose nothing of what was counted when their circuit was last read; those of a circuit
    /// that is made anew go on. A recorder cannot let go of series. Where a circuit or a set is gone, its counters stay as
    /// they are; the gauges of its states and of its wait are 0, and the failure ratio is not a number. So at most as many
    /// names as the [builder](Exporter::builder) says are told for good, all later ones in `circuit="_other"`.
    ///
    /// The facade's counters are whole numbers: of the time in a state the fraction of a second is told with the next. A
    /// recorder that is installed later is told everything from the start, but for the durations of calls, which it is
    /// told from the first `sync` on. A recorder is known by its address: one that is made where another was before, as
    /// tests may do, is taken for that one.
    ///
    /// What a recorder was not told since it panicked, it is told the next time, but for the count at which it did, and for
    /// those of circuits that left meanwhile.
    ///
    /// Leave a recorder's timeout for idle metrics off: a circuit that nothing happens to would be gone.
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
                let to = To::new(recorder, address, &options.families);
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
    families: &'a [NamedFamily],
    /// All series of a circuit, in the order in which they are told.
    lines: Vec<Line<'a>>,
}

/// One series of a circuit.
struct Line<'a> {
    name: &'a str,
    family: &'static Family,
    series: &'static Series,
    /// Which totals it tells of; none of those for a gauge.
    sums: Bits,
}

impl<'a> To<'a> {
    const METADATA: Metadata<'static> = Metadata::new("circuit_breaker", Level::INFO, Some(module_path!()));

    fn new(recorder: &'a dyn Recorder, address: usize, families: &'a [NamedFamily]) -> Self {
        let lines = families.iter().flat_map(|NamedFamily { name, family, .. }| {
            let line = move |series: &'static Series| Line { name, family, series, sums: series.read.sums() };
            family.series().iter().map(line)
        });
        Self { recorder, address, families, lines: lines.collect() }
    }

    fn describe(&self) {
        for NamedFamily { name, family, .. } in self.families {
            let (key, help) = (full_name(name, family.kind).into(), SharedString::const_str(family.help));
            match family.kind {
                Kind::Counter | Kind::Summary => self.recorder.describe_counter(key, None, help),
                Kind::Gauge => self.recorder.describe_gauge(key, None, help),
                Kind::Histogram => self.recorder.describe_histogram(key, None, help),
            }
        }
    }

    fn counter(&self, key: &Key) -> Counter {
        self.recorder.register_counter(key, &Self::METADATA)
    }

    fn gauge(&self, key: &Key) -> Gauge {
        self.recorder.register_gauge(key, &Self::METADATA)
    }
}

impl Line<'_> {
    fn key(&self, set: &Arc<str>, circuit: &Arc<str>) -> Key {
        key((self.name, self.family), set, Some(circuit), self.series.labels)
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
    told: Vec<Told>,
    by_name: HashMap<Box<str>, usize>,
    /// What was told of all others.
    other: Option<Told>,
    of_set: OfWholeSet,
    address: usize,
    /// Counts what was told.
    turn: u64,
    /// Whether something is told of that may be gone.
    there: bool,
}

impl Push {
    pub(crate) fn new(most: usize, wanted: Wanted) -> Self {
        Self {
            book: Book::that_keeps_names(most, wanted),
            told: Vec::new(),
            by_name: HashMap::new(),
            other: None,
            of_set: OfWholeSet::default(),
            address: 0,
            turn: 0,
            there: false,
        }
    }

    /// The set is gone: another that goes by its name begins to count at 0.
    pub(crate) fn end(&mut self) {
        self.of_set.end();
        self.book.end();
    }

    /// Says whether the set is there.
    pub(crate) fn sync(&mut self, set: &Arc<str>, source: Option<&dyn Source>, to: &To<'_>) -> bool {
        if self.address != to.address {
            self.of_set.forget_recorder();
            self.all_told().for_each(|told| told.tell_another(set, to));
            self.address = to.address;
        }
        let seen = source.and_then(|source| self.book.look(source));
        self.turn += 1;
        if let Some(seen) = &seen {
            self.there = true;
            self.tell(set, to);
            self.of_set.tell(seen, set, to);
        } else if std::mem::take(&mut self.there) {
            self.of_set.tell_gone();
        }
        let turn = self.turn;
        self.all_told().filter(|told| told.turn != turn).for_each(|told| told.tell_gone(to));
        seen.is_some()
    }

    fn all_told(&mut self) -> impl Iterator<Item = &mut Told> {
        self.told.iter_mut().chain(&mut self.other)
    }

    fn tell(&mut self, set: &Arc<str>, to: &To<'_>) {
        let Self { book, told, by_name, other, turn, .. } = self;
        for known in book.named_mut() {
            let at = *known.told.get_or_insert_with(|| {
                *by_name.entry(known.name.clone()).or_insert_with(|| {
                    told.push(Told::new(known.name.clone().into()));
                    told.len() - 1
                })
            });
            if let Some(told) = told.get_mut(at) {
                told.turn = *turn;
                told.tell(&known.row, &mut known.rise, set, to);
                pass_on(known, set, &told.name, to);
            }
        }
        if let Some((row, rise)) = book.other_mut() {
            let told = other.get_or_insert_with(|| Told::new(OTHER.into()));
            told.turn = *turn;
            told.tell(row, rise, set, to);
            book.folded().for_each(|known| pass_on(known, set, &told.name, to));
        }
    }
}

/// Has callers tell the recorder how long they took.
fn pass_on(known: &Known, set: &Arc<str>, circuit: &Arc<str>, to: &To<'_>) {
    let Some(durations) = &known.row.durations else { return };
    if durations.is_recorded_by(to.address) {
        return;
    }
    let family = to.families.iter().find(|named| matches!(named.family.of, Of::Durations));
    let Some(NamedFamily { name, family, .. }) = family else { return };
    let histograms = OUTCOMES.map(|outcome| {
        let key = key((name, family), set, Some(circuit), &[("outcome", outcome)]);
        to.recorder.register_histogram(&key, &To::METADATA)
    });
    durations.record_by(to.address, histograms);
}
