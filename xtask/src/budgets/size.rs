//! The bytes that an image takes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use object::{File, Object as _, ObjectSection as _, SectionKind};

/// Bytes of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Code, in `.text`.
    pub(crate) text: u64,
    /// All that lies in flash: code, constants, and what variables begin with.
    pub(crate) flash: u64,
    /// Variables, in `.data` and `.bss`.
    pub(crate) ram: u64,
}

impl Size {
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let image = File::parse(&*bytes).with_context(|| format!("{} is no image", path.display()))?;
        let mut size = Self::default();
        for section in image.sections() {
            let (kind, bytes) = (section.kind(), section.size());
            let name = section.name().unwrap_or_default();
            if name == ".text" {
                size.text += bytes;
            }
            if matches!(kind, SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::Data) {
                size.flash += bytes;
            }
            if [".data", ".bss"].contains(&name) {
                size.ram += bytes;
            }
        }
        Ok(size)
    }

    /// What this image takes more than that one.
    pub(crate) fn more_than(self, floor: Self) -> Result<Self> {
        let more = |mine: u64, its: u64| mine.checked_sub(its).context("an image is smaller than its floor");
        Ok(Self {
            text: more(self.text, floor.text)?,
            flash: more(self.flash, floor.flash)?,
            ram: more(self.ram, floor.ram)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_taken_off() {
        let (image, floor) = (Size { text: 900, flash: 950, ram: 30 }, Size { text: 400, flash: 410, ram: 30 });
        assert_eq!(image.more_than(floor).unwrap(), Size { text: 500, flash: 540, ram: 0 });
        assert!(floor.more_than(image).is_err());
    }

    #[test]
    fn an_image_has_code_and_what_is_none_is_an_error() {
        let size = Size::of(&std::env::current_exe().unwrap()).unwrap();
        assert!(size.text > 0 && size.flash > size.text && size.ram > 0, "{size:?}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "no image").unwrap();
        assert!(Size::of(&path).is_err());
        assert!(Size::of(&folder.path().join("none")).is_err());
    }
}
