//! Pages that bring several things together.

use serde::Serialize;
use spec::Model;
use spec::model::PageItem;

use super::function;
use crate::view::entity::{module, path};

/// A page of its own.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PageView {
    pub(crate) label: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) roles: Vec<String>,
    pub(crate) items: Vec<ItemView>,
}

/// One thing on a page: what it is, and the parts of the program that make it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ItemView {
    pub(crate) kind: &'static str,
    pub(crate) label: String,
    pub(crate) module: String,
    pub(crate) function: String,
    pub(crate) path: String,
    pub(crate) unit: String,
}

pub(super) fn page_view(model: &Model, page: &spec::model::Page) -> PageView {
    let item = |item: &PageItem| -> Option<ItemView> {
        let view = |kind, label: &str, module: String, function: String, path: String| ItemView {
            kind,
            label: label.to_owned(),
            module,
            function,
            path,
            unit: String::new(),
        };
        Some(match item {
            PageItem::Entity(at) => {
                let entity = &model[*at];
                view("entity", &entity.plural, module(&entity.table), String::new(), path(&entity.table))
            }
            PageItem::Chart(at, _) => {
                let entity = &model[*at];
                view("chart", &entity.plural, module(&entity.table), String::new(), path(&entity.table))
            }
            PageItem::List(at) => {
                let list = &model[*at];
                view("list", &list.label, String::new(), function(&list.name, "list"), list.name.kebab())
            }
            PageItem::Measure(at) => {
                let measure = &model[*at];
                view(
                    "measure",
                    &measure.label,
                    String::new(),
                    function(&measure.name, "measure"),
                    measure.name.kebab(),
                )
            }
            PageItem::Calendar(at) => {
                let calendar = &model[*at];
                view(
                    "calendar",
                    &calendar.label,
                    String::new(),
                    function(&calendar.name, "calendar"),
                    calendar.name.kebab(),
                )
            }
            PageItem::Form(at) => {
                let form = &model[*at];
                view(
                    "form",
                    &form.label,
                    module(&model[form.about].table),
                    String::new(),
                    path(&model[form.entity].table),
                )
            }
            // Of open pages, which `open_pages` makes.
            PageItem::Ask(..) | PageItem::Records(..) => return None,
        })
    };
    PageView {
        label: page.label.clone(),
        function: function(&page.name, "page"),
        path: page.name.kebab(),
        roles: page.roles.iter().map(|role| model[*role].name.to_string()).collect(),
        items: page.shows.iter().filter_map(item).collect(),
    }
}
