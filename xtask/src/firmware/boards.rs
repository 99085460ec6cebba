//! The emulated boards, and what each is built and started with.

/// One board of the emulator.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Board {
    /// As the emulator calls it, and as images print it.
    pub(crate) name: &'static str,
    /// The target it is built for.
    pub(crate) target: &'static str,
    /// The emulator and the arguments that choose the board.
    pub(crate) machine: &'static str,
}

pub(crate) const MICROBIT: &Board =
    &Board { name: "microbit", target: "thumbv6m-none-eabi", machine: "qemu-system-arm -M microbit" };
pub(crate) const LM3S6965EVB: &Board =
    &Board { name: "lm3s6965evb", target: "thumbv7m-none-eabi", machine: "qemu-system-arm -M lm3s6965evb" };
pub(crate) const MPS2_AN386: &Board =
    &Board { name: "mps2-an386", target: "thumbv7em-none-eabihf", machine: "qemu-system-arm -M mps2-an386" };
pub(crate) const VIRT: &Board =
    &Board { name: "virt", target: "riscv32imac-unknown-none-elf", machine: "qemu-system-riscv32 -M virt -bios none" };

/// Cortex-M0, M3, M4F and RV32IMAC.
pub(crate) const BOARDS: &[&Board] = &[MICROBIT, LM3S6965EVB, MPS2_AN386, VIRT];

/// The emulators that the boards need.
pub(crate) const EMULATORS: &[&str] = &["qemu-system-arm", "qemu-system-riscv32"];
/// The Debian packages that have them.
pub(crate) const EMULATOR_PACKAGES: &[&str] = &["qemu-system-arm", "qemu-system-misc"];

/// The targets of all boards.
pub(crate) fn targets() -> Vec<&'static str> {
    BOARDS.iter().map(|board| board.target).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_is_of_a_known_emulator_and_differs_from_the_others() {
        for (index, board) in BOARDS.iter().enumerate() {
            assert!(EMULATORS.iter().any(|one| board.machine.split(' ').next() == Some(one)), "{board:?}");
            assert!(
                BOARDS.iter().skip(index + 1).all(|other| board.name != other.name && board.target != other.target)
            );
        }
    }
}
