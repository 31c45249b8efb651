//! The hand-written examples: what of them can be built is an app that passes its own tests on both databases.

use std::fs;

use crate::healthcoder::root;
use crate::project::Project;
use crate::prompts::is_sound;

/// The spec without what cannot be built yet, which `healthcoder check` names: ChartCoder's policy.
fn cut(text: &str) -> String {
    let mut document = spec::read(text).document;
    if document.policies.is_empty() {
        return text.to_owned();
    }
    document.policies.clear();
    document.to_yaml()
}

/// The three products whose specs are written by hand.
pub(crate) const EXAMPLES: &[&str] = &["chartcoder", "peptide-clinic", "clinicflow"];

/// What of an example can be built.
pub(crate) fn built(example: &str) -> Project {
    let path = root().join("examples").join(example).join("app.yaml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Project::written(&cut(&text), &format!("example-{example}"), |_| {})
}

fn becomes_an_app(example: &str) {
    is_sound(&built(example), example);
}

/// CC-5, CC-11: histories of one's own.
#[test]
fn chartcoder() {
    becomes_an_app("chartcoder");
}

/// CL-1, CL-2: a clinic's records for those who need them, references for the others.
#[test]
fn peptide_clinic() {
    becomes_an_app("peptide-clinic");
}

/// CF-10: encounters and notes that lock.
#[test]
fn clinicflow() {
    becomes_an_app("clinicflow");
}
