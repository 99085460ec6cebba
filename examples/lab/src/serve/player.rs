//! Plays a trace: peers turn as it says, and are called when it says.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result};
use fusebox_std::Uptime;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use super::client::{Call, Client};
use super::clock::TraceClock;
use super::peer::{Mode, Peer};
use super::rows::Rows;
use super::telling::News;
use super::totals::Totals;

/// The most calls that are under way at once: each takes two sockets of this program.
const MOST_CALLS: u32 = 128;

/// Turns peers and calls them, row by row.
#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) rows: Rows,
    pub(crate) clock: TraceClock,
    pub(crate) client: Client,
    pub(crate) totals: Arc<Totals>,
    pub(crate) news: UnboundedSender<News>,
    pub(crate) progress: Arc<Progress>,
}

/// How a player gets on, for others to see.
#[derive(Debug)]
pub(crate) struct Progress {
    calls: Arc<Semaphore>,
    behind_ms: AtomicU64,
}

impl Default for Progress {
    fn default() -> Self {
        Self { calls: Arc::new(Semaphore::new(MOST_CALLS as usize)), behind_ms: AtomicU64::new(0) }
    }
}

impl Progress {
    /// The longest that a row came late, on a wall clock.
    pub(crate) fn behind(&self) -> Duration {
        Duration::from_millis(self.behind_ms.load(Relaxed))
    }

    /// Until no call is under way, once the player is gone.
    pub(crate) async fn calls_ended(&self) {
        // It is never closed, so there is no other end.
        let _ = self.calls.acquire_many(MOST_CALLS).await;
    }
}

impl Player {
    /// Plays round after round, until it is dropped.
    pub(crate) async fn play(self) -> Result<Infallible> {
        let start = self.clock.uptime();
        let mut peers = Vec::new();
        for name in self.rows.peers() {
            let peer = Peer::new().context("no port is free for a peer: play a trace with fewer")?;
            peers.push((name.to_string(), peer, Spells::starting_with(peers.len())));
        }
        let mut round = start;
        loop {
            for (time, row) in self.rows.iter() {
                self.wait_until(round.saturating_add(time)).await;
                let Some((name, peer, spells)) = peers.get_mut(row.peer as usize) else { continue };
                let mode = spells.mode(row.ok);
                peer.turn(mode).await.with_context(|| format!("the peer {name} cannot listen"))?;
                if let Some(totals) = self.totals.of(name) {
                    totals.set_mode(mode);
                }
                self.call(Call { peer: name.clone(), address: peer.address() }).await?;
            }
            round = round.saturating_add(self.rows.round());
            self.wait_until(round).await;
            // Nobody listens any more when the program ends.
            let _ = self.news.send(News::Again { at: self.clock.uptime() });
        }
    }

    async fn wait_until(&self, due: Duration) {
        let now = self.clock.uptime();
        let left = due.saturating_sub(now);
        if !left.is_zero() {
            return sleep(self.clock.on_the_wall(left)).await;
        }
        let behind = self.clock.on_the_wall(now.saturating_sub(due)).as_millis();
        self.progress.behind_ms.fetch_max(u64::try_from(behind).unwrap_or(u64::MAX), Relaxed);
    }

    /// Begins a call. The next row does not wait for its end.
    async fn call(&self, call: Call) -> Result<()> {
        let place = Arc::clone(&self.progress.calls).acquire_owned().await?;
        let client = self.client.clone();
        tokio::spawn(async move {
            client.call(call).await;
            drop(place);
        });
        Ok(())
    }
}

/// How a peer fails: it refuses in one spell of failures and hangs in the next.
#[derive(Debug)]
struct Spells {
    failing: bool,
    hangs: bool,
}

impl Spells {
    /// Neighbours begin differently.
    const fn starting_with(number: usize) -> Self {
        Self { failing: false, hangs: number.is_multiple_of(2) }
    }

    const fn mode(&mut self, ok: bool) -> Mode {
        if !ok && !self.failing {
            self.hangs = !self.hangs;
        }
        self.failing = !ok;
        match (ok, self.hangs) {
            (true, _) => Mode::Accept,
            (false, true) => Mode::Hang,
            (false, false) => Mode::Refuse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Mode::{Accept, Hang, Refuse};

    #[test]
    fn spells_of_failures_take_turns() {
        let outcomes = [true, false, false, true, false, false, true, true, false];
        let modes = |number| {
            let mut spells = Spells::starting_with(number);
            outcomes.map(|ok| spells.mode(ok))
        };
        assert_eq!(modes(0), [Accept, Refuse, Refuse, Accept, Hang, Hang, Accept, Accept, Refuse]);
        assert_eq!(modes(1), [Accept, Hang, Hang, Accept, Refuse, Refuse, Accept, Accept, Hang]);
    }
}
