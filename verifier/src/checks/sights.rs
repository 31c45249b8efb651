//! What the spec shows by name: saved lists, measures, pages and calendars.

use serde_json::Value;
use spec::access::Action;
use spec::model::{End, EntityIndex, Measure};

use crate::check::{Check, Group::Access, Needs};
use crate::clock;
use crate::entity::{self, Resource};
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::Result;

use super::oracle::{allowed, listed};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "access-saved-lists-oracle",
        &["CL-1", "HC-3"],
        "Saved lists show their roles what they may see, and nobody else anything",
        Access,
        Needs::Instance,
        saved_lists,
    ),
    Check::new(
        "access-measures-oracle",
        &["CL-1"],
        "Measures count what their role may list, and hide small groups",
        Access,
        Needs::Instance,
        measures,
    ),
    Check::new(
        "access-special-pages",
        &["CL-1", "HC-3"],
        "Pages and calendars open to the roles that they are for",
        Access,
        Needs::Instance,
        special_pages,
    ),
];

fn resource_of<'m>(trial: &'m Trial, index: EntityIndex) -> Result<Option<Resource<'m>>> {
    Ok(trial.resources()?.into_iter().find(|resource| resource.index == index))
}

fn saved_lists(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    if model.lists.is_empty() {
        return Outcome::not_applicable("the spec has no saved list");
    }
    let world = stand.world()?;
    let mut sight = Sight::new("opened every saved list, as everybody");
    for list in &model.lists {
        let Some(resource) = resource_of(trial, list.entity)? else { continue };
        for person in stand.cast()?.iter().chain(stand.strangers()) {
            let is_for = list.roles.iter().any(|role| model[*role].name == person.role());
            let found = listed(person, &format!("/api/lists/{}", list.name.kebab()))?;
            let page = person.page(format!("/lists/{}", list.name.kebab()))?;
            sight.expect(found.is_some() == is_for && (page.status == 200) == is_for, || {
                format!("{} of {} is {} for {}", list.name, resource.name(), page.status, person.role())
            });
            let may = allowed(trial, &world, person, Action::List, &resource)?;
            let wrong = found.unwrap_or_default().into_keys().filter(|id| !may.contains(id)).count();
            sight.expect(wrong == 0, || {
                format!("{} shows {} {wrong} records too many", list.name, person.role())
            });
        }
    }
    sight.end("for its roles what they may list; 404 for others")
}

fn measures(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    if model.measures.is_empty() {
        return Outcome::not_applicable("the spec has no measure");
    }
    for measure in &model.measures {
        lone(trial, measure)?;
    }
    let world = stand.look()?;
    let mut sight =
        Sight::new("made a record that stands in a group of its own, then read every measure, as everybody");
    for measure in &model.measures {
        let Some(resource) = resource_of(trial, measure.entity)? else { continue };
        for person in stand.cast()?.iter().chain(stand.strangers()) {
            let is_for = measure.roles.iter().any(|role| model[*role].name == person.role());
            let reply = person.get(format!("/api/measures/{}", measure.name.kebab()))?;
            sight.expect(reply.is_success() == is_for, || {
                format!("{} is {} for {}", measure.name, reply.status, person.role())
            });
            if !reply.is_success() || !matches!(measure.aggregate, spec::model::Aggregate::Count) {
                continue;
            }
            let may = allowed(trial, &world, person, Action::List, &resource)?.len();
            let told = reply.json();
            let cells = told["cells"].as_array().cloned().unwrap_or_default();
            let number = |cell: &Value| cell["value"].as_str().and_then(|text| text.parse::<f64>().ok());
            let sum: f64 = cells.iter().filter_map(number).sum();
            sight.expect(sum <= may as f64, || {
                format!("{} counts {sum} for {}, who may list {may}", measure.name, person.role())
            });
            let least = f64::from(measure.hide_under);
            let small =
                cells.iter().filter_map(number).filter(|count| *count < least && *count > 0.0).count();
            sight.expect(small == 0, || format!("{} shows {small} groups under {least}", measure.name));
        }
    }
    sight.end("no more than its reader may list, and no group that is too small")
}

/// Makes a record of a year in which there is no other, where a measure goes by time: without a small group, nothing is hidden.
fn lone(trial: &Trial, measure: &Measure) -> Result<()> {
    let Some(axis) = &measure.by else { return Ok(()) };
    let (Some(resource), End::Field(field)) = (resource_of(trial, measure.entity)?, &axis.path.end) else {
        return Ok(());
    };
    if !axis.path.hops.is_empty() || axis.interval.is_none() {
        return Ok(());
    }
    let column = &resource.entity[*field].column;
    for person in trial.stand()?.cast()? {
        let Some(mut body) = trial.sample_for(&person, &resource, &clock::word())? else { continue };
        let schema = resource.new_schema(trial.api()?);
        let usual = entity::value(Some(&resource.entity[*field]), &schema["properties"][column], "");
        let usual = usual.as_ref().and_then(Value::as_str).unwrap_or_default();
        let Some(rest) = body[column].as_str().unwrap_or(usual).get(4..) else { continue };
        body[column] = format!("2001{rest}").into();
        if person.post(format!("/api/{}", resource.path), &body)?.is_success() {
            break;
        }
    }
    Ok(())
}

fn special_pages(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let pages = model.pages.iter().map(|page| (format!("/pages/{}", page.name.kebab()), &page.roles));
    let calendars = model
        .calendars
        .iter()
        .map(|calendar| (format!("/calendars/{}", calendar.name.kebab()), &calendar.roles));
    let mut sight = Sight::new("opened every page and calendar of the spec, as everybody");
    for (path, roles) in pages.chain(calendars) {
        for person in stand.cast()? {
            let is_for = roles.iter().any(|role| model[*role].name == person.role());
            let page = person.page(path.as_str())?;
            sight.expect((page.status == 200) == is_for, || {
                format!("{path} is {} for {}", page.status, person.role())
            });
        }
    }
    sight.end("for the roles that the spec names; 404 for others")
}
