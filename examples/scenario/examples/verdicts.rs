//! What comes of random traces and of scenario files on this machine, a line each, to be compared with others.
//!
//! `verdicts TRACES [FILE.jsonl…]` plays so many random traces from number 1 on, and each scenario of the files from
//! tick 0; with `ALL_TRIALS` set in all its trials too, which takes a hundred times as long.

use std::path::Path;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
#[cfg(fusebox_halves)]
use critical_section as _;
use fusebox_scenario::{Room, Scenarios, Trial, play_all, random, read};

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let Some(traces) = arguments.next() else { bail!("usage: verdicts TRACES [FILE.jsonl…]") };
    let traces = traces.parse().with_context(|| format!("{traces} is no number of traces"))?;
    println!("random from 1: {}", random::play(1, traces)?);
    for file in arguments {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
        let packed = read::pack(&text).with_context(|| file.clone())?;
        let name = Path::new(&file).file_name().unwrap_or_default().to_string_lossy();
        from_tick_0(&name, &packed).with_context(|| file.clone())?;
        if env::var_os("ALL_TRIALS").is_some() {
            let report = play_all(Scenarios::packed(&packed), &Room::CHIP, |_, _, _| {})?;
            ensure!(report.passed == report.total, "{name}: {report}");
            println!("{name}: {report}");
        }
    }
    Ok(())
}

fn from_tick_0(name: &str, packed: &[u8]) -> Result<()> {
    let (mut scenarios, mut digest) = (0, 0_u32);
    for scenario in Scenarios::packed(packed) {
        let scenario = scenario?;
        let played = scenario.play(Trial::PLAIN, &Room::CHIP)?;
        if let Err(failure) = played.verdict {
            bail!("{}: {failure}", scenario.id());
        }
        digest = digest.rotate_left(1) ^ played.digest;
        scenarios += 1;
    }
    println!("{name}: {scenarios} scenarios from tick 0, digest {digest:08x}");
    Ok(())
}
