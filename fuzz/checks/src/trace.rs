//! The reader of traces never panics, its errors name a line, and what it reads is what stands there.

#[path = "../../../examples/lab/src/trace.rs"]
#[allow(dead_code, reason = "the program shows names too")]
mod lab_trace;
#[path = "../../../examples/lab/src/trace_csv.rs"]
mod trace_csv;

use std::fmt::Write;

use trace_csv::CsvTrace;

// The reader is part of a program, and looks for these here.
pub(crate) use lab_trace::{Peers, Row, Trace};

const HEADER: &str = "time_ms,peer,outcome";

type Rows = Vec<(u64, String, bool)>;

/// Bytes are those of a file.
pub fn check(data: &[u8]) {
    let read = read(data);
    if let Err(said) = &read {
        let number = said.strip_prefix("t.csv:").and_then(|rest| rest.split_once(": "));
        let number: usize = number.and_then(|(number, _)| number.parse().ok()).unwrap_or_else(|| panic!("{said}"));
        let lines = data.split_inclusive(|byte| *byte == b'\n').count().max(1);
        assert!((1..=lines).contains(&number), "there is no such line: {said}");
        assert!(said.len() < 1_000 && !said.contains(char::is_control), "{said:?}");
    }
    let marked = data.windows(3).any(|bytes| bytes == "\u{feff}".as_bytes());
    if !data.contains(&b'"') && !data.contains(&b'\r') && !marked {
        let plain = plain(data);
        match &read {
            Ok(rows) => assert_eq!(Ok(rows), plain.as_ref()),
            Err(said) => {
                let number = plain.expect_err(said);
                assert!(said.starts_with(&format!("t.csv:{number}: ")), "it is line {number}: {said}");
            }
        }
    }
    if let Ok(rows) = read {
        assert!(rows.is_sorted_by_key(|(time, ..)| *time));
        let written = write(&rows);
        assert_eq!(self::read(written.as_bytes()), Ok(rows), "{written}");
    }
}

fn read(data: &[u8]) -> Result<Rows, String> {
    let rows = || {
        let mut trace = CsvTrace::new("t.csv".into(), data)?;
        let mut rows = Vec::new();
        while let Some(Row { time_ms, peer, ok }) = trace.next_row()? {
            let peers: &Peers = trace.peers();
            rows.push((time_ms, peers[peer as usize].to_string(), ok));
        }
        anyhow::Ok(rows)
    };
    rows().map_err(|error| format!("{error:#}"))
}

/// The same of a file without quotes, carriage returns and byte order marks, by splitting at line ends and commas; or the line that is wrong.
fn plain(data: &[u8]) -> Result<Rows, usize> {
    let (mut rows, mut headed) = (Rows::new(), false);
    for (line, number) in data.split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !line.is_empty()) {
        if !headed {
            headed = line == HEADER.as_bytes();
            if headed {
                continue;
            }
            return Err(number);
        }
        let line = std::str::from_utf8(line).map_err(|_| number)?;
        let [time, peer, outcome] = line.split(',').collect::<Vec<_>>()[..] else { return Err(number) };
        if time.is_empty() || time.contains(|char: char| !char.is_ascii_digit()) || peer.is_empty() {
            return Err(number);
        }
        let time = time.parse().map_err(|_| number)?;
        let ok = outcome == "ok";
        if !(ok || outcome == "fail") || rows.last().is_some_and(|(last, ..)| *last > time) {
            return Err(number);
        }
        rows.push((time, peer.to_owned(), ok));
    }
    let lines = data.split_inclusive(|byte| *byte == b'\n').count().max(1);
    if headed { Ok(rows) } else { Err(lines) }
}

/// As a file, each name in quotes.
fn write(rows: &Rows) -> String {
    let mut text = format!("{HEADER}\n");
    for (time, peer, ok) in rows {
        let peer = peer.replace('"', "\"\"");
        let _ = writeln!(text, "{time},\"{peer}\",{}", if *ok { "ok" } else { "fail" });
    }
    text
}
