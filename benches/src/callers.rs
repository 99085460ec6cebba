//! Whether callers are stopped while somebody writes a page of very many circuits.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use fusebox_prometheus::Format;

use crate::exporting::{Exported, Series};
use crate::quartiles::Quartiles;
use crate::report::Line;
use crate::subject::Kind;
use crate::two_threads::disturbed;
use crate::work::work;

const ROW: &str = "callers_100000";
const CIRCUITS: usize = 100_000;
/// Calls that are looked at together: the last but three in order of length is the 99.9th percentile.
const STRETCH: usize = 4_096;
const SLOWER: usize = STRETCH / 1_000;
/// With fewer stretches than these there is no figure.
const FEWEST: usize = 25;

/// Measures calls by one thread while another writes pages, and while it does not, in turn.
///
/// # Errors
/// If a circuit cannot be made, or a call is rejected.
pub fn measure(turns: u32) -> Result<Vec<Line>> {
    let exported = Exported::new(CIRCUITS, Series::Some13)?;
    let mut page = exported.exporter.render();
    let (mut alone, mut meanwhile, mut pages) = (Stretches::default(), Stretches::default(), vec![]);
    let mut next = 0;
    for _ in 0..turns {
        let pages_written = AtomicU32::new(0);
        thread::scope(|scope| -> Result<()> {
            let writer = scope.spawn(|| {
                let start = Instant::now();
                page.clear();
                // A string takes in everything.
                let _ = exported.exporter.write(Format::Prometheus, &mut page);
                black_box(&page);
                pages_written.store(1, Relaxed);
                start.elapsed()
            });
            while pages_written.load(Relaxed) == 0 {
                meanwhile.call(&exported, &mut next, || pages_written.load(Relaxed) == 0)?;
            }
            let took: Duration = writer.join().map_err(|_| anyhow!("writing a page panicked"))?;
            pages.push(took.as_secs_f64() * 1e9);
            Ok(())
        })?;
        let until = Instant::now() + Duration::from_secs_f64(pages.last().copied().unwrap_or_default() / 1e9);
        while Instant::now() < until {
            alone.call(&exported, &mut next, || true)?;
        }
    }
    let of = pages.len();
    let page =
        Line { row: ROW, name: "a page of all of them", kind: Kind::Floor, time: Quartiles::of(pages), kept: of, of };
    let [slow_alone, longest_alone] = alone.lines("99.9 % of the calls, alone", "the longest call, alone", Kind::Floor);
    let [slow, longest] = meanwhile.lines("99.9 % of the calls, meanwhile", "the longest call, meanwhile", Kind::Ours);
    Ok(vec![page, slow_alone, slow, longest_alone, longest])
}

/// The slow calls of stretches in which the caller was not taken off its processor.
#[derive(Default)]
struct Stretches {
    slow: Vec<f64>,
    longest: Vec<f64>,
    taken: usize,
}

impl Stretches {
    /// Calls one peer after the other, far from each other, for a stretch that counts if it `counts` in the end.
    fn call(&mut self, exported: &Exported, next: &mut usize, counts: impl FnOnce() -> bool) -> Result<()> {
        let disturbed = disturbed::so_far();
        let mut lengths = Vec::with_capacity(STRETCH);
        let mut before = Instant::now();
        for _ in 0..STRETCH {
            *next = (*next + 7_919) % CIRCUITS;
            if let Some(peer) = exported.peers.get(*next) {
                black_box(exported.set.call(peer.as_str(), work))?;
            }
            let now = Instant::now();
            lengths.push((now - before).as_secs_f64() * 1e9);
            before = now;
        }
        if !counts() {
            return Ok(());
        }
        self.taken += 1;
        if disturbed.is_some() && disturbed == disturbed::so_far() {
            lengths.sort_by(|one, other| other.total_cmp(one));
            self.slow.extend(lengths.get(SLOWER));
            self.longest.extend(lengths.first());
        }
        Ok(())
    }

    /// The median over the stretches, and the longest of all.
    fn lines(self, slow: &'static str, longest: &'static str, kind: Kind) -> [Line; 2] {
        let (kept, of) = (self.slow.len(), self.taken);
        let most = self.longest.into_iter().reduce(f64::max);
        let line = |name, samples| {
            let time = Quartiles::of(samples).filter(|_| kept >= FEWEST);
            Line { row: ROW, name, kind, time, kept, of }
        };
        [line(slow, self.slow), line(longest, most.into_iter().collect())]
    }
}
