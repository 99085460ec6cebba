//! The published python-circuit, played by `oracle/oracle.py`.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::player::Played;
use crate::trace::Trace;

/// A running interpreter with the package. It answers one trace after another.
#[derive(Debug)]
pub struct Oracle {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// A documented difference, taken away from the package so that the rest can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mend {
    /// One probe at a time.
    OneProbe,
    /// A failed probe always reopens.
    Reopen,
    /// A result from before the last transition changes nothing.
    Stale,
    /// A failure reported while open changes nothing, and neither does opening again.
    Open,
    /// A close clears the failure list.
    History,
    /// A clock set back ends a wait.
    Clock,
    /// An error derived from one that counts does count.
    Subclass,
}

#[derive(Serialize)]
struct Question<'a> {
    #[serde(flatten)]
    trace: &'a Trace,
    mends: &'a [Mend],
}

#[derive(Deserialize)]
struct Answer {
    verdicts: String,
    circuits: usize,
}

impl Oracle {
    /// Names the interpreter that has the package.
    pub const PYTHON: &'static str = "FUSEBOX_ORACLE_PYTHON";
    /// What a test says that finds no oracle.
    pub const MISSING: &'static str = "the published python-circuit is not set up; `cargo xtask test --only oracle` \
         installs it and sets FUSEBOX_ORACLE_PYTHON";

    /// Starts the interpreter that the environment names, if it names one.
    pub fn start() -> Result<Option<Self>> {
        let Some(python) = env::var_os(Self::PYTHON) else { return Ok(None) };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle").join("oracle.py");
        let mut child = Command::new(&python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}, which {} names", python.display(), Self::PYTHON))?;
        let questions = child.stdin.take().context("the oracle has no input")?;
        let answers = BufReader::new(child.stdout.take().context("the oracle has no output")?);
        Ok(Some(Self { child, questions, answers }))
    }

    /// What the package does with a trace when these differences are taken away.
    pub fn play(&mut self, trace: &Trace, mends: &[Mend]) -> Result<Played> {
        let mut question = serde_json::to_vec(&Question { trace, mends })?;
        question.push(b'\n');
        self.questions.write_all(&question).context("the oracle is gone")?;
        let mut answer = String::new();
        ensure!(self.answers.read_line(&mut answer)? > 0, "the oracle ended without an answer; see its message above");
        let Answer { verdicts, circuits } = serde_json::from_str(&answer).context("the oracle's answer")?;
        Played::parse(&verdicts, circuits)
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It may have ended by itself, and nothing is left to save either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
