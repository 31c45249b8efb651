//! What one may not read one cannot infer: by searching, filtering, sorting, counting or colliding.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use spec::access::Action;
use spec::model::FieldIndex;

use crate::check::{Check, Group::Access, Needs};
use crate::entity::{Resource, spelling};
use crate::outcome::{Outcome, Sight};
use crate::people::Person;
use crate::trial::Trial;
use crate::trouble::Result;
use crate::world::World;

use super::oracle::{all_ids, allowed, listed};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "search-oracle",
        &["CL-1"],
        "A search finds only what one may list, and by what one may read",
        Access,
        Needs::Instance,
        search_oracle,
    ),
    Check::new(
        "search-finds",
        &["HG-1"],
        "A search finds what one may list and read",
        Access,
        Needs::Instance,
        search_finds,
    ),
    Check::new(
        "filter-inference",
        &["CL-1"],
        "A filter by a hidden field tells nothing of it",
        Access,
        Needs::Instance,
        filter_inference,
    ),
    Check::new(
        "sort-inference",
        &["CL-1"],
        "An order by a hidden field tells nothing of it",
        Access,
        Needs::Instance,
        sort_inference,
    ),
    Check::new(
        "count-inference",
        &["CL-1"],
        "A page counts no more records than its reader may list",
        Access,
        Needs::Instance,
        count_inference,
    ),
    Check::new(
        "unknown-filters-refused",
        &["CL-1"],
        "A filter that a list does not have is refused, never dropped",
        Access,
        Needs::Instance,
        unknown_filters,
    ),
    Check::new(
        "searches-are-ones-own",
        &["CL-1"],
        "A kept search opens to whoever made it alone",
        Access,
        Needs::Instance,
        searches_are_own,
    ),
    Check::new(
        "unique-inference",
        &["CL-1"],
        "A value that must be unique does not tell of another organisation's",
        Access,
        Needs::Instance,
        unique_inference,
    ),
];

/// Fields that a person may see in no record at all, though they may list records.
fn hidden_fields(
    trial: &Trial,
    world: &World,
    person: &Person,
    resource: &Resource<'_>,
) -> Result<BTreeSet<FieldIndex>> {
    let model = trial.model()?;
    let mut hidden: BTreeSet<FieldIndex> = resource.entity.fields().map(|(index, _)| index).collect();
    let mut any = false;
    for id in allowed(trial, world, person, Action::List, resource)? {
        any = true;
        let seen = world.visible(model, person, Action::List, resource.index, &id).unwrap_or_default();
        hidden.retain(|index| !seen.contains(index));
    }
    Ok(if any { hidden } else { BTreeSet::new() })
}

/// The ids that a search finds; none where it is refused.
fn searched(person: &Person, resource: &Resource<'_>, terms: &Value) -> Result<Option<BTreeSet<String>>> {
    let reply = person.post(format!("/api/{}/search", resource.path), terms)?;
    let found = reply.json();
    let ids = found.as_array().into_iter().flatten().filter_map(|row| row["id"].as_str().map(str::to_owned));
    Ok(reply.is_success().then(|| ids.collect()))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The search term for a value of a field, if the search has one.
fn term(names: &[String], column: &str, is_title: bool) -> Option<String> {
    if names.iter().any(|name| name == column) {
        return Some(column.to_owned());
    }
    (is_title && names.iter().any(|name| name == "find")).then(|| "find".to_owned())
}

fn search_oracle(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let world = stand.look()?;
    let mut sight =
        Sight::new("searched for the values of all records, by each term of each search, as everybody");
    for person in stand.cast()?.iter().chain(stand.strangers()) {
        for resource in trial.resources()? {
            let names = resource.search_names(trial.api()?);
            for row in world.rows(&resource.entity.table).iter().take(12) {
                for (index, field) in resource.entity.fields() {
                    let Some(name) = term(&names, spelling(field), resource.entity.title.contains(&index))
                    else {
                        continue;
                    };
                    let Some(value) = row.get(&field.column).and_then(text_of) else { continue };
                    let found = searched(person, &resource, &json!({ name: value }))?.unwrap_or_default();
                    let wrong = found.iter().filter(|id| {
                        let seen = world.visible(model, person, Action::List, resource.index, id);
                        seen.is_none_or(|seen| !seen.contains(&index) && !title_seen(&resource, &seen))
                    });
                    let wrong = wrong.count();
                    sight.expect(wrong == 0, || {
                        format!("{} finds {wrong} {} by {}", person.role(), resource.path, field.name)
                    });
                }
            }
        }
    }
    sight.end("only what the oracle lists, by what it shows")
}

/// Words are sought in all the fields that name a record.
fn title_seen(resource: &Resource<'_>, seen: &BTreeSet<FieldIndex>) -> bool {
    resource.entity.title.iter().any(|index| seen.contains(index))
}

fn search_finds(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let world = stand.world()?;
    let mut sight = Sight::new("searched for values that one may read in records that one may list");
    for person in stand.cast()? {
        for resource in trial.resources()? {
            let names = resource.search_names(trial.api()?);
            for row in world.rows(&resource.entity.table).iter().take(12) {
                let Some(id) = row.get("id").and_then(Value::as_str) else { continue };
                let Some(seen) = world.visible(model, &person, Action::List, resource.index, id) else {
                    continue;
                };
                for (index, field) in resource.entity.fields().filter(|(index, _)| seen.contains(index)) {
                    let is_title = resource.entity.title.contains(&index) && crate::entity::is_text(field);
                    let exact =
                        names.iter().any(|name| name == spelling(field)) && field.kind == spec::Kind::Phone;
                    if !is_title && !exact {
                        continue;
                    }
                    let Some(name) = term(&names, spelling(field), is_title) else { continue };
                    let Some(value) = row.get(&field.column).and_then(text_of) else { continue };
                    // So many may have it that one does not stand on the first page.
                    let same = world
                        .rows(&resource.entity.table)
                        .iter()
                        .filter(|other| other.get(&field.column) == row.get(&field.column));
                    if same.count() > 20 {
                        continue;
                    }
                    let found = searched(&person, &resource, &json!({ name: value }))?.unwrap_or_default();
                    sight.expect(found.contains(id), || {
                        format!("{} does not find a {} by {}", person.role(), resource.name(), field.name)
                    });
                }
            }
        }
    }
    sight.end("each is found")
}

fn filter_inference(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut sight =
        Sight::new("filtered by fields that one may not see, from the least to the greatest value");
    for person in stand.cast()? {
        for resource in trial.resources()? {
            let names = resource.search_names(trial.api()?);
            for index in hidden_fields(trial, &world, &person, &resource)? {
                let field = &resource.entity[index];
                for (ending, value) in
                    [("_from", "-100000"), ("_to", "1000000"), ("_from", "1000000"), ("", "1")]
                {
                    let name = format!("{}{ending}", spelling(field));
                    if !names.contains(&name) {
                        continue;
                    }
                    let value = if matches!(field.kind, spec::Kind::Moment) {
                        if value.starts_with('-') { "1970-01-01T00:00:00Z" } else { "2100-01-01T00:00:00Z" }
                    } else {
                        value
                    };
                    let found =
                        searched(&person, &resource, &json!({ name.clone(): value }))?.unwrap_or_default();
                    sight.expect(found.is_empty(), || {
                        format!(
                            "{} finds {} {} by {name}, which is hidden",
                            person.role(),
                            found.len(),
                            resource.path
                        )
                    });
                }
            }
        }
    }
    sight.end("no record: its value is hidden, so it matches nothing")
}

fn sort_inference(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut sight = Sight::new("sorted by fields that one may not see, both ways");
    for person in stand.cast()? {
        for resource in trial.resources()? {
            for index in hidden_fields(trial, &world, &person, &resource)? {
                let column = spelling(&resource.entity[index]);
                let order = |sort: String| -> Result<Vec<String>> {
                    let reply = person.get(format!("/api/{}?sort={sort}", resource.path))?.json();
                    let ids = reply.as_array().into_iter().flatten();
                    Ok(ids.filter_map(|row| row["id"].as_str().map(str::to_owned)).collect())
                };
                let (up, down) = (order(column.to_owned())?, order(format!("-{column}"))?);
                let mut turned = down.clone();
                turned.reverse();
                // Neither may follow the hidden value: they are alike, or empty.
                let tells = up.len() > 2 && up == turned && up != down;
                sight.expect(!tells, || {
                    format!("{} sorts {} by {column}, which is hidden", person.role(), resource.path)
                });
            }
        }
    }
    sight.end("the order does not follow the hidden value")
}

fn count_inference(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut sight = Sight::new("read the numbers on the pages of lists, as everybody");
    for person in stand.cast()?.iter().chain(stand.strangers()) {
        for resource in trial.resources()? {
            let may = allowed(trial, &world, person, Action::List, &resource)?.len();
            let all = all_ids(&world, &resource).len();
            let page = person.page(format!("/{}", resource.path))?.text();
            if may == all || all < 7 {
                continue;
            }
            let told = format!("of {all}");
            let counted = page.contains(&format!("{told}<")) || page.contains(&format!("{told} "));
            sight.expect(!counted, || {
                format!("a page tells {} that there are {all} {}", person.role(), resource.path)
            });
        }
    }
    sight.end("no number of what is hidden")
}

fn unknown_filters(trial: &Trial) -> Result<Outcome> {
    let person = trial.somebody()?;
    let mut sight = Sight::new("asked lists for filters that they do not have");
    for resource in trial.resources()? {
        let path = format!("/api/{}", resource.path);
        if !person.get(path.as_str())?.is_success() {
            continue;
        }
        for filter in [
            "organisation_id=x",
            "created_by_id=x",
            "limit=100000",
            "fields=*",
            "include=all",
            "deleted=true",
            "id=x",
        ] {
            let reply = person.get(format!("{path}?{filter}"))?;
            sight.expect(reply.status == 400, || format!("{path}?{filter} is answered {}", reply.status));
        }
        let reply = person.post(format!("{path}/search"), &json!({ "organisation_id": "x" }))?;
        sight.expect(matches!(reply.status, 400 | 404 | 405 | 422), || {
            format!("a search takes it: {}", reply.status)
        });
    }
    sight.end("400")
}

fn searches_are_own(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let cast = stand.cast()?;
    let mut sight = Sight::new("opened a list under the id of a search that somebody else made");
    for resource in trial.resources()? {
        if resource.search_names(trial.api()?).is_empty() {
            continue;
        }
        let path = format!("/{}/search", resource.path);
        for person in &cast {
            let kept = person.request("POST", path.as_str())?.page().form(&[("find", "Example")]).send()?;
            let Some(leads) = kept.header("location").filter(|to| to.contains("search=")).map(str::to_owned)
            else {
                continue;
            };
            sight.expect(!leads.contains("Example"), || {
                format!("the address of {} has the term in it", resource.path)
            });
            let own = person.page(leads.as_str())?;
            sight.expect(own.status == 200, || format!("one's own search is answered {}", own.status));
            for other in cast.iter().filter(|other| other.id != person.id && other.role() == person.role()) {
                let reply = other.page(leads.as_str())?;
                sight.expect(reply.status != 200, || format!("{} opens the search of another", other.role()));
            }
        }
    }
    sight.end("an opaque id, and 404 for everybody else")
}

fn unique_inference(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    if model.entities.iter().all(|entity| entity.unique.is_empty()) {
        return Outcome::not_applicable("the spec has no value that must be unique");
    }
    let world = stand.world()?;
    let mut sight = Sight::new("made records with the unique values of another organisation's records");
    for person in stand.strangers() {
        for resource in trial.resources()?.into_iter().filter(|resource| !resource.entity.unique.is_empty()) {
            let Some(mut body) = trial.sample_for(person, &resource, &crate::clock::word())? else {
                continue;
            };
            let Some(other) = world.rows(&resource.entity.table).first() else { continue };
            for (_, field) in resource.entity.fields() {
                if let (Some(value), Some(own)) = (other.get(&field.column), body.get_mut(&field.column)) {
                    *own = value.clone();
                }
            }
            let made = person.post(format!("/api/{}", resource.path), &body)?;
            sight.expect(made.status != 409, || {
                format!("{} learns of another organisation's {}", person.role(), resource.name())
            });
        }
    }
    sight.end("no conflict with what is another organisation's")
}

/// Every id of a list, for checks beside these.
pub(super) fn ids_of(person: &Person, resource: &Resource<'_>) -> Result<BTreeSet<String>> {
    Ok(listed(person, &format!("/api/{}", resource.path))?.unwrap_or_default().into_keys().collect())
}
