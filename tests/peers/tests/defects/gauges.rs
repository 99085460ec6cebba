//! Y10: what a recorder of the `metrics` facade is told of the state.

use std::time::Duration;

use fusebox::Settings;
use fusebox::clock::ManualClock;
use fusebox_peer_tests::subjects::ours::Clock;
use fusebox_peer_tests::{Answer, Call, Subject, Work};
use fusebox_prometheus::Exporter;
use fusebox_std::{CircuitBreakerSet, Handle};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use crate::seen::seen;

const WAIT: Duration = Duration::from_millis(5);

/// Y10: how many series of the state there are before anything went wrong, and the sum of them all when the circuit has
/// opened and closed again.
fn y10(subject: &impl Subject, sync: impl Fn()) -> (usize, f64) {
    let recorder = DebuggingRecorder::new();
    let states = || {
        sync();
        let all = recorder.snapshotter().snapshot().into_vec();
        let gauge = |(key, _, _, value): (metrics_util::CompositeKey, _, _, DebugValue)| match value {
            DebugValue::Gauge(value) if key.key().name().ends_with("_state") => Some(value.0),
            _ => None,
        };
        all.into_iter().filter_map(gauge).collect::<Vec<_>>()
    };
    metrics::with_local_recorder(&recorder, || {
        subject.succeed();
        let at_first = states().len();
        subject.trip();
        subject.wait(WAIT * 2);
        assert_eq!(subject.succeed(), Answer::Done);
        (at_first, states().iter().sum())
    })
}

/// A circuit of a set, whose clock is moved by hand.
struct Circuit(Handle<&'static str, &'static Clock>);

impl Subject for Circuit {
    fn call(&self, work: Work) -> Call<'_> {
        Box::pin(async {
            match self.0.call_async(|| work).await {
                Ok(()) => Answer::Done,
                Err(fusebox::Error::Inner(_)) => Answer::Failed,
                Err(fusebox::Error::Rejected(_)) => Answer::Rejected,
            }
        })
    }

    fn wait(&self, time: Duration) {
        CLOCK.advance(time);
    }
}

static CLOCK: Clock = ManualClock::new();

#[test]
#[allow(clippy::float_cmp, reason = "what is exported is exact")]
fn y10_the_states_of_fusebox_add_up_to_one() {
    let settings = Settings::builder().wait(WAIT).build().unwrap();
    let set = CircuitBreakerSet::builder().clock(&CLOCK, settings).build().unwrap();
    let exporter = Exporter::new();
    exporter.register("upstreams", &set).unwrap();
    let (at_first, sum) = y10(&Circuit(set.handle(&"inventory").unwrap()), || exporter.sync());
    seen("Y10", "fusebox-prometheus", format_args!("{at_first} series at first, {sum} states at the end"));
    assert_eq!((at_first, sum), (6, 1.0));
}

#[cfg(feature = "peers")]
#[test]
#[allow(clippy::float_cmp, reason = "what is exported is exact")]
fn y10_the_states_of_tower_resilience_add_up_to_three() {
    use fusebox_peer_tests::subjects::tower_resilience;
    let breaker = tower_resilience::breaker(tower_resilience::settings(4, WAIT)).unwrap();
    let (at_first, sum) = y10(&breaker, || {});
    seen("Y10", "tower-resilience-circuitbreaker", format_args!("{at_first} series at first, {sum} states at the end"));
    assert_eq!((at_first, sum), (0, 3.0));
}
