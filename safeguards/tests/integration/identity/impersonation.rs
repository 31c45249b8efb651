//! CF-3: an administrator looks as a colleague, only looks, and only for as long as everything behind it holds.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::routing::{any, get};
use safeguards::audit::{Actor, Purpose};
use safeguards::identity::impersonation::{Begun, Impersonate};
use safeguards::identity::totp::TotpSecret;
use safeguards::identity::{
    Credentials, Door, Identity, IdentityError, Opened, PersonId, Role, Roles, Session, Settings, Token,
};
use safeguards::{Clock as _, sql};
use time::Duration;
use tower::ServiceExt as _;

use super::{Clinic, OWNER, PASSWORD, start_with, visit};

static ROLES: [Role; 6] = [
    Role::named("owner").privileged().administers(&["people", "agreements"]),
    Role::named("officer").privileged().administers(&["agreements"]),
    Role::named("physician").privileged(),
    Role::named("nurse").second_factor(),
    Role::named("clerk"),
    Role::named("patient").individual(),
];

const NURSE: &str = "nina.nurse@example.org";
const WHY: &str = "The pager fails, and a reading of this morning must be found";

/// A clinic whose owner is signed in, and whose nurse they may look as.
struct Ward {
    clinic: Clinic,
    owner: PersonId,
    secret: TotpSecret,
    nurse: PersonId,
    own: Opened,
}

impl Ward {
    async fn both() -> Vec<Self> {
        let mut wards = Vec::new();
        for mut clinic in Clinic::both().await {
            let settings = Settings {
                impersonation: Some("owner"),
                lifetime: Duration::hours(12),
                ..Settings::new("Peptide Clinic", "https://clinic.example", Roles::new(&ROLES))
            };
            clinic.identity = start_with(&clinic.database, &clinic.key, &clinic.clock, settings).await;
            let (owner, secret) = clinic.owner().await;
            let nurse = clinic.person(NURSE, "nurse", Some(TotpSecret::random().unwrap())).await;
            let own = clinic.open_with_code(OWNER, &secret, Door::Browser).await;
            wards.push(Self { clinic, owner, secret, nurse, own });
        }
        wards
    }

    async fn session(&self) -> Session {
        self.clinic.request(&self.own).await.unwrap()
    }

    async fn begin(&self, minutes: i64) -> Begun {
        let wanted = Impersonate { colleague: self.nurse, reason: WHY, minutes };
        self.clinic.identity.impersonate(&self.session().await, &wanted).await.unwrap()
    }

    async fn refused(&self, colleague: PersonId) -> IdentityError {
        let wanted = Impersonate { colleague, reason: WHY, minutes: 15 };
        self.clinic.identity.impersonate(&self.session().await, &wanted).await.unwrap_err()
    }

    /// A request of a browser with its session's cookie and the token of an impersonation.
    async fn look(&self, own: &Opened, token: &Token) -> Result<Session, IdentityError> {
        Session::authenticate(&self.clinic.identity, &cookies(Some(own), Some(token)), visit(1)).await
    }

    async fn answer(&self, method: Method, path: &str, token: &Token) -> (StatusCode, String) {
        let headers = cookies(Some(&self.own), Some(token));
        let whoami = any(|session: Session| async move { session.principal().person().to_string() });
        let nested: Router<Identity> = Router::new().route("/devices", get(|_: Session| async { "closed" }));
        let app: Router<Identity> = Router::new().route("/whoami", whoami).nest("/account/nested", nested);
        let app = app
            .with_state(self.clinic.identity.clone())
            .merge(safeguards::identity::routes(self.clinic.identity.clone()));
        let mut request = Request::builder().method(method).uri(path).body(Body::from("{}")).unwrap();
        *request.headers_mut() = headers;
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        let response = app.oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    async fn why_it_ended(&self, begun: &Begun) -> Option<String> {
        let row = sql("SELECT ended_because, token_hash FROM emergency_accesses WHERE id = $1")
            .bind(begun.id)
            .fetch_one(&self.clinic.database.owner)
            .await
            .unwrap();
        let because = row.optional_text("ended_because").unwrap();
        let hash = row.optional_bytes("token_hash").unwrap();
        assert_eq!(hash.is_none(), because.is_some(), "what has ended keeps no token");
        because
    }
}

fn cookies(own: Option<&Opened>, token: Option<&Token>) -> HeaderMap {
    let mut pairs = Vec::new();
    if let Some(Credentials::Browser(session)) = own.map(|own| &own.credentials) {
        pairs.push(format!("__Host-session={}", session.reveal()));
    }
    if let Some(token) = token {
        pairs.push(format!("__Host-impersonation={}", token.reveal()));
    }
    let mut headers = HeaderMap::new();
    headers.insert("cookie", pairs.join("; ").parse().unwrap());
    headers
}

#[track_caller]
fn is_over(answer: Result<Session, IdentityError>) {
    assert!(matches!(answer, Err(IdentityError::ImpersonationOver)), "{answer:?}");
}

/// CF-3: a request acts as the colleague, in an emergency, and the log names both; the token is worth nothing alone.
#[tokio::test]
async fn a_request_acts_as_the_colleague_and_names_both() {
    for ward in Ward::both().await {
        let begun = ward.begin(15).await;
        assert_eq!(begun.until, ward.clinic.clock.now() + Duration::minutes(15));
        let session = ward.look(&ward.own, &begun.token).await.unwrap();
        assert_eq!(session.principal().person(), ward.nurse);
        assert!(session.has_role("nurse") && !session.has_role("owner"));
        assert_eq!(session.principal().purpose(), Purpose::Emergency);
        let circumstances = &session.circumstances;
        assert_eq!(circumstances.actor, Actor::Person(ward.nurse.uuid()));
        assert_eq!(circumstances.impersonator, Some(ward.owner.uuid()));
        assert_eq!(circumstances.session, Some(begun.id), "what is opened is found by it");
        assert_eq!(circumstances.purpose, Purpose::Emergency);

        let identity = &ward.clinic.identity;
        let alone = Session::authenticate(identity, &cookies(None, Some(&begun.token)), visit(1)).await;
        assert!(matches!(alone, Err(IdentityError::SignedOut)));
        let Credentials::Browser(own) = &ward.own.credentials else { panic!("a browser") };
        let mut as_session = HeaderMap::new();
        let cookie = format!("__Host-session={}", begun.token.reveal());
        as_session.insert("cookie", cookie.parse().unwrap());
        let as_session = Session::authenticate(identity, &as_session, visit(1)).await;
        assert!(matches!(as_session, Err(IdentityError::SignedOut)), "it is no session's token");
        is_over(ward.look(&ward.own, own).await);
        assert_eq!(
            ward.session().await.principal().person(),
            ward.owner,
            "and without it they are themselves"
        );
        assert!(ward.clinic.events("impersonate").await.iter().any(|body| body.contains("begun")));
        let sealed =
            sql("SELECT reason FROM emergency_accesses").fetch_one(&ward.clinic.database.store).await;
        let sealed = sealed.unwrap().bytes("reason").unwrap();
        assert!(!sealed.windows(5).any(|bytes| bytes == b"pager"), "a reason is sealed");
    }
}

/// CF-3: nothing but looking: no unsafe method reaches a handler that takes a session, nor does anything of the account.
#[tokio::test]
async fn nothing_but_looking_is_possible() {
    for ward in Ward::both().await {
        let begun = ward.begin(15).await;
        let (status, who) = ward.answer(Method::GET, "/whoami", &begun.token).await;
        assert_eq!((status, who), (StatusCode::OK, ward.nurse.to_string()));
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let (status, told) = ward.answer(method.clone(), "/whoami", &begun.token).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{method}");
            assert!(told.contains("You look as a colleague"), "{method}: {told}");
        }
        for path in [
            "/account",
            "/account/devices",
            "/account/second-factor",
            "/account/people",
            "/account/nested/devices",
            "/account/impersonation/new",
            "/identity/session",
            "/identity/profile",
            "/identity/people",
        ] {
            assert_eq!(ward.answer(Method::GET, path, &begun.token).await.0, StatusCode::FORBIDDEN, "{path}");
        }
        for path in ["/identity/impersonation", "/identity/password", "/identity/session", "/identity/people"]
        {
            let status = ward.answer(Method::POST, path, &begun.token).await.0;
            assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(ward.answer(Method::GET, "/account/impersonation", &begun.token).await.0, StatusCode::OK);
        let (status, _) = ward.answer(Method::DELETE, "/identity/impersonation", &begun.token).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "it can be ended");
        is_over(ward.look(&ward.own, &begun.token).await);
    }
}

/// CF-3: nobody looks as somebody who has far-reaching rights, who is cared for here, whom they do not administer, or as
/// themselves; it wants the role, a reason, an hour at most, a browser and a fresh proof.
#[tokio::test]
async fn it_is_refused_where_it_would_widen() {
    for ward in Ward::both().await {
        let clinic = &ward.clinic;
        let secret = || Some(TotpSecret::random().unwrap());
        let peer = clinic.person("peer@example.org", "owner", secret()).await;
        let officer = clinic.person("officer@example.org", "officer", secret()).await;
        let physician = clinic.person("physician@example.org", "physician", secret()).await;
        let patient = clinic.person("patient@example.org", "patient", None).await;
        for (who, colleague) in
            [("peer", peer), ("officer", officer), ("physician", physician), ("patient", patient)]
        {
            let refused = ward.refused(colleague).await;
            assert!(matches!(refused, IdentityError::Conflict(_)), "{who}: {refused:?}");
        }
        assert!(matches!(ward.refused(ward.owner).await, IdentityError::Invalid { field: "colleague", .. }));
        let elsewhere = clinic.identity.create_organisation("Elsewhere").await.unwrap();
        let there = safeguards::identity::NewPerson {
            email: "there@example.org",
            name: "Somebody",
            role: "nurse",
            place: None,
            password: PASSWORD,
            authenticator: secret(),
        };
        let there = clinic.identity.create_person(elsewhere, &there).await.unwrap();
        assert!(matches!(ward.refused(there).await, IdentityError::NotFound), "another organisation");

        // A nurse who has a privileged role besides is out of reach as a whole.
        let session = ward.session().await;
        clinic.identity.give_role(&session, ward.nurse, "physician", None).await.unwrap();
        assert!(matches!(ward.refused(ward.nurse).await, IdentityError::Conflict(_)));
        let clerk = clinic.person("clerk@example.org", "clerk", None).await;

        for (reason, minutes, field) in [
            ("check", 15, "reason"),
            ("", 15, "reason"),
            (WHY, 0, "minutes"),
            (WHY, 61, "minutes"),
            (WHY, -5, "minutes"),
        ] {
            let wanted = Impersonate { colleague: clerk, reason, minutes };
            let refused = clinic.identity.impersonate(&session, &wanted).await.unwrap_err();
            assert!(
                matches!(refused, IdentityError::Invalid { field: at, .. } if at == field),
                "{refused:?}"
            );
        }
        let wanted = Impersonate { colleague: clerk, reason: WHY, minutes: 15 };
        let api = clinic.open_with_code(OWNER, &ward.secret, Door::Api).await;
        let api = clinic.request(&api).await.unwrap();
        assert!(matches!(clinic.identity.impersonate(&api, &wanted).await, Err(IdentityError::Conflict(_))));
        let by_clerk = clinic.open("clerk@example.org", Door::Browser).await;
        let by_clerk = clinic.request(&by_clerk).await.unwrap();
        assert!(matches!(
            clinic.identity.impersonate(&by_clerk, &wanted).await,
            Err(IdentityError::NotFound)
        ));
        clinic.clock.advance(Duration::minutes(11));
        let stale = ward.session().await;
        assert!(matches!(clinic.identity.impersonate(&stale, &wanted).await, Err(IdentityError::ProveAgain)));
        assert_eq!(
            clinic.count(sql("SELECT count(*) AS n FROM emergency_accesses")).await,
            0,
            "nothing began"
        );
    }
}

/// CF-3: its time is judged at each request, by the injected clock, and the end is written down once.
#[tokio::test]
async fn it_expires_at_the_moment_that_was_said() {
    for ward in Ward::both().await {
        let begun = ward.begin(15).await;
        for _ in 0..2 {
            ward.clinic.clock.advance(Duration::minutes(7));
            ward.look(&ward.own, &begun.token).await.unwrap();
        }
        ward.clinic.clock.advance(Duration::seconds(59));
        ward.look(&ward.own, &begun.token).await.unwrap();
        ward.clinic.clock.advance(Duration::seconds(1));
        is_over(ward.look(&ward.own, &begun.token).await);
        is_over(ward.look(&ward.own, &begun.token).await);
        assert_eq!(ward.why_it_ended(&begun).await.as_deref(), Some("expired"));
        let told = ward.clinic.events("impersonate").await;
        assert_eq!(told.iter().filter(|body| body.contains("expired")).count(), 1, "{told:?}");
        assert_eq!(ward.session().await.principal().person(), ward.owner);
    }
}

/// CF-3: it falls with the impersonator's session, however that ends, and never outlives it.
#[tokio::test]
async fn it_ends_with_the_session_behind_it() {
    for ward in Ward::both().await {
        let (clinic, identity) = (&ward.clinic, &ward.clinic.identity);
        let begun = ward.begin(60).await;
        let device = clinic.open_with_code(OWNER, &ward.secret, Door::Browser).await;
        is_over(ward.look(&device, &begun.token).await);
        assert_eq!(
            ward.why_it_ended(&begun).await,
            None,
            "another session of theirs has nothing to do with it"
        );
        let device_session = clinic.request(&device).await.unwrap();
        identity.revoke(device_session.row(), ward.own.session, &visit(1)).await.unwrap();
        let gone = ward.look(&ward.own, &begun.token).await;
        assert!(matches!(gone, Err(IdentityError::SignedOut)), "{gone:?}");
        assert_eq!(ward.why_it_ended(&begun).await.as_deref(), Some("session-ended"));

        for end in ["sign-out", "password", "others", "switch"] {
            let own = clinic.open_with_code(OWNER, &ward.secret, Door::Browser).await;
            let session = clinic.request(&own).await.unwrap();
            let wanted = Impersonate { colleague: ward.nurse, reason: WHY, minutes: 60 };
            let begun = identity.impersonate(&session, &wanted).await.unwrap();
            ward.look(&own, &begun.token).await.unwrap();
            match end {
                "sign-out" => identity.sign_out(session.row(), &visit(1)).await.unwrap(),
                "switch" => drop(
                    identity.switch(session.row(), None, Some(Purpose::Payment), &visit(1)).await.unwrap(),
                ),
                "others" => {
                    let other = clinic.open_with_code(OWNER, &ward.secret, Door::Browser).await;
                    let other = clinic.request(&other).await.unwrap();
                    identity.revoke_others(other.row(), &visit(1)).await.unwrap();
                }
                _ => {
                    let other = clinic.open_with_code(OWNER, &ward.secret, Door::Browser).await;
                    let other = clinic.request(&other).await.unwrap();
                    let new = "Another-lamp-42-quill";
                    identity.change_password(other.row(), PASSWORD, new, &visit(1)).await.unwrap();
                    identity.change_password(other.row(), new, PASSWORD, &visit(1)).await.ok();
                }
            }
            assert!(ward.look(&own, &begun.token).await.is_err(), "{end}");
            assert_eq!(ward.why_it_ended(&begun).await.as_deref(), Some("session-ended"), "{end}");
        }
    }
}

/// CF-4: an idle session ends, and with it what was looked at under it.
#[tokio::test]
async fn it_ends_where_nobody_looks() {
    for ward in Ward::both().await {
        let begun = ward.begin(60).await;
        ward.clinic.clock.advance(Duration::minutes(10));
        ward.look(&ward.own, &begun.token).await.unwrap();
        ward.clinic.clock.advance(Duration::minutes(16));
        assert!(matches!(ward.look(&ward.own, &begun.token).await, Err(IdentityError::SignedOut)));
    }
}

/// CF-3: roles are read at each request: of the colleague, who may become somebody as whom nobody looks, and of the
/// administrator.
#[tokio::test]
async fn roles_that_change_meanwhile_end_it() {
    for ward in Ward::both().await {
        let (clinic, identity) = (&ward.clinic, &ward.clinic.identity);
        let session = ward.session().await;
        for change in ["promoted", "suspended", "left"] {
            let begun = ward.begin(60).await;
            ward.look(&ward.own, &begun.token).await.unwrap();
            match change {
                "promoted" => identity.give_role(&session, ward.nurse, "physician", None).await.unwrap(),
                "suspended" => identity.suspend(&session, ward.nurse, true).await.unwrap(),
                _ => identity.end_membership(&session, ward.nurse).await.unwrap(),
            }
            is_over(ward.look(&ward.own, &begun.token).await);
            assert_eq!(ward.why_it_ended(&begun).await.as_deref(), Some("rights-changed"), "{change}");
            match change {
                "promoted" => {
                    let of_nurse = "DELETE FROM memberships WHERE person_id = $1 AND role = 'physician'";
                    sql(of_nurse).bind(ward.nurse).execute(&clinic.database.owner).await.unwrap();
                }
                "suspended" => identity.suspend(&session, ward.nurse, false).await.unwrap(),
                _ => {}
            }
        }
    }
}

/// CF-3: of many that begin at once in one session, one begins.
#[tokio::test]
async fn one_session_looks_as_one_colleague() {
    for ward in Ward::both().await {
        let session = ward.session().await;
        let wanted = Impersonate { colleague: ward.nurse, reason: WHY, minutes: 15 };
        let begin = || ward.clinic.identity.impersonate(&session, &wanted);
        let (one, two, three, four) = tokio::join!(begin(), begin(), begin(), begin());
        let all = [one, two, three, four];
        assert_eq!(all.iter().filter(|begun| begun.is_ok()).count(), 1, "{all:?}");
        let refused =
            |begun: &&Result<Begun, IdentityError>| matches!(begun, Err(IdentityError::Conflict(_)));
        assert_eq!(all.iter().filter(refused).count(), 3, "{all:?}");
        let rows = "SELECT count(*) AS n FROM emergency_accesses";
        assert_eq!(ward.clinic.count(sql(rows)).await, 1);
        // Once it is over, another begins.
        ward.clinic.clock.advance(Duration::minutes(9));
        ward.session().await;
        ward.clinic.clock.advance(Duration::minutes(9));
        let proved = ward.clinic.open_with_code(OWNER, &ward.secret, Door::Browser).await;
        let proved = ward.clinic.request(&proved).await.unwrap();
        ward.clinic.identity.impersonate(&proved, &wanted).await.unwrap();
    }
}

/// CF-3: the colleague and whoever answers for the organisation are told, in the same transaction; not who looks.
#[tokio::test]
async fn it_is_announced() {
    for ward in Ward::both().await {
        let secret = || Some(TotpSecret::random().unwrap());
        let officer = ward.clinic.person("officer@example.org", "officer", secret()).await;
        let peer = ward.clinic.person("peer@example.org", "owner", secret()).await;
        ward.clinic.person("clerk@example.org", "clerk", None).await;
        let begun = ward.begin(15).await;
        let rows = sql("SELECT person_id FROM emergency_notices WHERE emergency_id = $1 AND seen_at IS NULL")
            .bind(begun.id)
            .fetch_all(&ward.clinic.database.store)
            .await
            .unwrap();
        let mut told: Vec<_> = rows.iter().map(|row| row.uuid("person_id").unwrap()).collect();
        let mut expected = vec![ward.nurse.uuid(), officer.uuid(), peer.uuid()];
        told.sort_unstable();
        expected.sort_unstable();
        assert_eq!(told, expected);
    }
}

/// CF-3: the database itself lets an emergency access be shortened and reviewed by somebody else, and nothing else.
#[tokio::test]
async fn what_was_said_of_it_stands() {
    for ward in Ward::both().await {
        let begun = ward.begin(15).await;
        let store = &ward.clinic.database.store;
        let change = async |set: &'static str| sql(set).bind(begun.id).bind(ward.owner).execute(store).await;
        for refused in [
            "UPDATE emergency_accesses SET reason = token_hash WHERE id = $1 AND person_id = $2",
            "UPDATE emergency_accesses SET person_id = colleague_id, colleague_id = person_id WHERE id = $1 AND person_id = $2",
            "UPDATE emergency_accesses SET kind = 'break-glass' WHERE id = $1 AND person_id = $2",
            "UPDATE emergency_accesses SET reviewed_at = starts_at, reviewed_by_id = $2, verdict = 'justified',
                 finding = reason WHERE id = $1",
        ] {
            assert!(change(refused).await.is_err(), "{refused}");
        }
        let longer = sql("UPDATE emergency_accesses SET ends_at = $2 WHERE id = $1")
            .bind(begun.id)
            .bind(begun.until + Duration::seconds(1))
            .execute(store)
            .await;
        assert!(longer.is_err(), "it is never made longer");
        if store.is_postgres() {
            let removed =
                sql("DELETE FROM emergency_accesses WHERE id = $1").bind(begun.id).execute(store).await;
            assert!(removed.is_err(), "the app's role removes none");
        }
        ward.look(&ward.own, &begun.token).await.unwrap();
    }
}

/// Invariant 2: without a role that may, nobody looks as anybody, whatever cookie comes along.
#[tokio::test]
async fn an_app_without_it_knows_no_such_cookie() {
    for ward in Ward::both().await {
        let begun = ward.begin(15).await;
        let clinic = &ward.clinic;
        let settings = Settings::new("Peptide Clinic", "https://clinic.example", Roles::new(&ROLES));
        let plain = start_with(&clinic.database, &clinic.key, &clinic.clock, settings).await;
        let headers = cookies(Some(&ward.own), Some(&begun.token));
        let session = Session::authenticate(&plain, &headers, visit(1)).await.unwrap();
        assert_eq!(session.principal().person(), ward.owner);
    }
}
