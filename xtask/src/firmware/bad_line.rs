//! The image `bad_line`, whose modem is not there or talks nonsense.

use anyhow::{Result, ensure};

use super::emulator::Run;

/// Nobody answered.
pub(crate) fn silent(run: &Run) -> Result<String> {
    check(run, "NoReport")
}

/// What was answered made no sense, and the modem got no frame that was suppressed.
pub(crate) fn garbled(run: &Run) -> Result<String> {
    let [sent, _] = run.figures("sent ")?;
    ensure!(sent == run.frames.len(), "the image sent {sent} frames, the modem got {}", run.frames.len());
    check(run, "Garbled")
}

fn check(run: &Run, error: &str) -> Result<String> {
    let first = format!("the first message: {error}");
    ensure!(run.messages().any(|message| message == first), "the log does not say `{first}`");
    let [sent, suppressed] = run.figures("sent ")?;
    Ok(format!("{error}: sent {sent}, suppressed {suppressed}"))
}
