//! The program while it serves, and what it says over HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Nothing is waited for any longer. Nothing takes as long, unless it is broken.
const LONG: Duration = Duration::from_secs(120);

/// A program that serves. It is killed when this is dropped.
pub(crate) struct Served {
    child: Child,
    lines: Receiver<String>,
    /// All that was printed so far, as far as it was looked at.
    printed: Vec<String>,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Served {
    /// Starts `serve` with the flags, on a port that is free, and in a folder with this trace as `t.csv`.
    pub(crate) fn start(trace: &str, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("t.csv"), trace).expect("a file is written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_fusebox"))
            .current_dir(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the program starts");
        let output = BufReader::new(child.stdout.take().expect("an output"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                if sender.send(line.expect("output is UTF-8")).is_err() {
                    break;
                }
            }
        });
        let mut served =
            Self { child, lines, printed: Vec::new(), address: SocketAddr::from(([0, 0, 0, 0], 0)), _folder: folder };
        let line = served.line("http://").expect("it says where");
        let address = line.trim_start().strip_prefix("http://").and_then(|rest| rest.split('/').next());
        served.address = address.expect("an address").parse().expect("an address");
        served
    }

    /// Waits for a line with this in it; there is none if the program ended before.
    pub(crate) fn line(&mut self, part: &str) -> Option<String> {
        while let Some(line) = self.next_line() {
            if line.contains(part) {
                return Some(line);
            }
        }
        None
    }

    fn next_line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(LONG) {
            Ok(line) => {
                self.printed.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("it neither prints nor ends:\n{}", self.printed.join("\n")),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Answer {
        self.request("POST", path)
    }

    fn request(&self, method: &str, path: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(LONG)).expect("a timeout");
        let headers = "Content-Type: application/json\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}", self.address).expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer in UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let headers = head.lines().filter_map(|line| line.split_once(": "));
        let content_type =
            headers.filter(|(name, _)| name.eq_ignore_ascii_case("content-type")).map(|(_, value)| value);
        Answer { status, content_type: content_type.collect(), body: body.to_owned() }
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}: {}", answer.body))
    }

    /// Asks until the answer is as it should be at some time.
    pub(crate) fn json_once(&self, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let answer = self.json(path);
            if is_there(&answer) {
                return answer;
            }
            assert!(start.elapsed() < LONG, "{path} stays {answer:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal: `-INT` is Ctrl-C.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("there is a kill");
        assert!(sent.success());
    }

    /// Waits for the end. Returns the exit code and all that was printed.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        // The output ends with the program. One that does not end may go on to print.
        let start = Instant::now();
        while self.next_line().is_some() {
            assert!(start.elapsed() < LONG, "it does not end:\n{}", self.printed.join("\n"));
        }
        let status = self.child.wait().expect("it ends");
        (status.code(), self.printed.join("\n"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
