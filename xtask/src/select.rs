//! Which steps or images run.

use anyhow::{Result, bail};

/// For each known step, or whatever they are, whether it runs: every one when `only` is empty, else those it names.
pub(crate) fn choose(what: &str, known: &[&str], only: &[String]) -> Result<Vec<bool>> {
    let unknown: Vec<&str> = only.iter().map(String::as_str).filter(|name| !known.contains(name)).collect();
    if !unknown.is_empty() {
        bail!("no {what} is called {}; the {what}s are {}", unknown.join(", "), known.join(", "));
    }
    Ok(known.iter().map(|name| only.is_empty() || only.iter().any(|one| one == name)).collect())
}

#[cfg(test)]
mod tests {
    use super::choose;

    const KNOWN: [&str; 3] = ["fmt", "test", "miri"];

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_steps_run_when_none_is_named() {
        assert_eq!(choose("step", &KNOWN, &[]).unwrap(), [true; 3]);
    }

    #[test]
    fn only_the_named_steps_run_whatever_their_order() {
        assert_eq!(choose("step", &KNOWN, &names(&["miri", "fmt"])).unwrap(), [true, false, true]);
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_the_known_ones() {
        let error = choose("step", &KNOWN, &names(&["fmt", "mri", ""])).unwrap_err().to_string();
        assert_eq!(error, "no step is called mri, ; the steps are fmt, test, miri");
    }
}
