//! The circuits: those that guard the calls, and stricter rules that only watch.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use fusebox::policy::{Consecutive, CountWindow, Rates};
use fusebox::{Event, Listener, Settings, Transition, WhenFull};
use fusebox_prometheus::{CallDurations, TimedHandle};
use fusebox_std::{CircuitBreakerSet, Counts, Uptime};
use tokio::sync::mpsc::UnboundedSender;

use super::clock::TraceClock;
use super::rows::MOST_PEERS;
use super::telling::News;
use super::totals::{PeerTotals, Totals};

/// The name of the set that guards, in paths and metrics.
pub(crate) const SET: &str = "peers";
/// The name of the one that watches.
pub(crate) const TRIAL: &str = "trial";

/// How many failures in a row would open a circuit that is on trial.
pub(crate) const TRIAL_FAILURES: u32 = 3;

/// How many transitions of each circuit the page can show.
const RECORDS: usize = 64;

/// How long a circuit is open, in the trace's time.
const WAIT: Duration = Duration::from_secs(10);

/// One circuit per peer, by its name.
pub(crate) type Circuits = CircuitBreakerSet<String, TraceClock, CountWindow, Teller>;

/// The same with stricter rules, in observe mode.
pub(crate) type Trial = CircuitBreakerSet<String, TraceClock, Consecutive>;

/// A circuit that guards, with how long its calls took.
pub(crate) type Timed = TimedHandle<String, TraceClock, CountWindow, Teller>;

/// All circuits of a client. A clone has the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Guards {
    pub(crate) circuits: Circuits,
    pub(crate) trial: Trial,
    pub(crate) durations: CallDurations,
}

impl Guards {
    /// A circuit for each peer of these totals, closed and with nothing counted yet, and one on trial for so many of them.
    ///
    /// Half of the last 20 calls open one that guards, and after 10 s of the trace a probe may try. What takes longer
    /// than `slow`, in the trace's time, is slow.
    pub(crate) fn new(listener: Teller, slow: Duration, on_trial: usize) -> Result<Self> {
        let (clock, totals) = (listener.clock, Arc::clone(&listener.totals));
        let settings = Settings::builder()
            .count_window::<1, 1>(20, Rates::failures(50).min_calls(10))
            .wait(WAIT)
            .slow_call(slow)
            .build()
            .map_err(|error| anyhow!("{error}"))?;
        let circuits = CircuitBreakerSet::<String>::builder()
            .clock(clock, settings)
            .listener(listener)
            .counts(Counts::All)
            .records(RECORDS)
            .capacity(MOST_PEERS)
            .build()?;
        let settings = Settings::builder()
            .consecutive(TRIAL_FAILURES)
            .wait(WAIT)
            .slow_call(slow)
            .build()
            .map_err(|error| anyhow!("{error}"))?;
        // Whoever has no place is called all the same.
        let trial = CircuitBreakerSet::<String>::builder()
            .clock(clock, settings)
            .counts(Counts::All)
            .capacity(on_trial)
            .when_full(WhenFull::AdmitUntracked)
            .build()?;
        for (place, (peer, _)) in totals.iter().enumerate() {
            // Whoever looks sees all peers from the start.
            circuits.handle(peer).map_err(|rejected| anyhow!("{peer}: {rejected}"))?;
            if place < on_trial {
                trial.handle(peer).map_err(|rejected| anyhow!("{peer}: {rejected}"))?.observe();
            }
        }
        Ok(Self { circuits, trial, durations: CallDurations::new() })
    }

    /// How many calls the rules on trial would have rejected, if the peer is on trial.
    pub(crate) fn would_reject(&self, peer: &str) -> Option<u64> {
        self.trial.get(peer).map(|circuit| circuit.counts().would_reject)
    }

    /// The circuit of a peer, for somebody who measures its calls.
    pub(crate) fn timed(&self, peer: &str) -> Option<Timed> {
        self.circuits.get(peer).map(|circuit| self.durations.of(&circuit))
    }
}

/// Listens to the circuits: counts trips, and passes on what is to be printed.
#[derive(Debug)]
pub(crate) struct Teller {
    pub(crate) clock: TraceClock,
    pub(crate) totals: Arc<Totals>,
    pub(crate) news: UnboundedSender<News>,
}

impl Listener<String> for Teller {
    fn on_event(&self, peer: &String, event: &Event) {
        let Event::Transition(transition) = event else { return };
        let transition: Transition = *transition;
        let totals = self.totals.of(peer);
        if let Some(totals) = totals {
            totals.note(&transition);
        }
        let mode = totals.map(PeerTotals::mode).unwrap_or_default();
        // Nobody listens any more when the program ends.
        let _ = self.news.send(News::Transition { at: self.clock.uptime(), peer: peer.clone(), transition, mode });
    }
}
