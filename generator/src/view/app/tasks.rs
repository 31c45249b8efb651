//! Rules and tasks: what `src/tasks.rs` prints.

use serde::Serialize;
use spec::Model;
use spec::document::PeriodUnit;
use spec::model::{Entity, EntityIndex, Hop, Occasion, RaisedTask, Rule, Task};

mod trials;

pub(crate) use self::trials::TrialView;
use super::lists::{ListView, list_view};
use crate::view::entity::{lower_first, module, path};

/// What somebody has to do about a record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TaskView {
    pub(crate) label: String,
    pub(crate) plural: String,
    /// The name of its descriptor, which is that of its entity.
    pub(crate) constant: String,
    pub(crate) module: String,
    pub(crate) pascal: String,
    pub(crate) path: String,
    pub(crate) table: String,
    /// What it is about: the field, and its column.
    pub(crate) about: String,
    pub(crate) column: String,
    pub(crate) owner: String,
    pub(crate) fallback: String,
    pub(crate) minutes: u64,
    /// `4 hours`
    pub(crate) due: String,
    /// Whether somebody makes it by hand.
    pub(crate) by_hand: bool,
    /// The rules that make it, in words.
    pub(crate) when: Vec<String>,
}

/// A rule that is judged when something is written.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RuleView {
    pub(crate) name: String,
    pub(crate) label: String,
    /// The stem of its functions.
    pub(crate) function: String,
    /// Its condition, as the spec says it.
    pub(crate) said: String,
    /// How the condition is called in `rules.rs`.
    pub(crate) condition: String,
    pub(crate) reads: Vec<ReadView>,
    pub(crate) raises: Vec<RaisesView>,
    pub(crate) tells: Vec<TellsView>,
}

/// A field that a rule reads.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ReadView {
    pub(crate) name: String,
    pub(crate) column: String,
    pub(crate) label: String,
    pub(crate) unit: String,
    pub(crate) rust_type: String,
    pub(crate) list: bool,
}

/// A task that a rule makes, and whose it is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RaisesView {
    pub(crate) constant: String,
    pub(crate) about: String,
}

/// A message that a rule sends, and whose it is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TellsView {
    pub(crate) message: String,
    pub(crate) ways: Vec<String>,
    pub(crate) about: String,
}

/// The rules of one entity.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RulesOfView {
    pub(crate) names: String,
    /// `ON_READING`, as `access.rs` names them.
    pub(crate) constant: String,
    pub(crate) rules: Vec<RuleView>,
}

/// A rule that watches a list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WatchView {
    pub(crate) name: String,
    pub(crate) function: String,
    pub(crate) why: String,
    /// The entity that is listed.
    pub(crate) constant: String,
    pub(crate) table: String,
    /// The condition of the list; its own values are numbered from one.
    pub(crate) condition: String,
    pub(crate) list: ListView,
    pub(crate) raises: Vec<RaisesView>,
    pub(crate) tells: Vec<TellsView>,
}

/// All of it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct DutiesView {
    pub(crate) tasks: Vec<TaskView>,
    pub(crate) rules: Vec<RulesOfView>,
    pub(crate) watches: Vec<WatchView>,
    /// What tests write to have a rule judged.
    pub(crate) trials: Vec<TrialView>,
    /// Minutes after which everything is missing and late that can be.
    pub(crate) longest: u64,
    /// Whether a rule waits for what is missing.
    pub(crate) missing: bool,
    /// The roles that do any of the tasks.
    pub(crate) roles: Vec<String>,
    /// Whether any rule makes a task, and whether any sends a message.
    pub(crate) raises: bool,
    pub(crate) tells: bool,
}

pub(super) fn duties(model: &Model) -> Result<DutiesView, crate::Error> {
    let mut rules: Vec<RulesOfView> = Vec::new();
    let mut watches = Vec::new();
    for rule in model.rules.iter().filter(|rule| !rule.tasks.is_empty() || !rule.messages.is_empty()) {
        match &rule.occasion {
            Occasion::Written { of, when } => {
                let entity = &model[*of];
                let constant = on(entity);
                let view = written(model, rule, *of, when);
                match rules.iter_mut().find(|known| known.constant == constant) {
                    Some(known) => known.rules.push(view),
                    None => {
                        let names = lower_first(&entity.plural);
                        rules.push(RulesOfView { names, constant, rules: vec![view] });
                    }
                }
            }
            Occasion::Enters(list) => {
                let of = model[*list].entity;
                let (list, entity) = (list_view(model, &model[*list])?, &model[of]);
                watches.push(WatchView {
                    name: rule.name.to_string(),
                    function: super::function(&rule.name, "rule"),
                    why: format!("{}: {}", rule.label, list.about),
                    constant: constant(entity),
                    table: entity.table.clone(),
                    raises: raises(model, &rule.tasks, of),
                    tells: tells(model, rule, of),
                    // A page asks for rows and their offset first.
                    condition: list.condition.replace("$3", "$1").replace("$4", "$2"),
                    list,
                });
            }
        }
    }
    let does = |role| model.tasks.iter().any(|task| task.owner == role || task.fallback == role);
    let waits =
        model.lists.iter().filter_map(|list| list.without.as_ref()).map(|without| without.within.minutes());
    let times = model.tasks.iter().map(|task| task.due.minutes()).chain(waits);
    let missing = |watch: &WatchView| watch.list.without && watch.list.alone;
    Ok(DutiesView {
        trials: trials::trials(model),
        // A day more than the longest, for clocks that change.
        longest: times.max().unwrap_or_default() + 2 * 24 * 60,
        missing: watches.iter().any(missing),
        tasks: model.tasks.iter().enumerate().map(|(at, task)| task_view(model, at, task)).collect(),
        roles: model.roles().filter(|(role, _)| does(*role)).map(|(_, role)| role.name.to_string()).collect(),
        raises: model.rules.iter().any(|rule| !rule.tasks.is_empty()),
        tells: model.rules.iter().any(|rule| !rule.messages.is_empty()),
        rules,
        watches,
    })
}

fn written(model: &Model, rule: &Rule, of: EntityIndex, when: &spec::rules::Expression) -> RuleView {
    let entity = &model[of];
    let read = |field: &spec::model::Field| ReadView {
        name: field.name.to_string(),
        column: field.column.clone(),
        label: lower_first(&field.label),
        unit: field.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default(),
        rust_type: crate::view::field::rust_type(field),
        list: field.list || field.target.is_some(),
    };
    let fields = crate::rules::own_fields(entity, when).unwrap_or_default();
    let reads: Vec<ReadView> = fields.into_iter().map(read).collect();
    let arguments: Vec<String> = reads.iter().map(|read| format!("&{}, ", read.column)).collect();
    RuleView {
        name: rule.name.to_string(),
        label: rule.label.clone(),
        function: super::function(&rule.name, "rule"),
        said: when.said.clone(),
        condition: format!("{}({}row.now())", crate::rules::raising_name(entity, rule), arguments.concat()),
        reads,
        raises: raises(model, &rule.tasks, of),
        tells: tells(model, rule, of),
    }
}

fn tells(model: &Model, rule: &Rule, from: EntityIndex) -> Vec<TellsView> {
    let view = |told: &spec::model::ToldBy| {
        let message = &model.messages[told.message];
        TellsView {
            message: message.name.to_string(),
            ways: message.ways.iter().map(|way| way.as_str().to_owned()).collect(),
            about: up(model, from, &told.way),
        }
    };
    rule.messages.iter().map(view).collect()
}

fn raises(model: &Model, tasks: &[RaisedTask], from: EntityIndex) -> Vec<RaisesView> {
    let view = |raised: &RaisedTask| {
        let task = &model.tasks[raised.task];
        RaisesView { constant: constant(&model[task.entity]), about: up(model, from, &raised.way) }
    };
    tasks.iter().map(view).collect()
}

/// The column that names what a task is about, or a query that goes up to it.
pub(super) fn up(model: &Model, from: EntityIndex, way: &[Hop]) -> String {
    let Some((first, rest)) = way.split_first() else { return "id".to_owned() };
    if rest.is_empty() {
        return first.column.clone();
    }
    let (mut at, mut joins) = (1, String::new());
    for hop in &rest[..rest.len() - 1] {
        let table = &model[hop.to].table;
        joins += &format!(" JOIN {table} r{} ON r{}.id = r{at}.{}", at + 1, at + 1, hop.column);
        at += 1;
    }
    let (first_table, own) = (&model[first.to].table, &model[from].table);
    let last = rest.last().map_or("id", |hop| hop.column.as_str());
    format!("(SELECT r{at}.{last} FROM {first_table} r1{joins} WHERE r1.id = {own}.{})", first.column)
}

fn task_view(model: &Model, at: usize, task: &Task) -> TaskView {
    let entity = &model[task.entity];
    let parent = entity.parent.as_ref();
    let due = task.due.to_string();
    TaskView {
        label: entity.label.clone(),
        plural: entity.plural.clone(),
        constant: constant(entity),
        module: module(&entity.table),
        pascal: entity.name.pascal(),
        path: path(&entity.table),
        table: entity.table.clone(),
        about: model[task.about].name.to_string(),
        column: parent.map(|parent| parent.column.clone()).unwrap_or_default(),
        owner: model[task.owner].name.to_string(),
        fallback: model[task.fallback].name.to_string(),
        minutes: task.due.minutes(),
        due,
        when: model
            .rules
            .iter()
            .filter(|rule| rule.tasks.iter().any(|raised| raised.task == at))
            .map(|rule| match &rule.occasion {
                Occasion::Written { of, when } => {
                    format!("{} ({}: {})", rule.label, model[*of].name, when.said)
                }
                Occasion::Enters(list) => format!("{} (enters {})", rule.label, model[*list].label),
            })
            .collect(),
        by_hand: entity.grants.iter().any(|grant| grant.allows(spec::access::Action::Create)),
    }
}

fn constant(entity: &Entity) -> String {
    entity.name.snake().trim_end_matches('_').to_uppercase()
}

/// What `access.rs` calls the rules of an entity.
pub(crate) fn on(entity: &Entity) -> String {
    format!("ON_{}", constant(entity))
}

/// Days, where a time is counted in them, and minutes otherwise: days are those of the place's clocks.
pub(crate) fn days_and_minutes(period: spec::document::Period) -> (u64, u64) {
    match period.unit {
        PeriodUnit::Minute | PeriodUnit::Hour => (0, period.minutes()),
        _ => (period.minutes() / (24 * 60), 0),
    }
}
