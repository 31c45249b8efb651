//! Who may see and do what: the whole access policy of this app on one page.
//!
//! What no line below grants is denied. Grants add up, `never` wins, and a row or field out of reach is
//! as if it were not there: it is a 404 in an address, and absent from lists, counts, filters and sorts.
//! The library puts these conditions into each statement (`{visible}`); on PostgreSQL the same conditions
//! stand a second time as row-level security, in `migrations/postgres/0003_access.sql`.
//!
//! | | owner | nurse | physician | patient |
//! |---|---|---|---|---|
//! | patient | view (name, date of birth, phone) in organisation; create, assign in organisation; invite in organisation | view, create, assign in organisation; update (name, date of birth, phone, sex, allergies) in organisation | view assigned; update (target systolic, target diastolic) assigned | view own |
//! | reading | – | view in organisation | view assigned | view, create own |

use safeguards::access::{Action, Entity, Field, Grant, Kind, Mask};
use safeguards::identity::Role;

/// Every entity of this app.
pub static ENTITIES: &[&Entity] = &[&PATIENT, &READING];

/// The roles that a person can have here. Who is privileged signs in with a second factor, without exception (CF-13).
pub static ROLES: &[Role] = &[
    Role::named("owner").privileged().administers(&["people", "agreements"]),
    Role::named("nurse").privileged(),
    Role::named("physician"),
    Role::named("patient").individual(),
];

/// Patients that physician reaches as assigned.
const PATIENTS_ASSIGNED_PHYSICIAN: &str = "EXISTS (SELECT 1 FROM patient_assignments a1 WHERE a1.patient_id = patients.id \
         AND a1.organisation_id = :organisation AND a1.person_id = :person \
         AND a1.role = 'physician' AND a1.starts_at <= :now AND (a1.ends_at IS NULL \
         OR a1.ends_at > :now))";

/// Patients.
pub static PATIENT: Entity =
    Entity {
        reference: Some("PT"),
        subject: Some("id"),
        fields: &[
            Field::plain("login", 60003, Kind::Uuid).column("person_id"),
            Field::identifier("name", 1, Kind::Text),
            Field::identifier("date of birth", 2, Kind::Date).column("date_of_birth"),
            Field::identifier("phone", 3, Kind::Phone).lookup("phone_index"),
            Field::clinical("sex", 4, Kind::Text),
            Field::clinical("allergies", 5, Kind::Json),
            Field::clinical("target systolic", 6, Kind::Integer)
                .column("target_systolic")
                .queryable()
                .unit("mmHg"),
            Field::clinical("target diastolic", 7, Kind::Integer)
                .column("target_diastolic")
                .queryable()
                .unit("mmHg"),
        ],
        grants: &[
            Grant::to("owner", &[Action::View, Action::List]).fields(Mask::Only(&[
                "reference",
                "name",
                "date of birth",
                "phone",
            ])),
            Grant::to("owner", &[Action::Create, Action::Move("assign")]),
            Grant::to("nurse", &[Action::View, Action::List, Action::Create, Action::Move("assign")]),
            Grant::to("nurse", &[Action::Update]).fields(Mask::Only(&[
                "reference",
                "login",
                "name",
                "date of birth",
                "phone",
                "sex",
                "allergies",
            ])),
            Grant::to("physician", &[Action::View, Action::List]).rows(PATIENTS_ASSIGNED_PHYSICIAN),
            Grant::to("physician", &[Action::Update])
                .rows(PATIENTS_ASSIGNED_PHYSICIAN)
                .fields(Mask::Only(&["reference", "target systolic", "target diastolic"])),
            Grant::to("patient", &[Action::View, Action::List]).rows("patients.person_id = :person"),
            Grant::to("owner", &[Action::Move("invite")]).fields(Mask::Only(&["login"])),
        ],
        // About whoever asks themselves: in the copy of their data.
        own: &["patients.person_id = :person"],
        ..Entity::named("patient", 1, "patients")
    };

/// Readings, part of patient.
pub static READING: Entity = Entity {
    subject: Some("patient_id"),
    fields: &[
        Field::plain("patient", 60001, Kind::Uuid).column("patient_id").to("patients"),
        Field::clinical("systolic", 1, Kind::Integer).queryable().unit("mmHg"),
        Field::clinical("diastolic", 2, Kind::Integer).queryable().unit("mmHg"),
        Field::clinical("pulse", 3, Kind::Integer).queryable().unit("bpm"),
        Field::clinical("taken at", 4, Kind::Timestamp).column("taken_at").queryable(),
        Field::narrative("note", 5),
    ],
    grants: &[
        Grant::to("nurse", &[Action::View, Action::List]),
        Grant::to("physician", &[Action::View, Action::List]).rows(
            "EXISTS (SELECT 1 FROM patients r1 WHERE r1.id = readings.patient_id \
         AND r1.organisation_id = :organisation AND EXISTS (SELECT 1 FROM patient_assignments a2 \
         WHERE a2.patient_id = r1.id AND a2.organisation_id = :organisation \
         AND a2.person_id = :person AND a2.role = 'physician' AND a2.starts_at <= :now \
         AND (a2.ends_at IS NULL OR a2.ends_at > :now)))",
        ),
        Grant::to("patient", &[Action::View, Action::List, Action::Create]).rows(
            "EXISTS (SELECT 1 FROM patients r1 WHERE r1.id = readings.patient_id \
         AND r1.organisation_id = :organisation AND r1.person_id = :person)",
        ),
    ],
    // About whoever asks themselves: in the copy of their data.
    own: &["EXISTS (SELECT 1 FROM patients r1 WHERE r1.id = readings.patient_id \
         AND r1.organisation_id = :organisation AND r1.person_id = :person)"],
    ..Entity::named("reading", 2, "readings")
};
