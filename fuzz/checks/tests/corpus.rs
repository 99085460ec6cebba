//! The inputs that the fuzzer found worth keeping, and others close to them, on stable Rust and within seconds.

use std::fs;
use std::path::Path;

use fusebox_fuzz_checks::{TARGETS, Target};

/// Inputs close to each, drawn from a seed.
const MUTANTS: usize = 3;

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let mut folders: Vec<_> = fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    folders.sort();
    let mut names = TARGETS.map(|target| target.name);
    names.sort_unstable();
    assert_eq!(folders, names);
    for name in names {
        let program = corpus().with_file_name("fuzz_targets").join(format!("{name}.rs"));
        let text = fs::read_to_string(program).unwrap();
        assert!(text.contains(&format!("checks::{name}::check")), "{name}");
    }
}

macro_rules! corpus_of {
    ($($name:ident)+) => { $(
        #[test]
        fn $name() {
            take(&TARGETS.into_iter().find(|target| target.name == stringify!($name)).unwrap());
        }
    )+ };
}

corpus_of! { machine set snapshot saved_file trace scenario metrics_text }

fn take(target: &Target) {
    let mut files: Vec<_> =
        fs::read_dir(corpus().join(target.name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 20, "{} files", files.len());
    let mut random = Random(0x5eed);
    for file in files {
        let bytes = fs::read(&file).unwrap();
        run(target, &bytes, &format!("{}", file.display()));
        for number in 0..MUTANTS {
            run(target, &random.mutant(&bytes), &format!("mutant {number} of {}", file.display()));
        }
    }
}

fn run(target: &Target, bytes: &[u8], what: &str) {
    let taken = std::panic::catch_unwind(|| (target.check)(bytes));
    assert!(taken.is_ok(), "{}: {what}: {bytes:?}", target.name);
}

fn corpus() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus")
}

/// The same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    /// With one byte changed, left out or doubled, or cut off.
    fn mutant(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut mutant = bytes.to_vec();
        let at = self.below(mutant.len());
        match self.below(4) {
            _ if mutant.is_empty() => mutant.push(self.below(256) as u8),
            0 => mutant[at] ^= 1 << self.below(8),
            1 => drop(mutant.remove(at)),
            2 => mutant.insert(at, mutant[at]),
            _ => mutant.truncate(at),
        }
        mutant
    }
}
