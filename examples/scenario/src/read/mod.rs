//! Reads scenario files, one JSON object a line, and packs them. With the feature `std`.

mod line;
mod settings;
mod step;
#[cfg(test)]
mod tests;
mod times;

use anyhow::{Context, Result, anyhow, bail};

use crate::packed::{Error, Scenario};
use crate::setup::{BUCKETS, FAILURES, WORDS};
use crate::shelf::Room;
use crate::trial::Trial;
use line::Line;
use step::ParsedStep;

/// Reads the scenarios of a file and packs them for [`Scenarios`](crate::Scenarios). All of them can be
/// played then.
///
/// # Errors
/// What is wrong with the file, with the line and, within the steps, with the step.
pub fn pack(text: &str) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        packed = pack_line(line, packed).with_context(|| format!("line {number}"))?;
    }
    if packed.is_empty() {
        bail!("there is no scenario in it");
    }
    Ok(packed)
}

fn pack_line(line: &str, packed: Vec<u8>) -> Result<Vec<u8>> {
    let Line { id, config, steps, .. } = serde_json::from_str(line).map_err(|error| anyhow!("{}", reason(&error)))?;
    let steps: Vec<_> = (1..)
        .zip(&steps)
        .map(|(number, step)| ParsedStep::parse(step, &config).with_context(|| format!("scenario {id}, step {number}")))
        .collect::<Result<_>>()?;
    let times = steps.iter().flat_map(ParsedStep::times);
    let in_config = || format!("scenario {id}, config");
    let config = config.settings(times).with_context(in_config)?;
    let mut bytes = Vec::new();
    for step in &steps {
        bytes = postcard::to_extend(&step.step(), bytes)?;
    }
    let scenario = Scenario { id: &id, config, steps: &[] };
    check(&scenario).with_context(in_config)?;
    Ok(postcard::to_extend(&Scenario { steps: &bytes, ..scenario }, packed)?)
}

/// Whether there is a breaker with such settings.
fn check(scenario: &Scenario<'_>) -> Result<()> {
    let tick = if scenario.config.tick.hz() == 1_000 { "1 ms" } else { "1 µs" };
    match scenario.play(Trial::PLAIN, &Room::HOST) {
        Err(error @ Error::Settings(_)) => {
            bail!("{error} (a tick is {tick} here, and N, WORDS and B are {FAILURES}, {WORDS} and {BUCKETS})")
        }
        played => Ok(played.map(drop)?),
    }
}

/// The text of a JSON error with its column alone: its line is always 1.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    format!("{text} (column {})", error.column())
}
