//! The images: which there are, where they run and what they must do there.

use anyhow::Result;

use super::boards::{BOARDS, Board};
use super::checks;
use super::emulator::{Line, Run};

/// All that is run. An image passes if it ends with exit code 0 and its check agrees.
pub(crate) const IMAGES: &[Image] = &[Image::new("hello")];

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

#[allow(dead_code, reason = "what no image asks for yet is there for those to come")]
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
