//! `bench/RESULTS.md`: a section a part, of which one may be measured anew.

use std::fmt::Write;
use std::fs;

use super::{Part, machine};
use crate::process::root;

/// Puts the section of `part` into the file and leaves the others.
pub(super) fn write(part: Part, section: &str) -> anyhow::Result<()> {
    let path = root().join("bench/RESULTS.md");
    let before = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, text(part, section, &before, &machine::description()?))?;
    eprintln!("bench: wrote {}", path.display());
    Ok(())
}

fn text(part: Part, section: &str, before: &str, machine: &str) -> String {
    let mut text = format!(
        "# What it costs\n\n\
         Written by `cargo xtask bench`; never by hand. Ratios are of figures that were measured in one run, in turns. \
         Goals are said beside the figures, met or not.\n\n{machine}"
    );
    for each in Part::ALL {
        let heading = format!("## {}\n", each.heading());
        let kept = || {
            let rest = before.split_once(heading.as_str())?.1;
            Some(rest.split("\n## ").next().unwrap_or(rest).trim().to_owned())
        };
        let body = if each == part { Some(section.trim().to_owned()) } else { kept() };
        let body = body.unwrap_or_else(|| "Not measured yet.".to_owned());
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{heading}\n{body}\n");
    }
    // Sections of others, such as the planner's scores, are theirs.
    let foreign = before
        .split("\n## ")
        .skip(1)
        .filter(|section| !Part::ALL.iter().any(|part| section.starts_with(part.heading())));
    for section in foreign {
        let _ = write!(text, "\n## {}\n", section.trim());
    }
    text
}

/// What a goal says beside its figure.
pub(super) fn met(goal: &str, met: bool) -> String {
    format!("{goal}: {}", if met { "met" } else { "**not met**" })
}

/// The middle one of several figures.
pub(super) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_is_measured_anew_and_the_others_stay() {
        let first = text(Part::Load, "10 a second", "", "- 2 cores\n");
        let second = text(Part::Idle, "7 MB", &first, "- 2 cores\n");
        let load = second.split_once("## 3.").unwrap().1;
        assert!(load.contains("10 a second") && load.contains("7 MB"));
        assert_eq!(second.matches("Not measured yet.").count(), 4);
        assert_eq!(text(Part::Idle, "7 MB", &second, "- 2 cores\n"), second);
        let beside = format!("{second}\n## Planner\n\nRecall.\n");
        assert_eq!(text(Part::Idle, "7 MB", &beside, "- 2 cores\n"), beside);
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median(&[9.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }
}
