//! The duties that people have beside the software: what everybody is told, who is trained, what went wrong.

use safeguards::axum::http::StatusCode;
use safeguards::slice::trial::{Caller, Trial};

use super::trial;
use crate::access::ROLES;
use crate::seed::PEOPLE;

/// The first person whose role is of this kind.
fn first(wanted: impl Fn(&safeguards::identity::Role) -> bool) -> Option<&'static str> {
    let of_kind = |name: &str| ROLES.iter().any(|role| role.name == name && wanted(role));
    PEOPLE.iter().find(|person| of_kind(person.role)).map(|person| person.email)
}

/// Who answers for the organisation's agreements.
fn officer() -> Option<&'static str> {
    first(|role| role.administers.contains(&"agreements"))
}

async fn standing(trial: &Trial, officer: &'static str, title: &str) -> String {
    let points = trial.get(Caller::Person(officer), "/api/compliance").await.json();
    let point = points.as_array().and_then(|all| all.iter().find(|point| point["title"] == title));
    point.map_or_else(String::new, |point| point["standing"].as_str().unwrap_or_default().to_owned())
}

/// CF-1, CL-9, CL-14, CF-21: the notices, the agreements and the way to report a weakness are there for everybody.
#[test]
fn what_everybody_is_told_is_public() {
    trial("public", async |trial| {
        for (path, words) in [
            ("/legal", "Sub-processors"),
            ("/legal/privacy", "Your rights"),
            ("/legal/baa", "164.504(e)(2)(ii)(J)"),
            ("/legal/dpa", "Article 28(3)"),
            ("/.well-known/security.txt", "Expires: "),
        ] {
            let answer = trial.page(Caller::Anonymous, path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert!(answer.text.contains(words), "{path}: {}", answer.text);
        }
        assert_eq!(trial.page(Caller::Anonymous, "/legal/other").await.status, StatusCode::NOT_FOUND);
        let at_the_door = trial.page(Caller::Anonymous, "/sign-in").await;
        let within = trial.page(Caller::Person(PEOPLE[0].email), "/").await;
        for document in ["/legal/privacy", "/legal/baa", "/legal/dpa"] {
            assert!(at_the_door.text.contains(document) && within.text.contains(document), "{document}");
        }
    });
}

/// CC-12: the first page tells everybody of a notice that they have not accepted as it is now.
#[test]
fn the_privacy_notice_is_accepted_by_version() {
    trial("notice", async |trial| {
        let caller = Caller::Person(PEOPLE[PEOPLE.len() - 1].email);
        let document = "/account/compliance/documents/privacy";
        assert!(trial.page(caller, "/").await.text.contains(document), "the first page leads to it");
        let unread = trial.submit(caller, document, &[]).await;
        assert_eq!(unread.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unread.text);
        assert!(trial.page(caller, "/").await.text.contains(document), "nothing was accepted");
        let accepted = trial.submit(caller, document, &[("read", "yes")]).await;
        assert_eq!(accepted.status, StatusCode::SEE_OTHER, "{}", accepted.text);
        assert!(!trial.page(caller, "/").await.text.contains(document), "it is accepted");
    });
}

/// CF-20: whoever works here is trained at the start; who is cared for has no training, and none is asked of them.
#[test]
fn whoever_works_here_is_trained() {
    trial("training", async |trial| {
        let training = "/account/compliance/training";
        if let Some(patient) = first(|role| !role.works_here()) {
            assert_eq!(trial.page(Caller::Person(patient), training).await.status, StatusCode::NOT_FOUND);
        }
        let Some(worker) = first(|role| role.works_here()) else { return };
        let caller = Caller::Person(worker);
        assert!(trial.page(caller, training).await.text.contains("first training is due"));
        let completed = trial.submit(caller, training, &[("read", "yes")]).await;
        assert_eq!(completed.status, StatusCode::SEE_OTHER, "{}", completed.text);
        assert!(trial.page(caller, training).await.text.contains("You are trained"));
    });
}

/// CF-21, CF-25: an incident is reported by whoever works here, handled by who answers for it, and hidden from others.
#[test]
fn an_incident_is_reported_and_handled() {
    trial("incident", async |trial| {
        let (Some(officer), Some(worker)) = (officer(), first(|role| role.works_here())) else { return };
        let form = "/account/compliance/incidents/new";
        let told = [
            ("title", "A lost phone"),
            ("discovered_at.day", "2"),
            ("discovered_at.month", "1"),
            ("discovered_at.year", "2026"),
            ("discovered_at.time", "09:00"),
            ("words", "Left on a bus"),
        ];
        let reported = trial.submit(Caller::Person(worker), form, &told).await;
        assert_eq!(reported.status, StatusCode::SEE_OTHER, "{}", reported.text);
        let incident = reported.headers["location"].to_str().unwrap_or_default().to_owned();
        let shown = trial.page(Caller::Person(officer), &incident).await;
        assert!(shown.text.contains("Left on a bus"), "{}", shown.text);
        for person in PEOPLE.iter().filter(|person| ![officer, worker].contains(&person.email)) {
            let administers =
                ROLES.iter().any(|role| role.name == person.role && role.administers.contains(&"agreements"));
            let seen = trial.page(Caller::Person(person.email), &incident).await.status;
            assert_eq!(seen == StatusCode::OK, administers, "{}: {seen}", person.email);
        }
        let breach = [("individuals", "2"), ("words", "Two names"), ("form.version", "1")];
        let step = trial.submit(Caller::Person(officer), &format!("{incident}/breach"), &breach).await;
        assert_eq!(step.status, StatusCode::SEE_OTHER, "{}", step.text);
        let early = trial
            .submit(Caller::Person(officer), &format!("{incident}/close"), &[("form.version", "2")])
            .await;
        assert_eq!(early.status, StatusCode::CONFLICT, "people were not told yet");
        assert_eq!(
            standing(trial, officer, "Incidents and breaches").await,
            "missing",
            "60 days are long over"
        );
    });
}

/// HG-1, CL-10: whoever has a record asks for a correction, whoever answers for it answers, and others see neither.
#[test]
fn a_request_is_made_and_answered() {
    trial("request", async |trial| {
        let Some(officer) = officer() else { return };
        let asker = PEOPLE[PEOPLE.len() - 1].email;
        let words = [("kind", "amendment"), ("words", "My name is spelled wrong")];
        let form = "/account/compliance/requests/new";
        let asked = trial.submit(Caller::Person(asker), form, &words).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
        let request = asked.headers["location"].to_str().unwrap_or_default().to_owned();
        for person in PEOPLE {
            let administers =
                ROLES.iter().any(|role| role.name == person.role && role.administers.contains(&"agreements"));
            let seen = trial.page(Caller::Person(person.email), &request).await.status;
            assert_eq!(
                seen == StatusCode::OK,
                administers || person.email == asker,
                "{}: {seen}",
                person.email
            );
        }
        if asker == officer {
            return;
        }
        let granted = [("words", "It is corrected"), ("form.version", "1")];
        let own = trial.submit(Caller::Person(asker), &format!("{request}/grant"), &granted).await;
        assert_eq!(own.status, StatusCode::CONFLICT, "nobody grants their own");
        let answered = trial.submit(Caller::Person(officer), &format!("{request}/grant"), &granted).await;
        assert_eq!(answered.status, StatusCode::SEE_OTHER, "{}", answered.text);
        assert!(trial.page(Caller::Person(asker), &request).await.text.contains("It is corrected"));
    });
}

/// CF-26, HG-2, HG-6: who answers for it sees how every duty stands, and nobody else does.
#[test]
fn who_answers_for_it_sees_how_it_stands() {
    trial("standing", async |trial| {
        for person in PEOPLE {
            let administers =
                ROLES.iter().any(|role| role.name == person.role && role.administers.contains(&"agreements"));
            let status = trial.get(Caller::Person(person.email), "/api/compliance").await.status;
            assert_eq!(status == StatusCode::OK, administers, "{}: {status}", person.email);
        }
        let Some(officer) = officer() else { return };
        assert_eq!(standing(trial, officer, "Risk analysis").await, "missing");
        let reviews = "/account/compliance/reviews";
        let day = trial.services().clock.now().date() - safeguards::slice::minutes(2 * 24 * 60);
        let (year, month) = (day.year().to_string(), u8::from(day.month()).to_string());
        let review = [
            ("kind", "risk analysis"),
            ("conducted_on.day", &*day.day().to_string()),
            ("conducted_on.month", &*month),
            ("conducted_on.year", &*year),
            ("findings", "Nothing new"),
        ];
        let recorded = trial.submit(Caller::Person(officer), reviews, &review).await;
        assert_eq!(recorded.status, StatusCode::SEE_OTHER, "{}", recorded.text);
        assert_eq!(standing(trial, officer, "Risk analysis").await, "in force");
        let officers = [
            ("privacy_name", "Example Privacy"),
            ("privacy_email", "privacy@example.org"),
            ("security_name", "Example Security"),
            ("security_email", "security@example.org"),
        ];
        let named = trial.submit(Caller::Person(officer), "/account/compliance/officers", &officers).await;
        assert_eq!(named.status, StatusCode::SEE_OTHER, "{}", named.text);
        let told = trial.page(Caller::Anonymous, "/.well-known/security.txt").await;
        assert!(told.text.contains("security@example.org"), "{}", told.text);
    });
}
