//! `docs/COMPLIANCE.md` names code and tests. Each has to be there: a page that claims what is gone is worse than none.

use std::fs;
use std::path::Path;

/// A row of the controls: id, kept by, proved by.
fn controls(page: &str) -> Vec<(String, String, String)> {
    let rows = page.lines().skip_while(|line| !line.starts_with("| id |")).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].to_owned(), cells[3].to_owned(), cells[4].to_owned())
        })
        .collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// CF-26: each promise points at code and at a test that are in this project, and the test says which promise it is.
#[test]
fn each_promise_points_at_code_and_a_test_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/COMPLIANCE.md")).expect("the page is there");
    let controls = controls(&page);
    assert!(controls.len() > 10, "the page lists its controls");
    for (id, kept_by, proved_by) in controls {
        let paths = quoted(&kept_by);
        assert!(!paths.is_empty(), "{id} names no code");
        for path in paths {
            assert!(root.join(path).exists(), "{id}: {path} is not there");
        }
        let [file, test] = quoted(&proved_by)[..] else { panic!("{id} names no file and test") };
        let text =
            fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{id}: {file}: {error}"));
        let at =
            text.find(&format!("fn {test}()")).unwrap_or_else(|| panic!("{id}: {file} has no test {test}"));
        let before = &text[..at];
        let about = &before[before.rfind("\n\n").unwrap_or_default()..];
        assert!(
            about.contains("#[test]") && about.contains(&id),
            "{id}: {test} does not say that it proves it"
        );
    }
}
