//! Places, and how far those who administer people reach.

use safeguards::identity::totp::TotpSecret;
use safeguards::identity::{
    Colleague, Door, IdentityError, NewPerson, PersonId, Place, PlaceId, PlaceKind, Role, Roles, Session,
    Settings,
};
use safeguards::store::PolicyContext;
use safeguards::testing;
use safeguards::{Clock as _, sql};
use time::Duration;
use uuid::Uuid;

use super::{Clinic, OWNER, PASSWORD, start_with, visit};

static PLACED: [Role; 5] = [
    Role::named("owner").privileged().administers(&["people", "agreements"]).at("clinic"),
    Role::named("manager").privileged().administers(&["people"]).at("clinic"),
    Role::named("provider").at("clinic"),
    Role::named("auditor"),
    Role::named("patient").at("clinic"),
];

static PLACES: [PlaceKind; 2] = [
    PlaceKind { name: "clinic", label: "Clinic", plural: "Clinics", inside: None },
    PlaceKind { name: "ward", label: "Ward", plural: "Wards", inside: Some("clinic") },
];

/// An organisation whose founder came by `create-owner` and owns North.
struct Group {
    clinic: Clinic,
    founder: Session,
    north: PlaceId,
}

impl Group {
    async fn both() -> Vec<Self> {
        let mut groups = Vec::new();
        for database in testing::both().await {
            let mut clinic = Clinic::on(database).await;
            let settings = Settings {
                places: &PLACES,
                ..Settings::new("App", "https://clinic.example", Roles::new(&PLACED))
            };
            clinic.identity = start_with(&clinic.database, &clinic.key, &clinic.clock, settings).await;
            let link =
                clinic.identity.create_owner_at(clinic.id, OWNER, "owner", Some("North")).await.unwrap();
            let founder = enter(&clinic, &link.token, OWNER).await;
            let places = clinic.identity.places(&founder).await.unwrap();
            let north = places.iter().find(|place| place.name == "North").unwrap().id;
            groups.push(Self { clinic, founder, north });
        }
        groups
    }

    /// Somebody who has a role from before, signed in.
    async fn person(&self, name: &str, role: &str, place: Option<PlaceId>) -> (PersonId, Session) {
        let email = format!("{name}@example.org");
        let secret = TotpSecret::random().unwrap();
        let person = NewPerson {
            email: &email,
            name,
            role,
            place,
            password: PASSWORD,
            authenticator: Some(secret.clone()),
        };
        let id = self.clinic.identity.create_person(self.clinic.id, &person).await.unwrap();
        let opened = self.clinic.open_with_code(&email, &secret, Door::Browser).await;
        (id, self.clinic.request(&opened).await.unwrap())
    }

    async fn invite(
        &self,
        by: &Session,
        role: &str,
        place: Option<PlaceId>,
    ) -> Result<(), safeguards::identity::IdentityError> {
        let identity = &self.clinic.identity;
        let invitation = identity.invitation("new@example.org", role, place)?;
        identity.invite(by, &invitation).await.map(drop)
    }
}

/// Takes a link, enrols where the role demands it, and signs in.
async fn enter(clinic: &Clinic, token: &safeguards::identity::Token, email: &str) -> Session {
    use safeguards::identity::Next;
    clinic.identity.accept(token, PASSWORD, Some("Olga"), &visit(1)).await.unwrap();
    let Next::Enrol(ticket) =
        clinic.identity.sign_in(email, PASSWORD, Door::Browser, &visit(1)).await.unwrap()
    else {
        panic!("a privileged role enrols");
    };
    let secret = clinic.identity.begin_enrolment(&ticket).await.unwrap();
    let code = secret.code_at(clinic.clock.now());
    let (_, next) = clinic.identity.confirm_enrolment(&ticket, &code, &visit(1)).await.unwrap();
    clinic.request(&super::opened(next)).await.unwrap()
}

fn names(places: &[Place]) -> Vec<&str> {
    places.iter().map(|place| place.name.as_str()).collect()
}

fn emails(people: &[Colleague]) -> Vec<&str> {
    people.iter().map(|person| person.email.as_str()).collect()
}

/// CL-1: the founder owns one clinic, makes another and appoints its owner, and sees nothing of its people.
#[tokio::test]
async fn a_founder_makes_places_and_does_not_look_into_them() {
    for group in Group::both().await {
        let identity = &group.clinic.identity;
        let south = identity.make_place(&group.founder, "clinic", "South", None).await.unwrap();
        group.invite(&group.founder, "owner", Some(south)).await.unwrap();
        group.invite(&group.founder, "auditor", None).await.unwrap();
        let hidden = group.invite(&group.founder, "patient", Some(south)).await;
        assert!(matches!(hidden, Err(IdentityError::Forbidden)), "{hidden:?}");

        let (_, otto) = group.person("otto", "owner", Some(south)).await;
        let (sue, _) = group.person("sue", "patient", Some(south)).await;
        let (pia, _) = group.person("pia", "patient", Some(group.north)).await;
        let seen = identity.people(&group.founder).await.unwrap();
        assert!(emails(&seen).contains(&"pia@example.org") && emails(&seen).contains(&"otto@example.org"));
        assert!(!emails(&seen).contains(&"sue@example.org"), "a patient of another clinic");
        let his = identity.people(&otto).await.unwrap();
        assert_eq!(emails(&his), ["new@example.org", "otto@example.org", "sue@example.org"]);
        for (person, by) in [(pia, &otto), (sue, &group.founder)] {
            for refused in [
                identity.end_membership(by, person).await,
                identity.suspend(by, person, true).await,
                identity.give_role(by, person, "provider", Some(south)).await,
                identity.password_link(by, person).await.map(drop),
            ] {
                assert!(matches!(refused, Err(IdentityError::NotFound)), "{refused:?}");
            }
        }
        let told = group.clinic.events("configure").await;
        assert!(told.iter().any(|body| body.contains("made")), "{told:?}");
    }
}

/// HC-3: nobody gives more than they hold, at no other place, and no role where it is not had.
#[tokio::test]
async fn nobody_invites_to_more_than_they_hold() {
    for group in Group::both().await {
        let identity = &group.clinic.identity;
        let south = identity.make_place(&group.founder, "clinic", "South", None).await.unwrap();
        let ward = identity.make_place(&group.founder, "ward", "Ward 1", Some(group.north)).await.unwrap();
        let (_, manager) = group.person("max", "manager", Some(group.north)).await;
        group.invite(&manager, "provider", Some(group.north)).await.unwrap();
        group.invite(&manager, "manager", Some(group.north)).await.unwrap();
        for (role, place) in [
            ("owner", Some(group.north)),
            ("owner", None),
            ("manager", None),
            ("provider", Some(south)),
            ("auditor", None),
        ] {
            let refused = group.invite(&manager, role, place).await;
            assert!(matches!(refused, Err(IdentityError::Forbidden)), "{role} {place:?}: {refused:?}");
        }
        for (role, place) in [
            ("provider", None),
            ("provider", Some(ward)),
            ("provider", Some(PlaceId::new(Uuid::from_u128(7)))),
            ("auditor", Some(group.north)),
        ] {
            let refused = group.invite(&group.founder, role, place).await;
            assert!(
                matches!(refused, Err(IdentityError::Invalid { field: "place", .. })),
                "{role} {place:?}"
            );
        }
        // A manager takes no owner's account over, and no owner's role.
        let (owner, _) = group.person("ottilie", "owner", Some(group.north)).await;
        for refused in [
            identity.password_link(&manager, owner).await.map(drop),
            identity.end_membership(&manager, owner).await,
            identity.suspend(&manager, owner, true).await,
        ] {
            assert!(matches!(refused, Err(IdentityError::NotFound)), "{refused:?}");
        }
    }
}

/// HC-4, CF-13: a privileged role is given by who showed a moment ago who they are; any other by a session.
#[tokio::test]
async fn privilege_grows_by_a_fresh_proof_only() {
    for group in Group::both().await {
        let identity = &group.clinic.identity;
        let (_, provider) = group.person("paula", "provider", Some(group.north)).await;
        let secret = TotpSecret::random().unwrap();
        let email = "olive@example.org";
        let person = NewPerson {
            email,
            name: "Olive",
            role: "owner",
            place: Some(group.north),
            password: PASSWORD,
            authenticator: Some(secret.clone()),
        };
        identity.create_person(group.clinic.id, &person).await.unwrap();
        let opened = group.clinic.open_with_code(email, &secret, Door::Browser).await;
        group.clinic.clock.advance(Duration::minutes(11));
        let session = group.clinic.request(&opened).await.unwrap();
        group.invite(&session, "provider", Some(group.north)).await.unwrap();
        let id = provider.principal().person();
        for stale in [
            group.invite(&session, "manager", Some(group.north)).await,
            identity.give_role(&session, id, "manager", Some(group.north)).await,
        ] {
            assert!(matches!(stale, Err(IdentityError::ProveAgain)), "{stale:?}");
        }
        let code = secret.code_at(group.clinic.clock.now());
        let wrong = identity.prove_again(session.row(), "wrong", &code, &visit(1)).await;
        assert!(matches!(wrong, Err(IdentityError::Wrong)));
        let half = identity.prove_again(session.row(), PASSWORD, "000000", &visit(1)).await;
        assert!(matches!(half, Err(IdentityError::Wrong)));
        identity.prove_again(session.row(), PASSWORD, &code, &visit(1)).await.unwrap();
        let session = group.clinic.request(&opened).await.unwrap();
        group.invite(&session, "manager", Some(group.north)).await.unwrap();
        identity.give_role(&session, id, "manager", Some(group.north)).await.unwrap();
    }
}

/// HC-3: an ended membership ends every session at once; the last who administers the whole organisation stays.
#[tokio::test]
async fn an_ended_membership_ends_sessions_at_once() {
    for group in Group::both().await {
        let identity = &group.clinic.identity;
        let (id, provider) = group.person("paula", "provider", Some(group.north)).await;
        identity.places(&provider).await.unwrap_err();
        identity.end_membership(&group.founder, id).await.unwrap();
        let dead =
            sql("SELECT count(*) AS n FROM sessions WHERE person_id = $1 AND ended_at IS NULL").bind(id);
        assert_eq!(group.clinic.count(dead).await, 0);
        let people = identity.people(&group.founder).await.unwrap();
        assert!(!emails(&people).contains(&"paula@example.org"));
        assert!(group.clinic.events("configure").await.iter().any(|body| body.contains("membership-ended")));

        // An owner of North may let the founder go from North, and not from the whole organisation.
        let (_, owner) = group.person("olive", "owner", Some(group.north)).await;
        let founder = group.founder.principal().person();
        let all = identity.end_membership(&owner, founder).await;
        assert!(matches!(all, Err(IdentityError::Conflict(_))), "{all:?}");
        let seen = identity.people(&owner).await.unwrap();
        let held = &seen.iter().find(|person| person.id == founder).unwrap().memberships;
        assert_eq!(held.len(), 1, "the role of the whole organisation is not theirs to see");
        identity.take_role(&owner, founder, held[0].id).await.unwrap();
    }
}

/// An invitation that was withdrawn, or whose place was closed, gives nothing.
#[tokio::test]
async fn a_withdrawn_invitation_gives_nothing() {
    for group in Group::both().await {
        let identity = &group.clinic.identity;
        let south = identity.make_place(&group.founder, "clinic", "South", None).await.unwrap();
        let invitation = identity.invitation("new@example.org", "owner", Some(south)).unwrap();
        let link = identity.invite(&group.founder, &invitation).await.unwrap();
        let (_, manager) = group.person("max", "manager", Some(group.north)).await;
        let people = identity.people(&group.founder).await.unwrap();
        let pending =
            people.iter().find(|person| person.email == "new@example.org").unwrap().invitations[0].id;
        let foreign = identity.withdraw(&manager, pending).await;
        assert!(matches!(foreign, Err(IdentityError::NotFound)), "{foreign:?}");
        let second = identity.invite(&group.founder, &invitation).await.unwrap();
        identity.withdraw(&group.founder, pending).await.unwrap();
        let spent = identity.accept(&link.token, PASSWORD, None, &visit(1)).await;
        assert!(matches!(spent, Err(IdentityError::LinkSpent)));
        identity.close_place(&group.founder, south, true).await.unwrap();
        let closed = identity.accept(&second.token, PASSWORD, None, &visit(1)).await;
        assert!(matches!(closed, Err(IdentityError::LinkSpent)), "{closed:?}");
    }
}

/// Places are a tree of the app's kinds; each name once among its neighbours; closed when nobody works there.
#[tokio::test]
async fn places_are_a_tree_of_the_apps_kinds() {
    for group in Group::both().await {
        let identity = &group.clinic.identity;
        let by = &group.founder;
        let ward = identity.make_place(by, "ward", "Ward 1", Some(group.north)).await.unwrap();
        let south = identity.make_place(by, "clinic", " South ", None).await.unwrap();
        identity.make_place(by, "ward", "Ward 1", Some(south)).await.unwrap();
        let places = identity.places(by).await.unwrap();
        assert_eq!(names(&places), ["North", "Ward 1", "South", "Ward 1"]);
        for (kind, name, inside, field) in [
            ("clinic", "South", None, "name"),
            ("clinic", "", None, "name"),
            ("clinic", "two\nlines", None, "name"),
            ("clinic", "East", Some(group.north), "inside"),
            ("ward", "Ward 2", None, "inside"),
            ("ward", "Ward 2", Some(ward), "inside"),
            ("castle", "East", None, "kind"),
        ] {
            let refused = identity.make_place(by, kind, name, inside).await;
            let at = match &refused {
                Err(IdentityError::Invalid { field, .. }) => *field,
                _ => "none",
            };
            assert_eq!(at, field, "{kind} {name}: {refused:?}");
        }
        identity.rename_place(by, ward, "Maternity").await.unwrap();
        assert!(matches!(identity.close_place(by, group.north, true).await, Err(IdentityError::Conflict(_))));
        identity.close_place(by, ward, true).await.unwrap();
        identity.close_place(by, ward, false).await.unwrap();
        let (_, manager) = group.person("max", "manager", Some(group.north)).await;
        assert_eq!(names(&identity.places(&manager).await.unwrap()), ["North", "Maternity"]);
        let beyond = identity.rename_place(&manager, south, "Mine").await;
        assert!(matches!(beyond, Err(IdentityError::NotFound)), "{beyond:?}");
        let own = identity.rename_place(&manager, group.north, "Mine").await;
        assert!(matches!(own, Err(IdentityError::Forbidden)), "{own:?}");
        let (_, provider) = group.person("paula", "provider", Some(group.north)).await;
        let nobody = identity.make_place(&provider, "ward", "Ward 9", Some(group.north)).await;
        assert!(matches!(nobody, Err(IdentityError::Forbidden)), "{nobody:?}");
    }
}

/// Invariant 3: on PostgreSQL, places and memberships of another organisation are neither read nor written by who
/// acts for one, whatever the statement says.
#[tokio::test]
async fn places_and_memberships_are_fenced_in_the_database() {
    let group =
        Group::both().await.into_iter().find(|group| group.clinic.database.store.is_postgres()).unwrap();
    let clinic = &group.clinic;
    let second = clinic.identity.create_organisation("Second").await.unwrap();
    let acting = |organisation: Uuid| PolicyContext {
        person: None,
        organisation: Some(organisation),
        roles: Vec::new(),
        action: "administer",
        now: clinic.clock.now(),
    };
    for (table, own) in [("places", 1), ("memberships", 2)] {
        let query = match table {
            "places" => "SELECT count(*) AS n FROM places",
            _ => "SELECT count(*) AS n FROM memberships",
        };
        for (organisation, expected) in [(clinic.id.uuid(), own), (second.uuid(), 0)] {
            let mut transaction = clinic.database.store.begin_as(&acting(organisation)).await.unwrap();
            let found = sql(query).fetch_one(&mut transaction).await.unwrap().integer("n").unwrap();
            assert_eq!(found, expected, "{table}");
        }
    }
    let give = || {
        sql("INSERT INTO memberships (id, person_id, organisation_id, role, created_at) VALUES ($1, $2, $3, 'auditor', $4)")
            .bind(Uuid::from_u128(77))
            .bind(group.founder.principal().person())
            .bind(clinic.id)
            .bind(clinic.clock.now())
    };
    assert!(give().execute(&clinic.database.store).await.is_err(), "nobody acts");
    let mut foreign = clinic.database.store.begin_as(&acting(second.uuid())).await.unwrap();
    assert!(give().execute(&mut foreign).await.is_err(), "another organisation acts");
    drop(foreign);
    let mut transaction = clinic.database.store.begin_as(&acting(second.uuid())).await.unwrap();
    let taken = sql("DELETE FROM memberships").execute(&mut transaction).await.unwrap();
    assert_eq!(taken, 0);
    let moved = sql("UPDATE places SET name = 'Taken'").execute(&mut transaction).await.unwrap();
    assert_eq!(moved, 0);
}
