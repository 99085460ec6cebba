//! Traces in CSV files with the columns `time_ms,peer,outcome`.

use std::io::BufRead;

use anyhow::{Context, Result, anyhow, bail};
use csv_core::ReadRecordResult;

use crate::trace::{Peers, Row, Trace};

const HEADER: [&str; 3] = ["time_ms", "peer", "outcome"];

/// Reads a trace line by line; an error names the file, the line and what is wrong with it.
///
/// A record is one line, so the line numbers of errors are those an editor shows, whatever the line
/// ends are. Empty lines are skipped.
#[derive(Debug)]
pub(crate) struct CsvTrace<R> {
    lines: Lines<R>,
    peers: Peers,
    last_ms: u64,
}

impl<R: BufRead> CsvTrace<R> {
    /// Reads the header. `file` is the name that errors show.
    pub(crate) fn new(file: String, input: R) -> Result<Self> {
        let mut lines = Lines::new(file, input);
        let found = match lines.next_record() {
            Ok(Some(fields)) if fields.iter().zip(HEADER).all(|(field, name)| *field == name.as_bytes()) => true,
            Ok(_) => false,
            Err(error) => return Err(lines.blame(error)),
        };
        if !found {
            return Err(lines.blame(anyhow!("expected the header `{}`", HEADER.join(","))));
        }
        Ok(Self { lines, peers: Peers::new(), last_ms: 0 })
    }
}

impl<R: BufRead> Trace for CsvTrace<R> {
    fn next_row(&mut self) -> Result<Option<Row>> {
        let row = match self.lines.next_record() {
            Ok(None) => return Ok(None),
            Ok(Some(fields)) => parse(fields, &mut self.peers, self.last_ms),
            Err(error) => Err(error),
        };
        match row {
            Ok(row) => {
                self.last_ms = row.time_ms;
                Ok(Some(row))
            }
            Err(error) => Err(self.lines.blame(error)),
        }
    }

    fn peers(&self) -> &Peers {
        &self.peers
    }
}

fn parse([time, peer, outcome]: [&[u8]; 3], peers: &mut Peers, last_ms: u64) -> Result<Row> {
    let time_ms = whole_number(time)
        .ok_or_else(|| anyhow!("time_ms is {}, not a whole number of milliseconds below 2^64", quoted(time)))?;
    if time_ms < last_ms {
        bail!("time_ms goes back from {last_ms} to {time_ms}");
    }
    let ok = match outcome {
        b"ok" => true,
        b"fail" => false,
        other => bail!("outcome is {}, neither `ok` nor `fail`", quoted(other)),
    };
    let name = std::str::from_utf8(peer).map_err(|_| anyhow!("peer {} is not UTF-8", quoted(peer)))?;
    if name.is_empty() {
        bail!("peer is empty");
    }
    let index = match peers.get_index_of(name) {
        Some(known) => known,
        None => peers.insert_full(name.into()).0,
    };
    let peer = u32::try_from(index).context("more peers than the lab can number")?;
    Ok(Row { time_ms, peer, ok })
}

fn whole_number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// A field as an error shows it: short, and with nothing in it that could confuse a terminal.
fn quoted(field: &[u8]) -> String {
    const SHOWN: usize = 40;
    let text = String::from_utf8_lossy(field);
    let more = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("`{}{more}`", text.chars().take(SHOWN).collect::<String>().escape_debug())
}

/// The records of a file, in buffers that are used again for every line.
#[derive(Debug)]
struct Lines<R> {
    file: String,
    number: u64,
    input: R,
    parser: csv_core::Reader,
    line: Vec<u8>,
    fields: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn new(file: String, input: R) -> Self {
        Self { file, number: 0, input, parser: csv_core::Reader::new(), line: Vec::new(), fields: Vec::new() }
    }

    /// The three fields of the next line that is not empty.
    fn next_record(&mut self) -> Result<Option<[&[u8]; 3]>> {
        loop {
            self.line.clear();
            if self.input.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            while let Some(b'\n' | b'\r') = self.line.last() {
                self.line.pop();
            }
            if !self.line.is_empty() {
                break;
            }
        }
        self.line.push(b'\n');
        self.fields.resize(self.line.len().max(self.fields.len()), 0);
        let mut ends = [0; 4];
        let (result, taken, _, count) = self.parser.read_record(&self.line, &mut self.fields, &mut ends);
        match (result, count) {
            (ReadRecordResult::Record, _) if taken < self.line.len() => bail!("a carriage return inside the line"),
            (ReadRecordResult::Record, 3) => {
                Ok(Some([&self.fields[..ends[0]], &self.fields[ends[0]..ends[1]], &self.fields[ends[1]..ends[2]]]))
            }
            (ReadRecordResult::InputEmpty, _) => bail!("a quote is not closed on its line"),
            _ => bail!("expected three columns, `{}`", HEADER.join(",")),
        }
    }

    /// `error` with the file and the line that was read last.
    fn blame(&self, error: anyhow::Error) -> anyhow::Error {
        error.context(format!("{}:{}", self.file, self.number.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Vec<(u64, String, bool)>> {
        let mut trace = CsvTrace::new("t.csv".into(), text)?;
        let mut rows = Vec::new();
        while let Some(row) = trace.next_row()? {
            rows.push((row.time_ms, trace.peers()[row.peer as usize].to_string(), row.ok));
        }
        Ok(rows)
    }

    fn reason(text: &[u8]) -> String {
        format!("{:#}", read(text).unwrap_err())
    }

    #[test]
    fn rows_come_with_numbered_peers() {
        let mut trace = CsvTrace::new("t".into(), &b"time_ms,peer,outcome\n0,a,ok\n0,b,fail\n7,a,fail\n"[..]).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = trace.next_row().unwrap() {
            rows.push(row);
        }
        let row = |time_ms, peer, ok| Row { time_ms, peer, ok };
        assert_eq!(rows, [row(0, 0, true), row(0, 1, false), row(7, 0, false)]);
        assert_eq!(trace.peers().len(), 2);
    }

    #[test]
    fn line_ends_quotes_empty_lines_and_a_byte_order_mark_are_fine() {
        let expected = [(1, "a,b".to_owned(), true), (2, "say \"hi\"".to_owned(), false)];
        for text in [
            "time_ms,peer,outcome\n1,\"a,b\",ok\n2,\"say \"\"hi\"\"\",fail\n",
            "time_ms,peer,outcome\r\n1,\"a,b\",ok\r\n2,\"say \"\"hi\"\"\",fail",
            "\u{feff}time_ms,peer,outcome\n\n1,\"a,b\",\"ok\"\n\n\r\n\"2\",\"say \"\"hi\"\"\",fail\n\n",
        ] {
            assert_eq!(read(text.as_bytes()).unwrap(), expected, "{text:?}");
        }
        assert_eq!(read(b"time_ms,peer,outcome").unwrap(), []);
    }

    #[test]
    fn the_largest_time_is_read() {
        let text = format!("time_ms,peer,outcome\n{},a,ok\n", u64::MAX);
        assert_eq!(read(text.as_bytes()).unwrap()[0].0, u64::MAX);
    }

    #[test]
    fn a_bad_file_names_line_and_reason() {
        let header = "time_ms,peer,outcome";
        for (text, line, part) in [
            (String::new(), 1, "header"),
            ("0,a,ok\n".into(), 1, "header"),
            ("time,peer,outcome\n".into(), 1, "header"),
            (format!("{header},extra\n"), 1, "three columns"),
            (format!("{header}\n0,a\n"), 2, "three columns"),
            (format!("{header}\r\n0,a,ok\r\n\r\n0,a,ok,1,2,3\r\n"), 4, "three columns"),
            (format!("{header}\n\n\n \n"), 4, "three columns"),
            (format!("{header}\nx,a,ok\n"), 2, "time_ms is `x`"),
            (format!("{header}\n-1,a,ok\n"), 2, "whole number"),
            (format!("{header}\n1.5,a,ok\n"), 2, "whole number"),
            (format!("{header}\n 1,a,ok\n"), 2, "whole number"),
            (format!("{header}\n,a,ok\n"), 2, "whole number"),
            (format!("{header}\n18446744073709551616,a,ok\n"), 2, "whole number"),
            (format!("{header}\n0,a,OK\n"), 2, "neither `ok` nor `fail`"),
            (format!("{header}\n0,a,\n"), 2, "neither `ok` nor `fail`"),
            (format!("{header}\n0,,ok\n"), 2, "peer is empty"),
            (format!("{header}\n5,a,ok\n4,a,ok\n"), 3, "goes back from 5 to 4"),
            (format!("{header}\n0,\"a,ok\n1,b,ok\n"), 2, "not closed"),
            (format!("{header}\r0,a,ok\r"), 1, "carriage return"),
            (format!("{header}\n0,a,{}\n", "x".repeat(1_000)), 2, "xxx…`"),
        ] {
            let reason = reason(text.as_bytes());
            assert!(reason.starts_with(&format!("t.csv:{line}: ")), "{text:?}: {reason}");
            assert!(reason.contains(part), "{text:?}: {reason}");
            assert!(reason.len() < 200, "{reason}");
        }
        assert!(reason(b"time_ms,peer,outcome\n0,\xff,ok\n").contains("not UTF-8"));
        assert!(reason(b"\xff\xfet\0i\0m\0e\0").contains("t.csv:1"));
    }
}
