//! Many at once: whatever is used once is used once.

use std::sync::Arc;

use safeguards::Clock as _;
use safeguards::identity::{Door, IdentityError, Next, Token};
use safeguards::sql;
use tokio::task::JoinSet;

use super::{Clinic, OWNER, PASSWORD, PATIENT, refresh_token, visit};

/// CF-15: of a hundred guesses at the same moment, eight are looked at.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_guesses_are_eight() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let clinic = Arc::new(clinic);
        let mut guesses = JoinSet::new();
        for n in 0..100 {
            let identity = clinic.identity.clone();
            guesses.spawn(async move { identity.sign_in(PATIENT, "wrong", Door::Browser, &visit(n)).await });
        }
        let (mut wrong, mut locked) = (0, 0);
        while let Some(guess) = guesses.join_next().await {
            match guess.unwrap() {
                Err(IdentityError::Wrong) => wrong += 1,
                Err(IdentityError::Locked { .. }) => locked += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((wrong, locked), (8, 92));
    }
}

/// CF-13: one code, sent with seven tickets at once, is taken once.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_taken_once() {
    for clinic in Clinic::both().await {
        let (_, secret) = clinic.owner().await;
        let mut tickets = Vec::new();
        for n in 0..7 {
            match clinic.identity.sign_in(OWNER, PASSWORD, Door::Browser, &visit(n)).await.unwrap() {
                Next::SecondFactor(ticket) => tickets.push(ticket),
                other => panic!("{other:?}"),
            }
        }
        let code = secret.code_at(clinic.clock.now()).to_string();
        let mut tries = JoinSet::new();
        for (n, ticket) in (0..).zip(tickets.iter().cycle().take(56)) {
            let (identity, ticket, code) = (clinic.identity.clone(), ticket.clone(), code.clone());
            tries.spawn(async move { identity.second_factor(&ticket, &code, &visit(n)).await.is_ok() });
        }
        assert_eq!(tries.join_all().await.into_iter().filter(|taken| *taken).count(), 1);
        assert_eq!(clinic.count(sql("SELECT count(*) AS n FROM sessions")).await, 1);
    }
}

/// CF-13: one recovery code, sent with seven tickets at once, opens once.
#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_opens_once() {
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
        let code = codes[3].reveal().to_string();
        let mut tickets: Vec<Token> = Vec::new();
        for n in 0..7 {
            match clinic.identity.sign_in(OWNER, PASSWORD, Door::Browser, &visit(n)).await.unwrap() {
                Next::SecondFactor(ticket) => tickets.push(ticket),
                other => panic!("{other:?}"),
            }
        }
        let mut tries = JoinSet::new();
        for (n, ticket) in (0..).zip(tickets.iter().cycle().take(56)) {
            let (identity, ticket, code) = (clinic.identity.clone(), ticket.clone(), code.clone());
            tries.spawn(async move { identity.recover(&ticket, &code, &visit(n)).await.is_ok() });
        }
        assert_eq!(tries.join_all().await.into_iter().filter(|taken| *taken).count(), 1);
    }
}

/// CF-12: of a hundred clients with one refresh token one wins, and the family is dead for all.
#[tokio::test(flavor = "multi_thread")]
async fn a_reused_refresh_token_kills_the_family() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let opened = clinic.open(PATIENT, Door::Api).await;
        let token = refresh_token(&opened);
        let mut tries = JoinSet::new();
        for n in 0..100 {
            let (identity, token) = (clinic.identity.clone(), token.clone());
            tries.spawn(async move { identity.refresh(&token, &visit(n)).await });
        }
        let won: Vec<_> = tries.join_all().await.into_iter().filter_map(Result::ok).collect();
        assert_eq!(won.len(), 1);
        assert!(clinic.request(&won[0]).await.is_err(), "the winner may be the thief");
        assert!(clinic.identity.refresh(&refresh_token(&won[0]), &visit(1)).await.is_err());
        let told = clinic.events("logout").await;
        assert_eq!(told.iter().filter(|body| body.contains("refresh-reused")).count(), 1);
    }
}

/// A one-time link is used once, whoever races.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_used_once() {
    for clinic in Clinic::both().await {
        let link = clinic.identity.create_owner(clinic.id, OWNER, "owner").await.unwrap();
        let mut tries = JoinSet::new();
        for n in 0..50 {
            let (identity, token) = (clinic.identity.clone(), link.token.clone());
            tries.spawn(async move { identity.accept(&token, PASSWORD, None, &visit(n)).await });
        }
        let used = tries.join_all().await.into_iter().filter(|answer| match answer {
            Ok(()) => true,
            // A newcomer who comes late proves a password by then set, or finds the link spent.
            Err(IdentityError::LinkSpent | IdentityError::Locked { .. }) => false,
            Err(other) => panic!("{other:?}"),
        });
        assert_eq!(used.count(), 1);
        assert_eq!(clinic.count(sql("SELECT count(*) AS n FROM memberships")).await, 1);
    }
}

/// Two administrators who take each other's role at once: one stays.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_stays_who_administers() {
    for clinic in Clinic::both().await {
        let (one, first) = clinic.owner().await;
        let (two, second) = clinic.owner_of("second.owner@example.org").await;
        let one_session = clinic.open_with_code(OWNER, &first, Door::Browser).await;
        let two_session = clinic.open_with_code("second.owner@example.org", &second, Door::Browser).await;
        let one_session = clinic.request(&one_session).await.unwrap();
        let two_session = clinic.request(&two_session).await.unwrap();
        let people = clinic.identity.people(&one_session).await.unwrap();
        let membership = |person| people.iter().find(|found| found.id == person).unwrap().memberships[0].id;
        let (left, right) = tokio::join!(
            clinic.identity.take_role(&one_session, two, membership(two)),
            clinic.identity.take_role(&two_session, one, membership(one)),
        );
        assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
        let lost = left.and(right).unwrap_err();
        // Whoever lost the race was the last to administer, or had the role taken before asking.
        assert!(matches!(lost, IdentityError::Conflict(_) | IdentityError::Forbidden), "{lost:?}");
    }
}
