//! What the tests of an app write to have its rules judged: a value that is too much, and the nearest that is not.

use serde::Serialize;
use spec::access::Action;
use spec::model::{End, Entity, EntityIndex, FieldIndex, Model, Occasion, Rule};
use spec::rules::{Comparison, Tree};

use crate::view::entity::{EntityView, path};

/// A rule over one number, and values on both sides of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TrialView {
    pub(crate) label: String,
    pub(crate) said: String,
    pub(crate) path: String,
    /// What a record is made of, as JSON names it.
    pub(crate) fields: Vec<String>,
    pub(crate) field: String,
    pub(crate) over: i64,
    pub(crate) within: i64,
    pub(crate) tasks: Vec<String>,
}

pub(super) fn trials(model: &Model) -> Vec<TrialView> {
    let mut trials: Vec<TrialView> = model.rules.iter().filter_map(|rule| trial(model, rule)).collect();
    // Of two rules about one field, one value would be on the wrong side of the other.
    let alone: Vec<bool> =
        trials.iter().map(|one| trials.iter().filter(|other| other.path == one.path).count() == 1).collect();
    let mut alone = alone.into_iter();
    trials.retain(|_| alone.next().unwrap_or_default());
    trials
}

fn trial(model: &Model, rule: &Rule) -> Option<TrialView> {
    let Occasion::Written { of, when } = &rule.occasion else { return None };
    let entity = &model[*of];
    let made = entity.grants.iter().any(|grant| grant.allows(Action::Create));
    if rule.tasks.is_empty() || !made || !entity.unique.is_empty() || limited(model, *of) {
        return None;
    }
    let (at, over, within) = sides(entity, &when.tree)?;
    let view = EntityView::new(model, *of);
    let own = view.parent.iter().map(|parent| parent.column.clone());
    let place = view.has_place.then(|| "place_id".to_owned());
    let fields = view.fields.iter().filter(|field| field.form.is_some()).map(|field| field.json.clone());
    Some(TrialView {
        label: rule.label.clone(),
        said: when.said.clone(),
        path: path(&entity.table),
        field: view.fields[at.position()].json.clone(),
        fields: own.chain(place).chain(fields).collect(),
        over,
        within,
        tasks: rule.tasks.iter().map(|raised| path(&model[model.tasks[raised.task].entity].table)).collect(),
    })
}

/// Whether somebody may make only so many, or only at certain hours: a copy of one may be refused.
fn limited(model: &Model, of: EntityIndex) -> bool {
    model.limits.iter().any(|limit| limit.entity == of)
        || model.calendars.iter().any(|calendar| calendar.entity == of)
}

/// The field that is compared with a number, a value for which that holds, and one for which it does not.
fn sides(entity: &Entity, tree: &Tree) -> Option<(FieldIndex, i64, i64)> {
    let Tree::Compare(comparison, left, right) = tree else { return None };
    let (Tree::Field(path), Tree::Number(number)) = (left.as_ref(), right.as_ref()) else { return None };
    let (true, End::Field(at)) = (path.hops.is_empty(), path.end) else { return None };
    #[allow(clippy::cast_possible_truncation, reason = "a threshold that people write is a small number")]
    let number = (number.fract() == 0.0 && number.abs() < 1e9).then_some(*number as i64)?;
    let (over, within) = match comparison {
        Comparison::Greater => (number + 1, number),
        Comparison::AtLeast => (number, number - 1),
        Comparison::Less => (number - 1, number),
        Comparison::AtMost => (number, number + 1),
        Comparison::Equal | Comparison::NotEqual => return None,
    };
    let range = entity[at].range.as_ref();
    let fits = |value: i64| {
        let value = rust_decimal::Decimal::from(value);
        range.and_then(|range| range.min).is_none_or(|least| value >= least)
            && range.and_then(|range| range.max).is_none_or(|most| value <= most)
    };
    let typed = !entity[at].list && entity[at].computed.is_none();
    (typed && fits(over) && fits(within)).then_some((at, over, within))
}
