//! What the logs say, line by line.
#![cfg(all(feature = "log", feature = "tracing"))]

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fusebox::clock::ManualClock;
use fusebox::{Listener, Settings};
use fusebox_std::{CircuitBreakerSet, LogListener, TracingListener};

/// A circuit that trips, fails a probe, recovers, and a newcomer for whom there is no room.
fn outage(listener: impl Listener<String>) {
    let clock: &'static ManualClock<1_000> = Box::leak(Box::new(ManualClock::new()));
    let settings = Settings::builder().backoff_cap(Duration::from_secs(60)).build().unwrap();
    let builder = CircuitBreakerSet::<String>::builder().clock(clock, settings).capacity(1).listener(listener);
    let set = builder.build().unwrap();
    let circuit = set.handle("inventory").unwrap();
    for _ in 0..4 {
        let _ = circuit.call(|| Err::<(), _>("no answer"));
    }
    assert!(set.handle("prices").is_err());
    clock.advance(Duration::from_secs(10));
    let _ = circuit.call(|| Err::<(), _>("no answer"));
    clock.advance(Duration::from_secs(20));
    assert_eq!(circuit.call(|| Ok::<_, ()>(7)), Ok(7));
}

#[test]
fn the_log_has_each_transition_once_with_its_peer() {
    static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    struct Kept;
    impl log::Log for Kept {
        fn enabled(&self, _: &log::Metadata) -> bool {
            true
        }
        fn log(&self, record: &log::Record) {
            let line = format!("{} {} {}", record.level(), record.target(), record.args());
            LINES.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
        fn flush(&self) {}
    }
    log::set_logger(&Kept).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    outage(LogListener::named("upstreams"));
    let lines = LINES.lock().unwrap();
    assert_eq!(
        lines.join("\n"),
        "ERROR circuit_breaker upstreams.inventory: closed -> open: 4 calls failed within the window, a probe in 10s\n\
         WARN circuit_breaker upstreams.prices: the set is full, its calls are rejected\n\
         DEBUG circuit_breaker upstreams.inventory: open -> half-open: the wait was over and a call came\n\
         ERROR circuit_breaker upstreams.inventory: half-open -> open: a probe failed, a probe in 20s\n\
         DEBUG circuit_breaker upstreams.inventory: open -> half-open: the wait was over and a call came\n\
         INFO circuit_breaker upstreams.inventory: half-open -> closed: probes succeeded"
    );
}

#[test]
fn tracing_has_the_fields_of_each_transition() {
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);
    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .without_time()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || outage(TracingListener::named("upstreams")));
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert_eq!(
        lines[0],
        "ERROR circuit_breaker: 4 calls failed within the window set=\"upstreams\" circuit=inventory from=\"closed\" \
         to=\"open\" cause=\"max_failures\" failures=4 calls=4 wait_ms=10000 observed=false"
    );
    assert_eq!(lines[1], "WARN circuit_breaker: the set is full set=\"upstreams\" circuit=prices admitted=false");
    assert!(lines[5].starts_with("INFO circuit_breaker: probes succeeded"), "{}", lines[5]);
    assert!(!lines[5].contains("failures="), "{}", lines[5]);
}
