//! No panic is reachable: the image of the whole interface links although its panic handler calls a function that
//! does not exist.

use anyhow::{Result, bail, ensure};

use super::boards::CORES;
use super::images;
use crate::shell::Shell;

/// What optimizes for size leaves more panics in than what optimizes for speed, and the other way round.
const LEVELS: [&str; 3] = ["s", "z", "3"];

/// What the panic handler calls.
const MISSING: &str = "a_panic_is_reachable";

/// Links the image for every core at every level. Then with one index in it, when it must not link.
pub(crate) fn prove(shell: &Shell, compiler: &str) -> Result<String> {
    let mut links = 0;
    for core in CORES {
        for level in LEVELS {
            let link =
                images::cargo(core, compiler).args("--bin whole_api").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level);
            if let Err(error) = shell.run(&link) {
                bail!("a panic is reachable on {} at opt-level {level}, or the image is broken: {error}", core.name);
            }
            links += 1;
        }
        let printed = shell.fails(&images::cargo(core, compiler).args("--bin whole_api --features one-index"))?;
        ensure!(is_that_panic(&printed), "one index on {}: the link failed for another reason", core.name);
    }
    Ok(format!("no panic in {links} links"))
}

/// Whether a failed build says that the function is missing, and nothing else of the kind.
fn is_that_panic(printed: &str) -> bool {
    let mut errors = printed.lines().filter(|line| line.contains("rust-lld: error: ")).peekable();
    errors.peek().is_some() && errors.all(|line| line.ends_with(&format!("undefined symbol: {MISSING}")))
}

#[cfg(test)]
mod tests {
    use super::is_that_panic;

    #[test]
    fn only_the_missing_function_counts() {
        let missing = "  = note: rust-lld: error: undefined symbol: a_panic_is_reachable\n  >>> referenced by x\n";
        assert!(is_that_panic(missing));
        let other = "  = note: rust-lld: error: undefined symbol: _critical_section_1_0_acquire\n";
        assert!(!is_that_panic(other));
        assert!(!is_that_panic(&format!("{missing}{other}")));
        assert!(!is_that_panic("error[E0433]: cannot find `a_panic_is_reachable`\n"));
    }
}
