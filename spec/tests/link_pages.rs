//! Pages by link: a form about a person, which that person fills in by a link and a code (CL-7).

use std::fmt::Write;

use spec::{Lock, check};

const CLINIC: &str = r#"
app: Waiting room
roles:
  owner: { privileged: true, administers: [people] }
  nurse: {}
  physician: {}
  patient: { self: patient }
entities:
  patient:
    fields: { name: "identifier name, required", email: identifier email, smokes: clinical boolean }
    access: { nurse: "view, create, update in organisation", physician: view in organisation, patient: view own }
forms:
  intake:
    about: patient
    filled by: [patient]
    read by: [nurse]
    ask:
      - { question: smoker, type: clinical boolean }
  triage:
    about: patient
    filled by: [nurse]
    ask:
      - { question: urgent, type: clinical boolean }
pages:
  intake at home:
    entry: link
    for: [nurse]
    shows: [intake]
"#;

#[test]
fn a_link_opens_one_form_for_whom_it_is_about() {
    let spec = check(CLINIC, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(spec::buildable(&spec).is_empty(), "{:?}", spec::buildable(&spec));
    let model = spec.model();
    let [sent] = model.documents.as_slice() else { panic!("{:?}", model.documents) };
    assert_eq!(model[sent.entity].name, "patient");
    assert_eq!((sent.link.minutes(), sent.shows.len(), sent.way.len()), (24 * 60, 0, 0));
    assert!(sent.asks.is_some_and(|form| model[form].name == "intake"));
    // Whoever sends it is shown no page of that name.
    let nurse = model.role("nurse").expect("it is declared");
    assert_eq!(model.pages_of(nurse).count(), 0);
}

/// CL-7: nobody sends what they may not write, and to nobody whose address is not on the record.
#[test]
fn a_link_goes_to_nobody_else() {
    let cases = [
        ("nobody sends it", "    for: [nurse]\n", ""),
        ("who may not write sends it", "for: [nurse]", "for: [physician]"),
        ("who has no address", "email: identifier email, ", ""),
        ("a form that no patient fills in", "shows: [intake]", "shows: [triage]"),
        ("two forms", "shows: [intake]", "shows: [intake, triage]"),
        ("a list of patients", "shows: [intake]", "shows: [patients]"),
    ];
    let mut out = String::new();
    for (what, from, to) in cases {
        assert!(CLINIC.contains(from), "{from}");
        let problems = check(&CLINIC.replace(from, to), &Lock::default()).expect_err(what);
        let _ = writeln!(out, "# {what}\n{problems}\n");
    }
    insta::assert_snapshot!(out);
}

#[test]
fn what_a_link_cannot_do_yet_is_said_with_its_place() {
    let cases = [
        (
            "ask:\n      - { question: smoker, type: clinical boolean }",
            "signature: true\n    ask:\n      - { question: smoker, type: clinical boolean }",
        ),
        (
            "- { question: smoker, type: clinical boolean }",
            "- { question: smoker, type: clinical boolean, fills: smokes }",
        ),
        (
            "- { question: smoker, type: clinical boolean }",
            "- { question: smoker, type: clinical boolean }\n      - { question: years, type: clinical integer, when: smoker }",
        ),
    ];
    for (from, to) in cases {
        let text = CLINIC.replacen(from, to, 1);
        let spec = check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
        let not_yet = spec::buildable(&spec);
        let [one] = not_yet.as_slice() else { panic!("{not_yet:?}") };
        assert_eq!((one.construct, one.pointer.as_str()), (Some(24), "/pages/intake at home/shows"));
    }
}
