//! What may be done to a circuit by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use super::problem::Problem;

/// Something to be done to a circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    Open(Option<Duration>),
    HalfOpen,
    Close,
    Reset,
    ForceOpen,
    Disable,
    Observe,
    Automatic,
}

const CHANGES: [(&str, Change); 8] = [
    ("open", Change::Open(None)),
    ("half_open", Change::HalfOpen),
    ("close", Change::Close),
    ("reset", Change::Reset),
    ("force_open", Change::ForceOpen),
    ("disable", Change::Disable),
    ("observe", Change::Observe),
    ("automatic", Change::Automatic),
];

impl Change {
    /// Reads the last segment of the path, and the body, which may be empty.
    pub(super) fn read(name: &str, body: &[u8]) -> Result<Self, Problem> {
        let Some((_, change)) = CHANGES.iter().find(|(known, _)| *known == name) else {
            let known = CHANGES.map(|(known, _)| known).join(", ");
            return Err(Problem::not_found(format!("there is no change {name:?}; there are {known}")));
        };
        let mut fields = serde_json::from_slice::<BTreeMap<String, f64>>(if body.is_empty() { b"{}" } else { body })
            .map_err(|error| Problem::bad_request("body", format!("{error}; {{}} would do")))?;
        let seconds = fields.remove("for_seconds");
        if let Some((field, _)) = fields.pop_first() {
            return Err(Problem::bad_request(field, "there is for_seconds, for open"));
        }
        match (*change, seconds) {
            (change, None) => Ok(change),
            (Self::Open(_), Some(seconds)) => match Duration::try_from_secs_f64(seconds) {
                Ok(wait) => Ok(Self::Open(Some(wait))),
                Err(error) => Err(Problem::bad_request("for_seconds", error.to_string())),
            },
            _ => Err(Problem::bad_request("for_seconds", format!("only open takes a time, {name} does not"))),
        }
    }
}
