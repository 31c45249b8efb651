//! Files, signatures, limits and permissions: what they mean, and what is refused in words.

use spec::access::{Action, Reach};
use spec::{Lock, ValidatedSpec, check};

const PRACTICE: &str = "
app: Practice
roles:
  owner: { privileged: true, administers: [people] }
  nurse: {}
  patient: { self: patient }
  family: {}
entities:
  patient:
    title: [name]
    fields: { name: identifier name }
    access: { nurse: 'view, create in organisation', patient: view own }
  scan:
    part of: patient
    fields: { image: clinical file, taken on: 'clinical date, queryable', note: narrative }
    access: { nurse: 'view, create, update in organisation', patient: 'view(image, taken on) own' }
";

fn practice(more: &str) -> ValidatedSpec {
    let text = format!("{PRACTICE}{more}");
    check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

fn refused(text: &str) -> String {
    match check(text, &Lock::default()) {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    }
}

/// CL-3: who may view a record may open its files, and that is an action of its own.
#[test]
fn to_view_a_record_is_to_open_its_files() {
    let spec = practice("");
    let model = spec.model();
    let scan = model.entity("scan").expect("it is there");
    for role in ["nurse", "patient"] {
        let role = model.role(role).expect("it is there");
        assert!(
            model
                .grants(role, scan)
                .any(|grant| grant.allows(Action::View) && grant.allows(Action::Download))
        );
    }
    let patient = model.entity("patient").expect("it is there");
    assert!(model[patient].grants.iter().all(|grant| !grant.allows(Action::Download)), "it has no file");
    assert!(spec::buildable(&spec).is_empty());
}

/// CF-10: what is signed has signatures as parts, which those who sign give and nobody else.
#[test]
fn signatures_are_given_by_those_who_sign() {
    let spec = practice("").document().clone();
    drop(spec);
    let text = PRACTICE.replace("    fields: { image", "    signed by: [nurse]\n    fields: { image");
    let spec = check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"));
    let model = spec.model();
    let scan = model.entity("scan").expect("it is there");
    let signatures = model[scan].signatures.expect("they are implied");
    let gives = |role: &str| {
        let role = model.role(role).expect("it is there");
        model.grants(role, signatures).any(|grant| grant.allows(Action::Create))
    };
    assert!(gives("nurse") && !gives("patient") && !gives("owner"));
    assert!(model.entity("scan addendum").is_some(), "what is learnt later has a place");
    let changed = |grant: &spec::access::Grant| grant.allows(Action::Update) || grant.allows(Action::Delete);
    assert!(!model[signatures].grants.iter().any(changed));
}

/// HC-3: a permission opens what its giver sees of their own, and no more.
#[test]
fn nobody_gives_more_than_they_hold() {
    let spec = practice("permissions:\n  family access: { by: patient, to: family, gives: [view scan] }\n");
    let model = spec.model();
    let (family, scan) = (model.role("family").expect("a role"), model.entity("scan").expect("an entity"));
    let grants: Vec<_> = model.grants(family, scan).collect();
    let [grant] = grants[..] else { panic!("{grants:?}") };
    assert!(matches!(grant.reach, Reach::Permitted(_)) && grant.narrowed);
    let opens = |name: &str| grant.fields.covers(model[scan].field(name).expect("a field"));
    assert!(opens("image") && opens("taken on") && !opens("note"), "the patient does not see the note");
    assert!(!grant.allows(Action::Update) && !grant.allows(Action::Create));
}

#[test]
fn what_cannot_be_kept_is_refused_in_words() {
    let with = |more: &str| format!("{PRACTICE}{more}");
    let cases = [
        (PRACTICE.replace("clinical file", "'clinical file, required'"), "not required"),
        (PRACTICE.replace("clinical file", "clinical list of file"), "a list"),
        (PRACTICE.replace("create, update in", "create in"), "nobody may put the file `image`"),
        (
            PRACTICE.replace("part of: patient\n", "part of: patient\n    title: [image]\n"),
            "cannot be called by its file",
        ),
        (
            with("limits:\n  scans: { of: scan, per: week, tiers: { Free: 2 } }\n"),
            "`week` is no period of a limit",
        ),
        (with("limits:\n  scans: { of: scan, per: day, tiers: {} }\n"), "a limit has an amount"),
        (
            with(
                "limits:\n  a: { of: scan, per: day, tiers: { A: 1 } }\n  b: { of: scan, per: year, tiers: { A: 1 } }\n",
            ),
            "has a limit already",
        ),
        (with("permissions:\n  p: { by: nurse, to: family, gives: [view scan] }\n"), "is no record"),
        (
            with("permissions:\n  p: { by: patient, to: nurse, gives: [view scan] }\n"),
            "may do more than a permission gives",
        ),
        (
            with("permissions:\n  p: { by: patient, to: family, gives: [update scan] }\n"),
            "nothing that can be given",
        ),
        (
            with("permissions:\n  p: { by: patient, to: family, gives: [view scan], until: never }\n"),
            "when a permission ends",
        ),
        (
            PRACTICE.replace("part of: patient\n", "part of: patient\n    signed by: [owner]\n"),
            "`owner` signs `scan`, but may not view any",
        ),
    ];
    for (text, said) in cases {
        let problems = refused(&text);
        assert!(problems.contains(said), "{said}\n{problems}\n{text}");
    }
}
