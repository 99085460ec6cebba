//! Random histories of a set, with a panic somewhere in them, after which they go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use fusebox::Outcome;

use crate::points::{How, Panicked, at_some_point};
use crate::user::{Clock, Judge, Key, fails, is_ignored, succeeds};
use crate::watch::in_time;
use crate::world::{WAIT, World, builder, settings};

/// Numbers that look random, the same for the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u32) -> u32 {
        // Of splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((mixed >> 32) * u64::from(limit)) >> 32) as u32
    }
}

fn world() -> World {
    let clock = Clock::default();
    World::with(builder(&clock).idle(Duration::from_secs(20)), clock)
}

fn history(world: &World, seed: u64) {
    let mut draw = Draw(seed);
    let mut held = Vec::new();
    for _ in 0..40 {
        let (act, key) = (draw.below(16), Key(1 + draw.below(6)));
        let set = &world.set;
        // Whoever is called by users' code catches its panics, and goes on.
        let _ = catch_unwind(AssertUnwindSafe(|| match act {
            0 | 1 => drop(set.call_with(&key, Judge, succeeds).is_ok()),
            2..=4 => drop(set.call_with(&key, Judge, fails).is_ok()),
            5 => drop(set.call_with(&key, Judge, is_ignored).is_ok()),
            6 | 7 => held.extend(set.handle(&key).and_then(|circuit| circuit.try_acquire())),
            8 => drop(held.pop()),
            9 => held.pop().into_iter().for_each(|permit| permit.settle(Outcome::Failure)),
            10 => drop(set.remove(&key)),
            11 => drop(set.evict_idle()),
            12 => world.clock.advance(WAIT),
            13 => set.reload(settings(WAIT)),
            14 => drop(set.set_own_settings(&key, (key.0 % 2 == 0).then(|| settings(WAIT))).is_ok()),
            _ => set.get(&key).into_iter().for_each(|circuit| match key.0 {
                1 | 2 => circuit.open(),
                3 => drop(circuit.half_open()),
                4 => circuit.force_open(),
                5 => circuit.disable(),
                _ => circuit.reset(),
            }),
        }));
    }
    while let Some(permit) = held.pop() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(permit)));
    }
}

#[test]
fn random_histories() {
    let asked = std::env::var("FUSEBOX_FAULTS_HISTORIES").ok();
    let histories: u64 = asked.and_then(|number| number.parse().ok()).unwrap_or(1_000);
    in_time(move |at| {
        let mut points = 0;
        for seed in 0..histories {
            let how = if seed % 2 == 0 { How::Once } else { How::FromThenOn };
            at.set(format!("the history of seed {seed}, {how:?}"));
            let worlds = [world(), world()];
            let draw = |points| 1 + Draw(!seed).below(points);
            let (reached, panicked) = at_some_point(how, draw, |run| history(&worlds[run], seed));
            points += u64::from(reached);
            assert!(!panicked.is_empty(), "seed {seed}");
            worlds[0].is_whole(&Panicked::default());
            worlds[1].is_whole(&panicked);
        }
        println!(
            "random histories: {histories}, each with one of its points, of {} on average",
            points / histories.max(1)
        );
    });
}
