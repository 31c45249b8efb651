//! Records that are tasks, and records whose values rules judge.

use serde::Serialize;
use spec::model::{EntityIndex, Model, Occasion};

/// What the app puts into a task that somebody makes by hand.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TaskMadeView {
    pub(crate) minutes: u64,
}

/// What people call those who are responsible first, and else.
pub(super) fn responsible(model: &Model, index: EntityIndex) -> Option<[(&'static str, String); 2]> {
    let task = model.tasks.iter().find(|task| task.entity == index)?;
    Some([("first", model[task.owner].label.clone()), ("else", model[task.fallback].label.clone())])
}

pub(super) fn task_made(model: &Model, index: EntityIndex) -> Option<TaskMadeView> {
    let task = model.tasks.iter().find(|task| task.entity == index)?;
    Some(TaskMadeView { minutes: task.due.minutes() })
}

/// The name of the rules of an entity, if it has any.
pub(super) fn rules_of(model: &Model, index: EntityIndex) -> Option<String> {
    let judged = model.rules.iter().any(|rule| {
        !rule.tasks.is_empty() && matches!(rule.occasion, Occasion::Written { of, .. } if of == index)
    });
    judged.then(|| crate::view::app::on(&model[index]))
}
