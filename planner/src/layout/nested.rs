//! Bullets below bullets: what is indented belongs to the bullet above it.

use crate::{
    catalogue::catalogue,
    roles::is_role_head,
    sentences::{bullet, tokens},
    words::{is_modal, key_of, verb},
};

/// Nested bullets in one level: a heading over its bullets, a record with its list, a role with what it does.
pub(super) fn flat(prompt: &str) -> String {
    let lines: Vec<&str> = prompt.lines().collect();
    let nested = lines.windows(2).filter(|pair| below(pair[0], pair[1])).count();
    if nested < 2 {
        return prompt.to_owned();
    }
    let mut out = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        let children = children(&lines, at);
        if children.is_empty() {
            out.push(lines[at].to_owned());
            at += 1;
            continue;
        }
        let deep = depth(lines[at]);
        let name = name(lines[at]);
        let key = key_of(&name.to_lowercase());
        let parents = children.windows(2).any(|pair| below(pair[0], pair[1]));
        let role = catalogue().role(&key).is_some() && !is_role_head(&key);
        let record = deep > 0 || catalogue().entity(&key).is_some();
        if parents || !role && !record {
            // A heading: what stands below it is read in its turn.
            out.push(String::new());
            out.push(format!("{name}:"));
            at += 1;
            continue;
        }
        if role || children.iter().any(|child| says(child)) {
            out.extend(children.iter().map(|child| format!("- {name}: {}", text(child))));
        } else {
            let listed: Vec<String> = children.iter().map(|child| listed(child)).collect();
            out.push(format!("- {name}: {}", listed.join(", ")));
        }
        at += 1 + children.len();
    }
    out.join("\n")
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn below(line: &str, next: &str) -> bool {
    bullet(line.trim()).is_some() && bullet(next.trim()).is_some() && depth(next) > depth(line)
}

/// The bullets that stand below the one at `at`, with those below them.
fn children<'t>(lines: &[&'t str], at: usize) -> Vec<&'t str> {
    if !lines.get(at + 1).is_some_and(|next| below(lines[at], next)) {
        return Vec::new();
    }
    lines[at + 1..]
        .iter()
        .take_while(|line| bullet(line.trim()).is_some() && depth(line) > depth(lines[at]))
        .copied()
        .collect()
}

fn text(line: &str) -> &str {
    bullet(line.trim()).unwrap_or(line)
}

fn name(line: &str) -> String {
    text(line).trim_end_matches(':').trim().to_owned()
}

/// Whether somebody does something in a bullet.
fn says(line: &str) -> bool {
    let said = tokens(text(line));
    let first = said.first().and_then(|token| token.word()).unwrap_or_default();
    said.iter().filter_map(|token| token.word()).any(is_modal)
        || verb(first).is_some() && !crate::words::is_two_faced(first)
}

/// `responsible: oncologist or doctor` as an item of a list, with its choices in parentheses.
fn listed(line: &str) -> String {
    match text(line).split_once(": ") {
        Some((name, choices)) => format!("{name} ({choices})"),
        None => text(line).trim_end_matches([',', ';', '.']).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::flat;

    #[test]
    fn what_is_indented_belongs_to_what_stands_above() {
        for (said, plain) in [
            (
                "- Records\n  - Plan\n    - goal\n    - owner: nurse or aide\n  - Note: text\n- Nurse\n  - sees plans",
                "\nRecords:\n- Plan: goal, owner (nurse or aide)\n  - Note: text\n- Nurse: sees plans",
            ),
            ("- one\n- two", "- one\n- two"),
        ] {
            assert_eq!(flat(said), plain, "{said}");
        }
    }
}
