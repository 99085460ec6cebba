//! A whole trace, to be played again and again.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};

use crate::demo;
use crate::generate::{Generator, Recording};
use crate::trace::{Peers, Row, Trace};
use crate::trace_csv::CsvTrace;

/// Every peer listens on a port of its own, and the page shows them all.
pub(crate) const MOST_PEERS: usize = 100;

/// How long after the last row the first one comes again.
const PAUSE: Duration = Duration::from_secs(1);

/// The rows of a trace, one or more, and who they are about.
#[derive(Debug)]
pub(crate) struct Rows {
    name: String,
    peers: Peers,
    list: Vec<Row>,
    first_ms: u64,
}

impl Rows {
    /// The trace that the demo plays.
    pub(crate) fn of_the_demo() -> Result<Self> {
        let mut trace = Recording::of(Generator::new(demo::LINKS, demo::SEED), demo::ROWS);
        Self::read("the demo".to_owned(), &mut trace)
    }

    pub(crate) fn of_file(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path)
            .map_err(|error| anyhow!("--trace {name}: {error}; `fusebox generate > links.csv` makes a trace"))?;
        Self::read(name.clone(), &mut CsvTrace::new(name, BufReader::new(file))?)
    }

    fn read(name: String, trace: &mut dyn Trace) -> Result<Self> {
        let mut rows = Vec::new();
        while let Some(row) = trace.next_row()? {
            rows.push(row);
            let peers = trace.peers().len();
            if peers > MOST_PEERS {
                bail!("{name}: more than {MOST_PEERS} peers, and each listens on a port: take a trace with fewer");
            }
        }
        let Some(first) = rows.first() else { bail!("{name}: there are no rows to play; add some below the header") };
        Ok(Self { name, peers: trace.peers().clone(), first_ms: first.time_ms, list: rows })
    }

    /// What people know the trace as.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn peers(&self) -> &Peers {
        &self.peers
    }

    /// The rows, with their times since the first one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Duration, Row)> + '_ {
        self.list.iter().map(|row| (self.since_first(*row), *row))
    }

    /// The time from one round to the next.
    pub(crate) fn round(&self) -> Duration {
        self.list.last().map_or(PAUSE, |last| self.since_first(*last).saturating_add(PAUSE))
    }

    const fn since_first(&self, row: Row) -> Duration {
        Duration::from_millis(row.time_ms - self.first_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(csv: &str) -> Result<Rows> {
        Rows::read("t.csv".into(), &mut CsvTrace::new("t.csv".into(), csv.as_bytes())?)
    }

    #[test]
    fn times_count_from_the_first_row_and_a_round_ends_a_second_after_the_last() {
        let rows = read("time_ms,peer,outcome\n5000,a,ok\n5250,b,fail\n7000,a,ok\n").unwrap();
        let times: Vec<_> = rows.iter().map(|(time, row)| (time.as_millis(), row.peer, row.ok)).collect();
        assert_eq!(times, [(0, 0, true), (250, 1, false), (2_000, 0, true)]);
        assert_eq!(rows.round(), Duration::from_secs(3));
        assert_eq!(rows.peers().len(), 2);
    }

    #[test]
    fn what_cannot_be_played_is_refused_by_its_name() {
        let many = (0..=MOST_PEERS).map(|peer| format!("0,peer {peer},ok")).collect::<Vec<_>>().join("\n");
        for (rows, reason) in [("", "no rows"), (many.as_str(), "more than 100 peers")] {
            let error = format!("{:#}", read(&format!("time_ms,peer,outcome\n{rows}")).unwrap_err());
            assert!(error.starts_with("t.csv: ") && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn the_demo_can_be_played() {
        let rows = Rows::of_the_demo().unwrap();
        assert_eq!((rows.peers().len(), rows.iter().count()), (demo::LINKS as usize, demo::ROWS));
    }
}
