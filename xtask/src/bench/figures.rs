//! What the programs printed.

use anyhow::{Context, Result, bail, ensure};

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Floor,
    Ours,
    Peer,
    /// A peer that threads cannot share as it is.
    Unshared,
}

/// How long a call takes, in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Time {
    pub(super) row: String,
    pub(super) kind: Kind,
    pub(super) name: String,
    /// Median, lower and upper quartile, unless too few samples were undisturbed.
    pub(super) quartiles: Option<[f64; 3]>,
    pub(super) kept: u32,
    pub(super) of: u32,
}

/// What a breaker takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bytes {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) heap: u64,
    /// Allocations a call.
    pub(super) allocations: f64,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub(super) times: Vec<Time>,
    pub(super) bytes: Vec<Bytes>,
}

impl Figures {
    /// Reads the lines of the programs, and passes over cargo's.
    pub(super) fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Self> {
        let mut figures = Self::default();
        for line in lines {
            figures.read(line).with_context(|| format!("cannot understand `{line}`"))?;
        }
        ensure!(!figures.times.is_empty() && !figures.bytes.is_empty(), "nothing was measured");
        Ok(figures)
    }

    fn read(&mut self, line: &str) -> Result<()> {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["time", row, whose, name, median, lower, upper, kept, of] => {
                let quartiles =
                    if median == "-" { None } else { Some([median.parse()?, lower.parse()?, upper.parse()?]) };
                let (kept, of) = (kept.parse()?, of.parse()?);
                self.times.push(Time { row: row.into(), kind: kind(whose)?, name: name.into(), quartiles, kept, of });
            }
            ["bytes", whose, name, size, heap, allocations] => {
                let (size, heap, allocations) = (size.parse()?, heap.parse()?, allocations.parse()?);
                self.bytes.push(Bytes { kind: kind(whose)?, name: name.into(), size, heap, allocations });
            }
            ["time" | "bytes", ..] => bail!("it has other parts"),
            _ => {}
        }
        Ok(())
    }

    /// The median of a row's subject.
    pub(super) fn median(&self, row: &str, name: &str) -> Option<f64> {
        let mut times = self.times.iter().filter(|time| time.row == row);
        times.find(|time| time.name == name)?.median()
    }

    /// The fastest peer of a row among those that `counts` takes.
    pub(super) fn fastest_peer(&self, row: &str, counts: impl Fn(&str) -> bool) -> Option<(&str, f64)> {
        let peers = self.times.iter().filter(|time| time.row == row && time.kind == Kind::Peer && counts(&time.name));
        peers
            .filter_map(|time| Some((time.name.as_str(), time.median()?)))
            .min_by(|one, other| one.1.total_cmp(&other.1))
    }
}

impl Time {
    pub(super) fn median(&self) -> Option<f64> {
        self.quartiles.map(|[median, ..]| median)
    }
}

fn kind(name: &str) -> Result<Kind> {
    Ok(match name {
        "Floor" => Kind::Floor,
        "Ours" => Kind::Ours,
        "Peer" => Kind::Peer,
        "Unshared" => Kind::Unshared,
        _ => bail!("nobody is called {name}"),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Of a run in which every figure is round.
    pub(in crate::bench) fn figures() -> Figures {
        let lines = "\
   Compiling something
time\tfloors\tFloor\tInstant::now()\t20\t20\t20\t9\t9
time\tclosed_success\tFloor\tbare call\t1\t1\t1\t9\t9
time\tclosed_success\tOurs\tbreaker, settings held\t2\t1.9\t2.25\t9\t9
time\tclosed_success\tPeer\tslow\t30\t30\t30\t9\t9
time\tclosed_success\tPeer\tfast\t10\t10\t10\t9\t9
time\tclosed_success\tUnshared\talone\t3\t3\t3\t9\t9
time\ttwo_threads\tOurs\tbreaker, settings held\t5\t5\t5\t8\t9
time\ttwo_threads\tPeer\tfast\t-\t-\t-\t3\t9
bytes\tOurs\tbreaker, settings held\t80\t0\t0
";
        Figures::parse(lines.lines()).unwrap()
    }

    #[test]
    fn lines_are_read_and_those_of_cargo_passed_over() {
        let figures = figures();
        assert_eq!((figures.times.len(), figures.bytes.len()), (8, 1));
        assert_eq!(figures.median("closed_success", "breaker, settings held"), Some(2.0));
        assert_eq!(figures.median("two_threads", "fast"), None);
        assert_eq!(figures.fastest_peer("closed_success", |_| true), Some(("fast", 10.0)));
        assert_eq!(figures.fastest_peer("closed_success", |name| name != "fast"), Some(("slow", 30.0)));
        assert_eq!(figures.fastest_peer("two_threads", |_| true), None);
    }

    #[test]
    fn what_is_cut_short_is_an_error() {
        let error = |line: &str| format!("{:#}", Figures::parse([line].into_iter()).unwrap_err());
        assert_eq!(
            error("time\trow\tOurs\tname\t1"),
            "cannot understand `time\trow\tOurs\tname\t1`: it has other parts"
        );
        assert!(error("bytes\tHers\tname\t1\t1\t0").ends_with("nobody is called Hers"));
        assert_eq!(error("Finished"), "nothing was measured");
    }
}
