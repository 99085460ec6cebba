//! How long calls take, in one run: floors, ours and peers in turn.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use fusebox_bench::answer::Answer;
use fusebox_bench::program::{run, tell};
use fusebox_bench::sampling::{self, Effort};
use fusebox_bench::subjects::keyed::{self, Peers};
use fusebox_bench::subjects::{self, Row};
use fusebox_bench::{two_threads, work};

fn main() -> ExitCode {
    run(measure)
}

fn measure(less: u32) -> Result<()> {
    let effort = |rounds: u32, turn| Effort { rounds: rounds / less, turn };
    let short = effort(1_000, Duration::from_micros(50));
    // Two threads are often disturbed.
    let together = effort(1_000, Duration::from_micros(300));
    tell(&sampling::measure("floors", &subjects::floors(), Answer::Done, short)?);
    for row in Row::ALL {
        work::set_failing(row == Row::Failure);
        let lines = sampling::measure(row.name(), &subjects::of(row), row.expected(), short);
        work::set_failing(false);
        tell(&lines?);
    }
    let mut shared = subjects::floors();
    shared.extend(subjects::of(Row::Success));
    tell(&two_threads::measure("two_threads", &shared, together)?);
    for peers in Peers::ALL {
        // A large table needs a while until the caches hold of it what they can.
        let effort = if peers.0 > 10_000 { effort(100, Duration::from_millis(5)) } else { short };
        tell(&sampling::measure(peers.row(), &keyed::of(peers), Answer::Done, effort)?);
    }
    tell(&two_threads::measure("keyed_1000_two_threads", &keyed::of(Peers(1_000)), together)?);
    Ok(())
}
