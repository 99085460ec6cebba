//! The `replay` command: a recorded trace through circuits.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::events::EventLog;
use crate::flags::Flags;
use crate::history::History;
use crate::links::Change;
use crate::plot;
use crate::replay::Report;
use crate::summary::Summary;
use crate::trace::{Peers, Row, Trace};
use crate::trace_csv::CsvTrace;

/// Shorter files are through before a progress bar could be read.
const LONG: u64 = 8 << 20;

const BAR: &str = "{bar:40} {bytes} of {total_bytes}, {eta} left";

/// Replay a recorded trace through circuit breakers, one per peer
///
/// Each row of the trace is a packet: the circuit of its peer is asked at that time, and if it lets the
/// packet through it is told at once whether it arrived.
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// A CSV file with the columns `time_ms,peer,outcome` (`ok` or `fail`), in time order
    trace: PathBuf,
    #[command(flatten)]
    flags: Flags,
    /// Print the counts as one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Print a JSON line for every change of a circuit's state (a readable summary then goes to stderr)
    #[arg(long, help_heading = "Output")]
    events: bool,
    /// Draw states and lost packets of all links over time
    #[arg(long, value_name = "FILE.svg", help_heading = "Output")]
    plot: Option<PathBuf>,
}

impl ReplayArgs {
    pub(crate) fn run(&self, out: &mut impl Write) -> Result<()> {
        let bar = ProgressBar::hidden().with_style(ProgressStyle::with_template(BAR)?);
        let mut trace = self.open(&bar)?;
        let mut reports = Reports {
            events: if self.events { Some(EventLog::new(&mut *out)) } else { None },
            history: self.plot.is_some().then(History::default),
        };
        let summary = self.flags.replay(&mut trace, &mut reports);
        bar.finish_and_clear();
        let summary = summary?;
        if let (Some(file), Some(history)) = (&self.plot, &reports.history) {
            plot::save(history, trace.peers(), file)?;
        }
        self.print(&summary, out)
    }

    fn print(&self, summary: &Summary, out: &mut impl Write) -> Result<()> {
        if self.json {
            writeln!(out, "{}", serde_json::to_string(summary)?)?;
        } else if self.events {
            writeln!(std::io::stderr(), "{}\n{summary}", self.trace.display())?;
        } else {
            writeln!(out, "{}\n{summary}", self.trace.display())?;
        }
        if let Some(file) = self.plot.as_deref().filter(|_| !self.json) {
            writeln!(std::io::stderr(), "  plot in {}", file.display())?;
        }
        Ok(())
    }

    fn open(&self, bar: &ProgressBar) -> Result<CsvTrace<impl BufRead + use<>>> {
        let file = File::open(&self.trace).with_context(|| self.trace.display().to_string())?;
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        // Events on the same terminal would tear the bar to pieces.
        if length > LONG && !(self.events && std::io::stdout().is_terminal()) {
            bar.set_length(length);
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        let input = BufReader::with_capacity(1 << 16, bar.wrap_read(file));
        CsvTrace::new(self.trace.display().to_string(), input)
    }
}

/// What was asked for besides the counts.
struct Reports<W: Write> {
    events: Option<EventLog<W>>,
    history: Option<History>,
}

impl<W: Write> Report for Reports<W> {
    fn packet(&mut self, row: Row, sent: bool) {
        if let Some(history) = &mut self.history {
            history.packet(row, sent);
        }
    }

    fn change(&mut self, change: &Change, peers: &Peers) -> Result<()> {
        if let Some(history) = &mut self.history {
            history.change(change, peers)?;
        }
        match &mut self.events {
            Some(events) => events.change(change, peers),
            None => Ok(()),
        }
    }
}
