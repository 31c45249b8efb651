//! What is shown, held against what the spec means: the oracle decides without SQL, over facts from the app's own archive.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use spec::access::Action;
use spec::model::FieldIndex;

use crate::check::{Check, Group::Access, Needs};
use crate::entity::Resource;
use crate::outcome::{Outcome, Sight};
use crate::people::Person;
use crate::trial::Trial;
use crate::trouble::{Result, Trouble};
use crate::world::World;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "access-list-oracle",
        &["CL-1", "HC-3"],
        "Each role lists exactly the records that the spec gives it",
        Access,
        Needs::Instance,
        list_oracle,
    ),
    Check::new(
        "access-show-oracle",
        &["CL-1", "HC-3"],
        "Each role opens exactly the records that the spec gives it",
        Access,
        Needs::Instance,
        show_oracle,
    ),
    Check::new(
        "access-page-oracle",
        &["CL-1", "HC-3"],
        "Each role opens exactly the pages of those records",
        Access,
        Needs::Instance,
        page_oracle,
    ),
    Check::new(
        "access-page-lists-oracle",
        &["CL-1", "HC-3"],
        "No page links to a record that its reader may not open or list",
        Access,
        Needs::Instance,
        page_lists_oracle,
    ),
    Check::new(
        "access-mask-oracle",
        &["CL-1", "CL-2"],
        "Each role sees exactly the fields that the spec gives it",
        Access,
        Needs::Instance,
        mask_oracle,
    ),
    Check::new(
        "access-mask-lists",
        &["CL-1", "CL-2"],
        "Lists show no field that the record itself hides",
        Access,
        Needs::Instance,
        mask_lists,
    ),
    Check::new(
        "access-mask-pages",
        &["CL-1", "CL-2"],
        "No page says what a hidden field holds",
        Access,
        Needs::Instance,
        mask_pages,
    ),
    Check::new(
        "access-parts-oracle",
        &["CL-1"],
        "Parts are listed under the records that one may see, and under no others",
        Access,
        Needs::Instance,
        parts_oracle,
    ),
];

/// The ids that a person finds in a list of the API, page after page.
pub(super) fn listed(person: &Person, path: &str) -> Result<Option<BTreeMap<String, Value>>> {
    let mut found = BTreeMap::new();
    for page in 1..200 {
        let mark = if path.contains('?') { '&' } else { '?' };
        let reply = person.get(format!("{path}{mark}page={page}"))?;
        if !reply.is_success() {
            return Ok(None);
        }
        let rows = reply.json();
        let rows = rows.as_array().cloned().unwrap_or_default();
        if rows.is_empty() {
            return Ok(Some(found));
        }
        let before = found.len();
        found.extend(rows.into_iter().filter_map(|row| Some((row["id"].as_str()?.to_owned(), row))));
        if found.len() == before {
            return Ok(Some(found));
        }
    }
    Err(Trouble::unexpected(format!("{path} has no end")))
}

/// The ids of all records of an entity, of every organisation.
pub(super) fn all_ids(world: &World, resource: &Resource<'_>) -> Vec<String> {
    let rows = world.rows(&resource.entity.table).iter();
    rows.filter_map(|row| row.get("id")?.as_str().map(str::to_owned)).collect()
}

/// The ids of those that a person may touch by an action.
pub(super) fn allowed(
    trial: &Trial,
    world: &World,
    person: &Person,
    action: Action,
    resource: &Resource<'_>,
) -> Result<BTreeSet<String>> {
    let model = trial.model()?;
    let mut ids = all_ids(world, resource);
    ids.retain(|id| world.visible(model, person, action, resource.index, id).is_some());
    Ok(ids.into_iter().collect())
}

fn list_oracle(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.look()?;
    let mut sight = Sight::new(
        "listed every kind of record, page after page, as two people of each role and as one of each in another organisation",
    );
    let (mut seen, mut kept) = (0, 0);
    for person in stand.cast()?.iter().chain(stand.strangers()) {
        for resource in trial.resources()? {
            let expected = allowed(trial, &world, person, Action::List, &resource)?;
            let found = listed(person, &format!("/api/{}", resource.path))?.unwrap_or_default();
            let found: BTreeSet<String> = found.into_keys().collect();
            seen += found.len();
            kept += all_ids(&world, &resource).len() - found.len().min(all_ids(&world, &resource).len());
            let (more, less) = (found.difference(&expected).count(), expected.difference(&found).count());
            sight.expect(more == 0 && less == 0, || {
                format!(
                    "{} lists {more} of {} that are not theirs, and misses {less}",
                    person.role(),
                    resource.name()
                )
            });
        }
    }
    sight.end_saying(format!("{seen} records shown, {kept} kept back"), "exactly the records of the oracle")
}

fn show_oracle(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut sight = Sight::new("opened every record by its id, as everybody");
    for person in stand.cast()?.iter().chain(stand.strangers()) {
        for resource in trial.resources()? {
            let expected = allowed(trial, &world, person, Action::View, &resource)?;
            for id in all_ids(&world, &resource).into_iter().take(40) {
                let reply = person.get(resource.one(&id, ""))?;
                sight.expect(reply.is_success() == expected.contains(&id), || {
                    format!("{} is answered {} for a {}", person.role(), reply.status, resource.name())
                });
            }
        }
    }
    sight.end("200 for what the oracle shows, and 404 for the rest")
}

fn page_oracle(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut sight = Sight::new("opened the page of every record, as everybody");
    for person in stand.cast()?.iter().chain(stand.strangers()) {
        for resource in trial.resources()? {
            let expected = allowed(trial, &world, person, Action::View, &resource)?;
            for id in all_ids(&world, &resource).into_iter().take(15) {
                let page = person.page(format!("/{}/{id}", resource.path))?;
                sight.expect((page.status == 200) == expected.contains(&id), || {
                    format!(
                        "{} is answered {} for the page of a {}",
                        person.role(),
                        page.status,
                        resource.name()
                    )
                });
            }
        }
    }
    sight.end("a page for what the oracle shows, and 404 for the rest")
}

/// Every UUID in a text.
pub(super) fn ids_in(text: &str) -> BTreeSet<String> {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut found = BTreeSet::new();
    for (at, _) in letters.iter().filter(|(_, letter)| letter.is_ascii_hexdigit()) {
        if let Some(part) = text.get(*at..at + 36)
            && part.as_bytes()[8] == b'-'
            && uuid::Uuid::try_parse(part).is_ok()
        {
            found.insert(part.to_lowercase());
        }
    }
    found
}

fn page_lists_oracle(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut sight = Sight::new("read every id in the pages that each role sees");
    for person in stand.cast()?.iter().chain(stand.strangers()) {
        let (mut known, mut may) = (BTreeSet::new(), BTreeSet::new());
        for resource in trial.resources()? {
            known.extend(all_ids(&world, &resource));
            may.extend(allowed(trial, &world, person, Action::View, &resource)?);
            may.extend(allowed(trial, &world, person, Action::List, &resource)?);
        }
        for path in super::pages::plain_paths(trial) {
            let page = person.page(path.as_str())?;
            let told = ids_in(&page.text());
            let wrong = told.iter().filter(|id| known.contains(*id) && !may.contains(*id)).count();
            sight.expect(wrong == 0, || {
                format!("{path} names {wrong} records that {} may not see", person.role())
            });
        }
    }
    sight.end("none that the oracle hides")
}

/// The names of a record's own fields in an answer, without those that every record has.
fn own_fields(resource: &Resource<'_>, record: &Value) -> BTreeSet<FieldIndex> {
    let names = record.as_object().into_iter().flatten().map(|(name, _)| name);
    names.filter_map(|name| resource.field(name)).collect()
}

/// The fields whose presence tells only of the mask: a computed one is hidden with what it reads.
fn plain(resource: &Resource<'_>, fields: impl IntoIterator<Item = FieldIndex>) -> BTreeSet<FieldIndex> {
    let fields = fields.into_iter();
    fields
        .filter(|index| {
            let field = &resource.entity[*index];
            field.computed.is_none() && field.kind != spec::Kind::File
        })
        .collect()
}

fn names(resource: &Resource<'_>, fields: &BTreeSet<FieldIndex>) -> Vec<String> {
    fields.iter().map(|index| resource.entity[*index].name.as_str().to_owned()).collect()
}

fn mask_oracle(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let world = stand.world()?;
    let mut sight = Sight::new("read which fields stand in each record that a role opens");
    for person in stand.cast()? {
        for resource in trial.resources()? {
            for id in all_ids(&world, &resource).into_iter().take(40) {
                let Some(expected) = world.visible(model, &person, Action::View, resource.index, &id) else {
                    continue;
                };
                let record = person.get(resource.one(&id, ""))?.json();
                let found = plain(&resource, own_fields(&resource, &record));
                let expected = plain(&resource, expected);
                let more: BTreeSet<_> = found.difference(&expected).copied().collect();
                let less: BTreeSet<_> = expected.difference(&found).copied().collect();
                sight.expect(more.is_empty() && less.is_empty(), || {
                    format!(
                        "{} sees {:?} of {} too much, and {:?} too little",
                        person.role(),
                        names(&resource, &more),
                        resource.name(),
                        names(&resource, &less)
                    )
                });
            }
        }
    }
    sight.end("exactly the fields of the oracle")
}

fn mask_lists(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let world = stand.world()?;
    let mut sight = Sight::new("read which fields stand in each record of a list, a search and a saved list");
    for person in stand.cast()? {
        for resource in trial.resources()? {
            let mut found = listed(&person, &format!("/api/{}", resource.path))?.unwrap_or_default();
            if !resource.search_names(trial.api()?).is_empty() {
                let searched = person.post(format!("/api/{}/search", resource.path), &json!({}))?.json();
                let rows = searched.as_array().cloned().unwrap_or_default();
                found.extend(rows.into_iter().filter_map(|row| Some((row["id"].as_str()?.to_owned(), row))));
            }
            let lists = model.lists.iter().filter(|list| list.entity == resource.index);
            for list in lists {
                let path = format!("/api/lists/{}", list.name.kebab());
                found.extend(listed(&person, &path)?.unwrap_or_default());
            }
            for (id, record) in found {
                let may =
                    world.visible(model, &person, Action::List, resource.index, &id).unwrap_or_default();
                let more: BTreeSet<_> = own_fields(&resource, &record).difference(&may).copied().collect();
                let more = plain(&resource, more);
                sight.expect(more.is_empty(), || {
                    format!("{} lists {:?} of {}", person.role(), names(&resource, &more), resource.name())
                });
            }
        }
    }
    sight.end("no field that the oracle hides")
}

fn mask_pages(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    trial.planted()?;
    let world = stand.look()?;
    let mut sight =
        Sight::new("sought the values of hidden fields in the pages of records that a role opens");
    for person in stand.cast()? {
        for resource in trial.resources()? {
            for row in world.rows(&resource.entity.table).iter().rev().take(25) {
                let Some(id) = row.get("id").and_then(Value::as_str) else { continue };
                let Some(may) = world.visible(model, &person, Action::View, resource.index, id) else {
                    continue;
                };
                let pages = ["", "/edit", "/assign"]
                    .map(|rest| person.page(format!("/{}/{id}{rest}", resource.path)));
                for page in pages {
                    let text = page?.text();
                    for (index, field) in resource.entity.fields().filter(|(index, _)| !may.contains(index)) {
                        let values = words(row.get(&field.column));
                        let shown = values.iter().any(|value| text.contains(value.as_str()));
                        sight.expect(!shown, || {
                            format!(
                                "{} of {} is shown to {}",
                                resource.entity[index].name,
                                resource.name(),
                                person.role()
                            )
                        });
                    }
                }
            }
        }
    }
    sight.end("none of them")
}

/// What of a value is long enough to be told from chance.
fn words(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) if text.chars().count() >= 6 => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().flat_map(|item| words(Some(item))).collect(),
        _ => Vec::new(),
    }
}

fn parts_oracle(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut sight = Sight::new("listed the parts of every record, by filter and by page, as everybody");
    let resources = trial.resources()?;
    for part in &resources {
        let Some(parent) = &part.entity.parent else { continue };
        let Some(whole) = resources.iter().find(|resource| resource.index == parent.entity) else { continue };
        for person in stand.cast()?.iter().chain(stand.strangers()) {
            let may = allowed(trial, &world, person, Action::List, part)?;
            for id in all_ids(&world, whole).into_iter().take(10) {
                let found = listed(person, &format!("/api/{}?{}={id}", part.path, parent.column))?
                    .unwrap_or_default();
                let of_it = |row: &&String| {
                    world.row(&part.entity.table, row).and_then(|row| row.get(&parent.column))
                        == Some(&json!(id))
                };
                let expected: BTreeSet<&String> = may.iter().filter(of_it).collect();
                sight.expect(found.keys().collect::<BTreeSet<_>>() == expected, || {
                    format!(
                        "{} lists {} {} where the oracle has {}",
                        person.role(),
                        found.len(),
                        part.path,
                        expected.len()
                    )
                });
                let page = person.page(format!("/{}/{id}/{}", whole.path, part.path))?;
                let told = ids_in(&page.text());
                let wrong = all_ids(&world, part)
                    .iter()
                    .filter(|id| told.contains(*id) && !may.contains(*id))
                    .count();
                sight.expect(wrong == 0, || {
                    format!("a page shows {} {wrong} {} too many", person.role(), part.path)
                });
            }
        }
    }
    sight.end("exactly the parts of the oracle")
}

#[cfg(test)]
mod tests {
    use super::ids_in;

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let id = "0e9c1a52-7c0b-4e6c-9f2a-0d1f7a1c2b3d";
        assert_eq!(ids_in(&format!("ä/x/{id}\" {id}")).into_iter().collect::<Vec<_>>(), [id]);
        assert!(ids_in("0e9c1a52-7c0b-4e6c").is_empty());
    }
}
