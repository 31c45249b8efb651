//! The three seed products are sayable, and mean what their promises say.

use spec::{Lock, ValidatedSpec, access::Action, plan::plan};

fn example(text: &str) -> ValidatedSpec {
    spec::check(text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn not_yet(spec: &ValidatedSpec) -> String {
    spec::buildable(spec)
        .iter()
        .map(|it| format!("{:>2} {}", it.construct.map(|c| c.to_string()).unwrap_or_default(), it.said))
        .collect::<Vec<_>>()
        .join("\n")
}

fn access(spec: &ValidatedSpec) -> String {
    plan(spec.model())
        .access
        .iter()
        .map(|line| {
            format!(
                "{} | {} | {} | {} | {}",
                line.role,
                line.entity,
                line.actions.join(", "),
                line.records,
                line.fields
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn chartcoder_is_sayable() {
    let spec = example(include_str!("../../examples/chartcoder/app.yaml"));
    insta::assert_snapshot!("chartcoder_not_yet", not_yet(&spec));
    insta::assert_snapshot!("chartcoder_access", access(&spec));
}

/// CC-5: a user sees only their own; the admin sees no analysis.
#[test]
fn chartcoder_admin_sees_no_analysis() {
    let spec = example(include_str!("../../examples/chartcoder/app.yaml"));
    let model = spec.model();
    let admin = model.role("admin").unwrap();
    for entity in ["analysis", "suggestion"] {
        assert_eq!(model.grants(admin, model.entity(entity).unwrap()).count(), 0);
    }
}

#[test]
fn peptide_clinic_is_sayable() {
    let spec = example(include_str!("../../examples/peptide-clinic/app.yaml"));
    insta::assert_snapshot!("peptide_clinic_not_yet", not_yet(&spec));
    insta::assert_snapshot!("peptide_clinic_access", access(&spec));
}

/// CL-1 and CL-2: the desk and the sales reps get a patient's reference, and no field of it.
#[test]
fn peptide_clinic_staff_sees_references_only() {
    let spec = example(include_str!("../../examples/peptide-clinic/app.yaml"));
    let model = spec.model();
    let patient = model.entity("patient").unwrap();
    for role in ["front desk", "sales rep"] {
        let role = model.role(role).unwrap();
        for grant in model.grants(role, patient) {
            assert!(model[patient].fields().all(|(field, _)| !grant.fields.covers(field)));
        }
        assert_eq!(model.grants(role, model.entity("protocol").unwrap()).count(), 0);
        assert!(!model[role].is_privileged(), "a reference is no PHI to them");
    }
    assert!(model[model.role("clinic owner").unwrap()].is_privileged());
}

#[test]
fn clinicflow_is_sayable() {
    let spec = example(include_str!("../../examples/clinicflow/app.yaml"));
    insta::assert_snapshot!("clinicflow_not_yet", not_yet(&spec));
    insta::assert_snapshot!("clinicflow_access", access(&spec));
}

/// CF-10: a note that is locked takes addenda, which nobody changes or removes.
#[test]
fn clinicflow_addenda_are_append_only() {
    let spec = example(include_str!("../../examples/clinicflow/app.yaml"));
    let model = spec.model();
    let note = model.entity("note").unwrap();
    let addenda = model[note].lifecycle.as_ref().unwrap().addenda.unwrap();
    let grants = &model[addenda].grants;
    assert!(grants.iter().any(|grant| grant.allows(Action::Create)));
    assert!(!grants.iter().any(|grant| grant.allows(Action::Update) || grant.allows(Action::Delete)));
}

/// CF: the front desk sees demographics, but not notes.
#[test]
fn clinicflow_front_desk_sees_no_notes() {
    let spec = example(include_str!("../../examples/clinicflow/app.yaml"));
    let model = spec.model();
    let desk = model.role("front desk").unwrap();
    for entity in ["encounter", "note", "note addendum"] {
        assert_eq!(model.grants(desk, model.entity(entity).unwrap()).count(), 0);
    }
}

/// What an example's page says cannot be built yet is what `check` says, neither more nor less.
#[test]
fn examples_say_what_cannot_be_built_yet() {
    for (text, readme) in [
        (
            include_str!("../../examples/chartcoder/app.yaml"),
            include_str!("../../examples/chartcoder/README.md"),
        ),
        (
            include_str!("../../examples/peptide-clinic/app.yaml"),
            include_str!("../../examples/peptide-clinic/README.md"),
        ),
        (
            include_str!("../../examples/clinicflow/app.yaml"),
            include_str!("../../examples/clinicflow/README.md"),
        ),
    ] {
        let told: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("- ")).collect();
        let found: Vec<String> = spec::buildable(&example(text))
            .into_iter()
            .map(|it| match it.construct {
                Some(construct) => format!("{} (construct {construct})", it.said),
                None => it.said,
            })
            .collect();
        assert_eq!(told, found);
    }
}

#[test]
fn examples_are_written_back_the_same() {
    for text in [
        include_str!("../../examples/chartcoder/app.yaml"),
        include_str!("../../examples/peptide-clinic/app.yaml"),
        include_str!("../../examples/clinicflow/app.yaml"),
    ] {
        let document = spec::read(text).document;
        let yaml = document.to_yaml();
        let again = spec::read(&yaml);
        assert!(again.problems.is_empty(), "{}\n{yaml}", again.problems);
        assert_eq!(again.document, document);
    }
}
