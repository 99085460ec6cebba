//! Pages of metrics.

use std::fmt::{self, Write};
use std::time::Duration;

use super::Format;
use super::number::{write_count, write_seconds, write_value};
use crate::book::{Book, OTHER, Row, Seen, Value, since_1970};
use crate::builder::NamedFamily;
use crate::durations::DurationTotals;
use crate::series::{Family, Kind, OUTCOMES, Of, OfSet, Series, Vocabulary, run};

/// What stands on a page.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) format: Format,
    /// Whether OpenMetrics says when counters began.
    pub(crate) created: bool,
    /// Sorted by name.
    pub(crate) families: &'a [NamedFamily],
    /// Sorted by name.
    pub(crate) sets: &'a [SetOnPage<'a>],
}

#[derive(Debug)]
pub(crate) struct SetOnPage<'a> {
    /// As it stands in a label.
    pub(crate) escaped: &'a str,
    pub(crate) book: &'a Book,
    pub(crate) seen: Seen,
}

impl SetOnPage<'_> {
    /// The circuits as they stand in labels, and at the end all others.
    fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        let named = self.book.named().map(|known| (known.escaped(), &known.row));
        named.chain(self.book.other().map(|other| (OTHER, other)))
    }

    fn read(&self, what: OfSet) -> Option<u64> {
        match what {
            OfSet::Capacity => self.seen.totals.capacity,
            OfSet::Circuits => Some(self.seen.circuits),
            OfSet::Evicted => self.seen.totals.evicted,
            OfSet::Refused => self.seen.totals.refused,
        }
    }
}

pub(crate) fn write_page(out: &mut impl Write, page: &Page<'_>) -> fmt::Result {
    for named in page.families {
        let mut lines = Lines { out, page, named, begun: false, head: String::new(), created: String::new() };
        for set in page.sets {
            match named.family.of {
                Of::Circuits(series) => {
                    lines.of_set(lines.suffix(), set.escaped);
                    for (circuit, row) in set.rows() {
                        lines.circuit(circuit, row, series)?;
                    }
                }
                Of::Durations => {
                    for (circuit, row) in set.rows() {
                        if let Some(durations) = &row.totals.durations {
                            lines.durations(set.escaped, circuit, row, durations)?;
                        }
                    }
                }
                Of::Sets(what) => {
                    if let Some(count) = set.read(what) {
                        lines.set(set.escaped, count)?;
                    }
                }
            }
        }
    }
    match page.format {
        Format::Prometheus => Ok(()),
        Format::OpenMetrics => out.write_str("# EOF\n"),
    }
}

/// The lines of a family. What is said of it as a whole comes before the first.
struct Lines<'a, W> {
    out: &'a mut W,
    page: &'a Page<'a>,
    named: &'a NamedFamily,
    begun: bool,
    /// How lines of the present set begin, up to the circuit, and those that say when it began to count.
    head: String,
    created: String,
}

impl<W: Write> Lines<'_, W> {
    /// Goes on to lines of this set with names that end so.
    fn of_set(&mut self, suffix: &str, set: &str) {
        let name = &self.named.name;
        let circuit = match self.named.family.vocabulary {
            Vocabulary::Ours => "circuit",
            Vocabulary::Resilience4j => "name",
        };
        let head = |suffix: &str| format!("{name}{suffix}{{set=\"{set}\",{circuit}=\"");
        (self.head, self.created) = (head(suffix), head("_created"));
    }

    fn circuit(&mut self, circuit: &str, row: &Row, series: &[Series]) -> fmt::Result {
        if let Some(first) = self.named.counts {
            // Most circuits have few of the many transitions that there are.
            let mut told = row.told() >> first & run(0, series.len());
            while told != 0 {
                let index = told.trailing_zeros() as usize;
                told &= told - 1;
                if let Some(tail) = self.named.tails.get(index) {
                    self.line(circuit, tail, Value::Count(row.totals.count(first + index)))?;
                    self.write_created(circuit, tail, row)?;
                }
            }
            return Ok(());
        }
        for (Series { read, .. }, tail) in series.iter().zip(&self.named.tails) {
            let Some(value) = row.read(*read) else { continue };
            self.line(circuit, tail, value)?;
            self.write_created(circuit, tail, row)?;
        }
        Ok(())
    }

    fn line(&mut self, circuit: &str, tail: &str, value: Value) -> fmt::Result {
        self.begin()?;
        self.out.write_str(&self.head)?;
        self.out.write_str(circuit)?;
        self.out.write_str(tail)?;
        write_value(self.out, value)?;
        self.out.write_char('\n')
    }

    fn set(&mut self, set: &str, count: u64) -> fmt::Result {
        self.begin()?;
        let (name, suffix) = (&self.named.name, self.suffix());
        writeln!(self.out, "{name}{suffix}{{set=\"{set}\"}} {count}")
    }

    fn durations(&mut self, set: &str, circuit: &str, row: &Row, durations: &DurationTotals) -> fmt::Result {
        self.begin()?;
        for (outcome, totals) in OUTCOMES.iter().zip(&durations.outcomes) {
            let mut count = 0;
            self.of_set("_bucket", set);
            for (bucket, bound) in totals.buckets.iter().zip(durations.bounds.iter().map(Some).chain([None])) {
                count += bucket;
                write!(self.out, "{}{circuit}\",outcome=\"{outcome}\",le=\"", self.head)?;
                write_bound(self.out, bound)?;
                self.out.write_str("\"} ")?;
                write_count(self.out, count)?;
                self.out.write_char('\n')?;
            }
            let tail = format!("\",outcome=\"{outcome}\"}} ");
            self.of_set("_count", set);
            writeln!(self.out, "{}{circuit}{tail}{count}", self.head)?;
            self.of_set("_sum", set);
            write!(self.out, "{}{circuit}{tail}", self.head)?;
            write_seconds(self.out, totals.sum)?;
            self.out.write_char('\n')?;
            self.write_created(circuit, &tail, row)?;
        }
        Ok(())
    }

    /// When it began to count.
    fn write_created(&mut self, circuit: &str, tail: &str, row: &Row) -> fmt::Result {
        let counts = self.named.family.kind != Kind::Gauge;
        match row.made.filter(|_| self.page.created && counts && self.page.format == Format::OpenMetrics) {
            Some(made) => {
                write!(self.out, "{}{circuit}{tail}", self.created)?;
                write_seconds(self.out, since_1970(made))?;
                self.out.write_char('\n')
            }
            None => Ok(()),
        }
    }

    /// What the names of samples end in.
    const fn suffix(&self) -> &'static str {
        match self.named.family.kind {
            Kind::Counter => "_total",
            Kind::Summary => "_count",
            Kind::Gauge | Kind::Histogram => "",
        }
    }

    fn begin(&mut self) -> fmt::Result {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        let Family { kind, unit, help, .. } = self.named.family;
        // The family of a counter has the suffix in one format and not in the other.
        let total = if (*kind, self.page.format) == (Kind::Counter, Format::Prometheus) { "_total" } else { "" };
        let name = &self.named.name;
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
            Kind::Summary => "summary",
        };
        writeln!(self.out, "# HELP {name}{total} {help}")?;
        writeln!(self.out, "# TYPE {name}{total} {kind}")?;
        match unit.filter(|_| self.page.format == Format::OpenMetrics) {
            Some(unit) => writeln!(self.out, "# UNIT {name} {unit}"),
            None => Ok(()),
        }
    }
}

/// With a decimal point, as OpenMetrics wants it; in both formats, or they would be different series.
fn write_bound(out: &mut impl Write, bound: Option<&Duration>) -> fmt::Result {
    match bound {
        None => out.write_str("+Inf"),
        Some(bound) => {
            write_seconds(out, *bound)?;
            if bound.subsec_nanos() == 0 { out.write_str(".0") } else { Ok(()) }
        }
    }
}
