//! Programs that run in the background for as long as they are needed, and not a moment longer.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::shell::{Call, Shell};

/// A program that is killed when this goes out of scope.
pub(crate) struct Server {
    name: &'static str,
    running: duct::Handle,
    log: PathBuf,
}

impl Server {
    /// Starts a program that writes what it says to a log of its own.
    pub(crate) fn start(shell: &Shell, name: &'static str, call: &Call) -> Result<Self> {
        let folder = shell.root().join("target/xtask/prometheus");
        fs::create_dir_all(&folder)?;
        let log = folder.join(format!("{name}.log"));
        let call = outlived_by_nobody(shell, call);
        shell.note(&format!("$ {call} > {}", log.display()))?;
        let program = call.expression(shell.root()).stdin_null().stderr_to_stdout().stdout_path(&log);
        let running = program.start().with_context(|| format!("cannot start `{call}`"))?;
        Ok(Self { name, running, log })
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        fs::read(&self.log).map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
    }

    /// Waits for something that this program is to bring about.
    pub(crate) fn wait_for<T>(&self, what: &str, mut look: impl FnMut() -> Result<T>) -> Result<T> {
        until(what, Duration::from_secs(20), || match self.ended() {
            Some(end) => Ok(Err(anyhow!(end))),
            None => look().map(Ok),
        })?
    }

    /// How it ended and what it said, if it has ended.
    pub(crate) fn ended(&self) -> Option<String> {
        let end = match self.running.try_wait() {
            Ok(None) => return None,
            Ok(Some(output)) => output.status.to_string(),
            Err(error) => error.to_string(),
        };
        Some(format!("{} ended with {end}: {}", self.name, self.said().trim_end()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // There is nobody to tell, and nothing else to try.
        let _ = self.running.kill();
        let _ = self.running.wait_timeout(Duration::from_secs(10));
    }
}

/// Has Linux kill the program if this one is killed, which leaves no time to clean up.
fn outlived_by_nobody(shell: &Shell, call: &Call) -> Call {
    let guard = Call::new("setpriv --pdeathsig KILL");
    if cfg!(target_os = "linux") && shell.succeeds(&guard.clone().args("true")) {
        guard.then(call)
    } else {
        call.clone()
    }
}

/// Looks again and again until all is well. What was wrong last is the error when time is up.
pub(crate) fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        match look() {
            Ok(found) => return Ok(found),
            Err(error) if start.elapsed() > limit => {
                return Err(error).with_context(|| format!("{what}: not within {} s", limit.as_secs()));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// Ports of this machine that nobody listens on, each another.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    // All are taken before any is given back.
    let mut taken = vec![];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
        *port = listener.local_addr()?.port();
        taken.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{bail, ensure};

    #[test]
    fn a_program_ends_with_its_guard_and_one_that_ends_early_is_told() {
        let shell = Shell::open("server-test", false).unwrap();
        let server = Server::start(&shell, "sleep", &Call::new("sleep 1000")).unwrap();
        let [id] = server.running.pids()[..] else { panic!("one process") };
        let is_there = || shell.succeeds(&Call::new("kill -0").args(&id.to_string()));
        assert!(is_there());
        drop(server);
        assert!(!is_there());

        let server = Server::start(&shell, "false", &Call::new("ls --no-such-option")).unwrap();
        let error = server.wait_for("an answer", || -> Result<()> { bail!("not yet") }).unwrap_err().to_string();
        assert!(error.starts_with("false ended with exit status: "), "{error}");
        assert!(error.contains("no-such-option"), "{error}");
    }

    #[test]
    fn what_was_wrong_last_is_told() {
        let mut looks = 0;
        let look = || {
            looks += 1;
            ensure!(looks == 3, "look {looks}");
            Ok(looks)
        };
        assert_eq!(until("it", Duration::from_secs(60), look).unwrap(), 3);
        let error = until("it", Duration::ZERO, || -> Result<()> { bail!("dark") }).unwrap_err();
        assert_eq!(format!("{error:#}"), "it: not within 0 s: dark");
    }
}
