//! HC-3: what a change lets somebody see that they do not see today is told, all of it: held against the oracle in
//! random worlds.

use proptest::prelude::*;
use spec::access::oracle::{AssignmentFact, Facts, Membership, Record, Who, visible};
use spec::access::{Action, Widening, widened};
use spec::{Lock, ValidatedSpec};
use std::collections::BTreeMap;

const PATIENT: &[&str] = &[
    "view assigned",
    "view in organisation",
    "view(name) in clinic",
    "view(name, phone) in organisation",
    "view, update in clinic",
    "view in clinic; never phone",
    "view own",
    "",
];
const NOTE: &[&str] = &[
    "view assigned",
    "view assigned when signed",
    "view own",
    "view(text) in clinic",
    "view via patient",
    "view in organisation when draft | signed",
    "create, view assigned",
    "",
];

/// An app with what three roles may do with two records.
fn app(grants: &[(usize, usize)]) -> Option<ValidatedSpec> {
    let roles = ["nurse", "doctor", "patient"];
    let access = |pool: &[&str], pick: fn(&(usize, usize)) -> usize| {
        let lines: Vec<String> = roles
            .iter()
            .zip(grants)
            .map(|(role, grant)| (role, pool[pick(grant)]))
            .filter(|(_, grant)| !grant.is_empty())
            .map(|(role, grant)| format!("      {role}: \"{grant}\"\n"))
            .collect();
        format!("    access:\n{}", lines.concat())
    };
    let text = format!(
        "app: Clinic\nplaces:\n  clinic: {{ inside: organisation }}\nroles:\n  nurse: {{ privileged: true }}\n  doctor: {{ privileged: true }}\n  patient: {{ self: patient }}\n  owner: {{ administers: [people, agreements] }}\nentities:\n  patient:\n    belongs to: clinic\n    assigned to: {{ role: [nurse, doctor], team: many, by: [owner] }}\n    fields:\n      name: identifier name\n      phone: identifier phone\n{}      owner: view(name) in organisation\n  note:\n    part of: patient\n    fields:\n      text: narrative\n      status: none one of draft | signed\n{}      owner: view(status) in organisation\n    lifecycle:\n      states: [draft, signed]\n",
        access(PATIENT, |grant| grant.0),
        access(NOTE, |grant| grant.1)
    );
    spec::check(&text, &Lock::default())
        .map_err(|problems| {
            if std::env::var("TELL").is_ok() {
                eprintln!("{problems}")
            }
        })
        .ok()
}

/// A world of a few people and records, from numbers.
fn world(spec: &ValidatedSpec, numbers: &[u8]) -> Facts {
    let model = spec.model();
    let (patient, note) =
        (model.entity("patient").expect("a patient"), model.entity("note").expect("a note"));
    let mut numbers = numbers.iter().copied().cycle();
    let mut next = |most: u64| u64::from(numbers.next().unwrap_or_default()) % most + 1;
    let clinic = model.roles().next().map(|_| model.places_up(model[patient].place).next().expect("a place"));
    let mut facts = Facts::default();
    for place in 1..=2 {
        facts.places.insert(place, (clinic.expect("a clinic"), None));
    }
    for id in 1..=3 {
        let row = Record {
            organisation: next(2),
            place: Some(next(2)),
            ids: BTreeMap::from([("person_id".into(), next(3)), ("created_by_id".into(), next(3))]),
            state: None,
            until: None,
        };
        facts.records.entry(patient).or_default().insert(id, row);
    }
    for id in 1..=4 {
        let whole = next(3);
        let row = Record {
            organisation: facts.records[&patient][&whole].organisation,
            place: None,
            ids: BTreeMap::from([("patient_id".into(), whole), ("created_by_id".into(), next(3))]),
            state: Some(if next(2) == 1 { "draft".into() } else { "signed".into() }),
            until: None,
        };
        facts.records.entry(note).or_default().insert(id, row);
    }
    for (role, _) in model.roles() {
        for person in 1..=3 {
            if next(3) > 1 {
                facts.memberships.push(Membership {
                    person,
                    organisation: next(2),
                    role,
                    place: (next(3) > 1).then(|| next(2)),
                });
            }
            if next(3) > 1 {
                facts.assignments.push(AssignmentFact {
                    organisation: next(2),
                    entity: patient,
                    record: next(3),
                    person,
                    role,
                    starts: 0,
                    ends: (next(3) == 1).then_some(5),
                });
            }
        }
    }
    facts
}

fn told(widenings: &[Widening], roles: &[String], entity: &str, field: &str) -> bool {
    widenings.iter().any(|widening| {
        widening.action == "view"
            && widening.entity.as_str() == entity
            && roles.contains(&widening.role.to_string())
            && widening.fields.iter().any(|known| known.as_str() == field)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every field of every row that somebody sees newly, in any world, is among the widenings that are told.
    #[test]
    fn whatever_shows_newly_is_told(
        before in proptest::array::uniform3((0..PATIENT.len(), 0..NOTE.len())),
        after in proptest::array::uniform3((0..PATIENT.len(), 0..NOTE.len())),
        numbers in proptest::collection::vec(any::<u8>(), 40..80),
    ) {
        let (Some(old), Some(new)) = (app(&before), app(&after)) else { return Ok(()) };
        let widenings = widened(&old, &new);
        let facts = world(&old, &numbers);
        let model = new.model();
        for person in 1..=3 {
            for organisation in 1..=2 {
                let who = Who { person, organisation, now: 10 };
                let roles: Vec<String> = facts
                    .memberships
                    .iter()
                    .filter(|membership| membership.person == person)
                    .map(|membership| model[membership.role].name.to_string())
                    .collect();
                for (entity, rows) in &facts.records {
                    for record in rows.keys() {
                        let seen = visible(old.model(), &facts, who, Action::View, *entity, *record).unwrap_or_default();
                        let sees = visible(model, &facts, who, Action::View, *entity, *record).unwrap_or_default();
                        for field in sees.difference(&seen) {
                            let (entity, field) = (&model[*entity].name, &model[*entity][*field].name);
                            prop_assert!(
                                told(&widenings, &roles, entity.as_str(), field.as_str()),
                                "{entity}.{field} shows newly to {roles:?}: {widenings:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_is_told_of_an_app_that_stays_as_it_is() {
    for (patient, note) in [(0, 0), (1, 1), (4, 5), (5, 4)] {
        let grants = [(patient, note); 3];
        if let Some(app) = app(&grants) {
            assert_eq!(widened(&app, &app), Vec::new());
        }
    }
}

#[test]
fn a_narrower_grant_is_no_widening_and_a_wider_one_is_told_by_its_fields() {
    let wide = app(&[(3, 0), (0, 0), (6, 2)]).expect("an app");
    let narrow = app(&[(7, 0), (0, 1), (6, 2)]).expect("an app");
    assert_eq!(widened(&wide, &narrow), Vec::new());
    let told: Vec<String> = widened(&narrow, &wide)
        .iter()
        .filter(|widening| widening.action == "view" && widening.shows_what_is_kept())
        .map(|widening| format!("{} {} {:?}", widening.role, widening.entity, widening.fields.len()))
        .collect();
    assert_eq!(told, ["doctor note 2", "nurse patient 2"]);
}

/// What a patient lets their family see is what it was, while something else changes; what they newly may let them see is told.
#[test]
fn a_permission_that_stays_as_it_is_widens_nothing() {
    let app = |fields: &str, gives: &str| {
        let text = format!(
            "app: Clinic\nroles:\n  patient: {{ self: patient }}\n  relative: {{}}\n  owner: {{ administers: [people, agreements] }}\n\
             entities:\n  patient:\n    fields:\n      name: identifier name\n{fields}    access:\n      patient: view own\n      \
             owner: \"view(name), create(name) in organisation\"\n  reading:\n    part of: patient\n    fields:\n      pulse: clinical integer 20..300\n    \
             access:\n      patient: view own\n      owner: \"create in organisation\"\n\
             permissions:\n  family access: {{ by: patient, to: relative, gives: [{gives}], until: date or revoked }}\n"
        );
        spec::check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    };
    let before = app("", "view patient");
    assert_eq!(
        widened(&before, &app("      phone: identifier phone\n", "view patient"))
            .iter()
            .filter(|one| one.shows_what_is_kept())
            .count(),
        0
    );
    let more = widened(&before, &app("", "view patient, view reading"));
    assert!(told(&more, &["relative".to_owned()], "reading", "pulse"), "{more:?}");
}
