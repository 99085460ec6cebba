//! A disk that is full, at one byte after the other, and one that may only be read. Each is a file system of its own in a
//! child process, which ordinary users may have where the kernel lets them.
#![cfg(target_os = "linux")]

use std::fs::{read, read_dir, write};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fusebox_std::SavedErrorReason;

use crate::files::{saved, set, tells_of};

const DISK: &str = "FUSEBOX_FAULTS_DISK";

/// Runs a test of this program again, as the child of a shell that does `before`.
fn child(test: &str, disk: &Path, wrapper: &[&str], before: &str) -> Output {
    let (program, rest) = wrapper.split_first().unwrap();
    Command::new(program)
        .args(rest)
        .args(["sh", "-c", &format!("{before} && exec \"$0\" --exact {test} --nocapture")])
        .arg(std::env::current_exe().unwrap())
        .env(DISK, disk)
        // Measuring coverage would write a file too.
        .env("LLVM_PROFILE_FILE", "/dev/null")
        .output()
        .unwrap()
}

fn passed(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && told.contains("1 passed"), "{output:?}");
    let lines = told.lines().filter_map(|line| line.split_once("covered: "));
    lines.map(|(_, covered)| covered).collect::<Vec<_>>().join("; ")
}

fn in_child() -> Option<PathBuf> {
    std::env::var_os(DISK).map(PathBuf::from)
}

fn fails_with(path: &Path, peers: usize, kinds: &[ErrorKind]) {
    let set = set();
    (0..peers).for_each(|number| set.handle(&format!("new-{number}")).unwrap().open());
    let error = set.save(path).unwrap_err();
    tells_of(&error, path);
    assert!(matches!(error.reason(), SavedErrorReason::Io(io) if kinds.contains(&io.kind())), "{error:?}");
}

#[test]
fn a_disk_that_is_full_keeps_the_old_file() {
    const NAME: &str = "full_disk::a_disk_that_is_full_keeps_the_old_file";
    if let Some(disk) = in_child() {
        return fill(&disk);
    }
    let folder = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=64k none \"$FUSEBOX_FAULTS_DISK\"";
    let spaces: [&[&str]; 2] = [&["unshare", "--user", "--map-root-user", "--mount"], &["unshare", "--mount"]];
    let possible = |wrapper: &&&[&str]| {
        let mut shell = Command::new(wrapper[0]);
        let shell = shell.args(&wrapper[1..]).args(["sh", "-c", mount]).env(DISK, folder.path());
        shell.output().is_ok_and(|output| output.status.success())
    };
    match spaces.iter().find(possible) {
        Some(wrapper) => println!("a full disk: {}", passed(&child(NAME, folder.path(), wrapper, mount))),
        None => println!("skipped: neither `unshare` nor the kernel lets this user mount a file system of their own"),
    }
}

/// Takes room away page by page, until there is none, and gives it back.
fn fill(disk: &Path) {
    const PAGE: usize = 4_096;
    let path = disk.join("saved");
    let old = saved(&path, 10, "old");
    let (mut pages, mut failed) = (0, 0);
    while write(disk.join(format!("filler-{pages}")), [1; PAGE]).is_ok() {
        pages += 1;
        let before = read_dir(disk).unwrap().count();
        // More than a page, and more than there is room for.
        let set = set();
        (0..300).for_each(|number| set.handle(&format!("new-{number}")).unwrap().open());
        if set.save(&path).is_ok() {
            write(&path, &old).unwrap();
        } else {
            fails_with(&path, 300, &[ErrorKind::StorageFull, ErrorKind::QuotaExceeded]);
            failed += 2;
        }
        assert!(read(&path).unwrap() == old);
        assert_eq!(read_dir(disk).unwrap().count(), before, "something was left behind");
    }
    assert!(pages > 3 && failed > 3, "{pages} pages, {failed} failed");
    for page in 0..=pages {
        let _ = std::fs::remove_file(disk.join(format!("filler-{page}")));
    }
    saved(&path, 10, "new");
    let read_only = Command::new("mount").args(["-o", "remount,ro"]).arg(disk).status().unwrap();
    assert!(read_only.success());
    fails_with(&path, 1, &[ErrorKind::ReadOnlyFilesystem]);
    assert_eq!(set().restore(&path).unwrap().circuits, 10);
    println!("covered: {pages} steps to a full disk, {failed} saves that failed, one on a disk that may only be read");
}

#[test]
fn a_limit_in_any_block_of_the_file_keeps_the_old_one() {
    const NAME: &str = "full_disk::a_limit_in_any_block_of_the_file_keeps_the_old_one";
    if let Some(path) = in_child() {
        return fails_with(&path, 60, &[ErrorKind::FileTooLarge]);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    let size = saved(&path, 60, "new").len();
    let old = saved(&path, 2, "old");
    // Blocks of 512 bytes for a shell that keeps to POSIX, which may also count in 1,024.
    let blocks = size / 1_024;
    for block in 0..blocks {
        passed(&child(NAME, &path, &["env"], &format!("trap '' XFSZ; ulimit -f {block}")));
        assert!(read(&path).unwrap() == old);
        assert_eq!(read_dir(folder.path()).unwrap().count(), 1, "something was left behind");
    }
    println!("a file that may not grow: {blocks} limits");
    assert!(blocks > 3);
}
