//! What stands over and beside a record: the banner of a patient, a chart of numbers.

use serde::Serialize;
use spec::model::{Entity, EntityIndex, Model, PageItem, Storage, Target};

use super::links::{LinkView, is_subject};
use super::lists::time_field;
use super::words::module;

/// What the banner over a patient's pages shows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BannerView {
    pub(crate) birth: Option<String>,
    pub(crate) sex: Option<String>,
    pub(crate) allergies: Option<String>,
    pub(crate) allergies_list: bool,
}

/// Numbers over time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChartView {
    pub(crate) caption: String,
    pub(crate) unit: String,
    pub(crate) time: String,
    /// Turns a date into the moment of its midnight.
    pub(crate) moment: &'static str,
    pub(crate) series: Vec<SeriesView>,
}

/// One line of a chart.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SeriesView {
    pub(crate) field: String,
    pub(crate) column: String,
    pub(crate) label: String,
}

/// A banner stands over the pages of a person who is cared for.
pub(super) fn banner(model: &Model, index: EntityIndex) -> Option<BannerView> {
    let entity = &model[index];
    if !is_subject(entity) || !entity.has_phi() {
        return None;
    }
    let column = |test: &dyn Fn(&spec::model::Field) -> bool| {
        entity.fields.iter().find(|field| test(field)).map(|field| field.column.clone())
    };
    let named = |field: &spec::model::Field, words: &[&str]| words.iter().any(|word| field.name == *word);
    let allergies = entity.fields.iter().find(|field| named(field, &["allergies"]));
    Some(BannerView {
        birth: column(&|field| {
            field.kind == spec::Kind::Date
                && named(field, &["date of birth", "birth date", "dob", "birthday", "born"])
        }),
        sex: column(&|field| named(field, &["sex", "sex at birth", "gender"]) && !field.list),
        allergies: allergies.map(|field| field.column.clone()),
        allergies_list: allergies.is_some_and(|field| field.list),
    })
}

/// The link to the person whom a record is about, when it has a banner.
pub(super) fn about_banner(model: &Model, entity: &Entity) -> Option<LinkView> {
    let has_banner = |to: EntityIndex| banner(model, to).is_some();
    if let Some(parent) = entity.parent.as_ref().filter(|parent| has_banner(parent.entity)) {
        let above = &model[parent.entity];
        let (column, to) = (parent.column.clone(), module(&above.table));
        return Some(LinkView { beside: false, column, to, label: above.label.clone(), parent: true });
    }
    entity.fields.iter().find_map(|field| match field.target {
        Some(Target::Entity(to)) if has_banner(to) => Some(LinkView {
            beside: false,
            column: field.column.clone(),
            to: module(&model[to].table),
            label: field.label.clone(),
            parent: false,
        }),
        _ => None,
    })
}

/// Up to three numbers with one unit, over the time by which the list is ordered.
pub(crate) fn chart(entity: &Entity) -> Option<ChartView> {
    let time = &entity[time_field(entity)?];
    let number = |field: &&spec::model::Field| {
        field.kind.is_number() && !field.list && field.storage != Storage::Computed && field.unit.is_some()
    };
    let first = entity.fields.iter().find(number)?;
    let same = entity.fields.iter().filter(number).filter(|field| field.unit == first.unit).take(3);
    let series = same.map(|field| SeriesView {
        field: field.name.to_string(),
        column: field.column.clone(),
        label: field.label.clone(),
    });
    Some(ChartView {
        caption: entity.plural.clone(),
        unit: first.unit.clone().unwrap_or_default(),
        time: time.column.clone(),
        moment: if time.kind == spec::Kind::Date { ".midnight().assume_utc()" } else { "" },
        series: series.collect(),
    })
}

pub(super) fn numbers(entity: &Entity) -> Vec<String> {
    let number = |field: &&spec::model::Field| field.kind.is_number() && !field.list;
    entity.fields.iter().filter(number).map(|field| field.column.clone()).collect()
}

/// The record between a part and the person whom both are about.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BannerAboveView {
    /// The part's column, and the module and the constant of the record that it leads to.
    pub(crate) column: String,
    pub(crate) module: String,
    pub(crate) constant: String,
    /// That record's own link to the person.
    pub(crate) link: LinkView,
}

pub(super) fn banner_above(model: &Model, entity: &Entity) -> Option<BannerAboveView> {
    let parent = entity.parent.as_ref()?;
    let above = &model[parent.entity];
    Some(BannerAboveView {
        column: parent.column.clone(),
        module: module(&above.table),
        constant: above.name.snake().trim_end_matches('_').to_uppercase(),
        link: about_banner(model, above)?,
    })
}

/// Whether some part of the record has no link of its own to the person.
pub(super) fn parts_without_banner(model: &Model, entity: &Entity) -> bool {
    entity.parts.iter().any(|part| about_banner(model, &model[*part]).is_none())
}

/// Whether any page shows its numbers over time: those of one record that it is a part of, or those that a page names.
pub(super) fn is_charted(model: &Model, index: EntityIndex) -> bool {
    let named = |item: &PageItem| matches!(item, PageItem::Chart(entity, _) if *entity == index);
    model[index].parent.is_some() || model.pages.iter().flat_map(|page| &page.shows).any(named)
}
