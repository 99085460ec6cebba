//! Chooses the board by the target, and hands its memory map to the linker.

use std::env;
use std::fs;
use std::path::PathBuf;

/// A target, the emulator's board for it, and its memory map.
const BOARDS: [(&str, &str); 4] = [
    ("thumbv6m-none-eabi", "microbit"),
    ("thumbv7m-none-eabi", "lm3s6965evb"),
    ("thumbv7em-none-eabihf", "mps2_an386"),
    ("riscv32imac-unknown-none-elf", "virt"),
];

fn main() {
    let target = env::var("TARGET").unwrap_or_default();
    let Some((_, board)) = BOARDS.iter().find(|(name, _)| *name == target) else {
        let known = BOARDS.map(|(target, _)| target).join(", ");
        println!("cargo::error=no board for target {target}: build for one of {known}, with --target");
        return;
    };
    let names = BOARDS.map(|(_, board)| format!("\"{board}\"")).join(", ");
    println!("cargo::rustc-check-cfg=cfg(board, values({names}))");
    println!("cargo::rustc-cfg=board=\"{board}\"");

    let map = format!("memory/{board}.x");
    println!("cargo::rerun-if-changed={map}");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    if let Err(error) = fs::copy(&map, out.join("memory.x")) {
        println!("cargo::error=cannot copy {map}: {error}");
    }
    println!("cargo::rustc-link-search={}", out.display());
}
