//! Figures, and the lines of which they are read.

use std::fmt;

use anyhow::{Context, Result};

/// One thing that was measured on one core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) core: &'static str,
    /// What is counted, such as `instructions`.
    pub(crate) group: String,
    /// Of what, such as `closed_success`.
    pub(crate) name: String,
    pub(crate) value: u32,
}

impl Figure {
    pub(crate) fn new(core: &'static str, group: &str, name: &str, value: u32) -> Self {
        Self { core, group: group.into(), name: name.into(), value }
    }

    /// Reads a line of an image: `group name value`.
    pub(crate) fn parse(core: &'static str, line: &str) -> Result<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [group, name, value] = words[..] else { return Err(not_a_figure(line)) };
        let value = value.parse().with_context(|| not_a_figure(line))?;
        Ok(Self::new(core, group, name, value))
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{}: measured {}", self.core, self.group, self.name, self.value)
    }
}

fn not_a_figure(line: &str) -> anyhow::Error {
    anyhow::anyhow!("`{line}` is not a group, a name and a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_group_a_name_and_a_number() {
        let figure = Figure::parse("cortex-m0", "stack failure 88").unwrap();
        assert_eq!(figure, Figure::new("cortex-m0", "stack", "failure", 88));
        for line in ["", "stack failure", "stack failure -1", "stack failure 1 2", "closed: did something else"] {
            let error = Figure::parse("cortex-m0", line).unwrap_err().to_string();
            assert_eq!(error, format!("`{line}` is not a group, a name and a number"));
        }
    }
}
