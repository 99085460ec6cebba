//! The settings of a replay's circuits, as flags.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
use fusebox::policy::{Rates, TripPolicy};
use fusebox::{Settings, SettingsBuilder, SettingsError};

use crate::links::LinkClock;
use crate::replay::{Report, replay};
use crate::summary::Summary;
use crate::trace::Trace;

/// What the circuits go by. Without any flag they follow python-circuit's defaults.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Flags {
    /// The rule that opens a circuit
    #[arg(long, value_enum, default_value_t)]
    trip: Trip,
    /// Failures allowed in a window, one more opens [default: 3]
    #[arg(long, value_name = "N", help_heading = "--trip max-failures")]
    max_failures: Option<u32>,
    /// The window in which they are counted [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "--trip max-failures")]
    window: Option<Duration>,
    /// Keep the failures over a close and count failed probes among them
    #[arg(long, help_heading = "--trip max-failures")]
    keep_history: bool,
    /// Failures in a row that open [default: 5]
    #[arg(long, value_name = "N", help_heading = "--trip consecutive")]
    failures: Option<u32>,
    /// The last so many calls are judged [default: 20]
    #[arg(long, value_name = "N", help_heading = "--trip count-window")]
    calls: Option<u32>,
    /// Buckets of time that are judged [default: 10]
    #[arg(long, value_name = "N", help_heading = "--trip time-window")]
    buckets: Option<u32>,
    /// The length of a bucket [default: 1s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "--trip time-window")]
    bucket: Option<Duration>,
    /// Percent of the calls whose failure opens [default: 50]
    #[arg(long, value_name = "PERCENT", help_heading = "--trip count-window and time-window")]
    failure_rate: Option<u8>,
    /// Calls it takes to judge [default: 10, or all of a shorter count window]
    #[arg(long, value_name = "N", help_heading = "--trip count-window and time-window")]
    min_calls: Option<u32>,
    /// How long a circuit is open before a probe, such as 500ms or 1m30s [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    reset_timeout: Option<Duration>,
    /// Double that for every failed probe, up to this
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    backoff_cap: Option<Duration>,
    /// How many probes may be under way at once [default: 1]
    #[arg(long, value_name = "N")]
    probes: Option<u8>,
}

/// The trip policies by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Trip {
    #[default]
    MaxFailures,
    Consecutive,
    CountWindow,
    TimeWindow,
}

/// Peers in a set, for circuits that are small and for those that are large: a set is searched in order,
/// which takes long if its circuits lie far apart.
const SMALL: usize = 256;
const LARGE: usize = 16;

/// Settings serve circuits on any clock of their type.
type Builder<P> = SettingsBuilder<&'static LinkClock, P>;

impl Flags {
    /// Replays `trace` with circuits of these settings.
    ///
    /// A policy's room is a constant of its type, so each kind comes in a few sizes.
    pub(crate) fn replay(&self, trace: &mut dyn Trace, report: &mut dyn Report) -> Result<Summary> {
        self.refuse_flags_of_other_policies()?;
        let builder = Settings::<&'static LinkClock>::builder();
        let rates = Rates::failures(self.failure_rate.unwrap_or(50));
        match self.trip {
            Trip::MaxFailures => {
                let (max, window) = (self.max_failures.unwrap_or(3), self.window.unwrap_or(Duration::from_secs(60)));
                let builder = if self.keep_history { builder.keep_history() } else { builder };
                match max {
                    0..=3 => self.run::<SMALL, _>(builder.max_failures::<3>(max, window), trace, report),
                    4..=32 => self.run::<LARGE, _>(builder.max_failures::<32>(max, window), trace, report),
                    33..=1024 => self.run::<LARGE, _>(builder.max_failures::<1024>(max, window), trace, report),
                    _ => bail!("--max-failures: the lab has room for at most 1024"),
                }
            }
            Trip::Consecutive => self.run::<SMALL, _>(builder.consecutive(self.failures.unwrap_or(5)), trace, report),
            Trip::CountWindow => {
                let calls = self.calls.unwrap_or(20);
                let rates = rates.min_calls(self.min_calls.unwrap_or(calls.min(10)));
                match calls {
                    0..=31 => self.run::<SMALL, _>(builder.count_window::<1, 1>(calls, rates), trace, report),
                    32..=224 => self.run::<LARGE, _>(builder.count_window::<8, 1>(calls, rates), trace, report),
                    225..=8160 => self.run::<LARGE, _>(builder.count_window::<256, 1>(calls, rates), trace, report),
                    _ => bail!("--calls: the lab has room for at most 8160"),
                }
            }
            Trip::TimeWindow => {
                let (buckets, bucket) = (self.buckets.unwrap_or(10), self.bucket.unwrap_or(Duration::from_secs(1)));
                let rates = rates.min_calls(self.min_calls.unwrap_or(10));
                match buckets {
                    0..=10 => self.run::<SMALL, _>(builder.time_window::<10, 1>(buckets, bucket, rates), trace, report),
                    11..=128 => {
                        self.run::<LARGE, _>(builder.time_window::<128, 1>(buckets, bucket, rates), trace, report)
                    }
                    _ => bail!("--buckets: the lab has room for at most 128"),
                }
            }
        }
    }

    fn run<const N: usize, P: TripPolicy>(
        &self,
        builder: Builder<P>,
        trace: &mut dyn Trace,
        report: &mut dyn Report,
    ) -> Result<Summary> {
        let builder =
            builder.wait(self.reset_timeout.unwrap_or(Duration::from_secs(10))).probes(self.probes.unwrap_or(1));
        let builder = match self.backoff_cap {
            Some(cap) => builder.backoff_cap(cap),
            None => builder,
        };
        let settings = builder.build().map_err(|error| anyhow!("{}", in_flags(error)))?;
        replay::<N, P>(trace, settings, report)
    }

    /// A flag that would have no effect is a mistake, and the result would not be what was asked for.
    fn refuse_flags_of_other_policies(&self) -> Result<()> {
        use Trip::{Consecutive, CountWindow, MaxFailures, TimeWindow};
        let flags: [(&str, bool, &[Trip]); 9] = [
            ("--max-failures", self.max_failures.is_some(), &[MaxFailures]),
            ("--window", self.window.is_some(), &[MaxFailures]),
            ("--keep-history", self.keep_history, &[MaxFailures]),
            ("--failures", self.failures.is_some(), &[Consecutive]),
            ("--calls", self.calls.is_some(), &[CountWindow]),
            ("--buckets", self.buckets.is_some(), &[TimeWindow]),
            ("--bucket", self.bucket.is_some(), &[TimeWindow]),
            ("--failure-rate", self.failure_rate.is_some(), &[CountWindow, TimeWindow]),
            ("--min-calls", self.min_calls.is_some(), &[CountWindow, TimeWindow]),
        ];
        let name = |trip: &Trip| trip.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        for (flag, given, trips) in flags {
            if given && !trips.contains(&self.trip) {
                let needed = trips.iter().map(name).collect::<Vec<_>>().join(" or ");
                bail!("{flag} has no effect with --trip {}: it needs --trip {needed}", name(&self.trip));
            }
        }
        Ok(())
    }
}

/// A setting's error in terms of the flag that set it.
fn in_flags(error: SettingsError) -> String {
    let message = error.to_string();
    let rule = message.split_once(": ").map_or(message.as_str(), |(_, rule)| rule);
    let flag = match error.field() {
        "wait" => "reset-timeout".to_owned(),
        "consecutive" => "failures".to_owned(),
        field => field.replace('_', "-"),
    };
    let unit = if rule.contains("tick") { " (a tick is 1 ms)" } else { "" };
    format!("--{flag}: {rule}{unit}")
}
