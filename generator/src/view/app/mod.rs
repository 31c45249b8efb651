//! The app as the templates print it: its roles, its entities in the order in which they are built, its work.

mod ai_actions;
mod calendars;
mod conversations;
mod facts;
mod feeds;
mod homes;
mod limits;
mod lists;
mod measures;
mod open_pages;
mod pages;
mod permissions;
mod sharing;
mod tasks;

use serde::Serialize;
use spec::Model;
use spec::model::{EntityIndex, Target};

pub(crate) use self::ai_actions::{AiActionView, ai_action_view};
use self::ai_actions::{SubProcessorView, sub_processor_view};
use self::calendars::{CalendarView, calendar_view};
use self::conversations::{ConversationView, conversation_view};
pub(crate) use self::facts::Facts;
use self::facts::{RoleView, facts, roles};
use self::feeds::{FeedView, feed_view};
use self::homes::{HomeView, OwnRecordView, homes, own_records};
pub(crate) use self::limits::limit_constant;
use self::limits::{LimitView, limit_view};
use self::lists::{ListView, ModuleView, list_view};
use self::measures::{MeasureView, measure_view};
use self::open_pages::{OpenPageView, open_page_view};
use self::pages::{PageView, page_view};
use self::permissions::{PermissionView, permission_view};
pub(crate) use self::sharing::DocumentView;
use self::sharing::{SharingView, sharing};
use self::tasks::{DutiesView, duties};
pub(crate) use self::tasks::{days_and_minutes, on};
use super::entity::{EntityView, module};
use crate::zones;

/// What every template may print.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AppView {
    pub(crate) app: Facts,
    pub(crate) roles: Vec<RoleView>,
    pub(crate) entities: Vec<EntityView>,
    /// PostgreSQL's second fence.
    pub(crate) fence: super::rls::FenceView,
    /// Every migration, in order.
    pub(crate) migrations: Vec<MigrationView>,
    pub(crate) lists: Vec<ListView>,
    pub(crate) limits: Vec<LimitView>,
    pub(crate) ai_actions: Vec<AiActionView>,
    pub(crate) sub_processors: Vec<SubProcessorView>,
    /// Whether any action takes de-identified text only, and whether any is answered from what was kept.
    pub(crate) any_de_identified: bool,
    pub(crate) any_cached: bool,
    /// Whether a test surely finds a record on whose page somebody can run an action: made up, or begun without a word.
    pub(crate) ai_tried: bool,
    pub(crate) permissions: Vec<PermissionView>,
    pub(crate) conversations: Vec<ConversationView>,
    pub(crate) feeds: Vec<FeedView>,
    /// Rules and tasks.
    pub(crate) duties: DutiesView,
    /// What leaves the app.
    pub(crate) sharing: SharingView,
    /// Whether anything is granted to the app itself.
    pub(crate) by_itself: bool,
    pub(crate) homes: Vec<HomeView>,
    pub(crate) measures: Vec<MeasureView>,
    pub(crate) calendars: Vec<CalendarView>,
    pub(crate) pages: Vec<PageView>,
    /// Pages that anybody may come to.
    pub(crate) open_pages: Vec<OpenPageView>,
    /// Whether any of them asks for something, and whether any shows something.
    pub(crate) any_asked: bool,
    pub(crate) any_listed: bool,
    pub(crate) own_records: Vec<OwnRecordView>,
    pub(crate) list_modules: Vec<ModuleView>,
    /// `src/rules.rs`, made by `quote`; empty when the spec computes nothing.
    pub(crate) rules: String,
    pub(crate) seed: super::seed::SeedView,
    pub(crate) uses_rules: bool,
    pub(crate) uses_post: bool,
    /// Whether any record has a move that a test can make by itself.
    pub(crate) any_lifecycle: bool,
    /// Whether anything is booked whose time has an end and that somebody may change.
    pub(crate) any_booking: bool,
    /// What the first page has: tasks that wait, figures, anything else above the cards.
    pub(crate) front: FrontView,
    /// Whether any record has a file.
    pub(crate) any_file: bool,
    /// Whether any record is signed.
    pub(crate) any_signature: bool,
    /// Whether any record can be claimed.
    pub(crate) any_claim: bool,
}

/// What the first page of anybody can have.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct FrontView {
    pub(crate) tasks: bool,
    /// Whether records wait by the state that they are in.
    pub(crate) states: bool,
    pub(crate) figures: bool,
    pub(crate) sections: bool,
    pub(crate) unassigned: bool,
}

impl FrontView {
    fn new(model: &Model, entities: &[EntityView], own: &[OwnRecordView], homes: &[HomeView]) -> Self {
        let parts = || own.iter().flat_map(|own| &own.parts);
        let open =
            |entity: &EntityView| entity.lifecycle.as_ref().is_some_and(|steps| !steps.open.is_empty());
        let unassigned = entities.iter().any(EntityView::shows_unassigned);
        Self {
            tasks: entities.iter().any(open) || !model.tasks.is_empty() || !model.conversations.is_empty(),
            states: entities.iter().any(open),
            figures: model.measures.iter().any(|measure| measure.by.is_none()),
            sections: unassigned
                || homes.iter().any(|home| !home.recent.is_empty())
                || !model.lists.is_empty()
                || !model.calendars.is_empty()
                || parts().any(|part| part.add.is_some() || part.chart.is_some()),
            unassigned,
        }
    }
}

/// One migration, and for which databases there is a file of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MigrationView {
    pub(crate) version: usize,
    /// Its file's name without the ending: `0001_patients`.
    pub(crate) name: String,
    pub(crate) sqlite: bool,
    pub(crate) postgres: bool,
}

impl AppView {
    /// Prepares everything, or says what cannot be built.
    pub(crate) fn new(model: &Model) -> Result<Self, crate::Error> {
        let mut entities: Vec<EntityView> =
            model.build_order.iter().map(|index| EntityView::new(model, *index)).collect();
        // What links where, whether by a form, and whether to another part of the same whole.
        let links: Vec<(String, bool, bool)> = entities
            .iter()
            .flat_map(|entity| {
                let forms = entity.policy.creatable || entity.policy.updatable;
                let linked = entity.linked_entities.iter();
                linked.map(move |link| (link.to.clone(), forms && !link.parent, link.beside))
            })
            .collect();
        for entity in &mut entities {
            let resource = model.calendars.iter().flat_map(|calendar| {
                let of = &model[calendar.entity];
                calendar.resources.iter().filter_map(|at| of[*at].target)
            });
            let booked = resource.into_iter().any(
                |target| matches!(target, Target::Entity(to) if module(&model[to].table) == entity.module),
            );
            entity.offered = booked || links.contains(&(entity.module.clone(), true, false));
            entity.offered_beside = links.contains(&(entity.module.clone(), true, true));
            entity.titled = links.iter().any(|(to, ..)| *to == entity.module);
        }
        if model.language == spec::document::Language::Spanish {
            return Err(crate::Error::Language("Spanish"));
        }
        let zone = zones::expression(&model.time_zone)
            .ok_or_else(|| crate::Error::TimeZone(model.time_zone.clone()))?;
        let lists = model.lists.iter().map(|list| list_view(model, list)).collect::<Result<Vec<_>, _>>()?;
        let mut list_modules: Vec<ModuleView> = lists
            .iter()
            .filter_map(|list| entities.get(list.entity))
            .map(|entity| ModuleView { module: entity.module.clone(), pascal: entity.pascal.clone() })
            .collect();
        let rules = crate::rules::file(model)?;
        let sharing = sharing(model)?;
        for entity in &mut entities {
            entity.told = sharing.told.iter().any(|told| told.module == entity.module);
            let of = sharing.documents.iter().filter(|document| document.on.module == entity.module);
            entity.documents = of.cloned().collect();
        }
        let seed = super::seed::SeedView::new(model);
        let own = own_records(model);
        let signed_in = model.pages.iter().filter(|page| page.entry == spec::document::Entry::SignedIn);
        let open_pages: Vec<OpenPageView> = model
            .pages
            .iter()
            .filter(|page| page.is_open())
            .map(|page| open_page_view(model, page))
            .collect();
        let homes = homes(model);
        list_modules.sort();
        list_modules.dedup();
        Ok(Self {
            app: facts(model, &entities, zone),
            fence: super::rls::FenceView::new(model),
            migrations: Vec::new(),
            roles: roles(model),
            permissions: model.permissions.iter().map(|one| permission_view(model, one)).collect(),
            feeds: model.feeds.iter().filter_map(|one| feed_view(model, one, &entities)).collect(),
            conversations: model.conversations.iter().map(|one| conversation_view(model, one)).collect(),
            duties: duties(model)?,
            by_itself: entities
                .iter()
                .any(|entity| entity.policy.grants.iter().any(|grant| grant.role == super::itself::ITSELF)),
            sharing,
            limits: model.limits.iter().map(|limit| limit_view(model, limit)).collect(),
            ai_actions: model.ai_actions.iter().map(|action| ai_action_view(model, action)).collect(),
            ai_tried: model.ai_actions.iter().map(|action| ai_action_view(model, action)).any(|action| {
                let on = entities.iter().find(|entity| entity.module == action.on.module);
                let begun = on.is_some_and(|entity| {
                    let wanted =
                        |field: &crate::view::field::FieldView| field.required && field.default.is_none();
                    entity.policy.creatable && entity.parent.is_none() && !entity.fields.iter().any(wanted)
                });
                !action.recorded && (begun || on.is_some_and(|entity| seed_makes(&seed, entity)))
            }),
            any_de_identified: model.ai_actions.iter().any(|action| action.de_identified),
            any_cached: model.ai_actions.iter().any(|action| action.cached),
            sub_processors: model
                .sub_processors
                .iter()
                .enumerate()
                .map(|(at, company)| sub_processor_view(model, at, company))
                .collect(),
            measures: model
                .measures
                .iter()
                .map(|measure| measure_view(model, measure))
                .collect::<Result<_, _>>()?,
            calendars: model.calendars.iter().map(|calendar| calendar_view(model, calendar)).collect(),
            front: FrontView::new(model, &entities, &own, &homes),
            homes,
            own_records: own,
            pages: signed_in.map(|page| page_view(model, page)).collect(),
            any_asked: open_pages.iter().any(|page| page.asks.is_some()),
            any_listed: open_pages.iter().any(|page| !page.shows.is_empty()),
            open_pages,
            uses_rules: !rules.is_empty(),
            uses_post: entities.iter().any(|entity| {
                let claims = entity.assignment.as_ref().is_some_and(|assignment| assignment.claim);
                entity.private_filters || entity.lifecycle.is_some() || entity.policy.assignable || claims
            }) || !model.ai_actions.is_empty()
                || !model.documents.is_empty()
                || !model.feeds.is_empty(),
            any_lifecycle: entities.iter().filter_map(|entity| entity.lifecycle.as_ref()).any(|lifecycle| {
                let first = |step: &super::entity::MoveView| step.from.contains(&lifecycle.first);
                lifecycle.moves.iter().any(|step| first(step) && step.guard.is_none() && step.needs.is_none())
            }),
            any_booking: entities.iter().any(|entity| {
                let made = seed_makes(&seed, entity);
                made && entity.policy.updatable
                    && entity.bookings.iter().any(|booking| booking.end_column.is_some())
            }),
            any_file: entities.iter().any(|entity| entity.has_files),
            any_signature: entities.iter().any(|entity| entity.signatures.is_some()),
            any_claim: entities
                .iter()
                .any(|entity| entity.assignment.as_ref().is_some_and(|assignment| assignment.claim)),
            seed,
            rules,
            list_modules,
            entities,
            lists,
        })
    }
}

/// Whether the made-up records hold some of this entity.
fn seed_makes(seed: &super::seed::SeedView, entity: &EntityView) -> bool {
    seed.records.iter().any(|records| records.module == entity.module)
}

pub(super) fn number_of(model: &Model, entity: EntityIndex) -> usize {
    model.build_order.iter().position(|at| *at == entity).unwrap_or_default()
}

/// The stem of the functions of a list, a measure, a calendar or a page. A name that Rust has taken says what it is of:
/// the list `self` is `self_list`.
fn function(name: &spec::Name, kind: &str) -> String {
    let snake = name.snake();
    match snake.strip_suffix('_') {
        Some(reserved) => format!("{reserved}_{kind}"),
        None => snake,
    }
}
