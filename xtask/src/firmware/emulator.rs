//! One run of an image: started, limited in time, its log decoded.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use duct::Expression;

use super::boards::Board;
use super::images::Image;
use super::modem::{Frame, Modem, Plan};
use crate::shell::{Call, Shell};

/// What the first serial line of a board is connected to.
#[derive(Clone, Copy)]
pub(crate) enum Line {
    /// No line at all.
    None,
    /// A line on which nobody listens or speaks.
    Silent,
    /// A radio modem that answers as this says.
    Modem(Plan),
}

/// What came of a run.
pub(crate) struct Run {
    pub(crate) image: &'static str,
    /// The folder of the firmware workspace.
    pub(crate) folder: PathBuf,
    /// The decoded log, a line per message: `LEVEL message`.
    pub(crate) lines: Vec<String>,
    /// The frames that reached the modem, if there was one.
    pub(crate) frames: Vec<Frame>,
    /// Where the decoded log is kept.
    pub(crate) log: PathBuf,
}

impl Run {
    /// What the image said, without the level.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.split_once(' ').map_or("", |(_, message)| message.trim_start()))
    }

    /// The figures in the first message that begins like this.
    pub(crate) fn figures<const N: usize>(&self, beginning: &str) -> Result<[usize; N]> {
        let found = self.messages().find_map(|message| message.strip_prefix(beginning));
        figures(found.with_context(|| format!("the image did not say `{beginning}…`"))?)
    }
}

/// All decimal numbers in a text, of which there must be so many.
pub(crate) fn figures<const N: usize>(text: &str) -> Result<[usize; N]> {
    let digits = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let found = digits.map(str::parse).collect::<Result<Vec<usize>, _>>()?;
    let count = found.len();
    found.try_into().map_err(|_| anyhow!("`{text}` has {count} figures, not {N}"))
}

/// An image takes seconds. One that is still running after this hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs an image to its end, which must be a good one.
pub(crate) fn run(shell: &Shell, image: &Image, board: &'static Board) -> Result<Run> {
    let folder = shell.root().join("target/xtask/firmware");
    fs::create_dir_all(&folder)?;
    let file = |end: &str| folder.join(format!("{}-{}.{end}", image.name, board.name));
    let (frames, errors, log) = (file("defmt"), file("stderr"), file("log"));
    let elf = shell.root().join("target/firmware").join(board.target).join("release").join(image.binary);

    let modem = match image.line {
        Line::Modem(plan) => Some(Modem::listen(plan)?),
        Line::None | Line::Silent => None,
    };
    let line = match (&modem, image.line) {
        (Some(modem), _) => modem.line(),
        (None, Line::Silent) => "null".into(),
        (None, _) => "none".into(),
    };
    let emulate = call(image, board, &line, &elf);
    shell.note(&format!("$ {emulate}"))?;
    let emulation = emulate.expression(shell.root()).stdin_null().stdout_path(&frames).stderr_path(&errors);
    let emulated = limited(&emulation, LIMIT).with_context(|| format!("cannot start `{emulate}`"));
    // Also where nothing could be started, so that nobody waits for a connection any more.
    let heard = modem.map(Modem::hang_up);
    let code = emulated?;

    let decode = Call::new("defmt-print").arg("--log-format").arg("{L} {s}").arg("-e").arg(&elf);
    let decoding = decode.expression(shell.root()).stdin_path(&frames).stdout_path(&log).stderr_to_stdout();
    let decoded = limited(&decoding, LIMIT).with_context(|| format!("cannot start `{decode}`"))?;
    let text = fs::read_to_string(&log)?;
    shell.note(&text)?;
    shell.note(&fs::read_to_string(&errors).unwrap_or_default())?;

    let errors = text.lines().rev().filter(|line| line.starts_with("ERROR"));
    let last = errors.chain(text.lines().last()).next().unwrap_or("nothing");
    match code {
        Ended::With(0) => {}
        Ended::With(code) => bail!("ended with exit code {code}: {last}"),
        Ended::BySignal => bail!("the emulator was ended by a signal; the image said last: {last}"),
        Ended::TooLate => bail!("still running after {} s, and said last: {last}", LIMIT.as_secs()),
    }
    ensure!(matches!(decoded, Ended::With(0)), "defmt-print cannot decode the log: {last}");
    let frames = heard.transpose()?.unwrap_or_default();
    let lines = text.lines().map(String::from).collect();
    let folder = shell.root().join(super::FOLDER);
    Ok(Run { image: image.name, folder, lines, frames, log })
}

fn call(image: &Image, board: &Board, line: &str, elf: &Path) -> Call {
    Call::new(board.machine)
        .args("-nographic -monitor none -serial")
        .arg(line)
        // Idle time is skipped, and every run takes the same instructions.
        .args(&format!("-icount shift={},sleep=off", image.shift))
        .args("-semihosting-config enable=on,target=native -kernel")
        .arg(elf)
}

/// How a program ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    With(i32),
    BySignal,
    TooLate,
}

/// Runs a program that is killed when its time is over.
fn limited(program: &Expression, limit: Duration) -> Result<Ended> {
    let running = program.start()?;
    let Some(output) = running.wait_timeout(limit)? else {
        running.kill()?;
        running.wait_timeout(Duration::from_secs(10))?;
        return Ok(Ended::TooLate);
    };
    Ok(output.status.code().map_or(Ended::BySignal, Ended::With))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_ended() {
        let sleep = Call::new("sleep 100").expression(Path::new("."));
        assert_eq!(limited(&sleep, Duration::from_millis(20)).unwrap(), Ended::TooLate);
        let fail = Call::new("cargo no-such-command").expression(Path::new(".")).stderr_null();
        assert_eq!(limited(&fail, Duration::from_secs(100)).unwrap(), Ended::With(101));
    }

    #[test]
    fn figures_are_read_out_of_a_message() {
        assert_eq!(figures("480 messages to 4 peers, 250 ms apart").unwrap(), [480, 4, 250]);
        assert_eq!(figures::<2>("sent 7").unwrap_err().to_string(), "`sent 7` has 1 figures, not 2");
    }
}
