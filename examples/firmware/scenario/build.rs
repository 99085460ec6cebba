//! Reads the scenario files, plays them on the host, and packs them for the chip. Random traces are played there too.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use fusebox_scenario::{Room, Scenarios, play_all, random, read};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The project's own files, and where others' may lie beside it.
const OWN: &str = "../../lab/scenarios";
const OTHERS: &str = "../../../../shared/scenarios";

/// How many random traces there are, unless `RANDOM_TRACES` says so.
const RANDOM_TRACES: u32 = 1_000;

fn main() {
    link();
    if let Err(error) = compile_in() {
        println!("cargo::error={error}");
    }
}

/// As for the other images.
fn link() {
    let riscv = env::var("TARGET").is_ok_and(|target| target.starts_with("riscv"));
    // The script of `riscv-rt` does not ask for the memory map by itself.
    let memory = if riscv { Some("-Tmemory.x") } else { None };
    for argument in memory.into_iter().chain(["--nmagic", "-Tlink.x", "-Tdefmt.x"]) {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}

/// Writes a list of all files, with what became of their scenarios on the host.
fn compile_in() -> Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: build with cargo")?);
    let mut list = String::from("[\n");
    for path in files()? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let packed = pack(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let report = report(&packed).map_err(|error| format!("{}: {error}", path.display()))?;
        writeln!(list, "File {{ name: {name:?}, packed: &{packed:?}, on_host: {report:?} }},")?;
    }
    list.push(']');
    fs::write(out.join("files.rs"), list)?;
    println!("cargo::rerun-if-env-changed=RANDOM_TRACES");
    let traces = env::var("RANDOM_TRACES").map_or(Ok(RANDOM_TRACES), |traces| traces.parse())?;
    fs::write(out.join("random.rs"), format!("{:?}", random::play(1, traces)?))?;
    Ok(())
}

/// All scenario files, or those that `SCENARIOS` names.
fn files() -> Result<Vec<PathBuf>> {
    println!("cargo::rerun-if-env-changed=SCENARIOS");
    if let Some(paths) = env::var_os("SCENARIOS").filter(|paths| !paths.is_empty()) {
        return Ok(env::split_paths(&paths).collect());
    }
    let mut files = files_in(Path::new(OWN)).map_err(|error| format!("{OWN}: {error}"))?;
    if files.is_empty() {
        return Err(format!("there is no scenario file in {OWN}").into());
    }
    if Path::new(OTHERS).is_dir() {
        files.extend(files_in(Path::new(OTHERS)).map_err(|error| format!("{OTHERS}: {error}"))?);
    }
    Ok(files)
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut files: Vec<_> =
        paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).collect();
    files.sort();
    Ok(files)
}

fn pack(path: &Path) -> Result<Vec<u8>> {
    println!("cargo::rerun-if-changed={}", path.display());
    Ok(read::pack(&fs::read_to_string(path)?).map_err(|error| format!("{error:#}"))?)
}

/// What comes of the scenarios with the room that a chip has. That one fails is for the chip to say, but
/// one that needs more room cannot be played there.
fn report(packed: &[u8]) -> Result<fusebox_scenario::Report> {
    let mut too_large = Ok(());
    let report = play_all(Scenarios::packed(packed), &Room::CHIP, |scenario, _, failure| {
        if failure.is_for_want_of_room() {
            too_large = Err(format!("scenario {}, {failure}: a chip keeps {}", scenario.id(), Room::CHIP));
        }
    })?;
    too_large?;
    Ok(report)
}
