//! Tests that may never end, in a process of their own.

use std::env;
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

/// Set where a test is the child of itself.
const CHILD: &str = "FUSEBOX_PEER_TESTS_CHILD";

/// How long a child may take that is to hang, with room for a slow start.
#[cfg(feature = "peers")]
pub(crate) const HANGS: Duration = Duration::from_secs(2);

/// How long a child may take that is to end.
pub(crate) const ENDS: Duration = Duration::from_secs(60);

/// Whether `body` comes to its end within this time. It is run in a second process of this program, by the test of this
/// name, which must do nothing else.
pub(crate) fn ends(test: &str, within: Duration, body: impl FnOnce()) -> bool {
    if env::var_os(CHILD).is_some() {
        body();
        exit(0);
    }
    let child = duct::cmd(env::current_exe().unwrap(), ["--exact", test]).env(CHILD, "1").stdout_null().stderr_null();
    let child = child.unchecked().start().unwrap();
    let Some(output) = child.wait_timeout(within).unwrap() else {
        child.kill().unwrap();
        return false;
    };
    assert!(output.status.success(), "the child of {test} failed: {}", output.status);
    true
}

#[test]
fn a_child_that_ends_is_told_from_one_that_hangs() {
    assert!(ends("child::a_child_that_ends_is_told_from_one_that_hangs", ENDS, || {}));
}

#[test]
fn a_child_that_hangs_is_told_from_one_that_ends() {
    let long = Duration::from_secs(3_600);
    let test = "child::a_child_that_hangs_is_told_from_one_that_ends";
    assert!(!ends(test, Duration::from_millis(200), || sleep(long)));
}
