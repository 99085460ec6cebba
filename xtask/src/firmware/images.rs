//! The images: which there are, where they run and what they must do there.

use anyhow::Result;

use super::boards::{BOARDS, Board, LM3S6965EVB};
use super::checks;
use super::emulator::{Line, Run};
use super::modem::Answer;
use super::{bad_line, radio, scenario};

/// All that is run. An image passes if it ends with exit code 0 and its check agrees.
pub(crate) const IMAGES: &[Image] = &[
    Image::new("hello"),
    Image::new("radio").line(Line::Modem(radio::answer)).check(radio::check),
    Image::new("unplugged").binary("bad_line").check(bad_line::silent),
    Image::new("mute").binary("bad_line").line(Line::Silent).check(bad_line::silent),
    Image::new("garbage").binary("bad_line").line(Line::Modem(|_| Answer::Garbage)).check(bad_line::garbled),
    Image::new("isr").shift(10),
    Image::new("sleep").check(checks::as_expected),
    Image::new("full_table").check(checks::as_expected),
    Image::new("stopped_clock").check(checks::as_expected),
    Image::new("transitions").check(checks::as_expected),
    Image::new("scenario").package("scenario-image").check(scenario::check),
    // Idle executors spin in the emulator: with slower instructions their time passes faster.
    Image::new("embassy").package("embassy-image").only_on(&[LM3S6965EVB]).shift(6).check(checks::as_expected),
    Image::new("rtic")
        .package("rtic-image")
        .binary("rtic-tasks")
        .only_on(&[LM3S6965EVB])
        .shift(6)
        .check(checks::as_expected),
];

/// One image on its boards.
pub(crate) struct Image {
    /// The name in the table, that of the binary unless another is [given](Self::binary).
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    pub(crate) binary: &'static str,
    pub(crate) boards: &'static [&'static Board],
    /// What its serial line is connected to.
    pub(crate) line: Line,
    /// An instruction takes 2^shift nanoseconds.
    pub(crate) shift: u8,
    /// Looks at a run that ended well, and says what is worth noting.
    pub(crate) check: fn(&Run) -> Result<String>,
}

#[allow(dead_code, reason = "packages and boards of their own are for images that need one executor")]
impl Image {
    /// A binary of the package `images`, for every board, with nothing on its serial line. Its last message is
    /// what is worth noting.
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            package: "images",
            binary: name,
            boards: BOARDS,
            line: Line::None,
            shift: 3,
            check: checks::last_message,
        }
    }

    /// Another package of the firmware workspace.
    const fn package(self, package: &'static str) -> Self {
        Self { package, ..self }
    }

    /// A binary of another name, for one that runs several times.
    const fn binary(self, binary: &'static str) -> Self {
        Self { binary, ..self }
    }

    /// Only some of the boards.
    const fn only_on(self, boards: &'static [&'static Board]) -> Self {
        Self { boards, ..self }
    }

    const fn line(self, line: Line) -> Self {
        Self { line, ..self }
    }

    const fn shift(self, shift: u8) -> Self {
        Self { shift, ..self }
    }

    const fn check(self, check: fn(&Run) -> Result<String>) -> Self {
        Self { check, ..self }
    }
}

/// The packages that have images for a board, each once.
pub(crate) fn packages_for(board: &Board) -> Vec<&'static str> {
    let mut packages = vec![];
    for image in IMAGES.iter().filter(|image| image.boards.contains(&board)) {
        if !packages.contains(&image.package) {
            packages.push(image.package);
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_images_differ() {
        for (index, image) in IMAGES.iter().enumerate() {
            assert!(IMAGES.iter().skip(index + 1).all(|other| other.name != image.name), "{}", image.name);
        }
    }
}
