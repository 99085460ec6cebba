//! One breaker in a `static`, used by the main loop and an interrupt handler at once, with no lock.
//!
//! The interrupt strikes at each instruction of each operation in turn. What comes of it must be what one of the two
//! orders gives: no failure lost, one trip and not two, never more probes than allowed.
#![no_std]
#![no_main]

use fusebox::policy::{CountWindow, MaxFailures, TimeWindow};
use images::finish;
use images::interleave::operations::{
    a_bucket_later, about_to_trip, about_to_trip_a_bucket_later, about_to_trip_twice, ask, close, fail, force_open,
    fresh, half_open, open, opened, probing, probing_with_a_straggler, reset, restore, snapshot,
    straggling_with_a_probe, succeed, time_left, wait_over,
};
use images::interleave::{Race, Raced};

#[board::entry]
fn main() -> ! {
    let counts = [
        run::<MaxFailures<3>>("MaxFailures"),
        run::<CountWindow>("CountWindow"),
        run::<CountWindow<2>>("CountWindow<2>"),
        run::<TimeWindow<4>>("TimeWindow"),
    ];
    let interrupts: u32 = counts.iter().flatten().sum();
    defmt::info!("{=u32} interrupts, two an instruction, 4 policies", interrupts);
    finish(counts.iter().all(Option::is_some))
}

/// All races with the breaker of one policy. How many interrupts that took, if all was well.
fn run<P: Raced>(policy: &'static str) -> Option<u32> {
    let races = [
        Race::<P>::new("failure, failure", fresh, fail, fail),
        Race::<P>::new("failure, failure, which is too many", about_to_trip_twice, fail, fail),
        Race::<P>::new("failure, failure in a new bucket", about_to_trip_a_bucket_later, fail, fail),
        Race::<P>::new("failure, failure later", a_bucket_later, fail, fail),
        Race::<P>::new("trip, failure", about_to_trip, fail, fail),
        Race::<P>::new("trip, call", about_to_trip, fail, ask),
        Race::<P>::new("call, trip", about_to_trip, ask, fail),
        Race::<P>::new("success, trip", about_to_trip, succeed, fail),
        Race::<P>::new("probe, probe", wait_over, ask, ask),
        Race::<P>::new("probe, reset", wait_over, ask, reset),
        Race::<P>::new("probe fails, call", probing, fail, ask),
        Race::<P>::new("probe succeeds, call", probing, succeed, ask),
        Race::<P>::new("probe succeeds, late failure", probing_with_a_straggler, succeed, fail),
        Race::<P>::new("late failure, probe fails", straggling_with_a_probe, fail, fail),
        Race::<P>::new("reset, failure", about_to_trip, reset, fail).by_hand(),
        Race::<P>::new("failure, reset", about_to_trip, fail, reset).by_hand(),
        Race::<P>::new("open by hand, trip", about_to_trip, open, fail),
        Race::<P>::new("half-open by hand, call", opened, half_open, ask),
        Race::<P>::new("close by hand, probe fails", straggling_with_a_probe, close, fail),
        Race::<P>::new("force open, probe succeeds", straggling_with_a_probe, force_open, succeed),
        Race::<P>::new("snapshot, trip", about_to_trip, snapshot, fail),
        Race::<P>::new("snapshot, probe succeeds", straggling_with_a_probe, snapshot, succeed),
        Race::<P>::new("restore, trip", about_to_trip, restore, fail).by_hand(),
        Race::<P>::new("time left, trip", about_to_trip, time_left, fail),
    ];
    let (mut sum, mut passed) = (0, true);
    for race in &races {
        let report = race.run();
        sum += report.interrupts;
        passed &= report.wrong.is_none() && report.interrupts > 0;
        if let Some((at, seen)) = report.wrong {
            defmt::error!("{=str}, {=str}: at interrupt {=u32} {}, not {}", policy, race.name, at, seen, report.orders);
        }
    }
    defmt::info!("{=str}: {=usize} races, {=u32} interrupts", policy, races.len(), sum);
    passed.then_some(sum)
}
