//! What it takes to export circuits: a page that is written from them, and a recorder that is brought up to date.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use fusebox_prometheus::{Exporter, Format, Metric};
use fusebox_std::{CircuitBreakerSet, Counts};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::quartiles::Quartiles;
use crate::report::Line;
use crate::subject::Kind;
use crate::work::work;

/// What is exported of each circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Series {
    /// What a set counts by default, of the metrics that matter most: six states, three outcomes and four reasons to reject.
    Some13,
    /// All that there is of a circuit that counts everything.
    All26,
}

impl Series {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Some13, Self::All26];

    /// How many each circuit has.
    pub const fn count(self) -> usize {
        match self {
            Self::Some13 => 13,
            Self::All26 => 26,
        }
    }

    /// What the report calls the row.
    pub const fn row(self) -> &'static str {
        match self {
            Self::Some13 => "export_13",
            Self::All26 => "export_26",
        }
    }
}

/// A set with many circuits, each of which was called, and its exporter.
#[derive(Debug)]
pub struct Exported {
    /// The set.
    pub set: CircuitBreakerSet<String>,
    /// Its peers.
    pub peers: Vec<String>,
    /// Their exporter.
    pub exporter: Exporter,
}

impl Exported {
    /// So many circuits.
    ///
    /// # Errors
    /// If one cannot be made.
    pub fn new(circuits: usize, series: Series) -> Result<Self> {
        let builder = Exporter::builder().max_circuits(circuits);
        let (counts, builder) = match series {
            Series::Some13 => (Counts::Failures, builder.only([Metric::State, Metric::Calls, Metric::Rejections])),
            Series::All26 => (Counts::All, builder),
        };
        let set = CircuitBreakerSet::builder().counts(counts).capacity(circuits).build()?;
        let exporter = builder.build()?;
        exporter.register("upstreams", &set)?;
        let peers = (0..circuits).map(|peer| format!("upstream-{peer:06}.internal")).collect();
        let all = Self { set, peers, exporter };
        all.call_all()?;
        let page = all.exporter.render();
        let lines = page.lines().filter(|line| line.contains(",circuit=")).count();
        ensure!(lines == circuits * series.count(), "{lines} series of {circuits} circuits");
        Ok(all)
    }

    /// Calls each, and one of ten fails, so that counters have something to tell.
    ///
    /// # Errors
    /// If one is rejected.
    pub fn call_all(&self) -> Result<()> {
        for (number, peer) in self.peers.iter().enumerate() {
            self.set.call(peer.as_str(), work)?;
            if number % 10 == 0 {
                let circuit = self.set.handle(peer.as_str())?;
                circuit.report(fusebox::Outcome::Ignored);
            }
        }
        Ok(())
    }
}

const CIRCUITS: usize = 1_000;

/// Nanoseconds a series, of a thousand circuits that were all called since the last look.
///
/// # Errors
/// If there are other series than there are to be.
pub fn measure(series: Series, rounds: u32) -> Result<Vec<Line>> {
    let exported = Exported::new(CIRCUITS, series)?;
    let mut looks = looks(&exported)?;
    let (mut first, mut others) = (vec![vec![]; looks.len()], vec![vec![]; looks.len()]);
    let all = f64::from(u32::try_from(CIRCUITS * series.count())?);
    for turn in 0..rounds / LOOKS_A_TURN {
        for ((look, first), others) in looks.iter_mut().zip(&mut first).zip(&mut others) {
            let times = match (look.slow, turn % 5) {
                (false, _) => LOOKS_A_TURN,
                (true, 0) => 2,
                (true, _) => 0,
            };
            for number in 0..times {
                exported.call_all()?;
                let start = Instant::now();
                (look.act)();
                let samples = if number == 0 { &mut *first } else { &mut *others };
                samples.push(start.elapsed().as_secs_f64() * 1e9 / all);
            }
        }
    }
    let line = |name, kind, samples: Vec<f64>| {
        let of = samples.len();
        Line { row: series.row(), name, kind, time: Quartiles::of(samples), kept: of, of }
    };
    let mut lines = Vec::new();
    for ((look, first), others) in looks.iter().zip(first).zip(others) {
        lines.push(line(look.name, look.kind, others));
        lines.extend(look.first.map(|name| line(name, look.kind, first)));
    }
    Ok(lines)
}

/// As in all turns the first look finds the caches full of what others left there, and is counted apart.
const LOOKS_A_TURN: u32 = 10;

/// One way to look at all circuits.
struct Look<'a> {
    name: &'static str,
    kind: Kind,
    /// What the first look of each turn is called, if it is told too.
    first: Option<&'static str>,
    /// It has fewer turns and looks.
    slow: bool,
    act: Box<dyn FnMut() + 'a>,
}

fn looks(exported: &Exported) -> Result<Vec<Look<'_>>> {
    let Exported { set, exporter, .. } = exported;
    let look = |kind, name, act| Look { name, kind, first: None, slow: false, act };
    let page = exporter.render();
    let (mut written, mut rendered) = (String::new(), String::new());
    let (recorder, handle) = recorder();
    metrics::with_local_recorder(&recorder, || exporter.sync());
    let theirs = handle.render();
    ensure!(
        theirs.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count() >= CIRCUITS * 13,
        "{theirs}"
    );
    Ok(vec![
        look(
            Kind::Floor,
            "the lines of the page, copied",
            Box::new(move || {
                written.clear();
                page.split_inclusive('\n').for_each(|line| written.push_str(line));
                black_box(&written);
            }),
        ),
        look(
            Kind::Ours,
            "a page",
            Box::new(move || {
                rendered.clear();
                // A string takes in everything.
                let _ = exporter.write(Format::Prometheus, &mut rendered);
                black_box(&rendered);
            }),
        ),
        look(Kind::Ours, "a page in a new string", Box::new(|| drop(black_box(exporter.render())))),
        look(
            Kind::Floor,
            "states and counts, only read",
            Box::new(|| {
                for circuit in set.handles() {
                    black_box((circuit.state(), circuit.counts()));
                }
            }),
        ),
        look(Kind::Floor, "the recorder, told the same gauges", Box::new(told_gauges())),
        Look {
            first: Some("sync, after all others"),
            ..look(Kind::Ours, "sync", Box::new(move || metrics::with_local_recorder(&recorder, || exporter.sync())))
        },
        Look {
            slow: true,
            ..look(Kind::Peer, "metrics-exporter-prometheus", Box::new(move || drop(black_box(handle.render()))))
        },
    ])
}

fn recorder() -> (PrometheusRecorder, PrometheusHandle) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    (recorder, handle)
}

/// What the recorder itself takes: six gauges of each circuit through handles that are kept, and nothing else.
fn told_gauges() -> impl FnMut() {
    let (recorder, _) = recorder();
    let metadata = metrics::Metadata::new("floor", metrics::Level::INFO, None);
    let gauges: Vec<_> = (0..CIRCUITS * 6)
        .map(|number| {
            let labels = vec![metrics::Label::new("number", number.to_string())];
            metrics::Recorder::register_gauge(&recorder, &metrics::Key::from_parts("floor", labels), &metadata)
        })
        .collect();
    move || gauges.iter().enumerate().for_each(|(number, gauge)| gauge.set(f64::from(u8::from(number % 6 == 0))))
}
