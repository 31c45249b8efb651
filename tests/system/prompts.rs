//! Every shared prompt in English becomes an app that is formatted, clean, and passes its own tests on both databases.

use safeguards::testing;

use crate::project::Project;

/// Plans, generates, and runs what the app's owner would run before a commit.
fn becomes_an_app(prompt: &str) {
    is_sound(&Project::of_prompt(prompt), prompt);
}

/// Specs written by hand for what no prompt asks.
pub(crate) const SPECS: &[&str] =
    &["front-office", "treatment-room", "scribe", "watchful-clinic", "name-soup", "open-door"];

/// The constructs that no shared prompt asks for: claims, opening hours, answers that fill a record, a form's version.
#[test]
fn what_no_prompt_asks_for() {
    is_sound(&Project::of_spec("front-office"), "front-office");
}

/// Files that people send, and signatures that freeze what they sign.
#[test]
fn what_people_send_and_sign() {
    is_sound(&Project::of_spec("treatment-room"), "treatment-room");
}

/// Rules that follow from values, states and what is missing; tasks that pass on.
#[test]
fn what_follows_by_itself() {
    is_sound(&Project::of_spec("watchful-clinic"), "watchful-clinic");
}

/// What AI proposes and a person applies: of a given text and of a recorded one, of the record and of the one above, with
/// a provider and without, kept and not, with names and without. (CC-2, CC-6, CC-13, CF-10, CF-11, CF-23)
#[test]
fn what_ai_proposes() {
    is_sound(&Project::of_spec("scribe"), "scribe");
}

/// What people write to each other: by whose record it is, by assignment, and by a link. (CL-1)
#[test]
fn what_people_write_to_each_other() {
    is_sound(&Project::of_spec("open-door"), "open-door");
}

/// Whatever a founder calls a thing, the app builds: nothing of it takes the place of what generated code means.
#[test]
fn names_that_are_words_of_the_code() {
    is_sound(&Project::of_spec("name-soup"), "name-soup");
}

/// The words of a cargo command, and the variables it is given.
type Check<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);

/// Runs what the app's owner would run before a commit, but for clippy: that compiles everything that an app stands on a
/// second time, and is asked by `cargo xtask check` (see `lints`).
pub(crate) fn is_sound(project: &Project, prompt: &str) {
    let administrator = testing::postgres_administrator();
    let postgres = [("TEST_DATABASE_URL", administrator.reveal())];
    let checks: [Check<'_>; 3] =
        [(&["fmt", "--check"], &[]), (&["test", "--quiet"], &[]), (&["test", "--quiet"], &postgres)];
    for (words, variables) in checks {
        let ended = project.cargo(words, variables);
        let names: Vec<_> = variables.iter().map(|(name, _)| name).collect();
        assert_eq!(
            ended.code,
            Some(0),
            "{prompt}: `cargo {}` {names:?} in {}\n{}\n{}",
            words.join(" "),
            project.folder.display(),
            ended.errors,
            ended.output
        );
        assert!(!ended.errors.contains("warning"), "{prompt} is compiled with warnings:\n{}", ended.errors);
        if words[0] == "test" {
            // A program that a test starts may be the tests themselves, which then tell of none.
            let counts = ended.output.lines().filter(|line| line.starts_with("test result: ok."));
            let passed: Option<u32> =
                counts.filter_map(|line| line.split_whitespace().nth(3)?.parse().ok()).max();
            assert!(passed.is_some_and(|passed| passed > 0), "{prompt} has no tests: {}", ended.output);
        }
    }
}

macro_rules! prompts {
    ($($test:ident: $prompt:literal,)*) => {
        /// The shared prompts in English.
        pub(crate) const PROMPTS: &[&str] = &[$($prompt),*];

        $(
            #[test]
            fn $test() {
                becomes_an_app($prompt);
            }
        )*
    };
}

// A test each, so that one that fails hides no other.
prompts! {
    home_blood_pressure: "home-bp",
    dental_scheduling: "dental",
    chartcoder: "chartcoder",
    clinicflow: "clinicflow",
    peptide_clinic: "peptide-clinic",
    telehealth_intake: "telehealth-intake",
    a_vague_prompt: "vague",
}
