//! Emergency access (CF-3): an administrator looks as a colleague, can do nothing else, and somebody else reviews it.

use safeguards::axum::http::{Method, StatusCode};
use safeguards::slice::trial::{Browser, Caller, Trial};
use safeguards::sql;
use serde_json::json;

use super::trial;
use crate::access::ROLES;
use crate::seed::PEOPLE;

/// Who may look as a colleague.
const ADMINISTRATOR: &str = "owner";
/// As whom they may.
const COLLEAGUES: &[&str] = &["physician"];

/// What the app has records of.
const KINDS: &[&str] = &["patients", "readings"];

const NEW: &str = "/account/impersonation/new";
const STOP: &str = "/account/impersonation/stop";
const QUEUE: &str = "/account/compliance/emergencies";
const WHY: &str = "The pager fails, and a reading of this morning must be found";

fn administrator() -> &'static str {
    PEOPLE.iter().find(|person| person.role == ADMINISTRATOR).expect("the seed has one of each role").email
}

async fn id_of(trial: &Trial, email: &'static str) -> String {
    let who = trial.get(Caller::Person(email), "/identity/session").await.json();
    who["person"].as_str().expect("everybody has an id").to_owned()
}

/// CF-3: whoever has far-reaching rights, is cared for here, or is oneself, is looked as by nobody; and nobody but the
/// administrator looks at all.
#[test]
fn nobody_looks_as_somebody_with_rights_of_their_own() {
    trial("emergency_rights", async |trial| {
        let browser = trial.browser(administrator()).await.expect("the administrator signs in");
        for person in PEOPLE.iter().filter(|person| !COLLEAGUES.contains(&person.role)) {
            let wanted = json!({ "colleague": id_of(trial, person.email).await, "reason": WHY });
            let refused = browser.script("/", Method::POST, "/identity/impersonation", &wanted).await;
            assert!(
                refused.status.is_client_error(),
                "{}: {} {}",
                person.email,
                refused.status,
                refused.text
            );
            assert_eq!(browser.cookie("impersonation"), None, "{}", person.email);
        }
        for person in PEOPLE.iter().filter(|person| person.role != ADMINISTRATOR) {
            let other = trial.browser(person.email).await.expect("everybody signs in");
            assert_eq!(other.open(NEW).await.status, StatusCode::NOT_FOUND, "{}", person.email);
        }
    });
}

fn colleague() -> &'static str {
    PEOPLE
        .iter()
        .find(|person| COLLEAGUES.contains(&person.role))
        .expect("the seed has one of each role")
        .email
}

/// Begins to look as the colleague, by the pages.
async fn begin(trial: &Trial, browser: &Browser<'_>) {
    let colleague = id_of(trial, colleague()).await;
    let wanted = [("colleague", colleague.as_str()), ("reason", WHY), ("minutes", "15")];
    let begun = browser.submit(NEW, NEW, &wanted).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
    assert!(browser.open("/").await.text.contains("Nothing can be changed"), "the strip is on the page");
}

/// CF-3: what they see is what the colleague sees; nothing else can be done, and every event names both.
#[test]
fn an_administrator_looks_as_a_colleague_and_does_nothing_else() {
    trial("emergency_look", async |trial| {
        let browser = trial.browser(administrator()).await.expect("the administrator signs in");
        for (reason, minutes) in [("check", "15"), (WHY, "61"), (WHY, "0"), ("", "15")] {
            let colleague = id_of(trial, colleague()).await;
            let wanted = [("colleague", colleague.as_str()), ("reason", reason), ("minutes", minutes)];
            let refused = browser.submit(NEW, NEW, &wanted).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{reason}, {minutes}");
        }
        begin(trial, &browser).await;
        let role = PEOPLE.iter().find(|person| person.email == colleague()).map_or("", |person| person.role);
        let places: Vec<&str> =
            (crate::home::FRONT.destinations)(&[role]).into_iter().map(|(_, path)| path).collect();
        for path in &places {
            let theirs = trial.page(Caller::Person(colleague()), path).await.status;
            let seen = browser.open(path).await;
            assert_eq!(seen.status, theirs, "{path}");
            assert!(seen.text.contains("Nothing can be changed"), "{path} says who looks");
        }
        for path in [
            "/account",
            "/account/password",
            "/account/devices/sign-out",
            "/account/compliance/incidents/new",
        ] {
            let changed = browser.submit("/", path, &[("display_name", "Changed")]).await;
            assert_eq!(changed.status, StatusCode::FORBIDDEN, "POST {path}: {}", changed.text);
            assert!(
                changed.text.contains("You look as a colleague"),
                "POST {path} says why: {}",
                changed.text
            );
        }
        for kind in KINDS {
            for path in [format!("/{kind}/new"), format!("/{kind}/search")] {
                let changed = browser.submit("/", &path, &[("name", "Changed")]).await;
                assert!(changed.status.is_client_error(), "POST {path}: {}", changed.status);
                assert_ne!(
                    changed.status,
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "POST {path} was read: {}",
                    changed.text
                );
            }
            let made = browser.script("/", Method::POST, &format!("/api/{kind}"), &json!({})).await;
            let refused = [StatusCode::FORBIDDEN, StatusCode::METHOD_NOT_ALLOWED, StatusCode::NOT_FOUND];
            assert!(refused.contains(&made.status), "POST /api/{kind}: {} {}", made.status, made.text);
        }
        for closed in [
            "/account",
            "/account/password",
            "/account/devices",
            "/account/people",
            NEW,
            "/account/compliance",
            QUEUE,
            "/identity/profile",
            "/identity/devices",
            "/api/compliance",
        ] {
            assert_eq!(browser.open(closed).await.status, StatusCode::FORBIDDEN, "{closed}");
        }
        for (method, path) in [
            (Method::POST, "/identity/impersonation"),
            (Method::POST, "/identity/password"),
            (Method::POST, "/identity/people"),
            (Method::POST, "/identity/session"),
            (Method::DELETE, "/identity/devices"),
        ] {
            let refused = browser.script("/", method.clone(), path, &json!({})).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{method} {path}: {}", refused.text);
        }
        let (me, them) = (id_of(trial, administrator()).await, id_of(trial, colleague()).await);
        let rows =
            sql("SELECT action, body, actor, impersonator FROM audit_log WHERE impersonator IS NOT NULL")
                .fetch_all(&trial.services().store)
                .await
                .expect("the log can be read");
        assert!(!rows.is_empty(), "what was opened stands in the log");
        for row in rows {
            let named =
                (row.text("actor").expect("an actor"), row.text("impersonator").expect("an impersonator"));
            assert_eq!(named, (them.clone(), me.clone()));
            assert!(row.text("body").expect("a body").contains("\"emergency\""), "the purpose is said");
            assert_ne!(row.text("action").expect("an action"), "update");
        }
    });
}

/// CF-3: it is over when it is stopped and when its time is up; a cookie that was kept opens nothing, and nothing is done in
/// one's own name by a page that was somebody else's.
#[test]
fn what_is_over_opens_nothing() {
    trial("emergency_over", async |trial| {
        let browser = trial.browser(administrator()).await.expect("the administrator signs in");
        begin(trial, &browser).await;
        let kept = browser.cookie("impersonation").expect("a token of its own");
        let stopped = browser.submit("/", STOP, &[]).await;
        assert_eq!(stopped.status, StatusCode::SEE_OTHER, "{}", stopped.text);
        assert!(!browser.open("/").await.text.contains("Nothing can be changed"));
        assert_eq!(browser.cookie("impersonation"), None);
        browser.put("impersonation", &kept);
        let reused = browser.open("/").await;
        assert_eq!(reused.status, StatusCode::CONFLICT, "{}", reused.text);
        assert!(reused.text.contains("Looking as a colleague is over"), "{}", reused.text);
        assert_eq!(browser.open("/").await.status, StatusCode::OK, "and they are themselves again");

        begin(trial, &browser).await;
        let past = trial.services().clock.now() - safeguards::slice::minutes(1);
        sql("UPDATE emergency_accesses SET ends_at = $1 WHERE ends_at > $1")
            .bind(past)
            .execute(&trial.services().store)
            .await
            .expect("its time can be made shorter");
        assert_eq!(browser.open("/").await.status, StatusCode::CONFLICT, "its time is up");
        assert_eq!(browser.open("/").await.status, StatusCode::OK);

        begin(trial, &browser).await;
        let kept = browser.cookie("impersonation").expect("a token of its own");
        let gone = browser.submit("/", "/sign-out", &[]).await;
        assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", gone.text);
        let again = trial.browser(administrator()).await.expect("the administrator signs in");
        again.put("impersonation", &kept);
        assert_eq!(
            again.open("/").await.status,
            StatusCode::CONFLICT,
            "it falls with the session that it was for"
        );
    });
}

/// CF-3: the colleague and whoever answers for the organisation are told; somebody else than who looked reviews it.
#[test]
fn it_is_announced_and_reviewed_by_somebody_else() {
    trial("emergency_review", async |trial| {
        let answers = |role: &str| {
            ROLES.iter().any(|known| known.name == role && known.administers.contains(&"agreements"))
        };
        let officer = PEOPLE.iter().find(|person| answers(person.role)).map(|person| person.email);
        let other = "example.other@example.org";
        if let Some(officer) = officer {
            trial.joined(other, officer).await.expect("another officer joins");
        }
        let browser = trial.browser(administrator()).await.expect("the administrator signs in");
        begin(trial, &browser).await;
        let stopped = browser.submit("/", STOP, &[]).await;
        assert_eq!(stopped.status, StatusCode::SEE_OTHER, "{}", stopped.text);

        let row = sql("SELECT id FROM emergency_accesses").fetch_one(&trial.services().store).await;
        let id = row.and_then(|row| row.uuid("id")).expect("there is one").to_string();
        let one = format!("{QUEUE}/{id}");
        let concerned = trial.browser(colleague()).await.expect("the colleague signs in");
        let told = concerned.open("/").await;
        assert!(
            told.text.contains("looked as you in an emergency") && told.text.contains(&one),
            "{}",
            told.text
        );
        assert!(concerned.open(&one).await.text.contains(WHY), "they are told why");
        assert_eq!(concerned.open(QUEUE).await.status, StatusCode::NOT_FOUND, "the queue is not theirs");
        assert_eq!(concerned.open(&format!("{one}/review")).await.status, StatusCode::NOT_FOUND);
        let seen = concerned.submit(&one, &format!("{one}/seen"), &[]).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text);
        assert!(!concerned.open("/").await.text.contains("looked as you"), "they have seen it");
        for person in PEOPLE.iter().filter(|person| ![administrator(), colleague()].contains(&person.email)) {
            let status = trial.page(Caller::Person(person.email), &one).await.status;
            assert_eq!(status == StatusCode::OK, answers(person.role), "{}: {status}", person.email);
        }

        let review =
            [("verdict", "justified"), ("finding", "The reading was found, and nothing else was opened")];
        let own = browser.submit("/account", &format!("{one}/review"), &review).await;
        assert!(own.status.is_client_error(), "nobody reviews what they did: {} {}", own.status, own.text);
        if officer.is_none() {
            return;
        }
        let reviewer = trial.browser(other).await.expect("the other officer signs in");
        assert!(reviewer.open("/").await.text.contains(&one), "they are told");
        assert!(reviewer.open(QUEUE).await.text.contains("to be reviewed"));
        let empty = reviewer.submit(&format!("{one}/review"), &format!("{one}/review"), &[]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY, "a review says something");
        let done = reviewer.submit(&format!("{one}/review"), &format!("{one}/review"), &review).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        assert!(reviewer.open(&one).await.text.contains("nothing else was opened"));
        let again = reviewer.submit("/account", &format!("{one}/review"), &review).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "it is reviewed once");
    });
}
