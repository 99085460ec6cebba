//! Running the program as a user does.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// How a run of the program ended.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What was printed, of a run that went well.
    pub(crate) fn success(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    /// The error message, of a run that was refused: one line, exit code 2, and no panic.
    pub(crate) fn refusal(self) -> String {
        assert_eq!(self.code, Some(2), "{}{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self.err
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_fusebox"))
}

/// Runs the program.
pub(crate) fn fusebox(args: &[&str]) -> Run {
    Run::of(program().args(args).output().expect("the program starts"))
}

/// Runs the program on files with these contents.
pub(crate) fn fusebox_on(command: &str, file: &str, content: &[u8], args: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join(file), content).expect("a file is written");
    Run::of(program().current_dir(folder.path()).args([command, file]).args(args).output().expect("the program starts"))
}

/// Runs the program with an output that is closed after the first line.
pub(crate) fn fusebox_cut_off(args: &[&str]) -> Run {
    use std::io::{BufRead, BufReader, Read};
    let mut child =
        program().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut out = String::new();
    BufReader::with_capacity(16, child.stdout.take().expect("an output")).read_line(&mut out).expect("a line");
    let mut err = String::new();
    child.stderr.take().expect("an output").read_to_string(&mut err).expect("text");
    Run { code: child.wait().expect("the program ends").code(), out, err }
}

/// A file that developers share beside the project. Where it is absent, as on a user's machine, this
/// says why the test is skipped.
pub(crate) fn shared(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(file);
    if path.exists() {
        return Some(path);
    }
    // Past the test harness, which keeps what successful tests print to itself.
    let _ = writeln!(std::io::stderr(), "skipped: {} is not there", path.display());
    None
}
