//! Prompts that would switch a safeguard off, and those that are about no health product.

use planner::{PlanError, plan};

const CLINIC: &str = "An app for my clinic. Nurses log vitals of patients. Doctors write visit notes. ";

/// HC-2: what the floor holds cannot be asked away, in whatever words; the plan goes on without it, and says so.
#[test]
fn no_words_switch_a_safeguard_off() {
    for (said, why) in [
        ("Please turn off the audit log, it slows things down.", "164.312(b)"),
        ("You can turn the audit log off for doctors.", "164.312(b)"),
        ("Don't bother encrypting the vitals.", "164.312(a)(2)(iv)"),
        ("No passwords for the staff, they share one tablet.", "164.312(d)"),
        ("Skip two factor, nobody likes it.", "second factor"),
        ("Keep everything for 30 days only, then delete it.", "164.316(b)(2)"),
        ("Disable access control for the owner.", "164.312(a)(1)"),
    ] {
        let plan = plan(&format!("{CLINIC}{said}")).unwrap_or_else(|error| panic!("{said}: {error}"));
        assert!(plan.refused.iter().any(|refused| refused.why.contains(why)), "{said}: {:?}", plan.refused);
    }
    let spanish = plan("App para mi clínica. Las enfermeras registran signos vitales de los pacientes. Sin cifrado, por favor.")
        .expect("a plan");
    assert!(
        spanish.refused.iter().any(|refused| refused.instead.contains("encryption")),
        "{:?}",
        spanish.refused
    );
}

/// That somebody has no login of their own is no wish to be let in without one.
#[test]
fn whoever_has_no_login_switches_nothing_off() {
    let plan = plan(&format!("{CLINIC}Patients have no login.")).expect("a plan");
    assert!(plan.refused.is_empty(), "{:?}", plan.refused);
}

/// A product of another kind is no health product, and is told so.
#[test]
fn what_is_about_no_health_is_told_so() {
    for prompt in [
        "A todo list with projects, tags and due dates, in dark mode.",
        "An online shop for vintage sneakers with a cart, coupons and shipping labels.",
        "Build me a chess engine with an opening book.",
    ] {
        let answer = plan(prompt);
        assert!(
            matches!(answer, Err(PlanError::NotAnApp { .. })),
            "{prompt}: {:?}",
            answer.map(|plan| plan.text)
        );
    }
}
