//! What is printed while peers come and go.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use fusebox::{Cause, State, Transition};
use fusebox_std::Uptime;
use indicatif::HumanCount;

use super::clock::TraceClock;
use super::guards::{Guards, TRIAL_FAILURES};
use super::peer::Mode;
use super::rows::Rows;
use super::totals::{PeerReport, Totals};
use crate::trace::printable;

/// Something that is worth a line. Times are the trace's.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Transition {
        at: Duration,
        peer: String,
        transition: Transition,
        mode: Mode,
    },
    /// The trace was at its end and begins again.
    Again {
        at: Duration,
    },
}

pub(crate) fn introduce(address: SocketAddr, rows: &Rows, clock: TraceClock, out: &mut impl Write) -> Result<()> {
    let peers = rows.peers().len();
    writeln!(
        out,
        "fusebox: {peers} peers on this machine come and go as in {}, {} times as fast\n",
        printable(rows.name()),
        clock.speed()
    )?;
    for (path, what) in [
        ("", "all circuits, live: open it in a browser"),
        ("metrics", "the same for Prometheus"),
        ("circuits", "as JSON; circuits/peers/NAME is one in full"),
        ("health", "for health checks: an open circuit is a warning"),
        ("totals", "what the client itself counted"),
    ] {
        writeln!(out, "  {:<40}  {what}", format!("http://{address}/{path}"))?;
    }
    writeln!(out, "\n{LOOK}\n")?;
    out.flush()?;
    Ok(())
}

const LOOK: &str = "\
A client calls every peer whenever its trace does. A peer that fails refuses
connections or, every other time, accepts them and never answers. Half of the
last 20 calls open its circuit: it is left alone then, but for one probe every
10 s of the trace. Seconds are the trace's. Ctrl-C ends.";

const TRIPPED: Style = AnsiColor::Red.on_default();
const RECOVERED: Style = AnsiColor::Green.on_default();

pub(crate) fn tell(news: &News, out: &mut impl Write) -> Result<()> {
    match news {
        News::Again { at } => writeln!(out, "{}  the trace begins again", seconds(*at))?,
        News::Transition { at, peer, transition, mode } => {
            let style = match transition.to() {
                State::Closed => RECOVERED,
                _ if transition.is_trip() => TRIPPED,
                _ => Style::new(),
            };
            let (from, to) = (name(transition.from()), name(transition.to()));
            let (peer, why) = (printable(peer), why(transition, *mode));
            writeln!(out, "{}  {peer:<10}  {style}{from:>9} -> {to:<9}{style:#}  {why}", seconds(*at))?;
        }
    }
    out.flush()?;
    Ok(())
}

fn seconds(time: Duration) -> String {
    format!("{:7.1} s", time.as_secs_f64())
}

fn name(state: State) -> String {
    match state {
        State::HalfOpen => "half-open".to_owned(),
        other => other.as_str().replace('_', " "),
    }
}

fn why(transition: &Transition, mode: Mode) -> String {
    let wait = transition.wait().map(|wait| format!("; a probe in {:?}", wait.as_duration())).unwrap_or_default();
    let peer = match mode {
        Mode::Accept => "the peer answers again",
        Mode::Refuse => "the peer refuses",
        Mode::Hang => "the peer hangs",
    };
    match transition.cause() {
        Cause::Tripped(trip) => format!("{} of {} calls failed, {peer}{wait}", trip.failures(), trip.calls()),
        Cause::WaitOver => "the wait is over, a probe goes out".to_owned(),
        Cause::ProbesFailed(_) => format!("the probe failed, {peer}{wait}"),
        Cause::ProbesSucceeded => "the probe was answered".to_owned(),
        other => format!("{}{wait}", other.as_str()),
    }
}

/// What there is to say at the end. `behind` is the longest that a call came late.
pub(crate) fn sum_up(
    clock: TraceClock,
    totals: &Totals,
    guards: &Guards,
    behind: Duration,
    out: &mut impl Write,
) -> Result<()> {
    let count = |number: u64| HumanCount(number).to_string();
    let (time, report) = (clock.uptime(), totals.report());
    let all = report.all;
    writeln!(out, "\nIn {:.1} s of the trace", time.as_secs_f64())?;
    writeln!(out, "  calls     {:>9}  to {} peers", count(all.calls), report.peers.len())?;
    writeln!(out, "  answered  {:>9}", count(all.success))?;
    writeln!(
        out,
        "  failed    {:>9}  {} refused, {} not answered in time, {} broken off",
        count(all.failure),
        count(all.refused),
        count(all.timed_out),
        count(all.broken_off)
    )?;
    writeln!(out, "  rejected  {:>9}  at once: no waiting for a peer that is down", count(all.rejected))?;
    writeln!(out, "  trips     {:>9}  and {} recoveries", count(all.trips), count(all.recoveries))?;
    let would_reject = report.peers.iter().filter_map(|report| guards.would_reject(report.peer)).sum();
    writeln!(
        out,
        "  on trial  {:>9}  of the calls {TRIAL_FAILURES} failures in a row would have rejected\n",
        count(would_reject)
    )?;
    writeln!(out, "  {:<12}{:>9}{:>9}{:>10}{:>7}  now", "peer", "answered", "failed", "rejected", "trips")?;
    for PeerReport { peer, counted } in &report.peers {
        let state = guards.circuits.get(*peer).map(|circuit| name(circuit.state())).unwrap_or_default();
        let peer = printable(peer);
        let (answered, failed) = (count(counted.success), count(counted.failure));
        let (rejected, trips) = (count(counted.rejected), count(counted.trips));
        writeln!(out, "  {peer:<12}{answered:>9}{failed:>9}{rejected:>10}{trips:>7}  {state}")?;
    }
    if behind > TOLERATED {
        let (late, speed) = (behind.as_secs_f64(), clock.speed());
        writeln!(out, "\nCalls came up to {late:.1} s late: --speed {speed} is too fast for this machine and trace.")?;
    }
    out.flush()?;
    Ok(())
}

/// On a wall clock.
const TOLERATED: Duration = Duration::from_secs(1);
