//! The second factor: demanded, never replayed, and never got around.

use serde_json::{Value, json};

use crate::authenticator::now;
use crate::check::{Check, Group::Identity, Needs};
use crate::outcome::{Outcome, Sight};
use crate::people::{Login, first_step, step};
use crate::recruits::{Enrolled, enrol};
use crate::trial::{Stand, Trial};
use crate::trouble::{Result, Trouble};
use crate::wire::{Reply, Wire};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "mfa-privileged",
        &["CF-13", "HG-4"],
        "Nobody in a privileged role gets in with a password alone",
        Identity,
        Needs::Instance,
        privileged,
    ),
    Check::new(
        "mfa-enrolment-first",
        &["CF-13"],
        "A newcomer in a privileged role enrols before anything else",
        Identity,
        Needs::Instance,
        enrolment_first,
    ),
    Check::new(
        "totp-wrong",
        &["CF-13"],
        "A wrong code, or none, opens nothing",
        Identity,
        Needs::Instance,
        wrong_codes,
    ),
    Check::new(
        "totp-replay",
        &["CF-13"],
        "A code that was used is never taken again",
        Identity,
        Needs::Instance,
        replay,
    ),
    Check::new(
        "totp-old",
        &["CF-13"],
        "Codes of minutes ago, and of minutes from now, are refused",
        Identity,
        Needs::Instance,
        old,
    ),
    Check::new(
        "totp-race",
        &["CF-13"],
        "Of ten who show one code at once, one gets in",
        Identity,
        Needs::Instance,
        race,
    ),
    Check::new(
        "recovery-once",
        &["CF-13"],
        "A recovery code works once",
        Identity,
        Needs::Instance,
        recovery_once,
    ),
    Check::new(
        "recovery-race",
        &["CF-13"],
        "Of ten who use one recovery code at once, one gets in",
        Identity,
        Needs::Instance,
        recovery_race,
    ),
    Check::new(
        "recovery-of-another",
        &["CF-13"],
        "Another person's recovery code opens nothing",
        Identity,
        Needs::Instance,
        recovery_of_another,
    ),
    Check::new(
        "ticket-once",
        &["CF-13"],
        "A ticket of signing in makes one session",
        Identity,
        Needs::Instance,
        ticket_once,
    ),
    Check::new(
        "mfa-not-removed-by-password",
        &["CF-13"],
        "A password alone does not take a second factor off",
        Identity,
        Needs::Instance,
        not_removed,
    ),
];

/// Somebody who has just enrolled.
fn somebody(stand: &Stand) -> Result<(Login, Enrolled)> {
    let mut login = stand.privileged_recruit()?;
    let enrolled = enrol(stand.wire(), &login)?;
    login.authenticator = Some(std::rc::Rc::clone(&enrolled.authenticator));
    Ok((login, enrolled))
}

/// A ticket that waits for a second factor.
fn ticket(stand: &Stand, login: &Login) -> Result<String> {
    let first = first_step(stand.wire(), login)?.json();
    let ticket = first["ticket"].as_str().filter(|_| first["next"] == "second_factor").map(str::to_owned);
    ticket.ok_or_else(|| Trouble::unexpected(format!("no second factor is asked for: {}", first["next"])))
}

fn code(wire: &Wire, ticket: &str, code: &str) -> Result<Reply> {
    step(wire, "sign-in/code", &json!({ "ticket": ticket, "code": code }))
}

fn recovery(wire: &Wire, ticket: &str, code: &str) -> Result<Reply> {
    step(wire, "sign-in/recovery", &json!({ "ticket": ticket, "code": code }))
}

fn privileged(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let mut sight = Sight::new("gave the right password of everybody whose role is privileged");
    let strangers = stand.strangers().iter().map(|person| std::rc::Rc::clone(&person.login));
    for login in stand.people().iter().cloned().chain(strangers) {
        let is_privileged =
            model.roles.iter().any(|role| role.name == login.role.as_str() && role.is_privileged());
        if !is_privileged {
            continue;
        }
        let first = first_step(stand.wire(), &login)?;
        let answer = first.json();
        sight.expect(answer["access_token"].is_null() && answer["next"] != "signed_in", || {
            format!("{} is in by a password", login.role)
        });
        if let Some(ticket) = answer["ticket"].as_str() {
            for path in ["/identity/session", "/identity/profile"] {
                let reply = stand.wire().get(path).bearer(ticket).send()?;
                sight.expect(reply.status == 401, || format!("the ticket opens {path}"));
            }
            let around = step(
                stand.wire(),
                "sign-in/organisation",
                &json!({ "ticket": ticket, "organisation": crate::clock::id() }),
            )?;
            sight.expect(!around.is_success(), || {
                format!("the ticket goes on without a code: {}", around.status)
            });
        }
    }
    sight.end("a ticket that opens nothing but the next step")
}

fn enrolment_first(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let login = stand.privileged_recruit()?;
    let mut sight = Sight::new("signed in for the first time in a privileged role");
    let first = first_step(stand.wire(), &login)?.json();
    sight.expect(first["next"] == "enrol" && first["access_token"].is_null(), || {
        format!("the next step is {}", first["next"])
    });
    let ticket = first["ticket"].as_str().unwrap_or_default().to_owned();
    for (path, body) in [
        ("sign-in/authenticator/confirm", json!({ "ticket": ticket, "code": "000000" })),
        ("sign-in/code", json!({ "ticket": ticket, "code": "000000" })),
        ("sign-in/recovery", json!({ "ticket": ticket, "code": "AAAA-AAAA" })),
    ] {
        let reply = step(stand.wire(), path, &body)?;
        sight.expect(!reply.is_success() && reply.status < 500, || {
            format!("{path} is answered {}", reply.status)
        });
    }
    let enrolled = enrol(stand.wire(), &login)?;
    sight.expect(enrolled.recovery_codes.len() >= 8, || {
        format!("{} recovery codes", enrolled.recovery_codes.len())
    });
    let again = first_step(stand.wire(), &login)?.json();
    sight.expect(again["next"] == "second_factor", || {
        format!("the second time the next step is {}", again["next"])
    });
    sight.end("enrolment, and nothing else")
}

fn wrong_codes(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (login, enrolled) = somebody(stand)?;
    let ticket = ticket(stand, &login)?;
    let mut sight =
        Sight::new("gave codes that are wrong, empty, too long, of other letters, and of other kinds");
    let right = enrolled.authenticator.at(now() + 1);
    let off: String =
        right.chars().map(|digit| if digit == '9' { '0' } else { char::from(digit as u8 + 1) }).collect();
    for wrong in [off.as_str(), "", "12345", "1234567", "abcdef"] {
        let reply = code(stand.wire(), &ticket, wrong)?;
        sight
            .expect(reply.status == 401, || format!("{} letters are answered {}", wrong.len(), reply.status));
    }
    for wrong in [json!(null), json!(123_456), json!([right]), json!({ "$ne": "" })] {
        let reply = step(stand.wire(), "sign-in/code", &json!({ "ticket": ticket, "code": wrong }))?;
        sight.expect(!reply.is_success() && reply.status < 500, || {
            format!("{wrong} is answered {}", reply.status)
        });
    }
    let reply = code(stand.wire(), &ticket, &enrolled.authenticator.code())?;
    sight.expect(reply.is_success(), || format!("the right code is answered {}", reply.status));
    sight.end("401 for each, and the right one is taken")
}

fn replay(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (login, enrolled) = somebody(stand)?;
    let mut sight = Sight::new("signed in by a code, and again by the same, and by the one that enrolled");
    let enrolment = enrolled.authenticator.at(enrolled.authenticator.shown());
    let again = code(stand.wire(), &ticket(stand, &login)?, &enrolment)?;
    sight.expect(again.status == 401, || format!("the code of the enrolment is answered {}", again.status));
    let shown = enrolled.authenticator.code();
    let first = code(stand.wire(), &ticket(stand, &login)?, &shown)?;
    sight.expect(first.is_success(), || format!("a fresh code is answered {}", first.status));
    let second = code(stand.wire(), &ticket(stand, &login)?, &shown)?;
    sight.expect(second.status == 401, || format!("the same code is answered {}", second.status));
    // Nor is one of an earlier step, though that was never shown.
    let earlier = enrolled.authenticator.at(enrolled.authenticator.shown() - 1);
    let reply = code(stand.wire(), &ticket(stand, &login)?, &earlier)?;
    sight.expect(reply.status == 401, || format!("an earlier code is answered {}", reply.status));
    sight.end("401 from the second time on")
}

fn old(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (login, enrolled) = somebody(stand)?;
    let mut sight =
        Sight::new("gave codes of two minutes and more ago, and of two minutes and more from now");
    for step in [now() - 20, now() - 4, now() + 4, now() + 20, now() + 2_880] {
        let reply = code(stand.wire(), &ticket(stand, &login)?, &enrolled.authenticator.at(step))?;
        sight.expect(reply.status == 401, || {
            format!("{} half minutes away: {}", step.abs_diff(now()), reply.status)
        });
    }
    sight.end("401")
}

/// Sends the same step at once by several tickets; says how many got in.
fn at_once(stand: &Stand, login: &Login, path: &str, code: &str) -> Result<usize> {
    let tickets: Vec<String> = (0..5).map(|_| ticket(stand, login)).collect::<Result<_>>()?;
    let requests: Vec<(Wire, Vec<u8>)> = tickets
        .iter()
        .chain(&tickets)
        .map(|ticket| {
            let wire = stand.wire().elsewhere();
            let body = json!({ "ticket": ticket, "code": code });
            let bytes = wire.post(format!("/identity/{path}")).json(&body).bytes();
            (wire, bytes)
        })
        .collect();
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let sent: Vec<_> =
            requests.iter().map(|(wire, bytes)| scope.spawn(move || wire.raw(bytes))).collect();
        sent.into_iter()
            .filter_map(|one| one.join().ok()?.ok())
            .filter_map(|bytes| Reply::parse(&bytes))
            .collect()
    });
    Ok(replies.iter().filter(|reply| reply.json()["next"] == "signed_in").count())
}

fn race(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (login, enrolled) = somebody(stand)?;
    let mut sight = Sight::new("showed one code ten times at the same moment");
    let shown = enrolled.authenticator.code();
    let entered = at_once(stand, &login, "sign-in/code", &shown)?;
    sight.expect(entered <= 1, || format!("{entered} got in"));
    sight.end_saying(format!("{entered} got in"), "one at most")
}

fn recovery_once(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (login, enrolled) = somebody(stand)?;
    let mut sight = Sight::new("used a recovery code twice, and wrong ones");
    let Some(one) = enrolled.recovery_codes.first() else {
        return Err(Trouble::unexpected("no recovery codes"));
    };
    sight.expect(one.chars().filter(char::is_ascii_alphanumeric).count() >= 16, || {
        "a recovery code is short".to_owned()
    });
    let first = recovery(stand.wire(), &ticket(stand, &login)?, one)?;
    sight.expect(first.is_success(), || format!("the first time it is answered {}", first.status));
    let second = recovery(stand.wire(), &ticket(stand, &login)?, one)?;
    sight.expect(second.status == 401, || format!("the second time it is answered {}", second.status));
    let other = enrolled.recovery_codes.iter().collect::<std::collections::BTreeSet<_>>();
    sight.expect(other.len() == enrolled.recovery_codes.len(), || {
        "two recovery codes are the same".to_owned()
    });
    for wrong in ["", "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA", "' OR 1=1 --"] {
        let reply = recovery(stand.wire(), &ticket(stand, &login)?, wrong)?;
        sight.expect(reply.status == 401, || format!("{wrong:?} is answered {}", reply.status));
    }
    sight.end("401 from the second time on")
}

fn recovery_race(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (login, enrolled) = somebody(stand)?;
    let mut sight = Sight::new("used one recovery code ten times at the same moment");
    let Some(one) = enrolled.recovery_codes.get(1) else {
        return Err(Trouble::unexpected("no recovery codes"));
    };
    let entered = at_once(stand, &login, "sign-in/recovery", one)?;
    sight.expect(entered <= 1, || format!("{entered} got in"));
    sight.end_saying(format!("{entered} got in"), "one at most")
}

fn recovery_of_another(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let ((login, _), (_, other)) = (somebody(stand)?, somebody(stand)?);
    let mut sight = Sight::new("used the recovery codes and the code of another person");
    for one in other.recovery_codes.iter().take(3) {
        let reply = recovery(stand.wire(), &ticket(stand, &login)?, one)?;
        sight.expect(reply.status == 401, || format!("a recovery code is answered {}", reply.status));
    }
    let reply = code(stand.wire(), &ticket(stand, &login)?, &other.authenticator.code())?;
    sight.expect(reply.status == 401, || format!("a code is answered {}", reply.status));
    sight.end("401")
}

fn ticket_once(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (login, enrolled) = somebody(stand)?;
    let ticket = ticket(stand, &login)?;
    let mut sight = Sight::new("went through signing in, and came back with its ticket");
    let first = code(stand.wire(), &ticket, &enrolled.authenticator.code())?;
    sight.expect(first.is_success(), || format!("the first time it is answered {}", first.status));
    let Some(one) = enrolled.recovery_codes.first() else {
        return Err(Trouble::unexpected("no recovery codes"));
    };
    let second = recovery(stand.wire(), &ticket, one)?;
    sight.expect(second.status == 401, || format!("the second time it is answered {}", second.status));
    sight.end("401")
}

fn not_removed(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (login, enrolled) = somebody(stand)?;
    let mut sight = Sight::new("took one's second factor off with the password and no code, or a wrong one");
    let post =
        |path: &str, body: &Value| stand.wire().post(path).bearer(&enrolled.tokens.access).json(body).send();
    for code in ["", "000000"] {
        let body = json!({ "password": login.password, "code": code });
        for path in ["/identity/authenticator/remove", "/identity/recovery-codes"] {
            let reply = post(path, &body)?;
            sight.expect(!reply.is_success(), || format!("{path} is answered {}", reply.status));
        }
    }
    // Whose role demands it cannot take it off at all.
    let right = json!({ "password": login.password, "code": enrolled.authenticator.code() });
    let reply = post("/identity/authenticator/remove", &right)?;
    sight.expect(!reply.is_success(), || format!("a privileged person goes without: {}", reply.status));
    let again = first_step(stand.wire(), &login)?.json();
    sight.expect(again["next"] == "second_factor", || format!("the next step is {}", again["next"]));
    sight.end("refused, and still asked for")
}
