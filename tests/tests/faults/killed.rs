//! Threads and processes that end between being let through and telling how it went.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use fusebox::clock::ManualClock;
use fusebox::policy::MaxFailures;
use fusebox::{Outcome, Settings, State};
use fusebox_std::{CircuitBreakerSet, Handle};

use crate::points::Panicked;
use crate::watch::in_time;
use crate::world::{LEASE, World};

#[test]
fn a_thread_that_ends_with_a_permit() {
    in_time(|_| {
        let world = World::before_a_probe();
        let circuit = world.circuit.clone();
        let ended = std::thread::spawn(move || {
            let _permit = circuit.try_acquire().unwrap();
            std::panic::resume_unwind(Box::new("it ends"));
        });
        assert!(ended.join().is_err());
        assert_eq!((world.circuit.state(), world.circuit.counts().abandoned), (State::HalfOpen, 1));
        world.is_whole(&Panicked::forgotten(false));
    });
}

#[test]
fn a_thread_that_takes_its_permit_with_it() {
    in_time(|_| {
        let world = World::before_a_probe();
        let circuit = world.circuit.clone();
        std::thread::spawn(move || std::mem::forget(circuit.try_acquire().unwrap())).join().unwrap();
        assert!(world.circuit.try_acquire().is_err(), "the slot is lost");
        world.clock.advance(LEASE);
        world.circuit.try_acquire().unwrap().settle(Outcome::Success);
        assert_eq!(world.circuit.state(), State::Closed);
        world.is_whole(&Panicked::forgotten(false));
    });
}

type Set = CircuitBreakerSet<u32, &'static ManualClock<1_000>, MaxFailures<3>>;

const FILE: &str = "FUSEBOX_FAULTS_FILE";
const PEERS: u32 = 40;

fn set() -> (Set, &'static ManualClock<1_000>) {
    let clock: &'static _ = Box::leak(Box::new(ManualClock::new()));
    let (wait, lease) = (Duration::from_secs(10), Duration::from_secs(LEASE));
    let settings = Settings::builder().wait(wait).lease(lease).build().unwrap();
    (CircuitBreakerSet::builder().clock(clock, settings).build().unwrap(), clock)
}

/// Holds a permit for a probe of each circuit, and saves them all without end.
fn hold_and_save(path: &Path) {
    let (set, clock) = set();
    let circuits: Vec<_> = (0..PEERS).map(|peer| set.handle(&peer).unwrap()).collect();
    circuits.iter().for_each(Handle::open);
    clock.advance(Duration::from_secs(10));
    let _probes: Vec<_> = circuits.iter().map(|circuit| circuit.try_acquire().unwrap()).collect();
    let saves = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                set.save(path).unwrap();
                if saves.fetch_add(1, SeqCst) == 0 {
                    println!("holding");
                }
            }
        });
        // In case nobody ends it.
        std::thread::sleep(Duration::from_secs(60));
        std::process::exit(1);
    });
}

/// Ends it also where the test fails.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_process_that_is_killed_while_it_holds_probes_and_saves() {
    const NAME: &str = "killed::a_process_that_is_killed_while_it_holds_probes_and_saves";
    if let Some(path) = std::env::var_os(FILE) {
        return hold_and_save(path.as_ref());
    }
    in_time(|at| {
        let kills: u32 = std::env::var("FUSEBOX_FAULTS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("saved");
        let mut left_behind = 0;
        for kill in 0..kills {
            at.set(format!("kill {kill}"));
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", NAME, "--nocapture"])
                .env(FILE, &path)
                .env("LLVM_PROFILE_FILE", "/dev/null")
                .stdout(Stdio::piped())
                .spawn();
            let mut victim = Victim(child.unwrap());
            let told = BufReader::new(victim.0.stdout.take().unwrap());
            assert!(told.lines().map_while(Result::ok).any(|line| line.ends_with("holding")), "it ends by itself");
            // At another moment of a save each time.
            let from = Instant::now();
            while from.elapsed() < Duration::from_micros(u64::from(kill) * 173 % 2_000) {}
            drop(victim);

            let (set, clock) = set();
            let restored = set.restore(&path).unwrap();
            assert_eq!(restored.circuits, PEERS as usize, "the old file or the new one, and whole");
            clock.advance(Duration::from_secs(LEASE));
            for circuit in set.handles() {
                assert_eq!(circuit.state(), State::HalfOpen);
                assert!(circuit.call(|| Ok::<_, ()>(())).is_ok(), "the dead process' probe is in the way");
                assert_eq!(circuit.state(), State::Closed);
            }
            let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
            let names: Vec<_> = names.map(|name| name.into_string().unwrap()).filter(|name| name != "saved").collect();
            let unfinished = |name: &String| name.starts_with(".saved.") && name.ends_with(".unfinished");
            assert!(names.iter().all(unfinished) && names.len() <= kill as usize + 1, "{names:?}");
            left_behind = names.len();
        }
        println!("processes killed: {kills}; unfinished files they left beside the whole one: {left_behind}");
    });
}
