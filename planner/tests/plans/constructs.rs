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

/// What is logged, asked and measured is kept under the name by which it was said.
#[test]
fn records_are_kept_as_they_are_told() {
    for (prompt, record, fields) in [
        (
            "Sleep company. Therapists call patients; every call gets logged: date, complaints, advice.",
            "call",
            &["date", "complaints", "advice"][..],
        ),
        (
            "Foot clinic. Nurses do an assessment (pulses, sensation) and a treatment (nails trimmed y/n, callus removed y/n, products used) of patients.",
            "treatment",
            &["nails trimmed", "products used"],
        ),
        (
            "Urgent care. Nurses see patients. If there is a reaction they record it: symptom, minutes after, treatment.",
            "reaction",
            &["minutes after", "treatment"],
        ),
        (
            "Vaccination drive app. Vaccinators record vaccine, lot number and arm of patients.",
            "vaccination",
            &["vaccine", "lot number", "arm"],
        ),
    ] {
        let plan = planned(prompt);
        let entity = plan.spec.entities.iter().find(|(name, _)| name.as_str() == record);
        let (_, entity) = entity.unwrap_or_else(|| panic!("no {record}\n{}", plan.text));
        for field in fields {
            let held = entity.fields.keys().any(|name| name.as_str() == *field);
            assert!(held, "{record} has no {field}\n{}", plan.text);
        }
    }
}

/// A scale with numbered items is a form of so many questions.
#[test]
fn a_scale_with_its_items_is_asked() {
    let plan = planned(
        "Pediatric clinic. Mothers complete the Edinburgh scale (10 items, 0-3). Doctors see the answers.",
    );
    let (name, form) = plan.spec.forms.first().unwrap_or_else(|| panic!("{}", plan.text));
    assert_eq!((name.as_str(), form.ask.len()), ("edinburgh scale", 10), "{}", plan.text);
}

/// HC-3: who keeps a kitchen registers no patients, and what nobody was said to write goes to one of those who treat.
#[test]
fn what_is_unsaid_goes_to_as_few_as_can_be() {
    let plan = planned(
        "School allergies app. Nurses write emergency plans (allergen, medication) of students. Kitchen staff see the allergen only.",
    );
    assert!(!access(&plan, "student", "kitchen staff").contains("create"), "{}", plan.text);
    let plan = planned(
        "Oncology app. Navigators and oncologists see patients. Navigation calls: date, duration, notes. Social workers see distress screenings.",
    );
    let writers = ["navigator", "oncologist"]
        .iter()
        .filter(|role| access(&plan, "navigation call", role).contains("create"))
        .count();
    assert_eq!(writers, 1, "{}", plan.text);
}

/// A name is what a founder would call it, though a table or a list of users comes first.
#[test]
fn an_app_is_named_by_what_says_what_it_is() {
    for (prompt, name) in [
        (
            "# Oncology nurse navigation\n\nUsers\n- navigator\n- oncologist\n\nNavigators log calls (date, notes) of patients.",
            "Oncology nurse navigation",
        ),
        (
            "| Who | What they do |\n|---|---|\n| Pharmacist | releases deliveries |\n| Driver | sees name and address |\n\nIt's a delivery app for our independent pharmacy.",
            "Independent pharmacy delivery",
        ),
        (
            "Hi there, I'm the charge nurse of a burns outpatient clinic and we're drowning in paper. Nurses log dressing changes (date, product) of patients.",
            "Burns outpatient clinic",
        ),
    ] {
        assert_eq!(planned(prompt).spec.app.to_string(), name, "{prompt}");
    }
}
