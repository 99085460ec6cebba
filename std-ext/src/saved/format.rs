//! What stands in a file of saved circuits.
//!
//! A name and a version, a line of JSON about all circuits, one per circuit, and a checksum of all that:
//! ```text
//! fusebox circuits 1
//! {"saved":{"secs_since_epoch":1790000000,"nanos_since_epoch":0},"hz":1000,"policy":"fusebox::…::MaxFailures"}
//! {"peer":"inventory","snapshot":[1,0,…]}
//! crc32 0123abcd
//! ```
//! JSON says of what kind a value is, so keys of another type are noticed and not taken for others; and whoever
//! looks after the program can read which peers it remembers. A policy goes by the name that the compiler has for its
//! type: another compiler may spell it differently, and then the file is refused like one of another policy.

use std::any::type_name;
use std::time::SystemTime;

use crc::{CRC_32_ISO_HDLC, Crc};
use fusebox::Snapshot;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::SavedErrorReason;

/// What every such file begins with.
pub(crate) const NAME: &[u8] = b"fusebox circuits ";
const VERSION: u32 = 1;
const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
/// The length of the last line.
const LAST: usize = "crc32 01234567\n".len();

#[derive(Serialize, Deserialize)]
struct About {
    saved: SystemTime,
    hz: u32,
    policy: String,
}

#[derive(Serialize, Deserialize)]
struct Circuit<K> {
    peer: K,
    snapshot: [u8; Snapshot::LEN],
}

/// The saved time and all circuits as text. `P` is the trip policy that their histories are of.
pub(crate) fn encode<'a, K: Serialize + 'a, P>(
    circuits: impl IntoIterator<Item = (&'a K, Snapshot)>,
    hz: u32,
    saved: SystemTime,
) -> Result<Vec<u8>, SavedErrorReason> {
    let mut text = [NAME, VERSION.to_string().as_bytes(), b"\n"].concat();
    // A clock that was never set may stand before its epoch, and has no word for that.
    let saved = saved.max(SystemTime::UNIX_EPOCH);
    push_line(&mut text, 2, &About { saved, hz, policy: type_name::<P>().to_owned() })?;
    for ((peer, snapshot), line) in circuits.into_iter().zip(3..) {
        push_line(&mut text, line, &Circuit { peer, snapshot: snapshot.to_bytes() })?;
    }
    let last = last_line(&text);
    text.extend_from_slice(last.as_bytes());
    Ok(text)
}

/// All circuits and when they were saved, if all is as it was written.
pub(crate) fn decode<K: DeserializeOwned, P>(
    bytes: &[u8],
    hz: u32,
) -> Result<(SystemTime, Vec<(K, Snapshot)>), SavedErrorReason> {
    let Some(rest) = bytes.strip_prefix(NAME) else {
        let cut_off = NAME.starts_with(bytes);
        return Err(if cut_off { SavedErrorReason::Torn } else { SavedErrorReason::Foreign });
    };
    let version =
        rest.split(|byte| *byte == b'\n').next().and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    if let Some(other) = version.filter(|version| *version != VERSION) {
        return Err(SavedErrorReason::Version(other));
    }
    let (contents, last) =
        bytes.len().checked_sub(LAST).and_then(|at| bytes.split_at_checked(at)).ok_or(SavedErrorReason::Torn)?;
    if version.is_none() || last != last_line(contents).as_bytes() {
        return Err(SavedErrorReason::Torn);
    }

    let mut lines = contents.split_inclusive(|byte| *byte == b'\n').zip(1..).skip(1);
    let about = lines.next().and_then(|(line, _)| serde_json::from_slice::<About>(line).ok());
    let about = about.ok_or(SavedErrorReason::Foreign)?;
    if about.hz != hz {
        return Err(SavedErrorReason::ClockRate(about.hz));
    }
    if about.policy != type_name::<P>() {
        return Err(SavedErrorReason::Policy(about.policy));
    }
    let circuits = lines.map(|(line, number)| circuit(line, number)).collect::<Result<_, _>>()?;
    Ok((about.saved, circuits))
}

fn circuit<K: DeserializeOwned>(text: &[u8], line: usize) -> Result<(K, Snapshot), SavedErrorReason> {
    let Circuit { peer, snapshot } = serde_json::from_slice(text).map_err(|error| key(line, error))?;
    let snapshot = Snapshot::from_bytes(snapshot).map_err(|source| SavedErrorReason::Snapshot { line, source })?;
    Ok((peer, snapshot))
}

fn push_line(text: &mut Vec<u8>, line: usize, value: &impl Serialize) -> Result<(), SavedErrorReason> {
    serde_json::to_writer(&mut *text, value).map_err(|error| key(line, error))?;
    text.push(b'\n');
    Ok(())
}

fn key(line: usize, error: serde_json::Error) -> SavedErrorReason {
    SavedErrorReason::Key { line, source: error.into() }
}

fn last_line(contents: &[u8]) -> String {
    format!("crc32 {:08x}\n", CHECKSUM.checksum(contents))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_is_not_set_yet_does_not_keep_circuits_from_being_saved() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        let text = encode::<u32, ()>([], 1_000, before).unwrap();
        assert_eq!(decode::<u32, ()>(&text, 1_000).unwrap(), (SystemTime::UNIX_EPOCH, vec![]));
    }
}
