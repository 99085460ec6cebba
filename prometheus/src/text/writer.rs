//! Pages of metrics.

use std::fmt::{self, Write};
use std::time::Duration;

use super::Format;
use super::number::{write_count, write_seconds, write_value};
use crate::book::{Book, OTHER, Row, Seen, Value, since_1970};
use crate::durations::DurationTotals;
use crate::series::{Family, Kind, OUTCOMES, Of, OfSet, Read, Series, Vocabulary};

/// What stands on a page.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) format: Format,
    /// Whether OpenMetrics says when counters began.
    pub(crate) created: bool,
    /// Families by name in full, sorted.
    pub(crate) families: &'a [(String, &'static Family)],
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
        let named = self.book.named().map(|known| (&*known.escaped, &known.row));
        named.chain(self.book.other().map(|other| (OTHER, other)))
    }

    fn read(&self, what: OfSet) -> Option<u64> {
        match what {
            OfSet::Circuits => Some(self.seen.circuits),
            OfSet::Evicted => self.seen.totals.evicted,
            OfSet::Refused => self.seen.totals.refused,
        }
    }
}

pub(crate) fn write_page(out: &mut impl Write, page: &Page<'_>) -> fmt::Result {
    for (name, family) in page.families {
        let mut lines = Lines { out, page, name, family, begun: false };
        for set in page.sets {
            match family.of {
                Of::Circuits(series) => {
                    for (circuit, row) in set.rows() {
                        lines.circuit((set.escaped, circuit), row, series)?;
                    }
                }
                Of::Durations => {
                    for (circuit, row) in set.rows() {
                        if let Some(durations) = &row.totals.durations {
                            lines.durations((set.escaped, circuit), row, durations)?;
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
    name: &'a str,
    family: &'a Family,
    begun: bool,
}

/// A set and a circuit as they stand in labels.
type Who<'a> = (&'a str, &'a str);

impl<W: Write> Lines<'_, W> {
    fn circuit(&mut self, who: Who<'_>, row: &Row, series: &[Series]) -> fmt::Result {
        for Series { labels, read } in series {
            let Some(value) = row.read(*read) else { continue };
            self.begin()?;
            self.sample(self.suffix(), who, labels)?;
            self.out.write_char(' ')?;
            write_value(self.out, value)?;
            self.out.write_char('\n')?;
            if matches!(read, Read::Count(_) | Read::Rejected | Read::StateSeconds(_)) {
                self.created(who, labels, row)?;
            }
        }
        Ok(())
    }

    fn set(&mut self, set: &str, count: u64) -> fmt::Result {
        self.begin()?;
        self.out.write_str(self.name)?;
        self.out.write_str(self.suffix())?;
        self.out.write_str("{set=\"")?;
        self.out.write_str(set)?;
        self.out.write_str("\"} ")?;
        write_value(self.out, Value::Count(count))?;
        self.out.write_char('\n')
    }

    fn durations(&mut self, who: Who<'_>, row: &Row, durations: &DurationTotals) -> fmt::Result {
        self.begin()?;
        for (name, outcome) in OUTCOMES.iter().zip(&durations.outcomes) {
            let labels = [("outcome", *name)];
            let mut count = 0;
            let bounds = durations.bounds.iter().map(Some).chain([None]);
            for (bucket, bound) in outcome.buckets.iter().zip(bounds) {
                count += bucket;
                self.sample_but_end("_bucket", who, &labels)?;
                self.out.write_str("\",le=\"")?;
                write_bound(self.out, bound)?;
                self.out.write_str("\"} ")?;
                write_count(self.out, count)?;
                self.out.write_char('\n')?;
            }
            self.sample("_count", who, &labels)?;
            self.out.write_char(' ')?;
            write_count(self.out, count)?;
            self.out.write_char('\n')?;
            self.sample("_sum", who, &labels)?;
            self.out.write_char(' ')?;
            write_seconds(self.out, outcome.sum)?;
            self.out.write_char('\n')?;
            self.created(who, &labels, row)?;
        }
        Ok(())
    }

    /// When it began to count.
    fn created(&mut self, who: Who<'_>, labels: &[(&str, &str)], row: &Row) -> fmt::Result {
        let counts = self.family.kind != Kind::Gauge;
        match row.made.filter(|_| self.page.created && counts && self.page.format == Format::OpenMetrics) {
            Some(made) => {
                self.sample("_created", who, labels)?;
                self.out.write_char(' ')?;
                write_seconds(self.out, since_1970(made))?;
                self.out.write_char('\n')
            }
            None => Ok(()),
        }
    }

    /// What the names of samples end in.
    const fn suffix(&self) -> &'static str {
        match self.family.kind {
            Kind::Counter => "_total",
            Kind::Summary => "_count",
            Kind::Gauge | Kind::Histogram => "",
        }
    }

    /// A sample up to its value.
    fn sample(&mut self, suffix: &str, who: Who<'_>, labels: &[(&str, &str)]) -> fmt::Result {
        self.sample_but_end(suffix, who, labels)?;
        self.out.write_str("\"}")
    }

    /// A sample up to the last quote of its labels.
    fn sample_but_end(&mut self, suffix: &str, (set, circuit): Who<'_>, labels: &[(&str, &str)]) -> fmt::Result {
        self.out.write_str(self.name)?;
        self.out.write_str(suffix)?;
        self.out.write_str("{set=\"")?;
        self.out.write_str(set)?;
        self.out.write_str(match self.family.vocabulary {
            Vocabulary::Ours => "\",circuit=\"",
            Vocabulary::Resilience4j => "\",name=\"",
        })?;
        self.out.write_str(circuit)?;
        for (label, value) in labels {
            self.out.write_str("\",")?;
            self.out.write_str(label)?;
            self.out.write_str("=\"")?;
            self.out.write_str(value)?;
        }
        Ok(())
    }

    fn begin(&mut self) -> fmt::Result {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        let Family { kind, unit, help, .. } = self.family;
        // The family of a counter has the suffix in one format and not in the other.
        let total = if (*kind, self.page.format) == (Kind::Counter, Format::Prometheus) { "_total" } else { "" };
        let name = self.name;
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
