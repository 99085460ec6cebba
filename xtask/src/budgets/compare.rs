//! Measured figures against the committed ones and their ceilings.

use std::fmt::Write as _;

use super::figures::Figure;
use super::file::BudgetFile;

/// A figure beside what is known of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) figure: Figure,
    pub(crate) committed: Option<u32>,
    pub(crate) ceiling: Option<u32>,
}

/// A row for each figure.
pub(crate) fn rows(figures: &[Figure], file: &BudgetFile) -> Vec<Row> {
    let row = |figure: &Figure| Row {
        figure: figure.clone(),
        committed: file.committed(figure),
        ceiling: file.ceiling(figure),
    };
    figures.iter().map(row).collect()
}

impl Row {
    fn is_above(&self) -> bool {
        self.ceiling.is_some_and(|ceiling| self.figure.value > ceiling)
    }

    fn is_new(&self) -> bool {
        self.committed != Some(self.figure.value)
    }

    fn difference(&self) -> Option<String> {
        let committed = self.committed.map_or("nothing".into(), |number| number.to_string());
        self.is_new().then(|| format!("{}, committed is {committed}", self.figure))
    }

    fn breach(&self) -> Option<String> {
        let ceiling = self.ceiling.filter(|_| self.is_above())?;
        Some(format!("{}, above its ceiling of {ceiling}", self.figure))
    }

    /// The figure, its ceiling, and what was committed if that is another number.
    fn cell(&self) -> String {
        let mut cell = self.figure.value.to_string();
        if let Some(ceiling) = self.ceiling {
            // Writing to a string cannot fail.
            let _ = write!(cell, "/{ceiling}");
        }
        if self.is_above() {
            cell.push('!');
        }
        if self.is_new() {
            let committed = self.committed.map_or("new".into(), |number| format!("was {number}"));
            let _ = write!(cell, " ({committed})");
        }
        cell
    }
}

/// What is wrong, a line each: figures above their ceiling, and those that are not the committed ones.
pub(crate) fn problems(rows: &[Row]) -> Vec<String> {
    /// More than these are better looked up in the table.
    const NAMED: usize = 20;

    let mut problems: Vec<String> = rows.iter().filter_map(Row::breach).collect();
    let differences: Vec<String> = rows.iter().filter_map(Row::difference).collect();
    let more = differences.len().saturating_sub(NAMED);
    problems.extend(differences.into_iter().take(NAMED));
    if more > 0 {
        problems.push(format!("{more} more figures are not the committed ones"));
    }
    problems
}

/// A line for each figure, a column for each core.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut cores: Vec<&str> = vec![];
    let mut whats: Vec<(&str, &str)> = vec![];
    for Row { figure, .. } in rows {
        if !cores.contains(&figure.core) {
            cores.push(figure.core);
        }
        let what = (figure.group.as_str(), figure.name.as_str());
        if !whats.contains(&what) {
            whats.push(what);
        }
    }
    let mut table = String::from("measured/ceiling, ! above it, (what is committed if it differs)\n");
    let mut last = "";
    for (group, name) in whats {
        if group != last {
            table.push_str(&line(&format!("\n{group:<32}"), cores.iter().map(ToString::to_string)));
            last = group;
        }
        let cell = |core: &&str| {
            let mine = |row: &&Row| row.figure.core == *core && row.figure.group == group && row.figure.name == name;
            rows.iter().find(mine).map_or("-".into(), Row::cell)
        };
        table.push_str(&line(&format!("  {name:<30}"), cores.iter().map(cell)));
    }
    table
}

fn line(head: &str, cells: impl Iterator<Item = String>) -> String {
    cells.fold(head.to_string(), |line, cell| line + &format!("{cell:>20}")) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(core: &'static str, value: u32, committed: Option<u32>, ceiling: Option<u32>) -> Row {
        Row { figure: Figure::new(core, "stack", "failure", value), committed, ceiling }
    }

    #[test]
    fn only_the_committed_figure_passes_be_the_other_better_or_not() {
        assert_eq!(problems(&[row("m0", 5, Some(5), None)]), [""; 0]);
        let of = |value, committed| problems(&[row("m0", value, committed, None)]);
        assert_eq!(of(6, Some(5)), ["m0 stack.failure: measured 6, committed is 5"]);
        assert_eq!(of(4, Some(5)), ["m0 stack.failure: measured 4, committed is 5"]);
        assert_eq!(of(4, None), ["m0 stack.failure: measured 4, committed is nothing"]);
    }

    #[test]
    fn a_figure_may_reach_its_ceiling_and_not_pass_it_though_it_is_committed() {
        assert_eq!(problems(&[row("m0", 5, Some(5), Some(5))]), [""; 0]);
        let above = problems(&[row("m0", 6, Some(6), Some(5))]);
        assert_eq!(above, ["m0 stack.failure: measured 6, above its ceiling of 5"]);
        assert_eq!(problems(&[row("m0", 6, Some(7), Some(5))]).len(), 2);
        let many: Vec<Row> = (0..23).map(|value| row("m0", value, None, None)).collect();
        assert_eq!(problems(&many).last().unwrap(), "3 more figures are not the committed ones");
    }

    #[test]
    fn the_table_has_a_column_for_each_core() {
        let other = Row { figure: Figure::new("rv32", "ram", "circuit", 8), committed: Some(8), ceiling: None };
        let rows = [row("m0", 6, Some(7), Some(5)), row("m3", 4, Some(4), None), row("m4", 4, None, Some(4)), other];
        let expected = "\
measured/ceiling, ! above it, (what is committed if it differs)

stack                                             m0                  m3                  m4                rv32
  failure                               6/5! (was 7)                   4           4/4 (new)                   -

ram                                               m0                  m3                  m4                rv32
  circuit                                          -                   -                   -                   8
";
        assert_eq!(table(&rows), expected);
    }
}
