//! Sealed values that were moved or changed behind the app's back.

use serde_json::Value;
use spec::model::Storage as Kept;

use crate::check::{Check, Group::Sealing, Needs};
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::{Result, Trouble};

use super::thief::addresses;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "swapped-rows-do-not-open",
        &["CF-5"],
        "A sealed value does not open in another row",
        Sealing,
        Needs::Postgres,
        swapped_rows,
    ),
    Check::new(
        "swapped-fields-do-not-open",
        &["CF-5"],
        "Nor in another field",
        Sealing,
        Needs::Postgres,
        swapped_fields,
    ),
    Check::new(
        "changed-bits-do-not-open",
        &["CF-5", "CL-4"],
        "Nor when a bit of it was changed",
        Sealing,
        Needs::Postgres,
        changed_bits,
    ),
];

/// Two rows of a table that somebody may open, and a sealed column that both have.
struct Pair {
    person: crate::people::Person,
    path: String,
    table: String,
    columns: Vec<String>,
    ids: [String; 2],
}

fn pair(trial: &Trial) -> Result<Pair> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let world = stand.look()?;
    for person in stand.cast()? {
        for resource in trial.resources()? {
            let mut ids =
                super::oracle::allowed(trial, &world, &person, spec::access::Action::View, &resource)?
                    .into_iter();
            let (Some(one), Some(two)) = (ids.next(), ids.next()) else { continue };
            let seen = world
                .visible(model, &person, spec::access::Action::View, resource.index, &one)
                .unwrap_or_default();
            let columns: Vec<String> = resource
                .entity
                .fields()
                .filter(|(index, field)| {
                    let both = [&one, &two].iter().all(|id| {
                        world
                            .row(&resource.entity.table, id)
                            .and_then(|row| row.get(&field.column))
                            .is_some_and(|value| !value.is_null())
                    });
                    seen.contains(index) && both && matches!(field.storage, Kept::Sealed { .. })
                })
                .map(|(_, field)| field.column.clone())
                .collect();
            if !columns.is_empty() {
                let (path, table) = (resource.path.clone(), resource.entity.table.clone());
                let (person, _, _) = (std::rc::Rc::clone(&person), 0, 0);
                let tokens = person.tokens()?;
                let person =
                    crate::people::Person::with(stand.wire(), std::rc::Rc::clone(&person.login), tokens)?;
                return Ok(Pair { person, path, table, columns, ids: [one, two] });
            }
        }
    }
    Err(Trouble::Absent("nobody opens two records with the same sealed field".to_owned()))
}

impl Pair {
    /// Opens the first record after a change behind the app's back, and undoes the change.
    fn after(&self, trial: &Trial, column: &str, change: &str) -> Result<crate::wire::Reply> {
        let database = addresses(trial)?;
        let (table, one) = (&self.table, &self.ids[0]);
        let kept = database
            .sql(&format!("SELECT encode(\"{column}\", 'hex') FROM \"{table}\" WHERE id = '{one}'"))?;
        let kept = kept.into_iter().flatten().next().unwrap_or_default();
        database
            .sql(&quiet(&format!("UPDATE \"{table}\" SET \"{column}\" = {change} WHERE id = '{one}'")))?;
        let reply = self.person.get(format!("/api/{}/{one}", self.path));
        database.sql(&quiet(&format!(
            "UPDATE \"{table}\" SET \"{column}\" = decode('{kept}', 'hex') WHERE id = '{one}'"
        )))?;
        reply
    }

    fn of(&self, trial: &Trial, id: &str, column: &str) -> Result<String> {
        let query = format!("SELECT encode(\"{column}\", 'hex') FROM \"{}\" WHERE id = '{id}'", self.table);
        Ok(addresses(trial)?.sql(&query)?.into_iter().flatten().next().unwrap_or_default())
    }

    fn whole_again(&self, sight: &mut Sight) -> Result<()> {
        let reply = self.person.get(format!("/api/{}/{}", self.path, self.ids[0]))?;
        sight.expect(reply.is_success(), || format!("put back, it is answered {}", reply.status));
        Ok(())
    }
}

/// A statement past triggers: whoever owns the server can do that.
fn quiet(statement: &str) -> String {
    format!("SET session_replication_role = replica; {statement}")
}

fn swapped_rows(trial: &Trial) -> Result<Outcome> {
    let pair = pair(trial)?;
    let world = trial.stand()?.world()?;
    let mut sight = Sight::new("put sealed values of one record into another, behind the app's back");
    for column in pair.columns.clone() {
        let foreign = pair.of(trial, &pair.ids[1], &column)?;
        let reply = pair.after(trial, &column, &format!("decode('{foreign}', 'hex')"))?;
        let value = world
            .row(&pair.table, &pair.ids[1])
            .and_then(|row| row.get(&column))
            .cloned()
            .unwrap_or(Value::Null);
        let own = world
            .row(&pair.table, &pair.ids[0])
            .and_then(|row| row.get(&column))
            .cloned()
            .unwrap_or(Value::Null);
        let shown = reply.json()[&column] == value && value != own;
        sight.expect(!reply.is_success() && !shown, || format!("{column} opens there: {}", reply.status));
    }
    pair.whole_again(&mut sight)?;
    sight.end("it does not open")
}

fn swapped_fields(trial: &Trial) -> Result<Outcome> {
    let pair = pair(trial)?;
    if pair.columns.len() < 2 {
        return Outcome::not_applicable("no record has two sealed fields that one person sees");
    }
    let mut sight =
        Sight::new("put sealed values of one field into another of the same record, behind the app's back");
    for columns in pair.columns.windows(2) {
        let [one, two] = columns else { continue };
        let foreign = pair.of(trial, &pair.ids[0], two)?;
        let reply = pair.after(trial, one, &format!("decode('{foreign}', 'hex')"))?;
        sight.expect(!reply.is_success(), || format!("{two} opens as {one}: {}", reply.status));
    }
    pair.whole_again(&mut sight)?;
    sight.end("it does not open")
}

fn changed_bits(trial: &Trial) -> Result<Outcome> {
    let pair = pair(trial)?;
    let mut sight =
        Sight::new("changed single bits of a sealed value, cut it, and emptied it, behind the app's back");
    let Some(column) = pair.columns.first().cloned() else {
        return Outcome::not_applicable("no sealed field");
    };
    let kept = pair.of(trial, &pair.ids[0], &column)?;
    let length = kept.len() / 2;
    for at in [0, 1, 4, 5, 12, length / 2, length - 1] {
        let change = format!("set_byte(\"{column}\", {at}, get_byte(\"{column}\", {at}) # 1)");
        let reply = pair.after(trial, &column, &change)?;
        sight.expect(!reply.is_success(), || format!("with byte {at} changed it opens: {}", reply.status));
    }
    for change in [format!("substring(\"{column}\" FROM 1 FOR {})", length - 1), "''::bytea".to_owned()] {
        let reply = pair.after(trial, &column, &change)?;
        sight.expect(!reply.is_success(), || format!("as {change} it opens: {}", reply.status));
    }
    pair.whole_again(&mut sight)?;
    sight.end("it does not open")
}
