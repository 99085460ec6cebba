//! The image `radio`: what its modem does, and what must come of it.

use anyhow::{Context, Result, ensure};

use super::checks;
use super::emulator::{Run, figures};
use super::modem::{Address, Answer, Frame};

/// The peer that dies, and the message numbers with which it dies and returns.
const DYING: Address = [2, 0, 0, 0, 0, 0x33];
const DIES: u16 = 48;
const RETURNS: u16 = 400;

/// Now and then a message is lost, the channel is busy, or the modem says nothing: never so often that a circuit
/// should open.
pub(crate) fn answer(frame: Frame) -> Answer {
    match frame.number {
        _ if is_lost(frame) => Answer::NoAcknowledgement,
        n if frame.to != DYING && n % 61 == 8 => Answer::NoAcknowledgement,
        n if frame.to != DYING && n % 47 == 9 => Answer::ChannelBusy,
        29 | 301 => Answer::Nothing,
        _ => Answer::Delivered,
    }
}

/// Failures within a minute that trip a peer's circuit, as the image is built.
const FAILURES_TO_TRIP: usize = 3;

/// Compares what the image says with what the modem saw.
pub(crate) fn check(run: &Run) -> Result<String> {
    let [messages, peers, apart] = run.figures("begin: ")?;
    let [sent, delivered, suppressed, microjoules] = run.figures("sent ")?;
    let seen = run.frames.len();
    ensure!(sent == seen, "the image sent {sent} frames, the modem got {seen}");
    let acknowledged = run.frames.iter().filter(|frame| answer(**frame) == Answer::Delivered).count();
    ensure!(delivered == acknowledged, "the image had {delivered} delivered, the modem delivered {acknowledged}");
    ensure!(sent + suppressed == messages, "{sent} sent and {suppressed} suppressed are not {messages}");

    // While the peer was dead: the failures that trip, and then nothing but probes.
    let transitions = |of: String| run.messages().filter(move |line| line.starts_with(&of)).collect::<Vec<_>>();
    let dying = transitions(format!("peer {}: ", DYING.map(|byte| format!("{byte:02x}")).join(":")));
    let failed_probes = dying.iter().filter(|line| line.contains(", a probe failed, ")).count();
    let to_the_dead = run.frames.iter().filter(|frame| is_lost(**frame)).count();
    ensure!(
        to_the_dead == FAILURES_TO_TRIP + failed_probes,
        "{to_the_dead} frames to the dead peer, of which {FAILURES_TO_TRIP} trip and {failed_probes} were probes"
    );
    let frames_to_each = |peer: Address| run.frames.iter().filter(|frame| frame.to == peer).count();
    let asked = usize::from(RETURNS - DIES).div_ceil(peers);
    let share = 100 * (asked - to_the_dead) / asked;
    ensure!(share > 90, "only {share} % of the messages to the dead peer were suppressed");

    // After its return: within one wait, and the time between two messages to it.
    let closed = run.frames.iter().find(|frame| frame.to == DYING && frame.number >= RETURNS);
    let closed = closed.context("no frame to the peer after its return")?;
    let late = usize::from(closed.number - RETURNS) * apart;
    let last = dying.iter().rev().find(|line| line.contains("-> open")).context("its circuit never opened")?;
    let [seconds, thousandths] = figures(last.rsplit("probe in ").next().unwrap_or_default())?;
    let wait = seconds * 1_000 + thousandths;
    ensure!(late <= wait + peers * apart, "closed {late} ms after the return, the wait being {wait} ms");
    ensure!(dying.last().is_some_and(|line| line.contains("half_open -> closed")), "its circuit is not closed");

    // The others never noticed.
    let changed = transitions("peer ".into()).iter().filter(|line| line.contains("->")).count();
    ensure!(changed == dying.len(), "another circuit changed too");
    let healthy =
        run.frames.iter().map(|frame| frame.to).find(|to| *to != DYING && frames_to_each(*to) != messages / peers);
    ensure!(healthy.is_none(), "messages to the healthy peer {healthy:?} were suppressed");

    // Nothing depends on the moment, so all of it is the same on every board.
    checks::as_expected(run)?;
    Ok(format!(
        "sent {sent}, delivered {delivered}, suppressed {suppressed}, {share} % while dead, closed {late} ms after the \
         return, saved {} mJ",
        microjoules / 1_000
    ))
}

fn is_lost(frame: Frame) -> bool {
    frame.to == DYING && (DIES..RETURNS).contains(&frame.number)
}
