//! `docs/COMPLIANCE.md` names code and tests. Each has to be there: a page that claims what is gone is worse than none.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, bail, ensure};

use crate::process::root;

/// Refuses a promise of apps without a row, and a row whose code or test is gone.
pub(crate) fn check() -> anyhow::Result<()> {
    let page = fs::read_to_string(root().join("docs/COMPLIANCE.md")).context("docs/COMPLIANCE.md")?;
    let promises = fs::read_to_string(root().join("docs/PROMISES.md")).context("docs/PROMISES.md")?;
    let rows: Vec<Vec<&str>> = page.lines().filter_map(cells).collect();
    let said: BTreeSet<&str> = rows.iter().map(|row| row[0]).collect();
    for row in promises.lines().filter_map(cells) {
        let by_apps = row[1].split(' ').any(|who| who == "A");
        ensure!(
            !by_apps || said.contains(row[0]),
            "{} is a promise of every app, and docs/COMPLIANCE.md says nothing of it",
            row[0]
        );
    }
    for row in &rows {
        let [id, _, kept_by, proved_by, missing] = row[..] else { bail!("{row:?} has not five cells") };
        let (code, tests) = (quoted(kept_by), quoted(proved_by));
        if missing.starts_with("**missing**") {
            ensure!(code.is_empty() && tests.is_empty(), "{id} is missing and kept at once");
            continue;
        }
        ensure!(!code.is_empty() && !tests.is_empty(), "{id} names no code or no test");
        for path in code {
            ensure!(root().join(path).exists(), "{id}: {path} is not there");
        }
        for pair in tests.chunks(2) {
            let [file, test] = pair else { bail!("{id} names a file without a test") };
            let text = fs::read_to_string(root().join(file)).with_context(|| format!("{id}: {file}"))?;
            ensure!(text.contains(&format!("fn {test}()")), "{id}: {file} has no test {test}");
        }
    }
    Ok(())
}

/// The cells of a row that begins with the id of a promise.
fn cells(line: &str) -> Option<Vec<&str>> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix('|')?.split('|').map(str::trim).collect();
    let (part, number) = cells.first()?.split_once('-')?;
    let id = part.len() == 2 && number.chars().all(|digit| digit.is_ascii_digit()) && !number.is_empty();
    id.then_some(cells)
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    /// CF-26: each promise points at code and at a test that are in this tree, or says that it is missing.
    #[test]
    fn each_promise_points_at_code_and_a_test_that_are_there() {
        super::check().expect("the page is true");
    }
}
