//! What a valid spec means.

use spec::{Lock, access::Action};

#[test]
fn the_blood_pressure_app_resolves() {
    let spec = match spec::check(include_str!("home_bp.yaml"), &Lock::default()) {
        Ok(spec) => spec,
        Err(problems) => panic!("{problems}"),
    };
    let model = spec.model();
    let patient = model.entity("patient").unwrap();
    let nurse = model.role("nurse").unwrap();
    let grant = model.grants(nurse, patient).find(|grant| grant.allows(Action::View)).unwrap();
    assert_eq!(
        grant.sql,
        "EXISTS (SELECT 1 FROM patient_assignments a1 WHERE a1.patient_id = patients.id AND a1.organisation_id = :organisation AND a1.person_id = :person AND a1.role = 'nurse' AND a1.starts_at <= :now AND (a1.ends_at IS NULL OR a1.ends_at > :now))"
    );
    assert!(spec::buildable(&spec).is_empty());
}
