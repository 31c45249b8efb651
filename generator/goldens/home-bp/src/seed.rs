//! People and records that are obviously made up, always the same: for a first look, never for real use.
//!
//! They are written as those people, through the policy, the forms and the audit log. Run `seed` again to read the logins.

use safeguards::Services;
use safeguards::access::Action;
use safeguards::app::{AppError, Pending};
use safeguards::slice::Body;
use safeguards::slice::Links;
use safeguards::slice::prelude::Uuid;
use safeguards::slice::seed::fake;
use safeguards::slice::seed::{Person, Seeds, tell};
use serde_json::json;

use crate::access;
use crate::home::FRONT;

/// The people.
pub const PEOPLE: &[Person] = &[
    Person {
        role: "owner",
        name: "Example owner",
        email: "owner@example.org",
        authenticator: true,
        place: None,
    },
    Person {
        role: "nurse",
        name: "Example nurse",
        email: "nurse@example.org",
        authenticator: true,
        place: None,
    },
    Person {
        role: "nurse",
        name: "Example nurse 2",
        email: "nurse2@example.org",
        authenticator: true,
        place: None,
    },
    Person {
        role: "physician",
        name: "Example physician",
        email: "physician@example.org",
        authenticator: false,
        place: None,
    },
    Person {
        role: "physician",
        name: "Example physician 2",
        email: "physician2@example.org",
        authenticator: false,
        place: None,
    },
    Person {
        role: "patient",
        name: "Example patient",
        email: "patient@example.org",
        authenticator: false,
        place: None,
    },
    Person {
        role: "patient",
        name: "Example patient 2",
        email: "patient2@example.org",
        authenticator: false,
        place: None,
    },
    Person {
        role: "patient",
        name: "Example patient 3",
        email: "patient3@example.org",
        authenticator: false,
        place: None,
    },
    Person {
        role: "patient",
        name: "Example patient 4",
        email: "patient4@example.org",
        authenticator: false,
        place: None,
    },
    Person {
        role: "patient",
        name: "Example patient 5",
        email: "patient5@example.org",
        authenticator: false,
        place: None,
    },
    Person {
        role: "patient",
        name: "Example patient 6",
        email: "patient6@example.org",
        authenticator: false,
        place: None,
    },
];

/// What `seed` writes; nothing, when it was written before.
pub fn seed(services: &Services) -> Pending<'_, ()> {
    Box::pin(async move {
        if let Some(seeds) = Seeds::begin(services, &FRONT, PEOPLE).await? {
            records(&seeds).await?;
        }
        if cfg!(test) { Ok(()) } else { tell(services, PEOPLE) }
    })
}

async fn records(seeds: &Seeds) -> Result<(), AppError> {
    let patients = make_patients(seeds).await?;
    make_readings(seeds, &patients).await?;
    Ok(())
}

/// Patients.
async fn make_patients(seeds: &Seeds) -> Result<Vec<Uuid>, AppError> {
    let mut made = Vec::new();
    for n in 0..6 {
        let viewer = seeds.by("owner@example.org")?;
        let body = Body::from(json!({
            "name": fake::name(n),
            "date_of_birth": fake::birth_date(n),
            "phone": fake::phone(n),
            "sex": fake::one_of(n, &["female", "male", "other", "unknown"]),
            "allergies": ["Example allergies"],
            "target_systolic": fake::between(n, 80, 200),
            "target_diastolic": fake::between(n, 40, 130),
            "person_id": seeds.person("patient", n),
        }));
        let form = viewer.writable(
            crate::patients::blank(&viewer.view, &Links::any()),
            &access::PATIENT,
            Action::Create,
        );
        let answers = body.answers(&viewer.view, form, &[])?;
        let id = crate::patients::insert(viewer, &answers).await?;
        if let Some(person) = seeds.somebody("physician", n) {
            let assigning = seeds.by("owner@example.org")?;
            crate::patients::assign(assigning, id, 1, "physician", person).await?;
        }
        made.push(id);
    }
    Ok(made)
}

/// Readings.
async fn make_readings(seeds: &Seeds, patients: &[Uuid]) -> Result<Vec<Uuid>, AppError> {
    let mut made = Vec::new();
    for (at, above) in patients.iter().enumerate() {
        for n in at * 9..(at + 1) * 9 {
            let viewer = seeds.by(seeds.email("patient", at))?;
            let body = Body::from(json!({
                "systolic": fake::between(n, 50, 260),
                "diastolic": fake::between(n, 30, 200),
                "pulse": fake::between(n, 20, 250),
                "taken_at": seeds.moment(-(n as i64 % 9), 8, 30),
                "note": "An example, made up.",
            }));
            let form = viewer.writable(
                crate::readings::blank(&viewer.view, &Links::any()),
                &access::READING,
                Action::Create,
            );
            let answers = body.answers(&viewer.view, form, &[])?;
            made.push(crate::readings::insert(viewer, *above, &answers).await?);
        }
    }
    Ok(made)
}
