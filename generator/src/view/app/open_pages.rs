//! Pages that anybody may come to: what `src/open_pages.rs` prints.

use serde::Serialize;
use spec::access::Action;
use spec::model::{Entity, EntityIndex, FieldIndex, Page, PageItem};
use spec::{Kind, Model};

use super::ai_actions::{OfEntityView, of_entity};
use super::function;
use crate::view::open::role;

/// A page that anybody may come to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OpenPageView {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) constant: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) role: String,
    pub(crate) shows: Vec<ShownView>,
    pub(crate) asks: Option<AskedView>,
}

/// Records that it shows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ShownView {
    pub(crate) of: OfEntityView,
    pub(crate) label: String,
    pub(crate) function: String,
    /// The fields that it names.
    pub(crate) fields: Vec<String>,
}

/// What it asks for.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AskedView {
    pub(crate) of: OfEntityView,
    /// The fields that it names.
    pub(crate) fields: Vec<String>,
    /// What a test fills in: names of inputs and values.
    pub(crate) filled: Vec<(String, String)>,
    /// The input in which a test writes words, and finds them again.
    pub(crate) words: Option<String>,
    /// The roles that read all of what is sent.
    pub(crate) readers: Vec<String>,
}

pub(super) fn open_page_view(model: &Model, page: &Page) -> OpenPageView {
    let stem = function(&page.name, "page");
    let named = |entity: EntityIndex, fields: &[FieldIndex]| -> Vec<String> {
        fields.iter().map(|at| model[entity][*at].name.to_string()).collect()
    };
    let shown = page.shows.iter().filter_map(|item| match item {
        PageItem::Records(entity, fields) => Some(ShownView {
            of: of_entity(model, *entity),
            label: model[*entity].plural.clone(),
            function: format!("{}_on_{stem}", model[*entity].table.trim_end_matches('_')),
            fields: named(*entity, fields),
        }),
        _ => None,
    });
    let asked = page.shows.iter().find_map(|item| match item {
        PageItem::Ask(entity, fields) => Some(asked_view(model, *entity, fields, named(*entity, fields))),
        _ => None,
    });
    OpenPageView {
        name: page.name.to_string(),
        label: page.label.clone(),
        constant: format!("{}_PAGE", page.name.snake().trim_end_matches('_').to_uppercase()),
        function: stem.clone(),
        path: page.name.kebab(),
        role: role(&page.name),
        shows: shown.collect(),
        asks: asked,
    }
}

fn asked_view(model: &Model, index: EntityIndex, fields: &[FieldIndex], named: Vec<String>) -> AskedView {
    let entity = &model[index];
    let reads_all = |role: spec::model::RoleIndex| {
        model.grants(role, index).any(|grant| {
            let whole = grant.rows == spec::access::Rows::Organisation;
            grant.allows(Action::List) && whole && fields.iter().all(|field| grant.fields.covers(*field))
        }) && !entity.never.iter().any(|(of, _)| *of == role)
    };
    let words = fields.iter().find(|at| {
        let field = &entity[**at];
        matches!(field.kind, Kind::Text | Kind::LongText | Kind::PersonName) && !field.list
    });
    AskedView {
        of: of_entity(model, index),
        fields: named,
        filled: fields.iter().flat_map(|at| filled(entity, *at)).collect(),
        words: words.map(|at| input(entity, *at)),
        readers: model
            .roles()
            .filter(|(role, _)| reads_all(*role))
            .map(|(_, role)| role.name.to_string())
            .collect(),
    }
}

/// The name of a field's input.
fn input(entity: &Entity, at: FieldIndex) -> String {
    entity[at].name.as_str().replace([' ', '-'], "_")
}

/// What a browser sends for a field that a test fills in.
pub(super) fn filled(entity: &Entity, at: FieldIndex) -> Vec<(String, String)> {
    let field = &entity[at];
    let name = input(entity, at);
    let listed = field.list && !matches!(field.kind, Kind::OneOf(_));
    let name = if listed { format!("{name}.0") } else { name };
    let day = || {
        let parts = [("day", "12"), ("month", "3"), ("year", "2027")];
        parts.map(|(part, said)| (format!("{name}.{part}"), said.to_owned())).to_vec()
    };
    let one = |said: &str| vec![(name.clone(), said.to_owned())];
    match &field.kind {
        Kind::Email => one("newcomer@example.org"),
        Kind::Phone => one("(555) 010-0134"),
        Kind::PersonName | Kind::Text | Kind::LongText | Kind::Address => one("Example Newcomer"),
        Kind::Url => one("https://example.org/"),
        Kind::Mrn | Kind::MemberId | Kind::Ssn => one("EX123456"),
        Kind::Integer | Kind::Decimal | Kind::Money | Kind::Duration => {
            let least = field.range.as_ref().and_then(|range| range.min);
            one(&least.map_or_else(|| "1".to_owned(), |least| least.to_string()))
        }
        Kind::Boolean => one("yes"),
        Kind::Date => day(),
        Kind::Time => one("09:00"),
        Kind::Moment => day().into_iter().chain([(format!("{name}.time"), "09:00".to_owned())]).collect(),
        Kind::OneOf(choices) => choices.first().map(|choice| one(choice.as_str())).unwrap_or_default(),
        Kind::Code(..) => one("I10"),
        Kind::Link(_) | Kind::File => Vec::new(),
    }
}
