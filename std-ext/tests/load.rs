//! Two threads call ten thousand peers twenty million times, and a tenth of the peers goes down and comes back:
//! `cargo test --release -p fusebox-std --test load -- --nocapture` prints how fast.
//!
//! Time stands still while the threads call, and moves and peers go down and up only between two rounds. So it is
//! known before each round how many calls each peer may get at most.

use std::hint;
use std::iter;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use fusebox::clock::ManualClock;
use fusebox::policy::MaxFailures;
use fusebox::{Cause, Error, Event, Listener, RejectReason, Settings, State};
use fusebox_std::{CallCounts, CircuitBreakerSet, Counts, Handle};

type Clock = &'static ManualClock<1_000>;
type Set = CircuitBreakerSet<usize, Clock, MaxFailures<3>, Told>;

const CALLS: u64 = 20_000_000;
const PEERS: usize = 10_000;
const BUSY: usize = 2;
const THREADS: u64 = 2;
const ROUNDS: u64 = 40;
const TO_TRIP: u64 = 4;
const STEP: u64 = 4;
const WAIT: u64 = 10;
const LONGEST_WAIT: u64 = 40;
/// Growth of the resident set that is not the set's: a leak of one byte a call is more.
const ALLOWED_GROWTH: u64 = 12 << 20;

/// The other side: whether each peer is down, and how many calls reached it while it was and while it was not.
struct Server {
    down: AtomicBool,
    reached_down: AtomicU64,
    reached_up: AtomicU64,
}

impl Server {
    fn answer(&self) -> Result<(), &'static str> {
        if self.down.load(Relaxed) {
            self.reached_down.fetch_add(1, Relaxed);
            // Long enough for the other thread to come by.
            (0..2_000).for_each(|_| hint::spin_loop());
            Err("no answer")
        } else {
            self.reached_up.fetch_add(1, Relaxed);
            Ok(())
        }
    }
}

/// The transitions of all circuits by their causes.
#[derive(Default)]
struct Transitions {
    trips: AtomicU64,
    probes: AtomicU64,
    failed_probes: AtomicU64,
    closed: AtomicU64,
    others: AtomicU64,
}

struct Told(&'static Transitions);

impl Listener<usize> for Told {
    fn on_event(&self, _: &usize, event: &Event) {
        let Event::Transition(transition) = event else { return };
        let counter = match transition.cause() {
            Cause::Tripped(_) => &self.0.trips,
            Cause::WaitOver => &self.0.probes,
            Cause::ProbesFailed(_) => &self.0.failed_probes,
            Cause::ProbesSucceeded => &self.0.closed,
            _ => &self.0.others,
        };
        counter.fetch_add(1, Relaxed);
    }
}

/// What the callers saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    successes: u64,
    failures: u64,
    rejected_open: u64,
    rejected_half_open: u64,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.successes += other.successes;
        self.failures += other.failures;
        self.rejected_open += other.rejected_open;
        self.rejected_half_open += other.rejected_half_open;
    }

    fn calls(&self) -> u64 {
        self.successes + self.failures + self.rejected_open + self.rejected_half_open
    }
}

#[test]
fn no_call_is_lost_and_none_reaches_an_open_peer_but_probes() {
    let clock: Clock = Box::leak(Box::new(ManualClock::new()));
    let transitions: &Transitions = Box::leak(Box::default());
    let settings = Settings::builder().wait(Duration::from_secs(WAIT)).backoff_cap(Duration::from_secs(LONGEST_WAIT));
    let builder = CircuitBreakerSet::<usize>::builder().clock(clock, settings.build().unwrap());
    let set = builder.capacity(PEERS).counts(Counts::All).listener(Told(transitions)).build().unwrap();
    let new_server =
        || Server { down: AtomicBool::new(false), reached_down: AtomicU64::new(0), reached_up: AtomicU64::new(0) };
    let servers: Vec<Server> = iter::repeat_with(new_server).take(PEERS).collect();
    let mut seen = Seen::default();
    // Every circuit gets a counter for each thread and, if it will trip, all its records: what comes then is growth.
    let everyone = |_: u64| 0..PEERS;
    seen.add(round(&set, &servers, everyone));
    let room = (set.len(), set.capacity(), resident());
    assert_eq!((room.0, room.1), (PEERS, PEERS));

    let each = CALLS / ROUNDS / THREADS;
    let mut took = Duration::ZERO;
    let mut expected = vec![Expected::default(); PEERS];
    for number in 0..ROUNDS {
        for peer in (0..PEERS).step_by(10) {
            servers[peer].down.store((4..ROUNDS / 2).contains(&number), Relaxed);
        }
        clock.advance(Duration::from_secs(STEP));
        let now = (number + 1) * STEP;
        let reached = |server: &Server| server.reached_down.load(Relaxed);
        let before: Vec<u64> = servers.iter().map(reached).collect();
        let start = Instant::now();
        let random = |thread| Random(number * THREADS + thread + 1).take(each as usize);
        seen.add(round(&set, &servers, random));
        took += start.elapsed();
        for (peer, expected) in expected.iter_mut().enumerate() {
            let calls = reached(&servers[peer]) - before[peer];
            let allowed = expected.allowed(now);
            assert!(calls <= allowed, "round {number}: {calls} calls reached peer {peer}, {allowed} were allowed");
            let state = set.get(&peer).unwrap().state();
            expected.after(now, calls, state);
            assert_eq!(
                expected.probe_at.is_some(),
                state == State::Open,
                "peer {peer} is {state:?} after round {number}"
            );
        }
    }
    // All waits are over, and all peers are up: the next call of each closes its circuit.
    clock.advance(Duration::from_secs(LONGEST_WAIT));
    seen.add(round(&set, &servers, everyone));

    let counts = set.handles().iter().map(Handle::counts).reduce(sum).unwrap();
    let counted = Seen {
        successes: counts.successes,
        failures: counts.failures,
        rejected_open: counts.rejected_open,
        rejected_half_open: counts.rejected_half_open,
    };
    assert_eq!(counted, seen);
    assert_eq!((counts.ignored, counts.abandoned, counts.rejected_forced_open, counts.would_reject), (0, 0, 0, 0));
    assert_eq!(seen.calls(), each * ROUNDS * THREADS + 2 * THREADS * PEERS as u64);
    let total = |of: fn(&Server) -> &AtomicU64| servers.iter().map(|server| of(server).load(Relaxed)).sum::<u64>();
    let (down, up) = (total(|server| &server.reached_down), total(|server| &server.reached_up));
    assert_eq!((down, up), (seen.failures, seen.successes));

    let [trips, probes, failed_probes, closed, others] =
        [&transitions.trips, &transitions.probes, &transitions.failed_probes, &transitions.closed, &transitions.others]
            .map(|counter| counter.load(Relaxed));
    println!("{trips} trips, {probes} probes of which {failed_probes} failed, {closed} closed again");
    assert_eq!((trips, others), (PEERS as u64 / 10, 0), "each peer trips once and recovers once");
    assert_eq!((probes, closed), (failed_probes + trips, trips));
    let stragglers = trips * (THREADS - 1);
    let fewest = trips * TO_TRIP + failed_probes;
    assert!((fewest..=fewest + stragglers).contains(&down), "{down} calls reached a peer that was down");
    assert!(set.handles().iter().all(|circuit| circuit.state() == State::Closed), "every peer recovered");

    assert_eq!((set.len(), set.capacity(), set.evicted(), set.refused()), (PEERS, PEERS, 0, 0));
    match (room.2, resident()) {
        (Some(before), Some(after)) => {
            println!("resident: {} KiB before, {} KiB after", before >> 10, after >> 10);
            assert!(after <= before + ALLOWED_GROWTH, "it grew by {} KiB", (after - before) >> 10);
        }
        _ => println!("resident: not measured, for this system has no /proc/self/status"),
    }
    let rate = u128::from(each * ROUNDS * THREADS) / took.as_millis().max(1);
    println!("{seen:?}\n{rate} thousand calls a second on {THREADS} threads over {PEERS} peers");
}

/// What a peer's circuit has to do, told by what reached the peer.
#[derive(Clone, Copy, Default)]
struct Expected {
    /// The second from which on it may be probed, while its circuit is open.
    probe_at: Option<u64>,
    failed_probes: u32,
}

impl Expected {
    /// The most calls that may reach the peer until time moves.
    fn allowed(&self, now: u64) -> u64 {
        match self.probe_at {
            None => TO_TRIP + THREADS - 1,
            Some(at) => u64::from(at <= now),
        }
    }

    /// Takes in a round in which so many calls reached the peer while it was down.
    fn after(&mut self, now: u64, calls: u64, state: State) {
        match self.probe_at {
            // A circuit that may be probed closes if the peer is up.
            Some(at) if at <= now && calls == 0 && state == State::Closed => *self = Self::default(),
            Some(_) if calls == 1 => {
                self.failed_probes += 1;
                self.probe_at = Some(now + (WAIT << self.failed_probes).min(LONGEST_WAIT));
            }
            None if state == State::Open => self.probe_at = Some(now + WAIT),
            _ => {}
        }
    }
}

/// All threads call the peers that `peers` gives for each.
fn round<I: Iterator<Item = usize>>(set: &Set, servers: &[Server], peers: impl Fn(u64) -> I + Sync) -> Seen {
    thread::scope(|scope| {
        let peers = &peers;
        let threads = (0..THREADS).map(|thread| scope.spawn(move || call_all(set, servers, peers(thread))));
        let threads: Vec<_> = threads.collect();
        threads.into_iter().fold(Seen::default(), |mut sum, thread| {
            sum.add(thread.join().unwrap());
            sum
        })
    })
}

fn call_all(set: &Set, servers: &[Server], peers: impl Iterator<Item = usize>) -> Seen {
    let mut seen = Seen::default();
    for peer in peers {
        match set.call(&peer, || servers[peer].answer()) {
            Ok(()) => seen.successes += 1,
            Err(Error::Inner(_)) => seen.failures += 1,
            Err(Error::Rejected(rejected)) => match rejected.reason() {
                RejectReason::Open => seen.rejected_open += 1,
                RejectReason::HalfOpenFull => seen.rejected_half_open += 1,
                other => panic!("peer {peer} was rejected: {other:?}"),
            },
        }
    }
    seen
}

fn sum(mut one: CallCounts, other: CallCounts) -> CallCounts {
    one.successes += other.successes;
    one.failures += other.failures;
    one.ignored += other.ignored;
    one.abandoned += other.abandoned;
    one.rejected_open += other.rejected_open;
    one.rejected_half_open += other.rejected_half_open;
    one.rejected_forced_open += other.rejected_forced_open;
    one.would_reject += other.would_reject;
    one
}

/// Peers in no order, the same in every run. A quarter of the calls go to a few of them, so that the threads meet there.
struct Random(u64);

impl Iterator for Random {
    type Item = usize;

    /// `SplitMix64`, whose seeds may follow each other.
    fn next(&mut self) -> Option<usize> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let among = if mixed >> 62 == 0 { BUSY } else { PEERS };
        Some((mixed % among as u64) as usize)
    }
}

/// Bytes of memory that this process has, where the system tells.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}
