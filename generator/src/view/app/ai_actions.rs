//! What AI proposes and a person applies, and the companies that data can go to.

use serde::Serialize;
use spec::model::{AiAction, AiInput, Entity, EntityIndex, FieldIndex, SubProcessor};
use spec::{Kind, Model};

use super::function;
use crate::view::entity::{module, path};

/// An AI action.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AiActionView {
    pub(crate) constant: String,
    /// The stem of its functions.
    pub(crate) function: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) label: String,
    /// The entity on whose pages it stands, and that for which it proposes.
    pub(crate) on: OfEntityView,
    pub(crate) of: OfEntityView,
    /// The fields that it proposes, as forms and JSON name them.
    pub(crate) fields: Vec<String>,
    /// The fields of its form: of a new part those with a default, too.
    pub(crate) form: Vec<String>,
    pub(crate) parts: bool,
    /// The column of the record that it reads.
    pub(crate) text: Option<String>,
    pub(crate) above: Option<AboveView>,
    /// Whether it reads what is recorded.
    pub(crate) recorded: bool,
    pub(crate) input_label: String,
    pub(crate) applied_by: Vec<String>,
    pub(crate) author_only: bool,
    pub(crate) keeps_output: bool,
    pub(crate) keeps_preview: bool,
    pub(crate) de_identified: bool,
    pub(crate) cached: bool,
    /// The constant of the company that it may ask.
    pub(crate) provider: Option<String>,
    /// A made-up text that says something of each field, for a test.
    pub(crate) sample: String,
}

/// An entity as an action names it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OfEntityView {
    pub(crate) constant: String,
    pub(crate) module: String,
    pub(crate) path: String,
    pub(crate) pascal: String,
    pub(crate) label: String,
}

/// The record above, whose text is read.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AboveView {
    pub(crate) module: String,
    /// The column that names it.
    pub(crate) link: String,
    pub(crate) text: String,
}

/// A company that data can go to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SubProcessorView {
    pub(crate) constant: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) purposes: Vec<String>,
    pub(crate) attested_by: String,
    pub(crate) asked: bool,
}

pub(super) fn of_entity(model: &Model, index: EntityIndex) -> OfEntityView {
    let entity = &model[index];
    OfEntityView {
        constant: entity.name.snake().trim_end_matches('_').to_uppercase(),
        module: module(&entity.table),
        path: path(&entity.table),
        pascal: entity.name.pascal(),
        label: entity.label.clone(),
    }
}

/// `ACTIONS` and `ALL` are all of them.
pub(super) fn constant(name: &spec::Name) -> String {
    let constant = name.snake().trim_end_matches('_').to_uppercase();
    if ["ACTIONS", "ALL"].contains(&constant.as_str()) { format!("{constant}_ONE") } else { constant }
}

/// How forms and JSON name a field.
fn json(name: &spec::Name) -> String {
    name.as_str().replace([' ', '-'], "_")
}

pub(crate) fn ai_action_view(model: &Model, action: &AiAction) -> AiActionView {
    let (entity, on) = (&model[action.entity], &model[action.on]);
    let fields: Vec<String> = action.fields.iter().map(|at| json(&entity[*at].name)).collect();
    let with_default = entity
        .fields()
        .filter(|(at, field)| action.makes_parts && field.default.is_some() && !action.fields.contains(at));
    let form = fields.iter().cloned().chain(with_default.map(|(_, field)| json(&field.name))).collect();
    let above = on.parent.as_ref().and_then(|parent| match action.input {
        AiInput::Above(text) => Some(AboveView {
            module: module(&model[parent.entity].table),
            link: parent.column.clone(),
            text: model[parent.entity][text].column.clone(),
        }),
        _ => None,
    });
    AiActionView {
        constant: constant(&action.name),
        function: function(&action.name, "action"),
        name: action.name.to_string(),
        path: action.name.kebab(),
        label: action.label.clone(),
        on: of_entity(model, action.on),
        of: of_entity(model, action.entity),
        fields,
        form,
        parts: action.makes_parts,
        text: match action.input {
            AiInput::Field(text) => Some(on[text].column.clone()),
            _ => None,
        },
        above,
        recorded: action.input != AiInput::Given,
        input_label: action.input_label.clone(),
        applied_by: action.applied_by.iter().map(|role| model[*role].name.to_string()).collect(),
        author_only: action.author_only,
        keeps_output: action.keeps_output,
        keeps_preview: action.keeps_preview,
        de_identified: action.de_identified,
        cached: action.cached,
        provider: action.provider.map(|at| constant(&model.sub_processors[at].name)),
        sample: sample(entity, action),
    }
}

/// A line for each field that the app's own engine finds again: its name as a heading, and a value of its kind.
fn sample(entity: &Entity, action: &AiAction) -> String {
    let line = |at: &FieldIndex| {
        let field = &entity[*at];
        let least = || field.range.as_ref().and_then(|range| range.min.or(range.max));
        let value = match &field.kind {
            Kind::Text | Kind::LongText => "Example words".to_owned(),
            Kind::Integer => least().map_or_else(|| "1".to_owned(), |least| least.trunc().to_string()),
            Kind::Decimal | Kind::Money => least().map_or_else(|| "1".to_owned(), |least| least.to_string()),
            Kind::OneOf(choices) => choices.first()?.to_string(),
            Kind::Code(..) => "J20.9".to_owned(),
            // A date would name somebody where nobody may be named.
            Kind::Date if !action.de_identified => format!("{} 2026-03-13", field.name),
            _ => return None,
        };
        Some(format!("{}: {value}\n", field.name))
    };
    action.fields.iter().filter_map(line).collect()
}

pub(super) fn sub_processor_view(model: &Model, at: usize, company: &SubProcessor) -> SubProcessorView {
    SubProcessorView {
        constant: constant(&company.name),
        name: company.name.to_string(),
        path: company.name.kebab(),
        purposes: company.purposes.clone(),
        attested_by: model[company.attested_by].name.to_string(),
        asked: model.ai_actions.iter().any(|action| action.provider == Some(at)),
    }
}
