//! Plain sentences, and the lines of the plan that a careful reader expects of each.

use planner::plan;

/// A prompt, what its plan says, and what it must not say.
const READINGS: &[(&str, &[&str], &[&str])] = &[
    // CF-10: a lock that is said in passing is a lock.
    (
        "A dental practice. Dentists write treatment notes, which are locked once signed.",
        &["states: [draft, signed]", "locked: [signed]"],
        &[],
    ),
    ("Doctors write visit notes that lock after signing.", &["locked: [signed]"], &[]),
    ("Doctors write visit notes, which they sign and lock.", &["locked: [signed]"], &[]),
    ("Therapists keep session notes. They are locked on signature.", &["locked: [signed]"], &[]),
    // What people do at home is written down by them.
    (
        "Patients take their blood pressure at home, morning and evening. Nurses see the readings of the patients assigned to them.",
        &["patient: view, create own", "nurse: view assigned"],
        &["nurse: view, create"],
    ),
    (
        "Patients check their weight every day. Nurses see the readings of their patients.",
        &["patient: view, create own"],
        &["nurse: view, create"],
    ),
    (
        "Patients record each evening whether they took their medication, how they slept and their pain 0-10. Nurses see the entries of their patients.",
        &["took medication: clinical boolean", "pain: clinical integer 0..10", "nurse: view assigned"],
        &["medications:", "nurse: view in organisation"],
    ),
    // What is only looked at is not written to.
    (
        "Therapists write exercise plans. Patients see their own exercise plan and log each day whether they did the exercises and their pain from 0 to 10.",
        &["patient: view own", "did exercises: clinical boolean"],
        &[],
    ),
    // CL-1: a denial grants nothing, and does not swallow what was granted before it.
    (
        "Clients log mood. Therapists write notes and see their clients. Coders see no notes of any kind.",
        &[],
        &["coder: view"],
    ),
    (
        "The front desk books appointments and sees contact details but never the session notes. Therapists write session notes for patients.",
        &["front desk: view(name, date of birth, phone, email)"],
        &["It was not understood whole"],
    ),
    // Who has no account reaches nothing in any app; that takes nothing from those who have one.
    (
        "Nurses record vitals. Doctors see their patients. Nobody outside of the clinic can see anything.",
        &["nurse: view, create, update in organisation"],
        &["access: {}"],
    ),
];

#[test]
fn plain_sentences_are_read_as_a_careful_reader_does() {
    let mut wrong = Vec::new();
    for (prompt, says, never) in READINGS {
        let text = match plan(prompt) {
            Ok(plan) => plan.text,
            Err(error) => format!("no plan: {error}"),
        };
        wrong.extend(
            says.iter()
                .filter(|line| !text.contains(**line))
                .map(|line| format!("{prompt}\n  without {line}\n{text}")),
        );
        wrong.extend(
            never
                .iter()
                .filter(|line| text.contains(**line))
                .map(|line| format!("{prompt}\n  with {line}\n{text}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
