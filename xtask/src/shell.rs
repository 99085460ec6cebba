//! Commands, run from the workspace's root with all they print kept in the step's log.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Runs commands for one step and keeps what they print.
pub(crate) struct Shell {
    root: PathBuf,
    log: PathBuf,
    verbose: bool,
}

/// A command line with the environment it needs. It is displayed as a person would type it.
#[derive(Clone)]
pub(crate) struct Call {
    words: Vec<String>,
    env: Vec<(String, String)>,
    /// Where it runs, if not in the workspace's root.
    folder: Option<PathBuf>,
    /// What it reads, if anything.
    input: Vec<u8>,
}

impl Call {
    /// A command whose words hold no spaces themselves: `Call::new("cargo fmt --all")`.
    pub(crate) fn new(line: &str) -> Self {
        Self::of(line.split_whitespace().map(String::from).collect())
    }

    /// A program given by its path.
    pub(crate) fn program(path: &Path) -> Self {
        Self::of(vec![path.display().to_string()])
    }

    fn of(words: Vec<String>) -> Self {
        Self { words, env: Vec::new(), folder: None, input: Vec::new() }
    }

    pub(crate) fn args(mut self, line: &str) -> Self {
        self.words.extend(line.split_whitespace().map(String::from));
        self
    }

    /// One argument, which may hold spaces.
    pub(crate) fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_string_lossy().into_owned());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_string_lossy().into_owned()));
        self
    }

    /// Runs it in another folder than the workspace's root.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_path_buf());
        self
    }

    /// The other call behind the words of this one, as for `timeout 60`.
    pub(crate) fn then(mut self, other: &Self) -> Self {
        self.words.extend_from_slice(&other.words);
        Self { words: self.words, ..other.clone() }
    }

    /// Gives it something to read.
    pub(crate) fn input(mut self, text: &str) -> Self {
        self.input = text.into();
        self
    }

    /// What runs it, in this folder if it has none of its own, whatever its exit code.
    pub(crate) fn expression(&self, root: &Path) -> duct::Expression {
        let (program, arguments) =
            self.words.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let start = duct::cmd(program, arguments).dir(self.folder.as_deref().unwrap_or(root)).unchecked();
        self.env.iter().fold(start, |all, (name, value)| all.env(name, value))
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |word: &str| {
            if word.contains([' ', '*', '"', ';', '(']) { format!("'{word}'") } else { word.into() }
        };
        let env = self.env.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
        let words = self.words.iter().map(|word| quoted(word));
        f.write_str(&env.chain(words).collect::<Vec<_>>().join(" "))
    }
}

impl Shell {
    /// Starts the log of a step afresh.
    pub(crate) fn open(step: &str, verbose: bool) -> io::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        let folder = root.join("target").join("xtask");
        fs::create_dir_all(&folder)?;
        let log = folder.join(format!("{step}.log"));
        File::create(&log)?;
        Ok(Self { root: root.to_path_buf(), log, verbose })
    }

    /// The workspace's root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Runs a command that must succeed, and gives back what it printed on both its outputs.
    pub(crate) fn run(&self, call: &Call) -> Result<String> {
        let (text, code) = self.output(call)?;
        match code {
            Some(0) => Ok(text),
            Some(code) => bail!("`{call}` ended with exit code {code}"),
            None => bail!("`{call}` was ended by a signal"),
        }
    }

    /// Whether a command runs and succeeds. A program that is not there is no success.
    pub(crate) fn succeeds(&self, call: &Call) -> bool {
        self.run(call).is_ok()
    }

    /// Runs a command that must fail, and gives back what it printed on both its outputs.
    pub(crate) fn fails(&self, call: &Call) -> Result<String> {
        match self.output(call)? {
            (_, Some(0)) => bail!("`{call}` succeeded, and should not have"),
            (text, _) => Ok(text),
        }
    }

    fn output(&self, call: &Call) -> Result<(String, Option<i32>)> {
        let mut log = OpenOptions::new().append(true).open(&self.log)?;
        self.tell(&mut log, format!("$ {call}\n").as_bytes())?;
        let reader = call
            .expression(&self.root)
            .stdin_bytes(call.input.clone())
            .stderr_to_stdout()
            .reader()
            .with_context(|| format!("cannot start `{call}`"))?;
        let mut lines = BufReader::new(&reader);
        let mut text = Vec::new();
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            self.tell(&mut log, &line)?;
            text.append(&mut line);
        }
        let code = reader.try_wait()?.and_then(|output| output.status.code());
        Ok((String::from_utf8_lossy(&text).into_owned(), code))
    }

    /// Writes a line to the log.
    pub(crate) fn note(&self, line: &str) -> io::Result<()> {
        let mut log = OpenOptions::new().append(true).open(&self.log)?;
        self.tell(&mut log, format!("{}\n", line.trim_end()).as_bytes())
    }

    fn tell(&self, log: &mut File, bytes: &[u8]) -> io::Result<()> {
        log.write_all(bytes)?;
        if self.verbose {
            io::stdout().write_all(bytes)?;
        }
        Ok(())
    }

    /// Prints the whole log, which holds what went wrong.
    pub(crate) fn show_log(&self) {
        match fs::read(&self.log) {
            Ok(text) => print!("{}", String::from_utf8_lossy(&text)),
            Err(error) => eprintln!("cannot read {}: {error}", self.log.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_reads_as_a_person_would_type_it() {
        let call = Call::new("cargo test --release").env("RUSTFLAGS", "--cfg fusebox_loom").args("--test").arg("loom*");
        assert_eq!(call.to_string(), "RUSTFLAGS='--cfg fusebox_loom' cargo test --release --test 'loom*'");
    }

    #[test]
    fn what_a_command_prints_is_kept_and_a_failure_names_the_command() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        File::create(&log).unwrap();
        let shell = Shell { root: folder.path().into(), log: log.clone(), verbose: false };
        let printed = shell.run(&Call::new("cargo --version")).unwrap();
        assert!(printed.starts_with("cargo "), "{printed}");
        let failure = shell.run(&Call::new("cargo no-such-command")).unwrap_err().to_string();
        assert_eq!(failure, "`cargo no-such-command` ended with exit code 101");
        let printed = shell.fails(&Call::new("cargo no-such-command")).unwrap();
        assert!(printed.contains("no such command"), "{printed}");
        let success = shell.fails(&Call::new("cargo --version")).unwrap_err().to_string();
        assert_eq!(success, "`cargo --version` succeeded, and should not have");
        assert_eq!(shell.run(&Call::new("cat").input("a\nb")).unwrap(), "a\nb");
        let missing = shell.run(&Call::new("no-such-program")).unwrap_err().to_string();
        assert_eq!(missing, "cannot start `no-such-program`");
        let log = fs::read_to_string(log).unwrap();
        assert!(log.starts_with("$ cargo --version\ncargo "), "{log}");
        assert!(log.contains("no such command"), "{log}");
    }
}
