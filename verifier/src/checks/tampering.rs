//! A log that somebody tampered with: on SQLite by what a thief can do to files, on PostgreSQL row by row, past all rights.

use std::fs;
use std::path::Path;

use crate::check::{Check, Group::Audit, Needs};
use crate::instance::{Place, Storage, Under};
use crate::outcome::{Outcome, Sight};
use crate::people::Person;
use crate::postgres::PostgresAddresses;
use crate::trial::Trial;
use crate::trouble::{Result, Trouble};

use super::unwritten::beside;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "tamper-rollback",
        &["CL-3"],
        "A database of before some events is found out",
        Audit,
        Needs::Sqlite,
        rollback,
    ),
    Check::new(
        "tamper-witness-cut",
        &["CL-3"],
        "A witness that was cut is found out",
        Audit,
        Needs::Instance,
        witness_cut,
    ),
    Check::new(
        "tamper-witness-edited",
        &["CL-3"],
        "A witness that was edited is found out",
        Audit,
        Needs::Instance,
        witness_edited,
    ),
    Check::new(
        "tamper-witness-gone",
        &["CL-3"],
        "A witness that is gone is found out",
        Audit,
        Needs::Instance,
        witness_gone,
    ),
    Check::new(
        "tamper-edit",
        &["CL-3", "CF-6"],
        "An event that was edited is found out",
        Audit,
        Needs::Postgres,
        |trial| tampered(trial, "edited an event", EDIT),
    ),
    Check::new(
        "tamper-identity",
        &["CL-3", "CF-6"],
        "An event whose person was exchanged is found out",
        Audit,
        Needs::Postgres,
        |trial| tampered(trial, "exchanged the person of an event", IDENTITY),
    ),
    Check::new(
        "tamper-delete",
        &["CL-3", "CF-6"],
        "An event that was deleted is found out",
        Audit,
        Needs::Postgres,
        |trial| tampered(trial, "deleted an event", DELETE),
    ),
    Check::new(
        "tamper-reorder",
        &["CL-3", "CF-6"],
        "Events in another order are found out",
        Audit,
        Needs::Postgres,
        |trial| tampered(trial, "exchanged two events", REORDER),
    ),
    Check::new(
        "tamper-truncate",
        &["CL-3", "CF-6"],
        "A log that was cut is found out",
        Audit,
        Needs::Postgres,
        |trial| tampered(trial, "deleted all events but the first of each lane", TRUNCATE),
    ),
    Check::new(
        "tamper-empty",
        &["CL-3", "CF-6"],
        "A log that was emptied is found out",
        Audit,
        Needs::Postgres,
        |trial| tampered(trial, "deleted all events", EMPTY),
    ),
    Check::new(
        "tamper-recompute",
        &["CL-3", "CF-6"],
        "A log that was edited and chained anew is found out",
        Audit,
        Needs::Postgres,
        |trial| tampered(trial, "edited an event and computed all hashes behind it anew", RECOMPUTE),
    ),
];

/// The lane with most events: its first ones were witnessed long ago.
const LANE: &str = "(SELECT lane FROM audit_events GROUP BY lane ORDER BY count(*) DESC, lane LIMIT 1)";

const EDIT: &str = "UPDATE audit_events SET body = replace(body, '\"outcome\":\"succeeded\"', '\"outcome\":\"failed\"') WHERE sequence = 2 AND lane = LANE";
const IDENTITY: &str = "UPDATE audit_identities SET actor = '00000000-0000-4000-8000-000000000000' WHERE sequence = 2 AND lane = LANE";
const DELETE: &str = "DELETE FROM audit_identities WHERE sequence = 2 AND lane = LANE; DELETE FROM audit_events WHERE sequence = 2 AND lane = LANE";
const REORDER: &str = "CREATE TEMP TABLE chosen AS SELECT LANE AS lane; \
    UPDATE audit_events SET sequence = 1000000 WHERE sequence = 2 AND lane = (SELECT lane FROM chosen); \
    UPDATE audit_events SET sequence = 2 WHERE sequence = 3 AND lane = (SELECT lane FROM chosen); \
    UPDATE audit_events SET sequence = 3 WHERE sequence = 1000000 AND lane = (SELECT lane FROM chosen)";
const TRUNCATE: &str =
    "DELETE FROM audit_identities WHERE sequence > 1; DELETE FROM audit_events WHERE sequence > 1";
const EMPTY: &str = "DELETE FROM audit_identities; DELETE FROM audit_events";
const RECOMPUTE: &str = "DO $$ DECLARE event record; before bytea; chosen bigint; BEGIN \
    chosen := LANE; \
    UPDATE audit_events SET body = replace(body, '\"outcome\":\"succeeded\"', '\"outcome\":\"failed\"') WHERE sequence = 2 AND lane = chosen; \
    SELECT hash INTO before FROM audit_events WHERE lane = chosen AND sequence = 1; \
    FOR event IN SELECT sequence, body FROM audit_events WHERE lane = chosen AND sequence > 1 ORDER BY sequence LOOP \
      UPDATE audit_events SET previous = before, hash = sha256('healthcoder.audit.link.1'::bytea || int8send(chosen) || int8send(event.sequence) || before || convert_to(event.body, 'UTF8')) \
        WHERE lane = chosen AND sequence = event.sequence RETURNING hash INTO before; \
    END LOOP; END $$";

/// Whether the app finds a log whole, whatever folder and database it is told of.
fn is_whole(place: &Place, of: Option<&PostgresAddresses>) -> Result<(bool, String)> {
    let mut command = place.command(&["verify-audit"], Under::Cores);
    if let Some(addresses) = of {
        command.env("DATABASE_URL", &addresses.app).env("DATABASE_OWNER_URL", &addresses.owner);
    }
    let output = command.output().map_err(Trouble::file(&place.program.binary))?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

fn tampered(trial: &Trial, what: &str, statements: &str) -> Result<Outcome> {
    let stand = trial.stand()?;
    let Storage::Postgres(addresses) = &stand.place.storage else {
        return Outcome::not_applicable("no PostgreSQL");
    };
    // Up to the last head that was signed; it is signed again every so many seconds.
    stand.look()?;
    let mut sight = Sight::new(format!(
        "{what} in a copy of the database, past triggers and rights, and had the log verified"
    ));
    let copy = addresses.copy("tampered")?;
    let outcome = (|| -> Result<()> {
        let (whole, said) = is_whole(&stand.place, Some(&copy))?;
        sight.expect(whole, || format!("the copy does not verify as it is: {said}"));
        copy.sql(&format!("SET session_replication_role = replica; {}", statements.replace("LANE", LANE)))?;
        let (whole, _) = is_whole(&stand.place, Some(&copy))?;
        sight.expect(!whole, || "nothing is found".to_owned());
        Ok(())
    })();
    addresses.remove(&copy)?;
    outcome?;
    sight.end("verify-audit finds it")
}

/// An instance beside, in which somebody has looked at something, ended in order.
fn used(trial: &Trial) -> Result<Place> {
    let (place, people) = beside(trial)?;
    look_around(trial, &place, &people)?;
    Ok(place)
}

fn look_around(trial: &Trial, place: &Place, people: &[std::rc::Rc<crate::people::Login>]) -> Result<()> {
    let serving = place.serve()?;
    let plain = people.iter().filter(|login| login.authenticator.is_none());
    for login in plain.take(2) {
        let person = Person::new(&serving.wire(), std::rc::Rc::clone(login))?;
        for resource in trial.resources()? {
            let _shown = person.get(format!("/api/{}", resource.path))?;
        }
    }
    serving.stop()
}

fn copied(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).map_err(Trouble::file(from))
}

fn rollback(trial: &Trial) -> Result<Outcome> {
    let (place, people) = beside(trial)?;
    let (database, kept) = (place.path("data/app.db"), place.path("tmp/before.db"));
    let mut sight =
        Sight::new("put back the database of before some looks, beside the witness that saw them");
    let (whole, said) = is_whole(&place, None)?;
    sight.expect(whole, || format!("it does not verify as it is: {said}"));
    copied(&database, &kept)?;
    look_around(trial, &place, &people)?;
    let (whole, said) = is_whole(&place, None)?;
    sight.expect(whole, || format!("after the looks it does not verify: {said}"));
    for name in ["data/app.db-wal", "data/app.db-shm"] {
        let _gone = fs::remove_file(place.path(name));
    }
    copied(&kept, &database)?;
    let (whole, _) = is_whole(&place, None)?;
    sight.expect(!whole, || "nothing is found".to_owned());
    sight.end("verify-audit finds it")
}

/// Changes the witness of an instance beside, and has its log verified.
fn with_witness(trial: &Trial, did: &str, change: &dyn Fn(&Path, &str) -> Result<()>) -> Result<Outcome> {
    let place = used(trial)?;
    let path = place.path("data/witness/witness.ndjson");
    let text = fs::read_to_string(&path).map_err(Trouble::file(&path))?;
    let mut sight = Sight::new(did);
    let (whole, said) = is_whole(&place, None)?;
    sight.expect(whole, || format!("it does not verify as it is: {said}"));
    change(&path, &text)?;
    let (whole, _) = is_whole(&place, None)?;
    sight.expect(!whole, || "nothing is found".to_owned());
    sight.end("verify-audit finds it")
}

fn written(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Trouble::file(path))
}

fn witness_cut(trial: &Trial) -> Result<Outcome> {
    with_witness(trial, "took the last lines off the witness of an instance beside", &|path, text| {
        let lines: Vec<&str> = text.lines().collect();
        let kept = lines.iter().take(lines.len() / 2).map(|line| format!("{line}\n")).collect::<String>();
        written(path, &kept)
    })
}

fn witness_edited(trial: &Trial) -> Result<Outcome> {
    with_witness(
        trial,
        "changed one digit of a signed line of the witness of an instance beside",
        &|path, text| {
            let at = text.len() / 2;
            let mut bytes = text.as_bytes().to_vec();
            let place = (at..bytes.len()).find(|place| bytes[*place].is_ascii_digit()).unwrap_or(at);
            bytes[place] = if bytes[place] == b'1' { b'2' } else { b'1' };
            written(path, &String::from_utf8_lossy(&bytes))
        },
    )
}

fn witness_gone(trial: &Trial) -> Result<Outcome> {
    with_witness(trial, "removed the witness of an instance beside", &|path, _| {
        fs::remove_file(path).map_err(Trouble::file(path))
    })
}
