//! Plays the scenario files. Each must come out as on the host, in every bit that can be seen.
#![no_std]
#![no_main]

use defmt::Display2Format;
use fusebox_scenario::{Report, Room, Scenarios, play_all};
use images as _;

/// A file of scenarios.
struct File {
    name: &'static str,
    packed: &'static [u8],
    on_host: Report,
}

#[allow(clippy::unreadable_literal, reason = "the build script wrote it")]
static FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/files.rs"));

#[board::entry]
fn main() -> ! {
    let as_they_should = FILES.iter().filter(|file| file.comes_out()).count();
    board::exit(i32::from(as_they_should < FILES.len()))
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
