//! CF-15: whoever could measure how long an answer takes learns no more than from the answer. The clock is noisy; the work is
//! counted instead: how often Argon2 ran, and which statements, in which order. What each of them finds is all that differs.

use safeguards::identity::{Door, IdentityError, Session, Token};
use safeguards::sql;
use safeguards::work::{Work, counted};
use time::Duration;

use super::{Clinic, OWNER, PASSWORD, PATIENT, visit};

const WRONG: &str = "Wren-lamp-42-quilt";
const INVITED: &str = "ines.invited@example.org";
const SUSPENDED: &str = "sam.suspended@example.org";
const NOBODY: &str = "nobody@example.org";

/// Work that did hash once and did ask the database, so that two empty counts are not taken for equal ones.
fn hashed_once(work: Work) -> Work {
    assert_eq!(work.hashes, 1, "{work:?}");
    assert!(work.statements.len() >= 2, "{work:?}");
    work
}

/// All of them are the first one.
fn equal(works: Vec<(&str, Work)>) {
    let (first, expected) = &works[0];
    for (name, work) in &works[1..] {
        assert_eq!(work, expected, "`{name}` is told from `{first}` by its work");
    }
}

/// Somebody who was invited and has no password yet, and somebody whose account is suspended.
async fn people(clinic: &Clinic) {
    clinic.patient().await;
    let invited = clinic.person(INVITED, "patient", None).await;
    let suspended = clinic.person(SUSPENDED, "patient", None).await;
    let now = safeguards::Clock::now(&clinic.clock);
    for statement in [
        sql("UPDATE people SET password_hash = NULL WHERE id = $1").bind(invited),
        sql("UPDATE people SET suspended_at = $2 WHERE id = $1").bind(suspended).bind(now),
    ] {
        assert_eq!(statement.execute(&clinic.database.owner).await.unwrap(), 1);
    }
}

/// Signing in: a wrong password, no account, an account without a password, a suspended one, no address at all.
#[tokio::test]
async fn a_refused_sign_in_is_the_same_work_for_every_account() {
    for clinic in Clinic::both().await {
        people(&clinic).await;
        for door in [Door::Browser, Door::Api] {
            let mut works = Vec::new();
            let tried = [
                (PATIENT, WRONG),
                (NOBODY, WRONG),
                (INVITED, PASSWORD),
                (SUSPENDED, PASSWORD),
                ("no address", WRONG),
                (PATIENT, ""),
            ];
            for (email, password) in tried {
                clinic.clock.advance(Duration::hours(1));
                let (refused, work) =
                    counted(clinic.identity.sign_in(email, password, door, &visit(1))).await;
                assert!(matches!(refused, Err(IdentityError::Wrong)), "{email}: {refused:?}");
                works.push((email, hashed_once(work)));
            }
            equal(works);
        }
    }
}

/// Signing up: an address that is free, and one that is taken, hear the same after the same work.
#[tokio::test]
async fn signing_up_is_the_same_work_whether_the_address_is_taken() {
    for clinic in Clinic::both().await {
        let mut works = Vec::new();
        for (which, email) in [("free", NOBODY), ("taken", NOBODY), ("free, too", "other@example.org")] {
            clinic.clock.advance(Duration::hours(1));
            let visit = visit(1);
            let signed_up = clinic.identity.sign_up(email, PASSWORD, Some("Somebody"), None, &visit);
            let (told, work) = counted(signed_up).await;
            assert!(told.is_ok(), "{email}: {told:?}");
            works.push((which, hashed_once(work)));
        }
        equal(works);
        // The second did nothing: there is one account, with one role, and the log says both.
        let people = clinic.count(sql("SELECT count(*) AS n FROM people")).await;
        let roles = clinic.count(sql("SELECT count(*) AS n FROM memberships")).await;
        assert_eq!((people, roles), (2, 2));
        let told = clinic.events("configure").await.concat();
        assert!(told.contains("signed-up") && told.contains("sign-up-refused"), "{told}");
    }
}

/// Links of invitations and for new passwords: one that was never made, one that is used, one that is over.
#[tokio::test]
async fn a_link_that_opens_nothing_is_the_same_work() {
    for clinic in Clinic::both().await {
        let used = clinic.identity.create_owner(clinic.id, OWNER, "owner").await.unwrap().token;
        clinic.identity.accept(&used, PASSWORD, None, &visit(1)).await.unwrap();
        let over = clinic.identity.create_owner(clinic.id, "late@example.org", "owner").await.unwrap().token;
        clinic.clock.advance(Duration::days(30));
        let never = Token::random().unwrap();
        let (mut looked, mut accepted) = (Vec::new(), Vec::new());
        for (which, token) in [("never made", &never), ("used", &used), ("over", &over)] {
            let (told, work) = counted(clinic.identity.link_email(token, &visit(1))).await;
            assert!(matches!(told, Err(IdentityError::LinkSpent)), "{which}: {told:?}");
            assert!(!work.statements.is_empty());
            looked.push((which, work));
            let (told, work) = counted(clinic.identity.accept(token, PASSWORD, None, &visit(1))).await;
            assert!(matches!(told, Err(IdentityError::LinkSpent)), "{which}: {told:?}");
            accepted.push((which, work));
        }
        equal(looked);
        equal(accepted);
    }
}

/// Cookies: one that was never given, one of a session that was signed out, one of a session that is over.
#[tokio::test]
async fn a_cookie_that_opens_nothing_is_the_same_work() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let over = clinic.open(PATIENT, Door::Browser).await;
        clinic.clock.advance(Duration::days(2));
        let ended = clinic.open(PATIENT, Door::Browser).await;
        let session = clinic.request(&ended).await.unwrap();
        clinic.identity.sign_out(session.row(), &visit(1)).await.unwrap();
        let cookie = |opened: &safeguards::identity::Opened| match &opened.credentials {
            safeguards::identity::Credentials::Browser(token) => token.reveal().to_owned(),
            safeguards::identity::Credentials::Api { .. } => panic!("a browser has a cookie"),
        };
        let never = Token::random().unwrap().reveal().to_owned();
        let mut works = Vec::new();
        for (which, value) in
            [("never given", never), ("signed out", cookie(&ended)), ("over", cookie(&over))]
        {
            let mut headers = axum::http::HeaderMap::new();
            headers.insert("cookie", format!("__Host-session={value}").parse().unwrap());
            let (told, work) = counted(Session::authenticate(&clinic.identity, &headers, visit(1))).await;
            assert!(matches!(told, Err(IdentityError::SignedOut)), "{which}: {:?}", told.err());
            assert_eq!(work.hashes, 0);
            assert!(!work.statements.is_empty());
            works.push((which, work));
        }
        equal(works);
    }
}

/// Refresh tokens: one that was never given, and one of a session that was signed out, of whom one statement each finds out.
/// Which one it is tells whoever asks no more than they know who had the token. One that was used ends its session, which is
/// work of its own.
#[tokio::test]
async fn a_refresh_token_that_opens_nothing_is_the_same_work() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let ended = clinic.open(PATIENT, Door::Api).await;
        let session = clinic.request(&ended).await.unwrap();
        clinic.identity.sign_out(session.row(), &visit(1)).await.unwrap();
        let safeguards::identity::Credentials::Api { refresh, .. } = &ended.credentials else {
            panic!("API")
        };
        let never = Token::random().unwrap();
        let mut works = Vec::new();
        for (which, token) in [("never given", &never), ("signed out", refresh)] {
            let (told, work) = counted(clinic.identity.refresh(token, &visit(1))).await;
            assert!(told.is_err(), "{which}");
            works.push((which, work.hashes, work.statements.len()));
        }
        assert_eq!(works, [("never given", 0, 2), ("signed out", 0, 2)]);
    }
}
