//! Plays the scenario files, and random traces. Each must come out as on the host, in every bit that can be seen.
#![no_std]
#![no_main]

use defmt::Display2Format;
use fusebox_scenario::{Report, Room, Scenarios, play_all, random};
use images as _;

/// A file of scenarios.
struct File {
    name: &'static str,
    packed: &'static [u8],
    on_host: Report,
}

#[allow(clippy::unreadable_literal, reason = "the build script wrote it")]
static FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// What the host saw of the traces from number 1 on.
#[allow(clippy::unreadable_literal, reason = "the build script wrote it")]
static RANDOM_ON_HOST: random::Report = {
    use random::Report;
    include!(concat!(env!("OUT_DIR"), "/random.rs"))
};

#[board::entry]
fn main() -> ! {
    let as_they_should = FILES.iter().filter(|file| file.comes_out()).count();
    let random_too = random_traces_come_out();
    board::exit(i32::from(as_they_should < FILES.len() || !random_too))
}

/// Whether random traces look as they did on the host.
fn random_traces_come_out() -> bool {
    match random::play(1, RANDOM_ON_HOST.traces) {
        Ok(report) => {
            defmt::info!("random from 1: {}", Display2Format(&report));
            if report != RANDOM_ON_HOST {
                defmt::error!("random from 1: the host saw something else: {}", Display2Format(&RANDOM_ON_HOST));
            }
            report == RANDOM_ON_HOST
        }
        Err(error) => {
            defmt::error!("random from 1: {}", Display2Format(&error));
            false
        }
    }
}

impl File {
    /// Whether all scenarios pass, and look as they did on the host.
    fn comes_out(&self) -> bool {
        let Self { name, packed, on_host } = self;
        let played = play_all(Scenarios::packed(packed), &Room::CHIP, |scenario, trial, failure| {
            let (trial, failure) = (Display2Format(&trial), Display2Format(failure));
            defmt::error!("{=str}: FAIL {=str} {}: {}", name, scenario.id(), trial, failure);
        });
        let report = match played {
            Ok(report) => report,
            Err(error) => {
                defmt::error!("{=str}: {}", name, Display2Format(&error));
                return false;
            }
        };
        defmt::info!("{=str}: {}", name, Display2Format(&report));
        if report != *on_host {
            defmt::error!("{=str}: the host saw something else: {}", name, Display2Format(on_host));
        }
        report == *on_host && report.passed == report.total
    }
}
