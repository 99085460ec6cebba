//! The alert rules: what promtool says of them, and a faster version of them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::shell::{Call, Shell};

const RULES: &str = "prometheus/assets/rules.yml";
const TESTS: &str = "prometheus/assets/rules.test.yml";

/// Lints the rules and runs their unit tests.
pub(crate) fn check(shell: &Shell) -> Result<String> {
    shell.run(&Call::new("timeout 60 promtool check rules --lint=all --lint-fatal").arg(RULES))?;
    let passed = shell.run(&Call::new("timeout 60 promtool test rules").arg(TESTS))?;
    ensure!(passed.contains("SUCCESS"), "promtool did not say that the tests of the rules succeeded");
    let tests = fs::read_to_string(shell.root().join(TESTS))?;
    let rules = fs::read_to_string(shell.root().join(RULES))?;
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    for alert in &alerts {
        let tested = ["exp_alerts:\n", "exp_alerts: &", "exp_alerts: []"].map(|expected| {
            let of = format!("alertname: {alert}\n");
            tests
                .split(&of)
                .skip(1)
                .filter_map(|rest| rest.split("alertname:").next())
                .any(|one| one.contains(expected))
        });
        ensure!((tested[0] || tested[1]) && tested[2], "{TESTS} does not test {alert} both raised and not raised");
    }
    Ok(format!("{} alerts", alerts.len()))
}

/// Writes the rules to a folder with a second for each of their minutes, and ten for an hour, so that nobody waits so long.
pub(crate) fn write_faster(shell: &Shell, folder: &Path) -> Result<PathBuf> {
    let rules = fs::read_to_string(shell.root().join(RULES)).with_context(|| format!("cannot read {RULES}"))?;
    let path = folder.join("rules.yml");
    fs::write(&path, faster(&rules))?;
    Ok(path)
}

/// Minutes become seconds, and hours ten seconds each.
fn faster(rules: &str) -> String {
    let mut text = String::with_capacity(rules.len());
    let mut previous = ' ';
    let mut letters = rules.chars().peekable();
    while let Some(letter) = letters.next() {
        let ends = !letters.peek().is_some_and(|next| next.is_alphanumeric() || *next == '_');
        match letter {
            'm' if previous.is_ascii_digit() && ends => text.push('s'),
            'h' if previous.is_ascii_digit() && ends => text.push_str("0s"),
            _ => text.push(letter),
        }
        previous = letter;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_times_pass_faster() {
        let rules = "expr: increase(a_5m_total{c=\"p2m4\"}[30m]) > 4\nfor: 1h\nsummary: '10 minutes, 5mm'\n";
        let expected = "expr: increase(a_5m_total{c=\"p2m4\"}[30s]) > 4\nfor: 10s\nsummary: '10 minutes, 5mm'\n";
        assert_eq!(faster(rules), expected);
    }
}
