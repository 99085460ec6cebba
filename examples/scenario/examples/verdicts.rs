//! What comes of scenario files and of random traces on this machine, a line each, to be compared with others.
//!
//! `verdicts FIRST TRACES [FILE.jsonl…]` plays random traces with the numbers from FIRST on. Each file is played in all
//! its trials, or in every n-th of them where `EVERY=n` is set, for machines that are slow.

use std::path::Path;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
#[cfg(fusebox_halves)]
use critical_section as _;
use fusebox_scenario::{Room, Scenarios, play_all, random, read};

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let (Some(first), Some(traces)) = (arguments.next(), arguments.next()) else {
        bail!("usage: verdicts FIRST TRACES [FILE.jsonl…]");
    };
    let first = first.parse().with_context(|| format!("{first} is no number of a trace"))?;
    let traces = traces.parse().with_context(|| format!("{traces} is no number of traces"))?;
    println!("random from {first}: {}", random::play(first, traces)?);
    for file in arguments {
        let name = Path::new(&file).file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
        let packed = read::pack(&text).with_context(|| file.clone())?;
        let report = play_all(Scenarios::packed(&packed), &Room::CHIP, |_, _, _| {})?;
        ensure!(report.passed == report.total, "{name}: {report}");
        println!("{name}: {report}");
    }
    Ok(())
}
