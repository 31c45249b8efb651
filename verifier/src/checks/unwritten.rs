//! Where an event cannot be written, nothing is shown; where something was shown, its event is there.

use std::rc::Rc;

use serde_json::json;

use crate::check::{Check, Group::Audit, Needs};
use crate::instance::{Place, Storage, Under};
use crate::outcome::{Outcome, Sight};
use crate::people::{Person, Tokens};
use crate::trial::Trial;
use crate::trouble::{Result, Trouble};
use crate::world::World;

use super::audit::looker;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "audit-survives-a-kill",
        &["CF-7", "CL-3"],
        "What was shown is in the log even if the process dies in that moment",
        Audit,
        Needs::Instance,
        survives,
    ),
    Check::new(
        "audit-full-disk",
        &["CF-7", "CL-3"],
        "On a full disk nothing is shown that cannot be written down",
        Audit,
        Needs::Sqlite,
        full_disk,
    ),
    Check::new(
        "audit-refused-by-the-database",
        &["CF-7", "CL-3"],
        "Where the database refuses events, nothing is shown",
        Audit,
        Needs::Postgres,
        refused_by_database,
    ),
];

/// An instance beside the one that is verified, in the state in which `seed` leaves it.
pub(super) fn beside(trial: &Trial) -> Result<(Place, Vec<Rc<crate::people::Login>>)> {
    let place = Place::new(&trial.stand()?.place.program, Storage::Sqlite)?;
    let people = place.seeded()?.into_iter().map(Rc::new).collect();
    Ok((place, people))
}

/// Somebody of an instance beside who lists something.
fn reader(
    trial: &Trial,
    wire: &crate::wire::Wire,
    people: &[Rc<crate::people::Login>],
) -> Result<(Person, String)> {
    for login in people.iter().filter(|login| login.authenticator.is_none()).chain(people) {
        let person = Person::new(wire, Rc::clone(login))?;
        for resource in trial.resources()? {
            let path = format!("/api/{}", resource.path);
            let reply = person.get(path.as_str())?;
            if reply.json().as_array().is_some_and(|rows| !rows.is_empty()) {
                return Ok((person, path));
            }
        }
    }
    Err(Trouble::Absent("nobody lists anything".to_owned()))
}

fn survives(trial: &Trial) -> Result<Outcome> {
    let (place, people) = beside(trial)?;
    let serving = place.serve()?;
    let (person, path) = reader(trial, &serving.wire(), &people)?;
    let mut sight =
        Sight::new("opened a record in an instance beside, and killed it at the moment of the answer");
    let rows = person.get(path.as_str())?.json();
    let id = rows[0]["id"].as_str().unwrap_or_default().to_owned();
    let shown = person.get(format!("{path}/{id}"))?;
    // SIGKILL: nothing that waits is written any more.
    drop(serving);
    sight.expect(shown.is_success(), || format!("it is answered {}", shown.status));
    let folder = tempfile::tempdir().map_err(Trouble::file("a temporary folder"))?;
    let archive = folder.path().join("open.zip");
    place.finish(&["export", "--open", "--without-project", "--to", &archive.display().to_string()])?;
    let world = World::read(trial.model()?, &archive)?;
    let session = person.tokens()?.session;
    let found = world
        .events
        .iter()
        .any(|event| event.session == session && event.action == "view" && event.records.contains(&id));
    sight.expect(found, || "the log has no event of it".to_owned());
    let verified = place.run(&["verify-audit"])?;
    sight.expect(verified.status.success(), || "the log does not verify any more".to_owned());
    sight.end("the event is there")
}

fn full_disk(trial: &Trial) -> Result<Outcome> {
    let (place, people) = beside(trial)?;
    // Who lists something is sought while there is room: to seek fills the disk, too.
    let roomy = place.serve()?;
    let (known, path) = reader(trial, &roomy.wire(), &people)?;
    roomy.stop()?;
    // What `seed` wrote may still stand in the file of changes, and belongs to the other then.
    let long = |name: &str| place.path(name).metadata().map_or(0, |file| file.len());
    let blocks = (long("data/app.db") + long("data/app.db-wal")) / 512;
    // What the file of changes may grow by before the disk is full.
    let limit = u32::try_from(blocks).unwrap_or(4_000).max(4_000) + 600;
    let serving = place.serve_as(place.command(&["serve"], Under::FullAfter(limit)))?;
    let mut person = Person::new(&serving.wire(), Rc::clone(&known.login))?;
    // Who is signed in before the disk is full, and has looked at nothing yet.
    let waiting: Vec<Person> =
        (0..3).map_while(|_| Person::new(&serving.wire(), Rc::clone(&person.login)).ok()).collect();
    let mut sight = Sight::new("read records of an instance whose disk is full after some hundred kilobytes");
    let (mut shown, mut refused) = (0, 0);
    let mut after_refusal = 0;
    for number in 0..400 {
        if number % 10 == 9 && refused == 0 {
            match more_written(&serving.wire(), &person)? {
                Some(new) => person = new,
                None => refused += 1,
            }
        }
        let reply = person.get(format!("{path}?page={}", number % 3 + 1))?;
        let rows = reply.json().as_array().map_or(0, Vec::len);
        match reply.status {
            200 => {
                shown += 1;
                after_refusal += usize::from(refused > 3 && rows > 0 && number % 3 == 0);
            }
            _ => {
                refused += 1;
                sight.expect(reply.status == 503 && rows == 0, || {
                    format!("it is answered {} with {rows} records", reply.status)
                });
            }
        }
        if refused > 12 {
            break;
        }
    }
    sight.expect(shown > 0 && refused > 0, || {
        format!("{shown} answers, {refused} refusals: the disk never was full")
    });
    // Lists whose window was opened before are written down already; a new one is not.
    let another = person.get(format!("{path}?page=99"))?;
    sight.expect(another.json().as_array().is_none_or(Vec::is_empty), || {
        "records are shown on a full disk".to_owned()
    });
    for person in &waiting {
        let first = person.get(path.as_str())?;
        let rows = first.json().as_array().map_or(0, Vec::len);
        sight.expect(rows == 0, || format!("a session from before is shown {rows} records on a full disk"));
    }
    sight.end_saying(
        format!("{shown} shown, {refused} refused, {after_refusal} repeated looks counted"),
        "503, and no record in it",
    )
}

/// Fills the disk: by a new session, in which the same list is an event again; where that would wait for the next code of an
/// authenticator, by renewing the session that there is. Nobody, once that is refused.
fn more_written(wire: &crate::wire::Wire, person: &Person) -> Result<Option<Person>> {
    const RENEWALS: usize = 120;
    if person.login.authenticator.is_none() {
        return Ok(Person::new(wire, Rc::clone(&person.login)).ok());
    }
    let mut tokens = person.tokens()?;
    for _ in 0..RENEWALS {
        let renewed = super::sessions::renew(wire, &tokens.refresh)?;
        match Tokens::read(&renewed.json()) {
            Some(next) => tokens = next,
            None if renewed.status == 503 => return Ok(None),
            None => break,
        }
    }
    Ok(Person::with(wire, Rc::clone(&person.login), tokens).ok())
}

fn refused_by_database(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let Storage::Postgres(addresses) = &stand.place.storage else {
        return Outcome::not_applicable("no PostgreSQL");
    };
    let (person, resource, id) = looker(trial)?;
    let role = crate::postgres::rows(&addresses.app, "SELECT current_user")?
        .into_iter()
        .flatten()
        .next()
        .unwrap_or_default();
    let mut sight =
        Sight::new("took the right to write events from the app's role, and read, wrote and listed");
    addresses.sql(&format!("REVOKE EXECUTE ON FUNCTION audit_append, audit_append_all FROM \"{role}\""))?;
    let tries = [
        ("a record", person.get(resource.one(&id, ""))),
        ("its page", person.page(format!("/{}/{id}", resource.path))),
        ("the list", person.get(format!("/api/{}", resource.path))),
        ("a search", person.post(format!("/api/{}/search", resource.path), &json!({}))),
        ("a refusal", person.get(resource.one(&crate::clock::id().to_string(), ""))),
    ];
    addresses.sql(&format!("GRANT EXECUTE ON FUNCTION audit_append, audit_append_all TO \"{role}\""))?;
    for (what, reply) in tries {
        let reply = reply?;
        sight
            .expect(reply.status == 503 || (what == "a search" && matches!(reply.status, 404 | 405)), || {
                format!("{what} is answered {}", reply.status)
            });
        sight.expect(!reply.text().contains(&id), || format!("{what} names the record"));
    }
    let again = person.get(resource.one(&id, ""))?;
    sight.expect(again.is_success(), || format!("afterwards it is answered {}", again.status));
    sight.end("503 with nothing in it, and as before once it can write again")
}
