//! What open pages are granted: to make what they ask for, and to list what they show, each in the fields that it names.

use spec::Model;
use spec::access::Action;
use spec::model::{EntityIndex, Page, PageItem};

/// A grant of a page, over every row of an organisation.
pub(crate) struct ByPage {
    /// The role in which it acts.
    pub(crate) role: String,
    /// To create, or to list.
    pub(crate) action: Action,
    /// The fields that it names.
    pub(crate) fields: Vec<String>,
}

/// The role of a page, as the library knows them apart. No name of a spec holds a colon.
pub(crate) fn role(page: &Page) -> String {
    format!(":page {}", page.name)
}

/// What open pages are granted of an entity.
pub(crate) fn by_pages(model: &Model, index: EntityIndex) -> Vec<ByPage> {
    let open = model.pages.iter().filter(|page| page.is_open());
    let granted = open.flat_map(|page| {
        page.shows.iter().filter_map(move |item| {
            let (action, entity, fields) = match item {
                PageItem::Ask(entity, fields) => (Action::Create, *entity, fields),
                PageItem::Records(entity, fields) => (Action::List, *entity, fields),
                _ => return None,
            };
            let named = || fields.iter().map(|at| model[entity][*at].name.to_string()).collect();
            (entity == index).then(|| ByPage { role: role(page), action, fields: named() })
        })
    });
    granted.collect()
}

/// Whether an open page asks for records of this entity.
pub(crate) fn is_asked(model: &Model, index: EntityIndex) -> bool {
    by_pages(model, index).iter().any(|granted| granted.action == Action::Create)
}
