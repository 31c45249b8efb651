//! Part 1: generating 10, 100 and 300 entities.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::ensure;

use super::lab::{Lab, checked};
use super::results::{median, met};

const SIZES: [usize; 3] = [10, 100, 300];
const REPETITIONS: usize = 9;
/// The whole command formats what it generated, which is most of its time and has little spread.
const COMMANDS: usize = 3;

/// The pure part in process (text to files, before formatting), the median of nine, and the whole command, of three.
pub(super) fn measure(lab: &Lab) -> anyhow::Result<String> {
    let binary = lab.healthcoder()?;
    let mut table = String::from(
        "| entities | read and validate the spec, ms | generate, ms | ms an entity | `healthcoder generate`, ms |\n\
         |---:|---:|---:|---:|---:|\n",
    );
    let mut pure = Vec::new();
    let mut whole = Vec::new();
    for size in SIZES {
        let text = synthesised(size);
        let spec = checked(&text)?;
        let checking = timed(|| checked(&text).map(drop))?;
        let generating = timed(|| {
            generator::generate(&spec, &text)?;
            Ok(())
        })?;
        let command = timed_command(lab, &binary, &text)?;
        writeln!(
            table,
            "| {size} | {checking:.1} | {generating:.1} | {:.3} | {command:.0} |",
            generating / size as f64
        )?;
        pure.push(generating);
        whole.push(command);
    }
    let growth = (pure[2] / 300.0) / (pure[1] / 100.0);
    let goals = [
        met("10 entities in process in under 20 ms", pure[0] < 20.0),
        met("100 in process in under 150 ms", pure[1] < 150.0),
        met(
            &format!("linear (an entity among 300 costs {growth:.2} times one among 100; at most 1.3)"),
            growth < 1.3,
        ),
        met("10 by the whole command in under 1 s", whole[0] < 1000.0),
    ];
    Ok(format!(
        "{table}\nMedians of {REPETITIONS}, of the whole command {COMMANDS}. Goals:\n\n- {}\n",
        goals.join("\n- ")
    ))
}

/// Milliseconds, after one repetition that warms up.
fn timed(work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    repeated(REPETITIONS, work)
}

fn repeated(count: usize, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    work()?;
    let mut figures = Vec::new();
    for _ in 0..count {
        let began = Instant::now();
        work()?;
        figures.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(median(&figures))
}

fn timed_command(lab: &Lab, binary: &Path, text: &str) -> anyhow::Result<f64> {
    let folder = lab.fresh("generated")?;
    let spec = folder.join("app.yaml");
    fs::write(&spec, text)?;
    let mut number = 0;
    repeated(COMMANDS, || {
        number += 1;
        let mut command = Command::new(binary);
        command.arg("generate").arg("--spec").arg(&spec).arg("--dir").arg(folder.join(number.to_string()));
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        ensure!(status.success(), "`healthcoder generate` failed ({status})");
        Ok(())
    })
}

/// A patient, and records of patients with the field types that a clinic's records have.
fn synthesised(entities: usize) -> String {
    let mut text = String::from(
        "app: Synthesised\nroles:\n  owner: { privileged: true, administers: [people] }\n  practitioner: {}\nentities:\n  \
         patient:\n    reference: PT\n    assigned to: practitioner\n    fields:\n      name: identifier name, required\n      \
         date of birth: identifier date, required\n      phone: identifier phone, searchable\n    access:\n      \
         practitioner: view, update assigned\n      owner: view, create, update, delete in organisation\n",
    );
    for number in 1..entities {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "  record {number}:\n    part of: patient\n    fields:\n      taken at: clinical moment, required, queryable\n      \
             level: clinical integer mmHg 50..260, required, queryable\n      weight: clinical decimal kg 1..400\n      \
             code: clinical icd-10-cm\n      remark: narrative\n      status: none one of open | closed\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synthesised_specs_are_valid_and_can_be_generated() {
        let text = synthesised(12);
        let spec = checked(&text).unwrap();
        assert_eq!(spec::buildable(&spec).len(), 0);
        let project = generator::generate(&spec, &text).unwrap();
        assert!(
            project.files.contains_key("src/record_11s.rs")
                || project.files.keys().any(|path| path.contains("11"))
        );
    }
}
