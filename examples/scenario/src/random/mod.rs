//! Random traces: settings and steps that are drawn from a seed, and a checksum of all that was seen.
//!
//! Nothing is expected of a trace but that it is the same on every machine: each verdict with its reason and its
//! time, each state, each tally, each byte of a snapshot. All trip policies are in it, alone and in pairs, breakers of
//! their own and sets whose peers push each other out, and clocks that stop, are set back, jump and wrap.

mod chance;
mod settings;
mod steps;

use core::fmt;

use fusebox::{Instant, Snapshot, State};

use crate::in_set::PEERS;
use crate::packed::Error;
use crate::play::Player;
use crate::setup::with_subject;
use crate::shelf::Room;
use crate::trace::Trace;
use chance::Chance;
use steps::{Do, Steps};

/// How many steps a trace has.
const STEPS: u32 = 100;

/// What came of random traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Traces.
    pub traces: u32,
    /// How often a circuit was asked and let the call through.
    pub admitted: u32,
    /// How often a circuit was asked and did not.
    pub rejected: u32,
    /// How often a circuit was found open that was not.
    pub openings: u32,
    /// How often a peer got a circuit in a set that was full.
    pub evictions: u32,
    /// How often a state was saved to bytes, or taken up from them.
    pub snapshots: u32,
    /// How often the clock's counter wrapped, or was set back over its beginning.
    pub wraps: u32,
    /// A checksum of all that was seen.
    pub digest: u32,
}

/// Plays traces with the numbers from `first` on. What comes of a trace depends on its number alone.
///
/// # Errors
/// [`Error`] if a trace cannot be played, which is a defect.
pub fn play(first: u32, traces: u32) -> Result<Report, Error> {
    let mut report = Report { traces, ..Report::default() };
    let mut digests = Trace::new();
    for number in 0..traces {
        let mut chance = Chance::of(first.wrapping_add(number));
        let unit = settings::unit(&mut chance);
        let config = settings::config(&mut chance, unit);
        let mut digest = 0;
        with_subject(&config, false, &Room::CHIP, &mut |subject| {
            let steps = Steps::new(&mut chance, config.tick.hz(), unit);
            digest = play_trace(Player::new(subject, false), steps, &mut report);
        })?;
        digests.number(digest);
    }
    report.digest = digests.finish();
    Ok(report)
}

/// Does what the steps say and counts. The checksum is of this trace alone.
fn play_trace(mut player: Player<'_>, mut steps: Steps<'_>, report: &mut Report) -> u32 {
    let mut saved = None;
    for _ in 0..STEPS {
        let step = steps.next();
        report.wraps += u32::from(step.wraps);
        player.subject.set_time(Instant::from_ticks(step.at));
        let before = player.subject.look(step.peer).state;
        let makes_room = !player.subject.knows(step.peer) && player.subject.peers() == PEERS as u32;
        match step.what {
            // What cannot be done, such as to settle a permit that was never given, is left out.
            Do::Op(op) => {
                let asked = player.perform(step.peer, op).ok().and_then(|seen| seen.admitted);
                report.admitted += u32::from(asked == Some(true));
                report.rejected += u32::from(asked == Some(false));
            }
            Do::Save => {
                saved = player.subject.save(step.peer).map(|snapshot| snapshot.to_bytes()).or(saved);
                for byte in saved.into_iter().flatten() {
                    player.trace.number(byte.into());
                }
                report.snapshots += u32::from(saved.is_some());
            }
            Do::Restore(asleep) => {
                let snapshot = saved.map(Snapshot::from_bytes);
                player.trace.number(snapshot.is_some_and(|snapshot| snapshot.is_ok()).into());
                if let Some(Ok(snapshot)) = snapshot {
                    let restored = player.subject.restore(step.peer, &snapshot, asleep.as_duration());
                    player.trace.number(restored.is_ok().into());
                    report.snapshots += u32::from(restored.is_ok());
                }
            }
        }
        let after = player.look(step.peer).state;
        report.openings += u32::from(after == State::Open && before != State::Open);
        report.evictions += u32::from(makes_room && player.subject.knows(step.peer));
    }
    player.trace.finish()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { traces, admitted, rejected, openings, evictions, snapshots, wraps, digest } = self;
        write!(
            f,
            "{traces} traces, {admitted} calls admitted, {rejected} rejected, {openings} openings, {evictions} evictions, \
             {snapshots} snapshots, {wraps} wraps, digest {digest:08x}"
        )
    }
}
