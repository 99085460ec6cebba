//! Plays a trace through the circuits of its links.

use anyhow::Result;
use fusebox::Settings;
use fusebox::policy::TripPolicy;

use crate::links::{Change, LinkClock, Links, Watch};
use crate::summary::Summary;
use crate::trace::{Peers, Row, Trace};

/// Is told what happens during a replay.
pub(crate) trait Report {
    /// A packet was sent, or was not.
    fn packet(&mut self, row: Row, sent: bool);

    /// A circuit changed its state.
    fn change(&mut self, change: &Change, peers: &Peers) -> Result<()>;
}

/// Asks the circuit of each row's peer; if the packet may be sent, its recorded outcome is the result.
/// There are `N` peers in a set.
pub(crate) fn replay<const N: usize, P: TripPolicy>(
    trace: &mut dyn Trace,
    settings: Settings<&'static LinkClock, P>,
    report: &mut dyn Report,
) -> Result<Summary> {
    let (clock, watch) = (LinkClock::new(), Watch::default());
    let mut links = Links::<P, N>::new(&clock, &watch, settings);
    let mut summary = Summary::default();
    let mut changes = Vec::new();
    while let Some(row) = trace.next_row()? {
        let sent = links.send(row)?;
        summary.count(row.ok, sent);
        report.packet(row, sent);
        watch.take(&mut changes);
        for change in &changes {
            summary.trips += u64::from(change.transition.is_trip());
            report.change(change, trace.peers())?;
        }
    }
    summary.peers = trace.peers().len() as u64;
    Ok(summary)
}
