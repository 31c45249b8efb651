//! Denials in their words, and what becomes of a restriction that is not understood.

use crate::others::wrong;
use planner::{Answer, Answers, PlanError, plan, plan_answered};

/// HC-3: however it is said, what is denied is denied.
#[test]
fn denials_hold_in_all_their_words() {
    let base = "Clinic app. Doctors, nurses, receptionists, sales reps and patients. Doctors write visit notes. Nurses record vitals. Receptionists book appointments. ";
    let mut told = Vec::new();
    for (said, denied) in [
        (
            "Neither nurses nor receptionists may open visit notes.",
            &["nurse:visit note", "receptionist:visit note"][..],
        ),
        (
            "Visit notes may not be seen by nurses or receptionists.",
            &["nurse:visit note", "receptionist:visit note"],
        ),
        ("Visit notes are hidden from nurses.", &["nurse:visit note"]),
        ("No nurse may look at visit notes.", &["nurse:visit note"]),
        (
            "Only doctors can see visit notes, receptionists can see appointments.",
            &["nurse:visit note", "receptionist:visit note"],
        ),
        ("Nurses do not have access to visit notes.", &["nurse:visit note"]),
        ("Nurses see vitals, never visit notes.", &["nurse:visit note"]),
        ("Receptionists submit reports and cannot open visit notes.", &["receptionist:visit note"]),
        ("Receptionists see names, not phone numbers.", &["receptionist:patient.phone"]),
        ("Everyone except sales reps can see appointments.", &["sales rep:appointment", "sales rep:patient"]),
        ("Sales reps never see anything clinical.", &["sales rep:visit note", "sales rep:vital"]),
        ("Nurses can see everything but visit notes.", &["nurse:visit note"]),
        ("Nurses see all records except for visit notes.", &["nurse:visit note"]),
        ("Nurses see vitals, and that is all.", &["nurse:visit note", "nurse:appointment", "nurse:patient"]),
        ("Receptionists see appointments, but that's it.", &["receptionist:patient", "receptionist:vital"]),
        ("Visit notes are private to doctors.", &["nurse:visit note", "receptionist:visit note"]),
        ("Visit notes are kept hidden from nurses.", &["nurse:visit note"]),
        ("Visit notes are restricted to doctors.", &["nurse:visit note"]),
        ("Access to visit notes is limited to doctors.", &["nurse:visit note"]),
        ("No one but doctors may see visit notes.", &["nurse:visit note", "receptionist:visit note"]),
        ("Doctors are the only ones who can see visit notes.", &["nurse:visit note"]),
        ("Do not show visit notes to the front desk.", &["receptionist:visit note"]),
        ("Only show names to sales reps.", &["sales rep:patient.phone", "sales rep:visit note"]),
        ("Reception has no business reading visit notes.", &["receptionist:visit note"]),
        ("Sales reps must not see the patient's name.", &["sales rep:patient"]),
        (
            "Receptionists must not see patient names.",
            &[
                "receptionist:patient.phone",
                "receptionist:patient.email",
                "receptionist:patient.date of birth",
            ],
        ),
        ("No one outside the care team may see vitals.", &["receptionist:vital", "sales rep:vital"]),
        ("The billing clerk sees invoices only.", &["billing clerk:patient", "billing clerk:vital"]),
        ("Nurses only see the patients they visit.", &["nurse:patient~assigned", "nurse:vital~assigned"]),
        ("Receptionists can see the email but not the phone.", &["receptionist:patient.phone"]),
        ("Nurses do not need to see visit notes.", &["nurse:visit note"]),
        (
            "Nurses see everything except for visit notes and appointments.",
            &["nurse:visit note", "nurse:appointment"],
        ),
        ("All staff except nurses can see visit notes.", &["nurse:visit note"]),
        (
            "There is no health information for receptionists.",
            &["receptionist:visit note", "receptionist:vital"],
        ),
        ("Vitals are for nurses only.", &["doctor:vital", "receptionist:vital"]),
        ("Sales reps may only see vitals that the patient has consented to.", &["sales rep:vital"]),
        (
            "Nurses see vitals but not the patient's phone or email.",
            &["nurse:patient.phone", "nurse:patient.email"],
        ),
        ("Patients see visit notes only after the doctor has released them.", &["patient:visit note"]),
        ("Let only doctors read visit notes.", &["nurse:visit note", "receptionist:visit note"]),
        ("Visit notes are strictly doctor-only.", &["nurse:visit note", "receptionist:visit note"]),
        ("Nurses have nothing to do with visit notes.", &["nurse:visit note"]),
        ("Nurses stay away from visit notes.", &["nurse:visit note"]),
        ("Nurses are not privy to visit notes.", &["nurse:visit note"]),
        ("Sales reps get names, that's all they get.", &["sales rep:visit note", "sales rep:patient.phone"]),
        (
            "Receptionists don't need clinical details, just names.",
            &["receptionist:visit note", "receptionist:vital", "receptionist:patient.phone"],
        ),
        ("Doctors sign visit notes, which are never visible to nurses.", &["nurse:visit note"]),
        ("Nobody but doctors and nurses sees vitals.", &["receptionist:vital", "sales rep:vital"]),
        ("Nobody at the front desk may see vitals.", &["receptionist:vital"]),
        ("Receptionists see appointments. Never vitals.", &["receptionist:vital"]),
        (
            "Receptionists see appointments. Nothing medical.",
            &["receptionist:vital", "receptionist:visit note"],
        ),
        ("Nurses never see visit notes until the doctor has released them.", &["nurse:visit note"]),
        (
            "Receptionists: appointments and names, nothing more.",
            &["receptionist:vital", "receptionist:patient.phone"],
        ),
        ("Only doctors see visit notes besides the nurses.", &["receptionist:visit note"]),
        ("Sales reps can read visit notes for 72 hours.", &["sales rep:visit note"]),
        ("Nobody else gets in.", &["sales rep:patient", "sales rep:visit note", "owner:patient"]),
        (
            "Visit notes are confidential: only the doctor who wrote them can see them.",
            &["nurse:visit note", "doctor:visit note~own"],
        ),
    ] {
        match plan(&format!("{base}{said}")) {
            Ok(plan) => {
                told.extend(wrong(&plan.spec, denied).into_iter().map(|wrong| format!("{said} {wrong}")))
            }
            Err(PlanError::Blocked { .. }) => {}
            Err(error) => told.push(format!("{said} {error}")),
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// HC-3: what was not understood is read at its narrowest, where that is certain, and said to be.
#[test]
fn what_is_bounded_by_something_unknown_gets_nothing() {
    let said = "Volunteers can see the zorble but nothing else.";
    let plan = plan(&format!("An app for my clinic. Nurses log vitals of patients. {said}")).expect("a plan");
    for (name, entity) in &plan.spec.entities {
        let granted = entity.access.iter().flatten().any(|(role, _)| role.as_str() == "volunteer");
        assert!(!granted, "a volunteer reaches {name}");
    }
    assert!(plan.assumed.iter().any(|line| line.contains("zorble")), "{:?}", plan.assumed);
}

/// HC-3: a restriction that was not understood whole has a safe default where it is plain whom or what it is about; the
/// plan says how it was read, and asks.
#[test]
fn what_is_unclear_is_planned_at_its_narrowest_and_asked_about() {
    let base = "An app for my clinic. Nurses log vitals of patients. Doctors write visit notes and see vitals. Receptionists book appointments and see vitals. ";
    for (said, denied) in [
        ("Receptionists see vitals only on odd days.", &["receptionist:vital"][..]),
        ("Receptionists: vitals never, unless the moon is full.", &["receptionist:vital"]),
        (
            "Nobody but doctors may flurb visit notes on weekends.",
            &["nurse:visit note", "receptionist:visit note"],
        ),
    ] {
        let plan = plan(&format!("{base}{said}")).unwrap_or_else(|error| panic!("{said}: {error}"));
        let told = wrong(&plan.spec, denied);
        assert!(told.is_empty(), "{said} {}\n{}", told.join("\n"), plan.text);
        let sentence = said.trim_end_matches('.');
        let asked = plan.questions.iter().any(|question| {
            question.about.contains(sentence) && question.options.contains(&question.default)
        });
        let assumed = plan.assumed.iter().any(|line| line.contains(sentence));
        assert!(asked || assumed, "{said}: {:?} {:?}", plan.questions, plan.assumed);
    }
}

/// HC-3: a narrowing sentence that is not understood stops the plan, until a person has answered.
#[test]
fn what_narrows_and_is_not_understood_stops_the_plan() {
    let base = "An app for my clinic. Nurses log vitals of patients. ";
    for narrowing in [
        "Nobody outside the moon cabal may flurb the records.",
        "Nurses see vitals only from the last 24 hours.",
        "Nurses never see vitals on weekends.",
        "Records are visible except to those in the blue zone.",
    ] {
        let prompt = format!("{base}{narrowing}");
        let sentence = match plan(&prompt) {
            Err(PlanError::Blocked { sentences, questions }) => {
                assert_eq!(questions.len(), sentences.len());
                sentences[0].clone()
            }
            other => panic!("`{narrowing}` did not stop the plan: {:?}", other.map(|plan| plan.text)),
        };
        let answered = plan_answered(&prompt, &Answers::from([(sentence, Answer::Drop)]));
        assert!(answered.is_ok(), "an answer lets it go on: {:?}", answered.err());
    }
}
