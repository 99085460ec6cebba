//! A breaker of any policy on a clock of any rate, behind one interface, so that what plays is compiled once.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::policy::{RatePolicy, Rates, Tally, TripPolicy};
use fusebox::{
    CircuitBreaker, Event, Instant, Jitter, Listener, Outcome, Rejected, Settings, SettingsBuilder, State, Ticket,
    Ticks, Transition,
};

/// Ticks per second.
pub(crate) const RATES: [u32; 5] = [1, 10, 1_000, 32_768, 1_000_000];
/// How many policies [`make`] knows.
pub(crate) const POLICIES: u8 = 9;

/// Settings, with times in units of what they are [made](make) with.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) policy: u8,
    pub(crate) wait: u32,
    pub(crate) lease: u32,
    pub(crate) cap: Option<u32>,
    pub(crate) quiet: Option<u32>,
    pub(crate) slow_call: Option<u32>,
    pub(crate) probes: u8,
    pub(crate) close_after: u8,
    pub(crate) jitter: Jitter,
    pub(crate) by_rate: bool,
    pub(crate) keep_history: bool,
}

impl Config {
    /// Whether probes are judged by the rates of the policy, if it has any.
    pub(crate) const fn judged_by_rate(&self) -> bool {
        self.by_rate && self.policy >= 2 && self.policy <= 7
    }
}

/// What can be done with a breaker, and seen of it.
pub(crate) trait Circuit {
    fn set_clock(&self, ticks: u32);
    fn acquire(&self) -> Result<Ticket, Rejected>;
    fn settle(&self, ticket: Ticket, outcome: Outcome);
    fn open(&self);
    fn open_for(&self, ticks: u32) -> bool;
    fn wait_at_least(&self, ticks: u32) -> bool;
    fn half_open(&self);
    fn close(&self);
    fn left(&self) -> Option<Ticks>;
    fn state(&self) -> State;
    fn tally(&self) -> Tally;
    /// What was told since the last time.
    fn transitions(&self) -> Vec<Transition>;
}

/// Makes a breaker with units of so many ticks, or of a second if there are none.
pub(crate) fn make(config: &Config, hz: u32, ticks: Option<u32>) -> Box<dyn Circuit> {
    match hz {
        1 => at::<1>(config, ticks),
        10 => at::<10>(config, ticks),
        1_000 => at::<1_000>(config, ticks),
        32_768 => at::<32_768>(config, ticks),
        1_000_000 => at::<1_000_000>(config, ticks),
        _ => panic!("no clock of {hz} Hz here"),
    }
}

fn at<const HZ: u32>(config: &Config, ticks: Option<u32>) -> Box<dyn Circuit> {
    let units = |count: u32| length(count.saturating_mul(ticks.unwrap_or(HZ)), HZ);
    let mut builder = Settings::<ManualClock<HZ>>::builder()
        .wait(units(config.wait))
        .lease(units(config.lease))
        .probes(config.probes)
        .close_after(config.close_after)
        .jitter(config.jitter);
    if let Some(cap) = config.cap {
        builder = builder.backoff_cap(units(cap));
    }
    if let Some(quiet) = config.quiet {
        builder = builder.damping(units(quiet));
    }
    if let Some(limit) = config.slow_call {
        builder = builder.slow_call(units(limit));
    }
    if config.keep_history {
        builder = builder.keep_history();
    }
    let builder = builder;
    let rates = Rates::failures(50).min_calls(6);
    let slow_rates = if config.slow_call.is_some() { rates.slow_calls(50) } else { rates };
    let (window, bucket) = (units(60), units(10));
    match config.policy {
        0 => boxed(builder.max_failures::<5>(3, window)),
        1 => boxed(builder.consecutive(4)),
        2 => rated(builder.count_window::<1, 1>(20, rates), config),
        3 => rated(builder.count_window::<3, 1>(40, rates), config),
        4 => rated(builder.count_window::<1, 2>(20, slow_rates), config),
        5 => rated(builder.time_window::<6, 1>(6, bucket, rates), config),
        6 => rated(builder.time_window::<6, 2>(6, bucket, slow_rates), config),
        7 => rated(builder.time_window::<6, 1>(6, bucket, rates).or_consecutive(4), config),
        _ => boxed(builder.max_failures::<10>(9, window).or_count_window::<1, 1>(20, rates)),
    }
}

/// So many ticks, rounded down to a nanosecond: settings round up to a tick.
pub(crate) fn length(ticks: u32, hz: u32) -> Duration {
    let nanos = u64::from(ticks) * 1_000_000_000 / u64::from(hz);
    Duration::from_nanos(nanos)
}

fn rated<const HZ: u32, P>(builder: SettingsBuilder<ManualClock<HZ>, P>, config: &Config) -> Box<dyn Circuit>
where
    P: RatePolicy + 'static,
{
    boxed(if config.judged_by_rate() { builder.judge_probes_by_rate() } else { builder })
}

fn boxed<const HZ: u32, P>(builder: SettingsBuilder<ManualClock<HZ>, P>) -> Box<dyn Circuit>
where
    P: TripPolicy + 'static,
{
    let settings = builder.build().expect("these settings are possible");
    let log = Log::default();
    Box::new(Logged { breaker: CircuitBreaker::with_listener(ManualClock::new(), settings, log.clone()), log })
}

struct Logged<const HZ: u32, P: TripPolicy> {
    breaker: CircuitBreaker<ManualClock<HZ>, P, Log>,
    log: Log,
}

#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<Transition>>>);

impl Listener for Log {
    fn on_event(&self, (): &(), event: &Event) {
        if let Event::Transition(transition) = event {
            self.0.borrow_mut().push(*transition);
        }
    }
}

impl<const HZ: u32, P: TripPolicy> Circuit for Logged<HZ, P> {
    fn set_clock(&self, ticks: u32) {
        self.breaker.clock().set(Instant::from_ticks(ticks));
    }

    fn acquire(&self) -> Result<Ticket, Rejected> {
        self.breaker.peer().try_acquire_ticket()
    }

    fn settle(&self, ticket: Ticket, outcome: Outcome) {
        self.breaker.peer().settle_ticket(ticket, outcome);
    }

    fn open(&self) {
        self.breaker.open();
    }

    fn open_for(&self, ticks: u32) -> bool {
        self.breaker.open_for(length(ticks, HZ)).is_ok()
    }

    fn wait_at_least(&self, ticks: u32) -> bool {
        self.breaker.wait_at_least(length(ticks, HZ)) == Ok(true)
    }

    fn half_open(&self) {
        self.breaker.half_open();
    }

    fn close(&self) {
        self.breaker.close();
    }

    fn left(&self) -> Option<Ticks> {
        self.breaker.retry_after()
    }

    fn state(&self) -> State {
        self.breaker.state()
    }

    fn tally(&self) -> Tally {
        self.breaker.tally()
    }

    fn transitions(&self) -> Vec<Transition> {
        self.log.0.take()
    }
}
