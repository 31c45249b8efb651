//! Who administers people, and what happens to whom at once.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::check::{Check, Group::Identity, Needs};
use crate::outcome::{Outcome, Sight};
use crate::people::{Login, Person, first_step};
use crate::recruits::first_sign_in;
use crate::trial::{Stand, Trial};
use crate::trouble::{Result, Trouble};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "suspension-at-once",
        &["CL-1", "HG-4"],
        "Who is suspended is out at once",
        Identity,
        Needs::Instance,
        suspension,
    ),
    Check::new(
        "membership-ended-at-once",
        &["CL-1", "HG-4"],
        "Whose membership ends is out at once",
        Identity,
        Needs::Instance,
        ended,
    ),
    Check::new(
        "role-taken-at-once",
        &["CL-1", "HG-4"],
        "Whose role is taken has its rights no more, at once",
        Identity,
        Needs::Instance,
        role_taken,
    ),
    Check::new(
        "people-only-by-administrators",
        &["HC-3", "HG-4"],
        "Only who administers people sees and changes who is there",
        Identity,
        Needs::Instance,
        only_administrators,
    ),
    Check::new(
        "nobody-raises-themselves",
        &["HC-3", "HG-4"],
        "Nobody gives themselves a role",
        Identity,
        Needs::Instance,
        nobody_raises,
    ),
    Check::new(
        "roles-of-the-spec-only",
        &["HC-3"],
        "No role is given that the spec does not have",
        Identity,
        Needs::Instance,
        spec_roles,
    ),
    Check::new(
        "last-administrator-stays",
        &["HC-3"],
        "Somebody always stays who administers people",
        Identity,
        Needs::Instance,
        last_stays,
    ),
    Check::new(
        "invitation-withdrawn",
        &["HC-3"],
        "An invitation that is withdrawn opens nothing",
        Identity,
        Needs::Instance,
        withdrawn,
    ),
];

/// Does something as the administrator of the second organisation, proving who they are where that is asked for.
fn office(stand: &Stand, method: &str, path: &str, body: &Value) -> Result<u16> {
    Ok(stand.office()?.proving(method, path, body)?.status)
}

/// Somebody who is signed in, and whom the administrator can reach.
fn somebody(stand: &Stand) -> Result<(Rc<Login>, Person)> {
    let login = stand.plain_recruit()?;
    let person = Person::new(stand.wire(), Rc::clone(&login))?;
    Ok((login, person))
}

/// Looks whether somebody is out: session, records, renewal and signing in.
fn is_out(trial: &Trial, sight: &mut Sight, login: &Login, person: &Person, may_sign_in: bool) -> Result<()> {
    let tokens = person.tokens()?;
    let stand = trial.stand()?;
    let reply = stand.wire().get("/identity/session").bearer(&tokens.access).send()?;
    sight.expect(reply.status == 401, || format!("the session is answered {}", reply.status));
    for resource in trial.resources()? {
        let list = stand.wire().get(format!("/api/{}", resource.path)).bearer(&tokens.access).send()?;
        sight.expect(!list.is_success(), || format!("{} are listed: {}", resource.path, list.status));
    }
    let renewed = super::sessions::renew(stand.wire(), &tokens.refresh)?;
    sight.expect(!renewed.is_success(), || format!("the session is renewed: {}", renewed.status));
    let again = first_step(stand.wire(), login)?;
    let entered = again.json()["next"] == "signed_in";
    sight.expect(entered == may_sign_in, || format!("signing in is answered {}", again.status));
    Ok(())
}

fn suspension(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (login, person) = somebody(stand)?;
    let mut sight = Sight::new("suspended somebody who was signed in, and lifted it again");
    let path = format!("/identity/people/{}/suspension", person.id);
    let status = office(stand, "PUT", &path, &json!({}))?;
    sight.expect(status == 204, || format!("suspending is answered {status}"));
    is_out(trial, &mut sight, &login, &person, false)?;
    let status = office(stand, "DELETE", &path, &json!({}))?;
    sight.expect(status == 204, || format!("lifting is answered {status}"));
    let again = first_step(stand.wire(), &login)?;
    sight.expect(again.is_success(), || format!("afterwards signing in is answered {}", again.status));
    sight.end("401 at the next request, until it is lifted")
}

fn ended(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (login, person) = somebody(stand)?;
    let mut sight = Sight::new("ended the membership of somebody who was signed in");
    let status = office(stand, "DELETE", &format!("/identity/people/{}", person.id), &json!({}))?;
    sight.expect(status == 204, || format!("it is answered {status}"));
    is_out(trial, &mut sight, &login, &person, false)?;
    sight.end("401 at the next request")
}

fn role_taken(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (_, person) = somebody(stand)?;
    let mut sight = Sight::new("took the role of somebody who was signed in");
    let world = stand.look()?;
    let membership =
        world.rows("memberships").iter().find(|row| row.get("person_id") == Some(&json!(person.id)));
    let membership =
        membership.and_then(|row| row.get("id")).and_then(Value::as_str).unwrap_or_default().to_owned();
    let status =
        office(stand, "DELETE", &format!("/identity/people/{}/roles/{membership}", person.id), &json!({}))?;
    sight.expect(status == 204 || status == 409, || format!("it is answered {status}"));
    if status == 204 {
        for resource in trial.resources()? {
            let list = person
                .wire()
                .get(format!("/api/{}", resource.path))
                .bearer(&person.tokens()?.access)
                .send()?;
            let shown = list.is_success() && list.json().as_array().is_some_and(|rows| !rows.is_empty());
            sight.expect(!shown, || format!("{} are still listed", resource.path));
        }
    }
    sight.end("nothing is shown any more")
}

fn only_administrators(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let mut sight = Sight::new("listed, invited, suspended and unlocked people, as each role");
    let victim = stand.cast()?.first().map(|person| person.id.clone()).unwrap_or_default();
    for person in stand.cast()? {
        let role = model.roles.iter().find(|role| role.name == person.role());
        let administers =
            role.is_some_and(|role| role.administers.iter().any(|what| what.as_str() == "people"));
        let list = person.get("/identity/people")?;
        sight.expect(list.is_success() == administers, || {
            format!("{} is answered {}", person.role(), list.status)
        });
        if administers {
            continue;
        }
        let one = format!("/identity/people/{victim}");
        let tries = [
            (
                "POST",
                "/identity/people".to_owned(),
                json!({ "email": "x@example.net", "role": person.role() }),
            ),
            ("DELETE", one.clone(), json!({})),
            ("PUT", format!("{one}/suspension"), json!({})),
            ("DELETE", format!("{one}/lock"), json!({})),
            ("POST", format!("{one}/password-link"), json!({})),
            ("POST", format!("{one}/roles"), json!({ "role": person.role() })),
            ("POST", "/identity/places".to_owned(), json!({ "kind": "clinic", "name": "x" })),
        ];
        for (method, path, body) in tries {
            let reply = person.request(method, path.as_str())?.json(&body).send()?;
            sight.expect(matches!(reply.status, 403 | 404), || {
                format!("{method} {path} of {}: {}", person.role(), reply.status)
            });
        }
        let page = person.page("/account/people")?;
        sight.expect(page.status != 200, || format!("{} sees the page of people", person.role()));
    }
    sight.end("403 or 404 for all others")
}

fn nobody_raises(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let mut sight = Sight::new("gave oneself each role of the spec, as each role");
    for person in stand.cast()? {
        let role = model.roles.iter().find(|role| role.name == person.role());
        if role.is_some_and(|role| role.administers.iter().any(|what| what.as_str() == "people")) {
            continue;
        }
        for role in &model.roles {
            let path = format!("/identity/people/{}/roles", person.id);
            let reply = person.post(path, &json!({ "role": role.name.as_str() }))?;
            sight.expect(!reply.is_success(), || format!("{} makes themselves {}", person.role(), role.name));
        }
        let who = person.get("/identity/session")?.json();
        sight.expect(who["roles"] == json!([person.role()]), || {
            format!("{} is {} now", person.role(), who["roles"])
        });
        let switched = person.post("/identity/session", &json!({ "organisation": crate::clock::id() }))?;
        sight.expect(!switched.is_success(), || {
            format!("a session moves to another organisation: {}", switched.status)
        });
    }
    sight.end("refused, and the roles are as they were")
}

fn spec_roles(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let (_, person) = somebody(stand)?;
    let mut sight = Sight::new("gave and invited into roles that the spec does not have");
    let unknown = |role: &&str| model.role(role).is_none();
    for role in ["admin", "superuser", "root", "", "*", "system", "support"].into_iter().filter(unknown) {
        let status = office(
            stand,
            "POST",
            &format!("/identity/people/{}/roles", person.id),
            &json!({ "role": role }),
        )?;
        sight.expect((400..500).contains(&status), || format!("{role:?} is given: {status}"));
        let status =
            office(stand, "POST", "/identity/people", &json!({ "email": "y@example.net", "role": role }))?;
        sight.expect((400..500).contains(&status), || format!("somebody is invited as {role:?}: {status}"));
    }
    sight.end("refused")
}

/// In an instance beside, where an administrator may lock themselves out.
/// How often two administrators end each other's membership at the same moment.
const ROUNDS: usize = 5;

fn last_stays(trial: &Trial) -> Result<Outcome> {
    let role = trial.stand()?.office()?.role().to_owned();
    let (place, people) = super::unwritten::beside(trial)?;
    let serving = place.serve()?;
    let mut administrators = people.iter().filter(|login| login.role == role);
    let first =
        administrators.next().ok_or_else(|| Trouble::Absent(format!("nobody is made up as {role}")))?;
    let mut last = Person::new(&serving.wire(), Rc::clone(first))?;
    let end = |person: &Person, id: &str| -> Result<u16> {
        Ok(person.proving("DELETE", &format!("/identity/people/{id}"), &json!({}))?.status)
    };
    let mut sight = Sight::new(
        "had the administrators of an organisation leave, one after the other, then two of them end each other's membership \
         at the same moment",
    );
    for other in administrators {
        let other = Person::new(&serving.wire(), Rc::clone(other))?;
        if other.organisation() == last.organisation() {
            let status = end(&last, &other.id)?;
            sight.expect(status == 204, || format!("one of several leaves: {status}"));
        }
    }
    let status = end(&last, &last.id)?;
    sight.expect((400..500).contains(&status), || format!("the last one leaves: {status}"));
    for _ in 0..ROUNDS {
        let login = last.invite(&serving.wire(), &role, None)?;
        let other = first_sign_in(&serving.wire(), &role, &login.email, true)?;
        let each_other = [(&last, &other), (&other, &last)];
        let requests = each_other.map(|(by, whom)| {
            let ends = by.request("DELETE", format!("/identity/people/{}", whom.id));
            ends.map(|request| request.json(&json!({})).bytes())
        });
        let wire = serving.wire();
        std::thread::scope(|scope| {
            for bytes in requests.into_iter().flatten() {
                let wire = &wire;
                scope.spawn(move || wire.raw(&bytes));
            }
        });
        let stays = |person: &Person| person.get("/identity/people").is_ok_and(|list| list.is_success());
        let (one, two) = (stays(&last), stays(&other));
        sight.expect(one || two, || "both have left, and nobody administers people".to_owned());
        if !one && !two {
            break;
        }
        if !one {
            last = other;
        }
    }
    sight.end("the last one is refused, and stays")
}

fn withdrawn(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let administrator = stand.office()?;
    let role = stand.plain_role().unwrap_or_else(|| administrator.role().to_owned());
    let email = format!("{}@example.net", crate::clock::word());
    let mut sight = Sight::new("withdrew an invitation, and took its link");
    let made = administrator.post("/identity/people", &json!({ "email": email, "role": role }))?.json();
    let link = made["link"].as_str().unwrap_or_default().to_owned();
    let page = administrator.page("/account/people")?.text();
    let invitation =
        page.split("/account/people/invitations/").nth(1).and_then(|rest| rest.get(..36)).map(str::to_owned);
    let Some(invitation) = invitation else { return Outcome::not_applicable("invitations are not listed") };
    // Others may wait, too: all of them are withdrawn until this one's link is dead.
    let status = office(stand, "DELETE", &format!("/identity/invitations/{invitation}"), &json!({}))?;
    sight.expect(status == 204, || format!("withdrawing is answered {status}"));
    for other in super::oracle::ids_in(&page) {
        let _withdrawn = office(stand, "DELETE", &format!("/identity/invitations/{other}"), &json!({}))?;
    }
    let taken = crate::recruits::welcome(stand.wire(), &link);
    sight.expect(taken.is_err(), || "its link still opens".to_owned());
    sight.end("404")
}
