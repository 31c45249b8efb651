//! What founders ask for besides records: files, signatures, what families may see, and who works with nothing.

use planner::{Plan, plan};
use spec::Kind;

fn planned(prompt: &str) -> Plan {
    plan(prompt).unwrap_or_else(|error| panic!("{prompt}: {error}"))
}

fn access(plan: &Plan, record: &str, role: &str) -> String {
    let entity = plan.spec.entities.iter().find(|(name, _)| name.as_str() == record);
    let lines = entity.and_then(|(_, entity)| entity.access.as_ref());
    lines.and_then(|lines| lines.get(role)).map(ToString::to_string).unwrap_or_default()
}

fn files(plan: &Plan, record: &str) -> Vec<String> {
    let entity = plan.spec.entities.iter().find(|(name, _)| name.as_str() == record);
    let fields = entity.into_iter().flat_map(|(_, entity)| &entity.fields);
    fields
        .filter(|(_, field)| field.stored.as_ref().is_some_and(|stored| stored.kind == Kind::File))
        .map(|(name, _)| name.to_string())
        .collect()
}

/// CL-3: a photo is a file of its record, and whoever writes the record puts it there.
#[test]
fn photos_are_files_of_their_records() {
    let plan = planned(
        "Wound app. Nurses document wounds (site, length, width, photo) of patients. The front desk books appointments.",
    );
    assert_eq!(files(&plan, "wound"), ["photo"]);
    assert!(access(&plan, "wound", "nurse").contains("update"), "{}", plan.text);
    assert!(plan.not_yet.iter().all(|wish| wish.construct != Some(21)), "{:?}", plan.not_yet);
}

/// What is uploaded and belongs to nothing else is a record of its own.
#[test]
fn an_upload_is_a_record_with_its_file() {
    let plan = planned(
        "Patients upload an insurance card and see their appointments. Receptionists book appointments.",
    );
    assert_eq!(files(&plan, "insurance card").len(), 1, "{}", plan.text);
    assert!(access(&plan, "insurance card", "patient").contains("own"), "{}", plan.text);
    assert!(!access(&plan, "insurance card", "receptionist").contains("update"), "{}", plan.text);
}

/// CF-10: who signs what binds them gives a signature.
#[test]
fn an_agreement_is_signed_by_those_who_sign_it() {
    let plan = planned(
        "Pain clinic. Providers write treatment agreements. Patients sign the treatment agreement. Providers sign it, too.",
    );
    let (_, agreement) = plan
        .spec
        .entities
        .iter()
        .find(|(name, _)| name.as_str() == "treatment agreement")
        .unwrap_or_else(|| panic!("{}", plan.text));
    assert!(agreement.signed_by.iter().any(|role| role.as_str() == "patient"), "{}", plan.text);
}

/// HC-3: what family sees by the patient's permission is a permission and no grant.
#[test]
fn family_sees_by_a_permission() {
    let plan = planned(
        "Patients log blood pressure readings and see their own readings. Nurses review them. Family members can see the readings if the patient allows it.",
    );
    let (_, given) = plan.spec.permissions.first().unwrap_or_else(|| panic!("{}", plan.text));
    assert_eq!((given.by.as_str(), given.to.as_str()), ("patient", "family member"));
    assert_eq!(access(&plan, "reading", "family member"), "");
}

/// Parents of children who do not log in reach what is their child's, and what the prompt keeps from them they do not.
#[test]
fn parents_act_for_their_children() {
    let plan = planned(
        "Pediatric clinic. Nurses record growth measurements (height, weight) of each child. Doctors write notes. Parents see their own child's measurements but not the notes.",
    );
    let parent = plan.spec.roles.iter().find(|(name, _)| name.as_str() == "parent").expect("parents");
    assert!(parent.1.self_entity.is_some(), "{}", plan.text);
    let measurement =
        plan.spec.entities.keys().find(|name| name.as_str().contains("measurement")).expect("a record");
    assert!(access(&plan, measurement.as_str(), "parent").contains("view own"), "{}", plan.text);
    assert_eq!(access(&plan, "note", "parent"), "", "{}", plan.text);
}

/// HC-3: somebody of whom nothing was made out sees nothing, and the founder is asked.
#[test]
fn a_role_without_work_is_asked_about() {
    let plan = planned("Clinic app. Roles: nurse, librarian. Nurses log vitals of patients.");
    assert!(plan.spec.roles.keys().any(|role| role.as_str() == "librarian"), "{}", plan.text);
    let asked = plan.questions.iter().find(|question| question.about.contains("librarian"));
    assert_eq!(asked.map(|question| question.default.as_str()), Some("nothing"), "{:?}", plan.questions);
    assert!(plan.questions.len() <= 5);
}

/// `only I` names whoever writes the prompt, whether or not they say who they are.
#[test]
fn only_i_may_is_a_restriction_on_whoever_writes() {
    for prompt in [
        "Therapy practice. I keep clients (name, phone), appointments and session notes that only I can read. My receptionist books appointments.",
        "I am a psychologist. Clients, appointments, session notes that only I can read. My receptionist books appointments.",
    ] {
        let plan = planned(prompt);
        let readers: Vec<&str> = plan
            .spec
            .entities
            .iter()
            .find(|(name, _)| name.as_str() == "session note")
            .into_iter()
            .flat_map(|(_, entity)| entity.access.iter().flatten().map(|(role, _)| role.as_str()))
            .collect();
        assert_eq!(readers.len(), 1, "{readers:?}\n{}", plan.text);
        assert_ne!(readers, ["receptionist"]);
    }
}
