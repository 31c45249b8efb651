//! Pages that anybody may come to: what they show and ask, and what they never do (CL-1).

use std::fmt::Write;

use spec::model::{EntityIndex, FieldIndex, PageItem};
use spec::{Lock, Model, check};

const CLINIC: &str = r#"
app: Front door
roles:
  owner: { privileged: true, administers: [people] }
  reception: {}
  patient: { self: patient }
entities:
  patient:
    fields: { name: "identifier name", email: identifier email }
    access: { reception: "view, create in organisation", patient: view own }
  service:
    fields: { name: "none text, required", minutes: none integer, wiki: none url }
    access: { reception: view in organisation }
  request:
    fields:
      name: identifier name, required
      reason: narrative
      kind: none one of new | known
      hint: none text
      for: link patient
      letter: identifier file
    lifecycle:
      states: [sent, closed]
      moves: { close: { from: [sent], to: closed, by: [reception] } }
    access: { reception: "view, update in organisation" }
pages:
  ask:
    entry: public
    shows: ["services(name, minutes)", "form of request(name, reason, kind)"]
"#;

fn model(text: &str) -> Model {
    check(text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}\n{text}")).model().clone()
}

#[test]
fn a_page_says_what_it_shows_and_asks() {
    let spec = check(CLINIC, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(spec::buildable(&spec).is_empty(), "{:?}", spec::buildable(&spec));
    let model = model(CLINIC);
    let page = &model.pages[0];
    assert!(page.is_open() && page.roles.is_empty());
    let named = |entity: &EntityIndex, fields: &[FieldIndex]| {
        let names: Vec<&str> = fields.iter().map(|at| model[*entity][*at].name.as_str()).collect();
        format!("{}: {}", model[*entity].name, names.join(", "))
    };
    let said: Vec<String> = page
        .shows
        .iter()
        .map(|item| match item {
            PageItem::Records(entity, fields) => format!("shows {}", named(entity, fields)),
            PageItem::Ask(entity, fields) => format!("asks {}", named(entity, fields)),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(said, ["shows service: name, minutes", "asks request: name, reason, kind"]);
}

/// CL-1: nothing of a patient is shown, nobody's words lie open, and nothing is sent that nobody reads.
#[test]
fn an_open_page_gives_nothing_away() {
    let form = "form of request(name, reason, kind)";
    let cases = [
        ("patients", form, "patients(name)"),
        ("a patient's record to fill in", form, "form of patient(name, email)"),
        ("words that lie open", form, "form of request(name, hint)"),
        ("a file", form, "form of request(name, letter)"),
        ("a link to a patient", form, "form of request(name, for)"),
        ("the state", form, "form of request(name, status)"),
        ("not what every record has", form, "form of request(reason)"),
        ("no fields", form, "form of request"),
        ("a field that is not there", form, "form of request(name, reson)"),
        ("two forms", form, "form of request(name, kind)\", \"form of request(name)"),
        ("records of which it says no field", form, "services"),
        ("a role", "entry: public", "for: [reception]\n    entry: public"),
        (
            "what nobody reads",
            "access: { reception: \"view, update in organisation\" }",
            "access: { reception: view own }",
        ),
        ("what nobody reads but the name", "\"view, update in organisation\"", "view(name) in organisation"),
        ("a page that nobody opens", ", administers: [people]", ""),
        ("a page with an account", "entry: public", "for: [reception]"),
    ];
    let mut out = String::new();
    for (what, from, to) in cases {
        assert!(CLINIC.contains(from), "{from}");
        let problems = check(&CLINIC.replace(from, to), &Lock::default()).expect_err(what);
        let _ = writeln!(out, "# {what}\n{problems}\n");
    }
    insta::assert_snapshot!(out);
}

/// Whoever approves a change is told what it opens to anybody.
#[test]
fn what_is_opened_to_anybody_is_told() {
    let of = |text: &str| check(text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    let told = |before: &str, after: &str| -> Vec<String> {
        let widened = spec::access::widened(&of(before), &of(after));
        widened
            .iter()
            .map(|one| format!("{} {} {}({:?})", one.role, one.action, one.entity, one.fields))
            .collect()
    };
    let closed = CLINIC.split("pages:").next().expect("a text has a beginning");
    let narrower = CLINIC.replace("services(name, minutes)", "services(name)");
    let opened = [
        "anybody create request([\"name\", \"reason\", \"kind\"])",
        "anybody list service([\"name\", \"minutes\"])",
    ];
    assert_eq!(told(closed, CLINIC), opened);
    assert_eq!(told(&narrower, CLINIC), ["anybody list service([\"minutes\"])"]);
    assert_eq!(told(CLINIC, &narrower), Vec::<String>::new());
    assert_eq!(told(CLINIC, CLINIC), Vec::<String>::new());
}
