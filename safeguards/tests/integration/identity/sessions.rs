//! Sessions and tokens over time.

use safeguards::audit::Purpose;
use safeguards::identity::{Credentials, Door, IdentityError, NewPerson, Next};
use safeguards::sql;
use time::Duration;

use super::{Clinic, OWNER, PASSWORD, PATIENT, opened, refresh_token, start, visit};

/// CF-4: fifteen minutes without a request end a session; requests keep it, up to twelve hours.
#[tokio::test]
async fn inactivity_and_lifetime_end_a_session() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let idle = clinic.open(PATIENT, Door::Browser).await;
        let busy = clinic.open(PATIENT, Door::Browser).await;
        let mut minutes = 0;
        while minutes < 12 * 60 - 10 {
            clinic.clock.advance(Duration::minutes(10));
            minutes += 10;
            clinic.request(&busy).await.unwrap();
        }
        assert!(matches!(clinic.request(&idle).await, Err(IdentityError::SignedOut)));
        clinic.clock.advance(Duration::minutes(10));
        assert!(matches!(clinic.request(&busy).await, Err(IdentityError::SignedOut)), "twelve hours");

        let session = clinic.open(PATIENT, Door::Browser).await;
        clinic.clock.advance(Duration::minutes(15));
        clinic.request(&session).await.unwrap();
        clinic.clock.advance(Duration::minutes(15) + Duration::seconds(1));
        assert!(clinic.request(&session).await.is_err());
    }
}

/// CF-4, CF-12: refreshing rotates, and is no activity: a client that does nothing else is signed out.
#[tokio::test]
async fn a_refresh_rotates_and_is_no_activity() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let mut current = clinic.open(PATIENT, Door::Api).await;
        for _ in 0..10 {
            clinic.clock.advance(Duration::minutes(5));
            assert!(clinic.request(&current).await.is_err(), "an access token lives five minutes");
            current = clinic.identity.refresh(&refresh_token(&current), &visit(1)).await.unwrap();
            clinic.request(&current).await.unwrap();
        }
        for _ in 0..3 {
            clinic.clock.advance(Duration::minutes(5));
            current = clinic.identity.refresh(&refresh_token(&current), &visit(1)).await.unwrap();
        }
        clinic.clock.advance(Duration::seconds(1));
        let late = clinic.identity.refresh(&refresh_token(&current), &visit(1)).await;
        assert!(matches!(late, Err(IdentityError::SignedOut)));
        assert!(clinic.events("logout").await.iter().any(|body| body.contains("inactive")));
        let hashes =
            clinic.count(sql("SELECT count(*) AS n FROM refresh_tokens WHERE used_at IS NULL")).await;
        assert_eq!(hashes, 0);
    }
}

/// A session ends at once when it is signed out or revoked, and another person's cannot be.
#[tokio::test]
async fn sessions_are_listed_and_revoked() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        clinic.person("other@example.org", "patient", None).await;
        let one = clinic.open(PATIENT, Door::Browser).await;
        let two = clinic.open(PATIENT, Door::Api).await;
        let foreign = clinic.open("other@example.org", Door::Browser).await;
        let session = clinic.request(&one).await.unwrap();
        let devices = clinic.identity.devices(session.row()).await.unwrap();
        assert_eq!(devices.len(), 2);
        assert_eq!(devices.iter().filter(|device| device.current).count(), 1);
        assert!(devices.iter().all(|device| device.address == "192.0.2.1"));
        let hidden = clinic.identity.revoke(session.row(), foreign.session, &visit(1)).await;
        assert!(matches!(hidden, Err(IdentityError::NotFound)));
        clinic.request(&foreign).await.unwrap();

        clinic.identity.revoke(session.row(), two.session, &visit(1)).await.unwrap();
        assert!(clinic.request(&two).await.is_err());
        assert!(clinic.identity.refresh(&refresh_token(&two), &visit(1)).await.is_err());
        clinic.identity.sign_out(session.row(), &visit(1)).await.unwrap();
        assert!(clinic.request(&one).await.is_err());
        assert_eq!(clinic.events("logout").await.len(), 2);
    }
}

/// A person of two organisations chooses, switches, and never is in a third; each change rotates the token.
#[tokio::test]
async fn an_organisation_is_chosen_and_switched() {
    for clinic in Clinic::both().await {
        let person = clinic.patient().await;
        let second = clinic.identity.create_organisation("Second").await.unwrap();
        let third = clinic.identity.create_organisation("Third").await.unwrap();
        let link = clinic.identity.create_owner(second, PATIENT, "patient").await.unwrap();
        clinic.identity.accept(&link.token, PASSWORD, None, &visit(1)).await.unwrap();

        let next = clinic.identity.sign_in(PATIENT, PASSWORD, Door::Browser, &visit(1)).await.unwrap();
        let Next::Choose(ticket, choices) = next else { panic!("a choice") };
        assert_eq!(choices.iter().map(|choice| choice.id).collect::<Vec<_>>(), [clinic.id, second]);
        let elsewhere = clinic.identity.choose(&ticket, third, &visit(1)).await;
        assert!(matches!(elsewhere, Err(IdentityError::NotFound)));
        let first = opened(clinic.identity.choose(&ticket, clinic.id, &visit(1)).await.unwrap());
        let session = clinic.request(&first).await.unwrap();
        assert_eq!(session.principal().person(), person);

        let elsewhere = clinic.identity.switch(session.row(), Some(third), None, &visit(1)).await;
        assert!(matches!(elsewhere, Err(IdentityError::NotFound)));
        let moved = clinic.identity.switch(session.row(), Some(second), None, &visit(1)).await.unwrap();
        assert_eq!(clinic.request(&moved).await.unwrap().principal().organisation(), second);
        assert!(clinic.request(&first).await.is_err(), "the token before is void");
        assert_eq!(moved.expires_at, first.expires_at, "a switch is no new lifetime");
        assert!(clinic.identity.switch(session.row(), None, None, &visit(1)).await.is_err());
    }
}

/// CF-3, CL-9: the purpose of use stands on the principal; an emergency is not chosen.
#[tokio::test]
async fn a_purpose_is_chosen() {
    let clinic = &Clinic::both().await[1];
    clinic.patient().await;
    let session = clinic.request(&clinic.open(PATIENT, Door::Browser).await).await.unwrap();
    assert_eq!(session.principal().purpose(), Purpose::Treatment);
    for refused in [Purpose::Emergency, Purpose::Support] {
        let answer = clinic.identity.switch(session.row(), None, Some(refused), &visit(1)).await;
        assert!(matches!(answer, Err(IdentityError::Forbidden)));
    }
    let moved = clinic.identity.switch(session.row(), None, Some(Purpose::Payment), &visit(1)).await.unwrap();
    let session = clinic.request(&moved).await.unwrap();
    assert_eq!(session.principal().purpose(), Purpose::Payment);
    assert_eq!(session.circumstances.purpose, Purpose::Payment);
}

/// Invariant 2: a privileged role that comes to a session without a second factor ends it, whatever way it came.
#[tokio::test]
async fn a_privileged_role_needs_the_second_factor_in_every_session() {
    for clinic in Clinic::both().await {
        let person = clinic.patient().await;
        let session = clinic.open(PATIENT, Door::Browser).await;
        clinic.request(&session).await.unwrap();
        sql("INSERT INTO memberships (id, person_id, organisation_id, role, created_at) VALUES ($1, $2, $3, 'owner', $4)")
            .bind(uuid::Uuid::from_u128(99))
            .bind(person)
            .bind(clinic.id)
            .bind(time::macros::datetime!(2026-11-23 12:00 UTC))
            .execute(&clinic.database.owner)
            .await
            .unwrap();
        assert!(matches!(clinic.request(&session).await, Err(IdentityError::SignedOut)));
    }
}

/// HC-3: a role that the app does not declare gives nothing, and no session at all when it is the only one.
#[tokio::test]
async fn an_undeclared_role_gives_nothing() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let session = clinic.open(PATIENT, Door::Browser).await;
        sql("UPDATE memberships SET role = 'superuser'").execute(&clinic.database.owner).await.unwrap();
        assert!(clinic.request(&session).await.is_err());
        let nowhere = clinic.identity.sign_in(PATIENT, PASSWORD, Door::Browser, &visit(1)).await;
        assert!(matches!(nowhere, Err(IdentityError::Forbidden)));
    }
}

/// CF-12: signing keys rotate without signing anybody out, are shared by processes, and are dropped in time.
#[tokio::test]
async fn signing_keys_rotate() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let other = start(&clinic.database, &clinic.key, &clinic.clock).await;
        let before = clinic.open(PATIENT, Door::Api).await;
        clinic.clock.advance(Duration::seconds(1));
        other.rotate_signing_key().await.unwrap();
        clinic.request(&before).await.unwrap();
        let issued = opened(other.sign_in(PATIENT, PASSWORD, Door::Api, &visit(1)).await.unwrap());
        clinic.clock.advance(Duration::seconds(1));
        clinic.request(&issued).await.expect("a key of another process is read when it is met");
        assert_eq!(clinic.count(sql("SELECT count(*) AS n FROM signing_keys")).await, 2);
        clinic.clock.advance(Duration::hours(1));
        other.rotate_signing_key().await.unwrap();
        assert_eq!(
            clinic.count(sql("SELECT count(*) AS n FROM signing_keys")).await,
            2,
            "the oldest is gone"
        );
        assert_eq!(clinic.events("key").await.len(), 2);
        assert!(!other.rotate_old_signing_key().await.unwrap());
        clinic.clock.advance(Duration::days(30));
        assert!(other.rotate_old_signing_key().await.unwrap());
        let Credentials::Api { access, .. } = &before.credentials else { panic!("tokens") };
        assert!(other.session_by_access_token(access).await.is_err());
    }
}

/// What is over is swept, and what counts is not.
#[tokio::test]
async fn what_is_over_is_swept() {
    for clinic in Clinic::both().await {
        let (_, secret) = clinic.owner().await;
        let session = clinic.open_with_code(OWNER, &secret, Door::Api).await;
        let person = NewPerson {
            email: PATIENT,
            name: "",
            role: "patient",
            place: None,
            password: PASSWORD,
            authenticator: None,
        };
        clinic.identity.create_person(clinic.id, &person).await.unwrap();
        let _ = clinic.identity.sign_in(PATIENT, "wrong", Door::Browser, &visit(1)).await;
        clinic.identity.create_owner(clinic.id, "new@example.org", "patient").await.unwrap();
        assert_eq!(clinic.identity.sweep().await.unwrap(), 0);
        clinic.request(&session).await.unwrap();
        clinic.clock.advance(Duration::days(30));
        assert!(clinic.identity.sweep().await.unwrap() >= 3);
        for table in [
            sql("SELECT count(*) AS n FROM sessions"),
            sql("SELECT count(*) AS n FROM refresh_tokens"),
            sql("SELECT count(*) AS n FROM one_time_links"),
            sql("SELECT count(*) AS n FROM sign_in_attempts"),
        ] {
            assert_eq!(clinic.count(table).await, 0);
        }
    }
}
