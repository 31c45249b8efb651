//! What somebody in a role finds on the first page, and where they can go.

use serde::Serialize;
use spec::Model;
use spec::access::Action;
use spec::model::{EntityIndex, Origin, RoleIndex};

use crate::view::entity::{chart, lower_first, module, path};
use crate::view::policy::PolicyView;

/// What somebody in a role finds on the first page.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HomeView {
    pub(crate) role: String,
    /// Entities whose records the role may list, each with its path; parts are reached from their record, where the
    /// role may list that.
    pub(crate) destinations: Vec<(String, String)>,
    /// Records to begin with, where no list and no calendar says more: module, and what they are called.
    pub(crate) recent: Vec<(String, String)>,
}

/// The records that are somebody themselves, and what they do with their parts.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OwnRecordView {
    pub(crate) role: String,
    pub(crate) module: String,
    pub(crate) path: String,
    /// Whether it is made when its person first comes.
    pub(crate) self_made: bool,
    pub(crate) parts: Vec<OwnPartView>,
}

/// A part of one's own record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OwnPartView {
    pub(crate) label: String,
    pub(crate) path: String,
    pub(crate) add: Option<String>,
    /// The module whose numbers are drawn, and its filter by the record above.
    pub(crate) chart: Option<(String, String)>,
}

pub(super) fn homes(model: &Model) -> Vec<HomeView> {
    let home = |(index, role): (spec::model::RoleIndex, &spec::model::Role)| {
        let may_list = |entity: EntityIndex| {
            model.grants(index, entity).any(|grant| grant.allows(spec::access::Action::List))
        };
        // A part is reached from its record, unless that one is out of sight: then nothing else leads to it.
        let hidden = |above: EntityIndex| !may_list(above);
        let listed: Vec<(EntityIndex, &spec::model::Entity)> = model
            .entities()
            .filter(|(at, entity)| {
                may_list(*at) && entity.parent.as_ref().is_none_or(|parent| hidden(parent.entity))
            })
            .collect();
        let may_make = |entity: EntityIndex| {
            model.grants(index, entity).any(|grant| grant.allows(spec::access::Action::Create))
        };
        let idle = model.lists_of(index).next().is_none() && model.calendars_of(index).next().is_none();
        // What they write comes first; one's own record is no list.
        let mut begun: Vec<(bool, EntityIndex)> = listed
            .iter()
            .copied()
            .filter(|(at, _)| !only_own(model, index, *at))
            .map(|(at, _)| (!may_make(at), at))
            .collect();
        begun.sort_by_key(|(reads, _)| *reads);
        let recent = begun.into_iter().filter(|_| idle).take(2).map(|(_, at)| {
            let entity = &model[at];
            (module(&entity.table), format!("Latest {}", lower_first(&entity.plural)))
        });
        HomeView {
            role: role.name.to_string(),
            recent: recent.collect(),
            destinations: listed
                .into_iter()
                .map(|(at, entity)| {
                    let label = if only_own(model, index, at) {
                        MY_DETAILS.to_owned()
                    } else {
                        entity.plural.clone()
                    };
                    (label, format!("/{}", path(&entity.table)))
                })
                .chain(screens(model, index, role))
                .collect(),
        }
    };
    model.roles().map(home).collect()
}

/// What people call the record that they are, where they see no other.
pub(super) const MY_DETAILS: &str = "My details";

pub(super) fn only_own(model: &Model, role: RoleIndex, entity: EntityIndex) -> bool {
    let own = |grant: &spec::access::Grant| matches!(grant.reach, spec::access::Reach::Own(_));
    model[role].self_entity == Some(entity)
        && model.grants(role, entity).filter(|grant| grant.allows(Action::List)).all(own)
}

/// What a role finds beside its records: calendars, measures, and the people whom it administers.
pub(super) fn screens(
    model: &Model,
    index: spec::model::RoleIndex,
    role: &spec::model::Role,
) -> impl Iterator<Item = (String, String)> {
    let calendars = model
        .calendars_of(index)
        .map(|calendar| (calendar.label.clone(), format!("/calendars/{}", calendar.name.kebab())));
    let measures = model.measures_of(index).take(1).map(|_| ("Measures".to_owned(), "/measures".to_owned()));
    let administers = role.administers.iter().any(|what| *what == "people");
    let people = administers.then(|| ("People".to_owned(), "/account/people".to_owned()));
    let pages =
        model.pages_of(index).map(|page| (page.label.clone(), format!("/pages/{}", page.name.kebab())));
    let feeds = model
        .feeds
        .iter()
        .filter(move |feed| feed.by.contains(&index))
        .map(|feed| (feed.label.clone(), format!("/feeds/{}", feed.name.kebab())));
    let places =
        (administers && model.places.len() > 1).then(|| ("Places".to_owned(), "/account/places".to_owned()));
    let counted = model.limits.iter().any(|limit| {
        let makes = model.grants(index, limit.entity).any(|grant| grant.allows(Action::Create));
        makes || limit.managed_by == Some(index)
    });
    let usage = counted.then(|| ("Usage".to_owned(), "/limits".to_owned()));
    let does = model.tasks.iter().any(|task| task.owner == index || task.fallback == index);
    let tasks = does.then(|| ("Tasks".to_owned(), "/tasks".to_owned()));
    tasks
        .into_iter()
        .chain(pages)
        .chain(usage)
        .chain(calendars)
        .chain(measures)
        .chain(feeds)
        .chain(people)
        .chain(places)
}

pub(super) fn own_records(model: &Model) -> Vec<OwnRecordView> {
    let own = |(index, role): (RoleIndex, &spec::model::Role)| {
        let at = role.self_entity?;
        let may = |entity: EntityIndex, action: Action| {
            model.grants(index, entity).any(|grant| grant.allows(action))
        };
        if !may(at, Action::List) {
            return None;
        }
        let parts = model[at].parts.iter().filter(|part| may(**part, Action::List)).map(|part| OwnPartView {
            label: model[*part].plural.clone(),
            path: path(&model[*part].table),
            // A message is written below what was said before.
            add: (may(*part, Action::Create) && !matches!(model[*part].origin, Origin::Conversation(_)))
                .then(|| format!("Add {}", lower_first(&model[*part].label))),
            chart: charted(model, *part),
        });
        Some(OwnRecordView {
            role: role.name.to_string(),
            module: module(&model[at].table),
            path: path(&model[at].table),
            self_made: PolicyView::new(model, at).self_made,
            parts: parts.collect(),
        })
    };
    model.roles().filter_map(own).collect()
}

/// A part of a record that has a chart, by its module and the column that names the record.
fn charted(model: &Model, part: EntityIndex) -> Option<(String, String)> {
    chart(&model[part])?;
    let parent = model[part].parent.as_ref()?;
    Some((module(&model[part].table), parent.column.clone()))
}
