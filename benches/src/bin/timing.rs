//! How long calls take, in one run: floors, ours and peers in turn.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use fusebox_bench::answer::Answer;
use fusebox_bench::report::Line;
use fusebox_bench::sampling::{self, Effort};
use fusebox_bench::subjects::keyed::{self, Peers};
use fusebox_bench::subjects::{self, Row};
use fusebox_bench::{callers, exporting, two_threads, work};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let less = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => 1,
        ["--quick"] => 10,
        _ => bail!("only `--quick` is understood, not `{}`", arguments.join(" ")),
    };
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
    for series in exporting::Series::ALL {
        tell(&exporting::measure(series, 1_000 / less)?);
    }
    tell(&callers::measure(20 / less.min(4))?);
    Ok(())
}

fn tell(lines: &[Line]) {
    for line in lines {
        println!("{line}");
    }
}
