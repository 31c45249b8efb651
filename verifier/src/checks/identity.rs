//! Signing in: nobody learns who has an account, and nobody guesses for long.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use crate::check::{Check, Group::Identity, Needs};
use crate::clock;
use crate::outcome::{Outcome, Sight};
use crate::people::{Login, first_step, sign_in, step};
use crate::trial::{Stand, Trial};
use crate::trouble::Result;
use crate::wire::{Reply, Wire};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "unknown-account-same-answer",
        &["CF-15"],
        "A wrong password and an account that does not exist are answered alike",
        Identity,
        Needs::Instance,
        same_answer,
    ),
    Check::new(
        "unknown-account-same-page",
        &["CF-15"],
        "So are they on the page",
        Identity,
        Needs::Instance,
        same_page,
    ),
    Check::new(
        "unknown-account-same-work",
        &["CF-15"],
        "And both take as long",
        Identity,
        Needs::Instance,
        same_work,
    ),
    Check::new(
        "lockout",
        &["CF-15"],
        "Eight failures lock an account, even for its own password",
        Identity,
        Needs::Instance,
        lockout,
    ),
    Check::new(
        "lockout-unknown-account",
        &["CF-15"],
        "An account that does not exist locks alike",
        Identity,
        Needs::Instance,
        lockout_unknown,
    ),
    Check::new(
        "lockout-of-one",
        &["CF-15"],
        "A locked account locks nobody else",
        Identity,
        Needs::Instance,
        lockout_of_one,
    ),
    Check::new(
        "lockout-at-once",
        &["CF-15"],
        "Forty guesses at the same moment are eight guesses",
        Identity,
        Needs::Instance,
        lockout_at_once,
    ),
    Check::new(
        "lockout-counts-codes",
        &["CF-15", "CF-13"],
        "Wrong codes of a second factor lock as well",
        Identity,
        Needs::Instance,
        lockout_codes,
    ),
    Check::new(
        "sign-in-rate",
        &["CF-15"],
        "One address tries many accounts only slowly",
        Identity,
        Needs::Instance,
        sign_in_rate,
    ),
    Check::new(
        "sign-up",
        &["HC-3", "CF-15"],
        "Strangers sign up only where the spec lets them, and learn nothing by it",
        Identity,
        Needs::Instance,
        sign_up,
    ),
    Check::new(
        "welcome-links",
        &["HC-3"],
        "A one-time link works once, and a made-up one never",
        Identity,
        Needs::Instance,
        welcome_links,
    ),
    Check::new(
        "person-has-a-uuid",
        &["CF-2"],
        "Every person is a UUID, and no two are the same",
        Identity,
        Needs::Instance,
        uuids,
    ),
];

fn wrong(login: &Login) -> Login {
    let role = login.role.clone();
    Login { role, email: login.email.clone(), password: "Wrong%Guess77Tower".into(), authenticator: None }
}

fn nobody() -> Login {
    let email = format!("{}@example.net", clock::word());
    Login { role: "nobody".into(), email, password: "Wrong%Guess77Tower".into(), authenticator: None }
}

fn same_answer(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight =
        Sight::new("signed in with a wrong password to accounts that are there, and to some that are not");
    for login in [stand.plain_recruit()?, Rc::new(stand.privileged_recruit().unwrap_or_else(|_| nobody()))] {
        let there = first_step(stand.wire(), &wrong(&login))?;
        let not = first_step(stand.wire(), &nobody())?;
        sight.expect(there.shape() == not.shape() && !there.is_success(), || {
            format!("{} {:?} and {} {:?}", there.status, there.text(), not.status, not.text())
        });
    }
    let odd = ["", "no-address", "a@", "' OR 1=1 --@example.org"];
    let not = first_step(stand.wire(), &nobody())?;
    for email in odd {
        let mut login = nobody();
        login.email = email.to_owned();
        let reply = first_step(stand.wire(), &login)?;
        sight.expect(reply.shape() == not.shape(), || format!("{email:?} is answered {}", reply.status));
    }
    sight.end("the same status, headers and body")
}

fn same_page(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new("did the same on the page of signing in");
    let login = stand.plain_recruit()?;
    let send = |email: &str| -> Result<Reply> {
        let wire = stand.wire().elsewhere();
        wire.post("/sign-in").page().form(&[("email", email), ("password", "Wrong%Guess77Tower")]).send()
    };
    let other = nobody();
    let (there, not) = (send(&login.email)?, send(&other.email)?);
    // The page keeps the address that was typed, so that a slip can be seen.
    let clean = |reply: &Reply, email: &str| (reply.status, reply.text().replace(email, "ADDRESS"));
    sight.expect(clean(&there, &login.email) == clean(&not, &other.email), || {
        format!("{} and {} differ", there.status, not.status)
    });
    sight.expect(there.cookies().count() == not.cookies().count(), || "one of them sets a cookie".to_owned());
    sight.end("the same page")
}

/// How many pairs are timed.
const PAIRS: usize = 15;

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn same_work(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new(format!(
        "timed {PAIRS} interleaved pairs of a wrong password and of an account that does not exist"
    ));
    let (mut there, mut not) = (Vec::new(), Vec::new());
    let mut login = stand.plain_recruit()?;
    for number in 0..PAIRS {
        if number % 5 == 4 {
            // Eight failures would lock it.
            login = stand.plain_recruit()?;
        }
        for (known, times) in [(true, &mut there), (false, &mut not)] {
            let asked = if known { wrong(&login) } else { nobody() };
            let began = clock::instant();
            let _refused = first_step(stand.wire(), &asked)?;
            times.push(began.elapsed());
        }
    }
    let (there, not) = (median(&mut there), median(&mut not));
    let ratio = there.as_secs_f64() / not.as_secs_f64().max(1e-9);
    // A hash takes tens of milliseconds; where it is left out, the ratio is far beyond this.
    sight.expect((0.5..=2.0).contains(&ratio), || {
        format!("{} and {} microseconds", there.as_micros(), not.as_micros())
    });
    sight.end_saying(
        format!(
            "medians of {} and {} microseconds, a ratio of {ratio:.2}",
            there.as_micros(),
            not.as_micros()
        ),
        "medians within a factor of two: the same hash is computed",
    )
}

/// Fails to sign in so many times.
fn fail(wire: &Wire, login: &Login, times: usize) -> Result<Vec<u16>> {
    (0..times).map(|_| first_step(wire, &wrong(login)).map(|reply| reply.status)).collect()
}

fn lockout(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let login = stand.plain_recruit()?;
    let mut sight =
        Sight::new("gave a wrong password eight times, each from another address, and then the right one");
    let failed = fail(stand.wire(), &login, 8)?;
    sight.expect(failed.iter().all(|status| *status == 401), || {
        format!("the failures are answered {failed:?}")
    });
    let right = first_step(stand.wire(), &login)?;
    sight.expect(right.status == 429, || format!("the right password is answered {}", right.status));
    let seconds = right.header("retry-after").and_then(|after| after.parse::<u32>().ok()).unwrap_or(0);
    sight.expect((600..=900).contains(&seconds), || format!("the lock holds for {seconds} s"));
    // Seven failures do not lock.
    let other = stand.plain_recruit()?;
    let _failed = fail(stand.wire(), &other, 6)?;
    sight.expect(sign_in(stand.wire(), &other).is_ok(), || "six failures lock already".to_owned());
    sight.end_saying(format!("locked for {seconds} s"), "429 for fifteen minutes")
}

fn lockout_unknown(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (real, made_up) = (stand.plain_recruit()?, nobody());
    let mut sight = Sight::new("failed nine times at an account that is there and at one that is not");
    let (there, not) = (fail(stand.wire(), &real, 9)?, fail(stand.wire(), &made_up, 9)?);
    sight.expect(there == not, || format!("{there:?} and {not:?}"));
    let (there, not) = (first_step(stand.wire(), &wrong(&real))?, first_step(stand.wire(), &made_up)?);
    let clean = |reply: &Reply| {
        let mut shape = reply.shape();
        shape.2.retain(|header| !header.starts_with("retry-after"));
        shape
    };
    sight.expect(clean(&there) == clean(&not), || format!("{} and {}", there.text(), not.text()));
    sight.end("the same statuses and words, all along")
}

fn lockout_of_one(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (locked, other) = (stand.plain_recruit()?, stand.plain_recruit()?);
    let mut sight = Sight::new("locked one account, and signed in to another");
    let session = sign_in(stand.wire(), &locked)?;
    let _failed = fail(stand.wire(), &locked, 8)?;
    sight.expect(sign_in(stand.wire(), &other).is_ok(), || "the other is locked, too".to_owned());
    // A lock keeps guesses out, not whoever is in already.
    sight.expect(super::sessions::opens(stand.wire(), &session)?, || {
        "a session that was open has ended".to_owned()
    });
    sight.end("the other signs in, and an open session goes on")
}

fn lockout_at_once(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let login = stand.plain_recruit()?;
    let body = json!({ "email": login.email, "password": "Wrong%Guess77Tower" });
    let wires: Vec<Wire> = (0..40).map(|_| stand.wire().elsewhere()).collect();
    let bytes = stand.wire().post("/identity/sign-in").json(&body).bytes();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let sent: Vec<_> = wires.iter().map(|wire| scope.spawn(|| wire.raw(&bytes))).collect();
        sent.into_iter()
            .filter_map(|one| one.join().ok()?.ok())
            .filter_map(|bytes| Reply::parse(&bytes))
            .map(|reply| reply.status)
            .collect()
    });
    let evaluated = statuses.iter().filter(|status| **status == 401).count();
    let mut sight = Sight::new("sent forty guesses at the same moment");
    sight.expect(evaluated <= 8, || format!("{evaluated} were looked at"));
    let after = first_step(stand.wire(), &login)?;
    sight.expect(after.status == 429, || format!("the account is not locked afterwards: {}", after.status));
    sight.end_saying(format!("{evaluated} were looked at"), "eight at most, and the account is locked")
}

fn lockout_codes(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let login = enrolled(stand)?;
    let mut sight = Sight::new("gave the right password and eight wrong codes");
    let mut last = 0;
    for number in 0..9 {
        let first = first_step(stand.wire(), &login)?;
        last = first.status;
        let Some(ticket) = first.json()["ticket"].as_str().map(str::to_owned) else { break };
        let code = format!("{:06}", 111_111 * (number % 9));
        last = step(stand.wire(), "sign-in/code", &json!({ "ticket": ticket, "code": code }))?.status;
    }
    sight.expect(last == 429, || format!("after nine wrong codes it is {last}"));
    sight.expect(first_step(stand.wire(), &login)?.status == 429, || "the account is not locked".to_owned());
    sight.end("429")
}

/// A new person with a second factor.
pub(super) fn enrolled(stand: &Stand) -> Result<Login> {
    let mut login = stand.privileged_recruit()?;
    let enrolled = crate::recruits::enrol(stand.wire(), &login)?;
    login.authenticator = Some(enrolled.authenticator);
    Ok(login)
}

fn sign_in_rate(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let wire = stand.wire().elsewhere();
    let mut sight = Sight::new("tried thirty accounts from one address");
    let mut refused = 0;
    for _ in 0..30 {
        let login = nobody();
        let body = json!({ "email": login.email, "password": login.password });
        let reply = wire.post("/identity/sign-in").json(&body).send()?;
        refused += usize::from(reply.status == 429 && reply.header("retry-after").is_some());
    }
    sight.expect(refused > 0, || "all thirty were looked at".to_owned());
    sight.end_saying(
        format!("{refused} of 30 were held up"),
        "429 with `retry-after` after the first twenty or so",
    )
}

fn sign_up(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let open = model.roles.iter().any(|role| role.sign_up == spec::document::SignUp::Open);
    let mut sight = Sight::new("signed up as a stranger, with a new address and with one that is known");
    let send = |email: &str| {
        step(stand.wire(), "sign-up", &json!({ "email": email, "password": crate::recruits::PASSWORD }))
    };
    let known = stand.plain_recruit()?;
    let (new, old) = (send(&format!("{}@example.net", clock::word()))?, send(&known.email)?);
    sight.expect(new.shape() == old.shape(), || format!("{} and {}", new.status, old.status));
    sight.expect(new.is_success() == open, || {
        format!("it is answered {} where the spec says {open}", new.status)
    });
    // The known account is as it was.
    sight.expect(sign_in(stand.wire(), &known).is_ok(), || {
        "the known account does not open any more".to_owned()
    });
    sight.end("the same answer for both, as the spec has it")
}

fn welcome_links(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let office = stand.office()?;
    let role = stand.plain_role().unwrap_or_else(|| office.role().to_owned());
    let mut sight = Sight::new("took an invitation twice, and links that nobody made");
    let made = office
        .post(
            "/identity/people",
            &json!({ "email": format!("{}@example.net", clock::word()), "role": role }),
        )?
        .json();
    let token = made["link"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    sight.expect(token.len() >= 32, || format!("a link of {} letters", token.len()));
    let take = |token: &str| {
        step(stand.wire(), "welcome", &json!({ "token": token, "password": crate::recruits::PASSWORD }))
    };
    let first = take(&token)?;
    sight.expect(first.is_success(), || format!("the first time it is answered {}", first.status));
    let (second, never) = (take(&token)?, take(&"A".repeat(token.len()))?);
    sight.expect(second.status == 404 && second.shape() == never.shape(), || {
        format!("{} and {}", second.status, never.status)
    });
    for token in ["", "x", "../../etc/passwd", "' OR 1=1 --"] {
        let reply = take(token)?;
        sight.expect(reply.status == 404, || format!("{token:?} is answered {}", reply.status));
    }
    sight.end("204 once; a used link and a made-up one are the same 404")
}

fn uuids(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut seen = std::collections::BTreeSet::new();
    let mut sight = Sight::new("read the ids of everybody");
    for person in stand.cast()?.iter().chain(stand.strangers()) {
        let is_new = uuid::Uuid::try_parse(&person.id).is_ok() && seen.insert(person.id.clone());
        sight.expect(is_new, || format!("{} has the id {}", person.role(), person.id));
    }
    sight.end("a UUID for each")
}
