//! Signing in: what it takes, what it refuses, what it tells.

use safeguards::Clock as _;
use safeguards::identity::{Door, IdentityError, Next};
use safeguards::sql;
use time::Duration;

use super::{Clinic, OWNER, PASSWORD, PATIENT, opened, visit};

/// CF-2, CC-7: a person signs in by password and is who they are.
#[tokio::test]
async fn a_password_opens_a_session() {
    for clinic in Clinic::both().await {
        let person = clinic.patient().await;
        for spelling in [PATIENT, " Pat.Doe@Example.ORG "] {
            let next = clinic.identity.sign_in(spelling, PASSWORD, Door::Browser, &visit(1)).await.unwrap();
            let session = clinic.request(&opened(next)).await.unwrap();
            assert_eq!(session.principal().person(), person);
            assert_eq!(session.principal().organisation(), clinic.id);
            assert!(session.has_role("patient") && !session.has_role("owner") && session.by_cookie());
        }
        assert_eq!(clinic.events("login").await.len(), 2);
    }
}

/// CF-13, HC-4: a privileged role gets nothing before a second factor is enrolled, and then by it only.
#[tokio::test]
async fn a_privileged_role_enrols_first() {
    for clinic in Clinic::both().await {
        clinic.person(OWNER, "owner", None).await;
        let first = clinic.identity.sign_in(OWNER, PASSWORD, Door::Browser, &visit(1)).await.unwrap();
        let Next::Enrol(ticket) = first else { panic!("enrolment comes first, not {first:?}") };
        assert_eq!(clinic.count(sql("SELECT count(*) AS n FROM sessions")).await, 0);
        assert!(matches!(
            clinic.identity.choose(&ticket, clinic.id, &visit(1)).await,
            Err(IdentityError::SignedOut)
        ));

        let replaced = clinic.identity.begin_enrolment(&ticket).await.unwrap();
        let secret = clinic.identity.begin_enrolment(&ticket).await.unwrap();
        let stale = replaced.code_at(clinic.clock.now());
        let refused = clinic.identity.confirm_enrolment(&ticket, &stale, &visit(1)).await;
        assert!(matches!(refused, Err(IdentityError::Wrong)));
        let code = secret.code_at(clinic.clock.now());
        let (codes, next) = clinic.identity.confirm_enrolment(&ticket, &code, &visit(1)).await.unwrap();
        assert_eq!(codes.len(), 10);
        assert!(clinic.request(&opened(next)).await.unwrap().has_second_factor());

        // The code that enrolled is used; the next one opens.
        let Next::SecondFactor(ticket) =
            clinic.identity.sign_in(OWNER, PASSWORD, Door::Api, &visit(1)).await.unwrap()
        else {
            panic!("a code is asked for")
        };
        let again = clinic.identity.second_factor(&ticket, &code, &visit(1)).await;
        assert!(matches!(again, Err(IdentityError::Wrong)), "CF-13: a used step is not taken again");
        clinic.clock.advance(Duration::seconds(30));
        let code = secret.code_at(clinic.clock.now());
        opened(clinic.identity.second_factor(&ticket, &code, &visit(1)).await.unwrap());
        assert!(
            clinic.identity.second_factor(&ticket, &code, &visit(1)).await.is_err(),
            "a ticket ends in one session"
        );
    }
}

/// CF-13: a recovery code opens once, and only for its person.
#[tokio::test]
async fn a_recovery_code_is_used_up() {
    for clinic in Clinic::both().await {
        clinic.person(OWNER, "owner", None).await;
        let Next::Enrol(ticket) =
            clinic.identity.sign_in(OWNER, PASSWORD, Door::Browser, &visit(1)).await.unwrap()
        else {
            panic!("enrolment")
        };
        let secret = clinic.identity.begin_enrolment(&ticket).await.unwrap();
        let code = secret.code_at(clinic.clock.now());
        let (codes, _) = clinic.identity.confirm_enrolment(&ticket, &code, &visit(1)).await.unwrap();
        clinic.owner_of("other.owner@example.org").await;

        let recover = async |email: &str, typed: &str| {
            let next = clinic.identity.sign_in(email, PASSWORD, Door::Browser, &visit(1)).await.unwrap();
            let Next::SecondFactor(ticket) = next else { panic!("a second factor") };
            clinic.identity.recover(&ticket, typed, &visit(1)).await
        };
        let typed = codes[0].reveal().to_lowercase();
        assert!(matches!(recover("other.owner@example.org", &typed).await, Err(IdentityError::Wrong)));
        opened(recover(OWNER, &typed).await.unwrap());
        assert!(matches!(recover(OWNER, &typed).await, Err(IdentityError::Wrong)));
        let profile =
            clinic.count(sql("SELECT count(*) AS n FROM recovery_codes WHERE used_at IS NULL")).await;
        assert_eq!(profile, 9);
        assert!(clinic.events("configure").await.iter().any(|body| body.contains("recovery-code-used")));
    }
}

/// CF-15: eight failures lock for fifteen minutes, the right password too; an account that does not
/// exist answers word for word as one that does.
#[tokio::test]
async fn eight_failures_lock_and_reveal_nothing() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let mut answers: Vec<Vec<String>> = Vec::new();
        for (n, email) in [(1, PATIENT), (2, "nobody.here@example.org"), (3, "not an address")] {
            let mut told = Vec::new();
            for attempt in 0..10 {
                // Each from an address of its own: this is about the account.
                let from = visit(n * 100 + attempt);
                let error = clinic.identity.sign_in(email, "wrong", Door::Browser, &from).await.unwrap_err();
                told.push(error.to_string());
            }
            let last = clinic.identity.sign_in(email, PASSWORD, Door::Browser, &visit(n * 100 + 50)).await;
            told.push(last.unwrap_err().to_string());
            answers.push(told);
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
        let wrong = IdentityError::Wrong.to_string();
        assert!(answers[0][..8].iter().all(|told| *told == wrong));
        assert!(answers[0][8..].iter().all(|told| told.starts_with("too many attempts; wait 15 minutes")));

        clinic.clock.advance(Duration::minutes(15) - Duration::seconds(1));
        let still = clinic.identity.sign_in(PATIENT, PASSWORD, Door::Browser, &visit(1)).await;
        assert!(matches!(still, Err(IdentityError::Locked { .. })));
        clinic.clock.advance(Duration::seconds(1));
        opened(clinic.identity.sign_in(PATIENT, PASSWORD, Door::Browser, &visit(1)).await.unwrap());
        let failed = clinic.events("login-failed").await;
        assert_eq!(failed.len(), 24);
        assert_eq!(failed.iter().filter(|body| body.contains("locked")).count(), 3);
    }
}

/// CF-15: a success forgets the failures before it, so seven and seven more do not lock.
#[tokio::test]
async fn a_success_forgets_failures() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        for round in 0..2 {
            for attempt in 0..7 {
                let from = visit(round * 100 + attempt);
                let refused = clinic.identity.sign_in(PATIENT, "wrong", Door::Browser, &from).await;
                assert!(matches!(refused, Err(IdentityError::Wrong)));
            }
            opened(
                clinic
                    .identity
                    .sign_in(PATIENT, PASSWORD, Door::Browser, &visit(round * 100 + 50))
                    .await
                    .unwrap(),
            );
        }
    }
}

/// CF-15: who has the password does not get to guess the code: codes count on the same lock.
#[tokio::test]
async fn guessed_codes_lock_the_account() {
    for clinic in Clinic::both().await {
        clinic.owner().await;
        let mut wrong = 0;
        for attempt in 0..10 {
            let from = visit(attempt);
            let ticket = match clinic.identity.sign_in(OWNER, PASSWORD, Door::Browser, &from).await {
                Ok(Next::SecondFactor(ticket)) => ticket,
                Err(IdentityError::Locked { .. }) => break,
                other => panic!("{other:?}"),
            };
            let refused = clinic.identity.second_factor(&ticket, "000000", &from).await;
            assert!(matches!(refused, Err(IdentityError::Wrong)));
            wrong += 1;
        }
        assert_eq!(wrong, 8, "each right password between them gave only itself back");
    }
}

/// CF-15: one address that fails at many accounts is locked as well; others are not.
#[tokio::test]
async fn an_address_locks_too() {
    let clinic = &Clinic::both().await[0];
    clinic.patient().await;
    for attempt in 0..40 {
        let email = format!("person{attempt}@example.org");
        clinic.clock.advance(Duration::seconds(3));
        let refused = clinic.identity.sign_in(&email, "wrong", Door::Browser, &visit(1)).await;
        assert!(matches!(refused, Err(IdentityError::Wrong)), "{attempt}: {refused:?}");
    }
    clinic.clock.advance(Duration::seconds(3));
    let locked = clinic.identity.sign_in(PATIENT, PASSWORD, Door::Browser, &visit(1)).await;
    assert!(matches!(locked, Err(IdentityError::Locked { .. })));
    opened(clinic.identity.sign_in(PATIENT, PASSWORD, Door::Browser, &visit(2)).await.unwrap());
}

/// A flood from one address is turned away before any work.
#[tokio::test]
async fn a_flood_from_one_address_is_slowed() {
    let clinic = &Clinic::both().await[0];
    let mut refused = 0;
    for attempt in 0..30 {
        let email = format!("person{attempt}@example.org");
        let answer = clinic.identity.sign_in(&email, "wrong", Door::Browser, &visit(1)).await;
        refused += u32::from(matches!(answer, Err(IdentityError::TooMany(_))));
    }
    assert_eq!(refused, 10, "twenty at once");
}

/// A ticket lives ten minutes and is no session.
#[tokio::test]
async fn a_ticket_is_no_session() {
    for clinic in Clinic::both().await {
        let (_, secret) = clinic.owner().await;
        let Next::SecondFactor(ticket) =
            clinic.identity.sign_in(OWNER, PASSWORD, Door::Browser, &visit(1)).await.unwrap()
        else {
            panic!("a second factor")
        };
        assert!(clinic.identity.session_by_cookie(&ticket).await.is_err());
        assert!(clinic.identity.refresh(&ticket, &visit(1)).await.is_err());
        clinic.clock.advance(Duration::minutes(10));
        let code = secret.code_at(clinic.clock.now());
        let late = clinic.identity.second_factor(&ticket, &code, &visit(1)).await;
        assert!(matches!(late, Err(IdentityError::SignedOut)));
    }
}

/// HC-8, CF-5: at rest, no address, name, password, token or secret lies readable in any row.
#[tokio::test]
async fn nothing_lies_readable() {
    for clinic in Clinic::both().await {
        let (_, secret) = clinic.owner().await;
        let opened = clinic.open_with_code(OWNER, &secret, Door::Api).await;
        let token = super::refresh_token(&opened);
        let mut all: Vec<u8> = Vec::new();
        for (statement, columns) in [
            (
                sql("SELECT email, email_index, display_name FROM people"),
                vec!["email", "email_index", "display_name"],
            ),
            (sql("SELECT secret FROM authenticators"), vec!["secret"]),
            (sql("SELECT token_hash FROM refresh_tokens"), vec!["token_hash"]),
            (sql("SELECT address, device FROM sessions"), vec!["address", "device"]),
        ] {
            for row in statement.fetch_all(&clinic.database.store).await.unwrap() {
                for column in &columns {
                    all.extend(row.bytes(column).unwrap());
                }
            }
        }
        let readable = String::from_utf8_lossy(&all).into_owned();
        for word in [OWNER, "olga", "Somebody", "192.0.2", "Test browser", token.reveal(), &secret.base32()] {
            assert!(!readable.contains(word), "{word}");
        }
        assert!(!all.windows(20).any(|bytes| bytes == secret.as_bytes()));
        let hash = sql("SELECT password_hash FROM people").fetch_one(&clinic.database.store).await.unwrap();
        assert!(hash.text("password_hash").unwrap().starts_with("$argon2id$"));
    }
}
