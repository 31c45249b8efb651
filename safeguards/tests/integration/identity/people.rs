//! Accounts, invitations, administration.

use safeguards::Clock as _;
use safeguards::identity::totp::TotpSecret;
use safeguards::identity::{
    Door, EmailAddress, IdentityError, Invitation, Next, PersonId, RoleName, Session,
};
use time::Duration;

use super::{Clinic, OWNER, PASSWORD, PATIENT, ROLES, opened, visit};

impl Clinic {
    pub(super) async fn owner_of(&self, email: &str) -> (PersonId, TotpSecret) {
        let secret = TotpSecret::random().unwrap();
        (self.person(email, "owner", Some(secret.clone())).await, secret)
    }

    async fn owner_session(&self) -> Session {
        let (_, secret) = self.owner().await;
        let opened = self.open_with_code(OWNER, &secret, Door::Browser).await;
        self.request(&opened).await.unwrap()
    }
}

fn invitation(email: &str, role: usize) -> Invitation {
    Invitation { email: EmailAddress::parse(email).unwrap(), role: RoleName::from(&ROLES[role]), place: None }
}

/// HC-3, CF-16: the first owner comes by a link, chooses a password that the policy takes, and enrols.
#[tokio::test]
async fn the_first_owner_comes_by_a_link() {
    for clinic in Clinic::both().await {
        let link = clinic.identity.create_owner(clinic.id, OWNER, "owner").await.unwrap();
        assert!(
            clinic.identity.sign_in(OWNER, "", Door::Browser, &visit(1)).await.is_err(),
            "no password yet"
        );
        let (email, known) = clinic.identity.link_email(&link.token, &visit(1)).await.unwrap();
        assert_eq!((email.as_str(), known), (OWNER, false));
        for weak in ["short", "Olga-wren-lamp-42", "Peptide-Clinic-1", "Password!2#9(6"] {
            let refused = clinic.identity.accept(&link.token, weak, None, &visit(1)).await;
            assert!(matches!(refused, Err(IdentityError::Password(_))), "{weak}");
        }
        clinic.identity.accept(&link.token, "Wren-lamp-42x", Some("Olga"), &visit(1)).await.unwrap();
        let next = clinic.identity.sign_in(OWNER, "Wren-lamp-42x", Door::Browser, &visit(1)).await.unwrap();
        assert!(matches!(next, Next::Enrol(_)));
        let again = clinic.identity.accept(&link.token, PASSWORD, None, &visit(1)).await;
        assert!(matches!(again, Err(IdentityError::LinkSpent)));
    }
}

/// CF-16: an unprivileged person without a second factor needs fifteen characters.
#[tokio::test]
async fn fifteen_characters_without_a_second_factor() {
    for clinic in Clinic::both().await {
        let link = clinic.identity.create_owner(clinic.id, PATIENT, "patient").await.unwrap();
        let refused = clinic.identity.accept(&link.token, "Wren-lamp-42x", None, &visit(1)).await;
        assert!(matches!(refused, Err(IdentityError::Password(_))));
        clinic.identity.accept(&link.token, "Wren-lamp-42xyz", None, &visit(1)).await.unwrap();
    }
}

/// An invitation says nothing of accounts elsewhere, expires, and an existing person proves their password.
#[tokio::test]
async fn invitations_join_and_take_over_nothing() {
    for clinic in Clinic::both().await {
        let session = clinic.owner_session().await;
        let second = clinic.identity.create_organisation("Second").await.unwrap();
        let stranger = clinic.identity.create_owner(second, PATIENT, "patient").await.unwrap();
        clinic.identity.accept(&stranger.token, PASSWORD, Some("Pat"), &visit(1)).await.unwrap();

        let known = clinic.identity.invite(&session, &invitation(PATIENT, 2)).await.unwrap();
        let fresh = clinic.identity.invite(&session, &invitation("new@example.org", 2)).await.unwrap();
        assert_eq!(known.expires_at, fresh.expires_at);
        let people = clinic.identity.people(&session).await.unwrap();
        let invited: Vec<_> = people.iter().filter(|person| person.invited).collect();
        assert_eq!(invited.len(), 2);
        assert!(
            invited.iter().all(|person| person.display_name.is_none() && person.memberships.is_empty()),
            "nothing of the account elsewhere is shown"
        );

        let taken_over = clinic.identity.accept(&known.token, "Another-lamp-42-q", None, &visit(1)).await;
        assert!(matches!(taken_over, Err(IdentityError::Wrong)));
        clinic.identity.accept(&known.token, PASSWORD, None, &visit(1)).await.unwrap();
        let next = clinic.identity.sign_in(PATIENT, PASSWORD, Door::Browser, &visit(1)).await.unwrap();
        assert!(matches!(next, Next::Choose(_, choices) if choices.len() == 2));

        clinic.clock.advance(Duration::hours(72));
        let late = clinic.identity.accept(&fresh.token, PASSWORD, None, &visit(1)).await;
        assert!(matches!(late, Err(IdentityError::LinkSpent)));
    }
}

/// HC-3, CL-1: who does not administer people neither lists, invites, nor changes them.
#[tokio::test]
async fn only_who_administers_people_does() {
    for clinic in Clinic::both().await {
        let patient = clinic.patient().await;
        let session = clinic.request(&clinic.open(PATIENT, Door::Browser).await).await.unwrap();
        let identity = &clinic.identity;
        let refusals = [
            identity.people(&session).await.map(drop),
            identity.invite(&session, &invitation("x@example.org", 0)).await.map(drop),
            identity.give_role(&session, patient, "owner", None).await,
            identity.take_role(&session, patient, uuid::Uuid::nil()).await,
            identity.suspend(&session, patient, true).await,
            identity.unlock(&session, patient).await,
            identity.password_link(&session, patient).await.map(drop),
        ];
        for refusal in refusals {
            assert!(matches!(refusal, Err(IdentityError::Forbidden)), "{refusal:?}");
        }
    }
}

/// Tenancy: an administrator reaches no person of another organisation, nor beyond their own.
#[tokio::test]
async fn an_administrator_stays_in_their_organisation() {
    for clinic in Clinic::both().await {
        let session = clinic.owner_session().await;
        let second = clinic.identity.create_organisation("Second").await.unwrap();
        let link = clinic.identity.create_owner(second, PATIENT, "patient").await.unwrap();
        clinic.identity.accept(&link.token, PASSWORD, None, &visit(1)).await.unwrap();
        let foreign = {
            let opened = clinic.open(PATIENT, Door::Browser).await;
            clinic.request(&opened).await.unwrap().principal().person()
        };
        let identity = &clinic.identity;
        for hidden in [
            identity.give_role(&session, foreign, "patient", None).await,
            identity.suspend(&session, foreign, true).await,
            identity.unlock(&session, foreign).await,
            identity.password_link(&session, foreign).await.map(drop),
        ] {
            assert!(matches!(hidden, Err(IdentityError::NotFound)), "{hidden:?}");
        }
        assert!(identity.people(&session).await.unwrap().iter().all(|person| person.id != foreign));

        // A member of both: their roles here may go, their account may not.
        let joined = identity.invite(&session, &invitation(PATIENT, 2)).await.unwrap();
        identity.accept(&joined.token, PASSWORD, None, &visit(1)).await.unwrap();
        for refused in [
            identity.suspend(&session, foreign, true).await,
            identity.password_link(&session, foreign).await.map(drop),
        ] {
            assert!(matches!(refused, Err(IdentityError::Conflict(_))), "{refused:?}");
        }
        let me = session.principal().person();
        let own = identity.give_role(&session, me, "provider", None).await;
        assert!(matches!(own, Err(IdentityError::Conflict(_))), "nobody changes their own rights");
    }
}

/// A change of roles ends the person's sessions; a suspension ends them and signs nobody in.
#[tokio::test]
async fn changed_rights_end_sessions() {
    for clinic in Clinic::both().await {
        let session = clinic.owner_session().await;
        let patient = clinic.patient().await;
        let before = clinic.open(PATIENT, Door::Api).await;
        clinic.identity.give_role(&session, patient, "coder", None).await.unwrap();
        assert!(clinic.request(&before).await.is_err());
        let with_role = clinic.request(&clinic.open(PATIENT, Door::Browser).await).await.unwrap();
        assert!(with_role.has_role("coder") && with_role.has_role("patient"));

        let last = clinic.open(PATIENT, Door::Browser).await;
        clinic.identity.suspend(&session, patient, true).await.unwrap();
        assert!(clinic.request(&last).await.is_err());
        let refused = clinic.identity.sign_in(PATIENT, PASSWORD, Door::Browser, &visit(1)).await;
        assert!(matches!(refused, Err(IdentityError::Wrong)), "as any wrong password");
        clinic.identity.suspend(&session, patient, false).await.unwrap();
        clinic.open(PATIENT, Door::Browser).await;
        let told = clinic.events("configure").await;
        for note in ["role-given", "suspended", "suspension-lifted"] {
            assert!(told.iter().any(|body| body.contains(note)), "{note}");
        }
    }
}

/// CF-16, CL-5: a password is changed by who knows it, to one that the policy takes; other sessions end.
#[tokio::test]
async fn a_password_is_changed() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let (here, elsewhere) =
            (clinic.open(PATIENT, Door::Browser).await, clinic.open(PATIENT, Door::Api).await);
        let session = clinic.request(&here).await.unwrap();
        let change = async |current: &str, new: &str| {
            clinic.identity.change_password(session.row(), current, new, &visit(1)).await
        };
        assert!(matches!(change("wrong", "Brook-tower-77-elm").await, Err(IdentityError::Wrong)));
        assert!(matches!(change(PASSWORD, "Brook-tower-7").await, Err(IdentityError::Password(_))));
        change(PASSWORD, "Brook-tower-77-elm").await.unwrap();
        clinic.request(&here).await.unwrap();
        assert!(clinic.request(&elsewhere).await.is_err());
        assert!(clinic.identity.sign_in(PATIENT, PASSWORD, Door::Browser, &visit(1)).await.is_err());
        opened(
            clinic.identity.sign_in(PATIENT, "Brook-tower-77-elm", Door::Browser, &visit(1)).await.unwrap(),
        );
        assert!(clinic.events("configure").await.iter().any(|body| body.contains("password-changed")));
    }
}

/// CF-13, CF-16: an unprivileged person enrols and removes a second factor; a privileged one cannot remove it.
#[tokio::test]
async fn a_second_factor_is_enrolled_and_removed() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let session = clinic.request(&clinic.open(PATIENT, Door::Browser).await).await.unwrap();
        let identity = &clinic.identity;
        let row = session.row();
        assert!(identity.enrol(row, "wrong", &visit(1)).await.is_err());
        let secret = identity.enrol(row, PASSWORD, &visit(1)).await.unwrap();
        let codes =
            identity.confirm_enrol(row, &secret.code_at(clinic.clock.now()), &visit(1)).await.unwrap();
        assert_eq!(codes.len(), 10);
        assert!(matches!(identity.enrol(row, PASSWORD, &visit(1)).await, Err(IdentityError::Conflict(_))));
        let next = identity.sign_in(PATIENT, PASSWORD, Door::Browser, &visit(1)).await.unwrap();
        assert!(matches!(next, Next::SecondFactor(_)));

        let code = || secret.code_at(clinic.clock.now());
        clinic.clock.advance(Duration::seconds(30));
        let renewed = identity.renew_recovery_codes(row, PASSWORD, &code(), &visit(1)).await.unwrap();
        assert_ne!(renewed[0].reveal().as_str(), codes[0].reveal().as_str());
        clinic.clock.advance(Duration::seconds(30));
        // Twelve characters suffice with a second factor, and bar its removal.
        identity.change_password(row, PASSWORD, "Brook-tower7", &visit(1)).await.unwrap();
        let barred = identity.remove_authenticator(row, "Brook-tower7", &code(), &visit(1)).await;
        assert!(matches!(barred, Err(IdentityError::Conflict(_))), "{barred:?}");
        identity.change_password(row, "Brook-tower7", PASSWORD, &visit(1)).await.unwrap();
        clinic.clock.advance(Duration::seconds(30));
        identity.remove_authenticator(row, PASSWORD, &code(), &visit(1)).await.unwrap();
        opened(identity.sign_in(PATIENT, PASSWORD, Door::Browser, &visit(1)).await.unwrap());

        let (_, secret) = clinic.owner().await;
        let owner =
            clinic.request(&clinic.open_with_code(OWNER, &secret, Door::Browser).await).await.unwrap();
        clinic.clock.advance(Duration::seconds(30));
        let code = secret.code_at(clinic.clock.now());
        let never = identity.remove_authenticator(owner.row(), PASSWORD, &code, &visit(2)).await;
        assert!(matches!(never, Err(IdentityError::Conflict(_))));
    }
}

/// CF-15: sign-up answers the same whether or not the address has an account, and changes none.
#[tokio::test]
async fn sign_up_reveals_nothing() {
    for clinic in Clinic::both().await {
        clinic.patient().await;
        let other = "Brook-tower-77-elm";
        clinic.identity.sign_up("new@example.org", other, Some("New"), None, &visit(1)).await.unwrap();
        clinic.identity.sign_up(PATIENT, other, Some("Thief"), None, &visit(1)).await.unwrap();
        let session = opened(
            clinic.identity.sign_in("new@example.org", other, Door::Browser, &visit(1)).await.unwrap(),
        );
        assert!(clinic.request(&session).await.unwrap().has_role("coder"));
        assert!(clinic.identity.sign_in(PATIENT, other, Door::Browser, &visit(1)).await.is_err());
        let session = clinic.request(&clinic.open(PATIENT, Door::Browser).await).await.unwrap();
        let profile = clinic.identity.profile(session.row()).await.unwrap();
        assert_eq!((profile.email.as_str(), profile.display_name.as_deref()), (PATIENT, Some("Somebody")));
        clinic.identity.rename(session.row(), "Pat", &visit(1)).await.unwrap();
        assert_eq!(
            clinic.identity.profile(session.row()).await.unwrap().display_name.as_deref(),
            Some("Pat")
        );
    }
}
