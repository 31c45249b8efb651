//! What a thief of the database server finds, and what a dishonest administrator of it can do: on PostgreSQL, whose rows
//! can be read and changed behind the app's back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use spec::model::Storage as Kept;

use crate::check::{Check, Group::Sealing, Needs};
use crate::entity::spelling;
use crate::forms::{Search, entropy};
use crate::instance::Storage;
use crate::outcome::{Outcome, Sight};
use crate::postgres::{PostgresAddresses, rows};
use crate::trial::Trial;
use crate::trouble::{Result, Trouble};

use super::chain::nonces_differ;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "dump-tells-nothing",
        &["CF-5", "HC-8", "CL-4"],
        "A dump of the database holds no sealed value",
        Sealing,
        Needs::Postgres,
        dump_tells_nothing,
    ),
    Check::new(
        "dump-has-no-secrets",
        &["CC-7", "CF-13", "HC-8"],
        "Nor a password, token or address of somebody",
        Sealing,
        Needs::Postgres,
        dump_no_secrets,
    ),
    Check::new(
        "sealed-columns-random",
        &["CF-5", "CL-4"],
        "Sealed columns are random, and no two values begin alike",
        Sealing,
        Needs::Postgres,
        random,
    ),
    Check::new(
        "equal-values-differ",
        &["CF-5"],
        "Equal values are sealed differently",
        Sealing,
        Needs::Postgres,
        equal_differ,
    ),
    Check::new(
        "blind-index-keyed",
        &["CF-5", "CL-1"],
        "Two organisations' indexes of the same value differ",
        Sealing,
        Needs::Postgres,
        blind_index,
    ),
    Check::new(
        "passwords-hashed",
        &["CC-7", "CL-4"],
        "Passwords are hashed by Argon2id with memory of 19 MiB or more",
        Sealing,
        Needs::Postgres,
        passwords,
    ),
    Check::new(
        "app-role-is-least",
        &["CL-6", "CL-3"],
        "The app's own role can neither change events nor tables, nor pass the fence",
        Sealing,
        Needs::Postgres,
        least,
    ),
    Check::new(
        "second-fence",
        &["CL-1", "CL-6"],
        "Without a person, the app's own role reads no record",
        Sealing,
        Needs::Postgres,
        second_fence,
    ),
];

pub(super) fn addresses(trial: &Trial) -> Result<&PostgresAddresses> {
    match &trial.stand()?.place.storage {
        Storage::Postgres(addresses) => Ok(addresses),
        Storage::Sqlite => Err(Trouble::Absent("the records are not in PostgreSQL".to_owned())),
    }
}

/// Sealed columns, as table, column and the entity's name.
fn sealed_columns(trial: &Trial) -> Result<Vec<(String, String)>> {
    let mut columns = Vec::new();
    for entity in &trial.model()?.entities {
        for field in &entity.fields {
            if matches!(field.storage, Kept::Sealed { .. }) {
                columns.push((entity.table.clone(), field.column.clone()));
            }
        }
    }
    Ok(columns)
}

fn values(trial: &Trial, table: &str, column: &str) -> Result<Vec<String>> {
    let query = format!(
        "SELECT encode(\"{column}\", 'hex') FROM \"{table}\" WHERE \"{column}\" IS NOT NULL ORDER BY id"
    );
    Ok(addresses(trial)?.sql(&query)?.into_iter().flatten().collect())
}

fn dump_tells_nothing(trial: &Trial) -> Result<Outcome> {
    let planted = trial.planted()?;
    let dumped = addresses(trial)?.dump()?;
    let mut sight = Sight::new(format!(
        "sought {} planted values in a dump of {} bytes",
        planted.sealed().count(),
        dumped.len()
    ));
    // A dump writes bytes as hexadecimal digits, which is one of the forms.
    let found = Search::new(planted.sealed())?.of_bytes("the dump", &dumped);
    sight.expect(found.is_empty() && dumped.len() > 10_000, || found.join(", "));
    sight.end("none of them")
}

fn dump_no_secrets(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let dumped = addresses(trial)?.dump()?;
    let mut secrets = Vec::new();
    for (number, person) in stand.cast()?.iter().chain(stand.strangers()).enumerate() {
        let tokens = person.tokens()?;
        secrets.push((format!("access token {number}"), tokens.access));
        secrets.push((format!("refresh token {number}"), tokens.refresh));
        secrets.push((format!("password {number}"), person.login.password.clone()));
        secrets.push((format!("address {number}"), person.login.email.clone()));
    }
    let mut sight = Sight::new("sought everybody's tokens, passwords and addresses in a dump");
    let found = Search::new(secrets.iter().map(|(name, secret)| (name.clone(), secret.as_str())))?
        .of_bytes("the dump", &dumped);
    sight.expect(found.is_empty(), || found.join(", "));
    sight.end("none of them")
}

fn random(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("read every sealed column");
    for (table, column) in sealed_columns(trial)? {
        let values = values(trial, &table, &column)?;
        if values.len() < 2 {
            continue;
        }
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        sight.expect(nonces_differ(&texts), || format!("two values of {column} begin alike"));
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|hex| {
                (5..hex.len() / 2).filter_map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok())
            })
            .collect();
        // Few bytes cannot look as even as many.
        if bytes.len() > 2_000 {
            let bits = entropy(&bytes);
            sight.expect(bits > 7.8, || format!("{column} has {bits:.2} bits a byte"));
        }
    }
    sight.end("as random as noise, each with a beginning of its own")
}

fn equal_differ(trial: &Trial) -> Result<Outcome> {
    let world = trial.stand()?.look()?;
    let mut sight = Sight::new("compared how equal values of different rows are sealed");
    for (table, column) in sealed_columns(trial)? {
        let query =
            format!("SELECT id, encode(\"{column}\", 'hex') FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
        let sealed: BTreeMap<String, String> = addresses(trial)?
            .sql(&query)?
            .into_iter()
            .filter_map(|row| Some((row.first()?.clone(), row.get(1)?.clone())))
            .collect();
        let mut by_value: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        for row in world.rows(&table) {
            let id = row.get("id").and_then(Value::as_str).unwrap_or_default();
            if let (Some(value), Some(sealed)) = (row.get(&column), sealed.get(id)) {
                by_value.entry(value.to_string()).or_default().push(sealed);
            }
        }
        for same in by_value.values().filter(|same| same.len() > 1) {
            let different: BTreeSet<&&String> = same.iter().collect();
            sight.expect(different.len() == same.len(), || {
                format!("equal values of {column} are sealed alike")
            });
        }
    }
    sight.end("each differently")
}

fn blind_index(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let mut sight = Sight::new("wrote the same value in several organisations, and compared how it is found");
    for resource in trial.resources()? {
        for (_, field) in resource.entity.fields() {
            let Kept::Sealed { lookup: Some(index) } = &field.storage else { continue };
            for person in stand.cast()?.iter().chain(stand.strangers()) {
                let Some(mut body) = trial.sample_for(person, &resource, &crate::clock::word())? else {
                    continue;
                };
                let schema = resource.new_schema(trial.api()?);
                let Some(value) =
                    crate::entity::value(Some(field), &schema["properties"][spelling(field)], "x")
                else {
                    continue;
                };
                let role = model.role(person.role());
                let may = role.is_some_and(|role| {
                    model.grants(role, resource.index).any(|grant| {
                        grant.allows(spec::access::Action::Create)
                            && resource.field(spelling(field)).is_some_and(|at| grant.fields.covers(at))
                    })
                });
                if may {
                    body[spelling(field)] = value;
                    let _made = person.post(format!("/api/{}", resource.path), &body)?;
                }
            }
            let query = format!(
                "SELECT encode(\"{index}\", 'hex'), organisation_id::text FROM \"{}\" WHERE \"{index}\" IS NOT NULL",
                resource.entity.table
            );
            let mut organisations: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            let mut all = BTreeSet::new();
            for row in addresses(trial)?.sql(&query)? {
                if let [index, organisation] = row.as_slice() {
                    all.insert(organisation.clone());
                    organisations.entry(index.clone()).or_default().insert(organisation.clone());
                }
            }
            if all.len() > 1 {
                let shared = organisations.values().filter(|organisations| organisations.len() > 1).count();
                sight.expect(shared == 0, || {
                    format!("{shared} values of {} are found alike in two organisations", field.name)
                });
            }
        }
    }
    sight.end("no index of one is that of another")
}

fn passwords(trial: &Trial) -> Result<Outcome> {
    let hashes = addresses(trial)?.sql("SELECT password_hash FROM people WHERE password_hash IS NOT NULL")?;
    let mut sight = Sight::new("read how passwords are kept");
    let mut seen = BTreeSet::new();
    for hash in hashes.into_iter().flatten() {
        let memory =
            hash.split("m=").nth(1).and_then(|rest| rest.split(',').next()?.parse::<u32>().ok()).unwrap_or(0);
        sight.expect(hash.starts_with("$argon2id$") && memory >= 19_456, || {
            "a hash of another kind".to_owned()
        });
        // Many made-up people have the same password; their salts must not be the same.
        sight.expect(seen.insert(hash), || "two hashes are the same".to_owned());
    }
    sight.end("Argon2id, 19 MiB or more, each with a salt of its own")
}

fn least(trial: &Trial) -> Result<Outcome> {
    let addresses = addresses(trial)?;
    let tables = trial.model()?.entities.first().map(|entity| entity.table.clone()).unwrap_or_default();
    let mut sight = Sight::new("did as the app's own role what it must never do");
    let tries = [
        "UPDATE audit_events SET body = body",
        "DELETE FROM audit_events",
        "DELETE FROM audit_identities",
        "TRUNCATE audit_events",
        "INSERT INTO audit_events SELECT * FROM audit_events LIMIT 1",
        "UPDATE audit_identities SET actor = 'x'",
        "CREATE TABLE mine (a int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE mine",
        "SET session_replication_role = replica",
    ];
    let own = [
        format!("ALTER TABLE \"{tables}\" DISABLE ROW LEVEL SECURITY"),
        format!("DROP TABLE \"{tables}\""),
        format!("CREATE POLICY mine ON \"{tables}\" USING (true)"),
        format!("TRUNCATE \"{tables}\""),
    ];
    for statement in tries.iter().map(|text| (*text).to_owned()).chain(own) {
        let done = rows(&addresses.app, &format!("BEGIN; {statement}; ROLLBACK"));
        sight.expect(done.is_err(), || format!("it may: {statement}"));
    }
    let rights = rows(
        &addresses.app,
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user",
    )?;
    sight.expect(rights.into_iter().flatten().next().as_deref() == Some("f"), || {
        "it is a powerful role".to_owned()
    });
    sight.end("the server refuses all of it")
}

fn second_fence(trial: &Trial) -> Result<Outcome> {
    let addresses = addresses(trial)?;
    let mut sight = Sight::new("read every table of records as the app's own role, without saying for whom");
    for entity in &trial.model()?.entities {
        let all = addresses.sql(&format!("SELECT count(*) FROM \"{}\"", entity.table))?;
        let all = all.into_iter().flatten().next().unwrap_or_default();
        if all == "0" {
            continue;
        }
        let read = rows(&addresses.app, &format!("SELECT count(*) FROM \"{}\"", entity.table));
        let count = read
            .map(|rows| rows.into_iter().flatten().next().unwrap_or_default())
            .unwrap_or_else(|_| "0".to_owned());
        sight.expect(count == "0", || format!("{count} of {all} {} are read", entity.table));
    }
    sight.end("no row")
}
