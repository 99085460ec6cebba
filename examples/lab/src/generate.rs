//! Generated traces: links that fail and recover as radio links do.
//!
//! Each link is a Gilbert-Elliott model: it is either good or bad, changes between the two by chance at
//! every packet, and loses few packets in one state and most in the other. Everything is drawn from a
//! seed with integers, so a trace is the same on every machine.

use std::io::Write;

use anyhow::{Context, Result};

use crate::trace::{Peers, Row, Trace};

/// Rows of generated links, without end: every link sends one packet per [`interval`](Self::INTERVAL_MS).
#[derive(Debug)]
pub(crate) struct Generator {
    links: Vec<Link>,
    random: SplitMix,
    tick: u64,
    next: u32,
}

impl Generator {
    /// Time between two packets of one link.
    pub(crate) const INTERVAL_MS: u64 = 250;

    /// `links` links, drawn from `seed`.
    pub(crate) fn new(links: u32, seed: u64) -> Self {
        let links = MODELS.iter().cycle().zip(0..links).map(|(model, _)| Link { model, bad: false }).collect();
        Self { links, random: SplitMix(seed), tick: 0, next: 0 }
    }

    /// The names of the links: those of the models, numbered from the second round on.
    pub(crate) fn peers(&self) -> Peers {
        let name = |(index, link): (usize, &Link)| match index / MODELS.len() {
            0 => link.model.name.into(),
            round => format!("{}-{}", link.model.name, round + 1).into(),
        };
        self.links.iter().enumerate().map(name).collect()
    }
}

impl Iterator for Generator {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let count = self.links.len() as u64;
        let link = self.links.get_mut(self.next as usize)?;
        let ok = !link.loses_a_packet(&mut self.random);
        let offset = u64::from(self.next) * Self::INTERVAL_MS / count;
        let row = Row { time_ms: self.tick * Self::INTERVAL_MS + offset, peer: self.next, ok };
        self.next += 1;
        if u64::from(self.next) == count {
            self.next = 0;
            self.tick += 1;
        }
        Some(row)
    }
}

/// A trace that is held in memory.
#[derive(Debug)]
pub(crate) struct Recording {
    peers: Peers,
    rows: std::vec::IntoIter<Row>,
}

impl Recording {
    /// The first `rows` rows of `generator`.
    pub(crate) fn of(generator: Generator, rows: usize) -> Self {
        let peers = generator.peers();
        Self { peers, rows: generator.take(rows).collect::<Vec<_>>().into_iter() }
    }
}

impl Trace for Recording {
    fn next_row(&mut self) -> Result<Option<Row>> {
        Ok(self.rows.next())
    }

    fn peers(&self) -> &Peers {
        &self.peers
    }
}

/// Writes the first `rows` rows as a CSV file that `replay` can read.
pub(crate) fn write_csv(generator: Generator, rows: usize, out: &mut impl Write) -> Result<()> {
    let peers = generator.peers();
    writeln!(out, "time_ms,peer,outcome")?;
    for row in generator.take(rows) {
        let peer = peers.get_index(row.peer as usize).context("a row names a link that does not exist")?;
        writeln!(out, "{},{peer},{}", row.time_ms, if row.ok { "ok" } else { "fail" })?;
    }
    Ok(())
}

/// How a kind of link behaves.
#[derive(Debug)]
struct Model {
    name: &'static str,
    /// How long a good and a bad spell last on average.
    good_ms: u64,
    bad_ms: u64,
    /// Packets lost in each, per million.
    good_loss: u64,
    bad_loss: u64,
}

/// From a link that never fails to one that hardly works.
const MODELS: [Model; 8] = [
    Model { name: "rooftop", good_ms: 1_000_000, bad_ms: 1_000, good_loss: 0, bad_loss: 500_000 },
    Model { name: "gate", good_ms: 60_000, bad_ms: 20_000, good_loss: 500, bad_loss: 1_000_000 },
    Model { name: "pump", good_ms: 40_000, bad_ms: 12_000, good_loss: 500, bad_loss: 970_000 },
    Model { name: "orchard", good_ms: 25_000, bad_ms: 25_000, good_loss: 1_000, bad_loss: 950_000 },
    Model { name: "barn", good_ms: 30_000, bad_ms: 40_000, good_loss: 1_000, bad_loss: 1_000_000 },
    Model { name: "river", good_ms: 30_000, bad_ms: 4_000, good_loss: 2_000, bad_loss: 900_000 },
    Model { name: "cellar", good_ms: 20_000, bad_ms: 60_000, good_loss: 2_000, bad_loss: 990_000 },
    Model { name: "mast", good_ms: 80_000, bad_ms: 30_000, good_loss: 0, bad_loss: 1_000_000 },
];

#[derive(Debug)]
struct Link {
    model: &'static Model,
    bad: bool,
}

impl Link {
    fn loses_a_packet(&mut self, random: &mut SplitMix) -> bool {
        let model = self.model;
        let spell_ms = if self.bad { model.bad_ms } else { model.good_ms };
        if random.below(spell_ms) < Generator::INTERVAL_MS {
            self.bad = !self.bad;
        }
        random.below(1_000_000) < if self.bad { model.bad_loss } else { model.good_loss }
    }
}

/// The `SplitMix64` generator: good enough for a picture, and the same everywhere.
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ bits >> 31) % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace_csv::CsvTrace;

    const SEED: u64 = 3;

    #[test]
    fn a_seed_gives_one_trace_and_another_seed_another() {
        let rows = |seed| Generator::new(8, seed).take(10_000).collect::<Vec<_>>();
        assert_eq!(rows(SEED), rows(SEED));
        assert_ne!(rows(SEED), rows(SEED + 1));
    }

    #[test]
    fn rows_are_in_time_order_and_every_link_sends_at_its_interval() {
        let rows: Vec<_> = Generator::new(20, SEED).take(2_000).collect();
        assert!(rows.is_sorted_by_key(|row| row.time_ms));
        for peer in 0..20 {
            let times: Vec<_> = rows.iter().filter(|row| row.peer == peer).map(|row| row.time_ms).collect();
            assert_eq!(times.len(), 100);
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] == Generator::INTERVAL_MS));
        }
        assert_eq!(Generator::new(0, SEED).next(), None);
    }

    /// The loss of a Gilbert-Elliott link is known in closed form.
    #[test]
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    fn links_lose_what_their_model_says() {
        let mut lost = [0_u32; MODELS.len()];
        let rows = 400_000;
        for row in Generator::new(8, SEED).take(rows * MODELS.len()).filter(|row| !row.ok) {
            lost[row.peer as usize] += 1;
        }
        for (model, lost) in MODELS.iter().zip(lost) {
            let (good, bad) = (model.good_ms as f64, model.bad_ms as f64);
            let expected = (good * model.good_loss as f64 + bad * model.bad_loss as f64) / (good + bad) / 1e6;
            let found = f64::from(lost) / rows as f64;
            assert!((found - expected).abs() < 0.003 + expected * 0.1, "{}: {found} for {expected}", model.name);
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut file = Vec::new();
        write_csv(Generator::new(19, SEED), 500, &mut file).unwrap();
        let mut read = CsvTrace::new("generated".into(), file.as_slice()).unwrap();
        let mut made = Recording::of(Generator::new(19, SEED), 500);
        while let Some(row) = made.next_row().unwrap() {
            assert_eq!(read.next_row().unwrap(), Some(row));
        }
        assert_eq!(read.next_row().unwrap(), None);
        assert_eq!(read.peers(), made.peers());
        assert!(read.peers().contains("rooftop") && read.peers().contains("pump-3"));
    }
}
