//! What pages without an account are granted: those open to anybody to make what they ask for and to list what they show, each in
//! the fields that it names; those by link to make the answers of their form about one person.

use spec::access::Action;
use spec::document::Entry;
use spec::model::{EntityIndex, Form, Page, PageItem, Storage};
use spec::{Model, Name};

/// A grant of a page.
pub(crate) struct ByPage {
    /// The role in which it acts.
    pub(crate) role: String,
    /// To create, or to list.
    pub(crate) action: Action,
    /// Which rows; every one of an organisation, unless said.
    pub(crate) rows: Option<String>,
    /// The fields that it names.
    pub(crate) fields: Vec<String>,
}

/// The role of a page, as the library knows them apart. No name of a spec holds a colon.
pub(crate) fn role(page: &Name) -> String {
    format!(":page {page}")
}

/// What pages without an account are granted of an entity.
pub(crate) fn by_pages(model: &Model, index: EntityIndex) -> Vec<ByPage> {
    let items = model.pages.iter().flat_map(|page| page.shows.iter().map(move |item| (page, item)));
    items.filter_map(|(page, item)| granted(model, index, page, item)).collect()
}

fn granted(model: &Model, index: EntityIndex, page: &Page, item: &PageItem) -> Option<ByPage> {
    let (action, fields) = match item {
        PageItem::Ask(entity, fields) if page.is_open() && *entity == index => (Action::Create, fields),
        PageItem::Records(entity, fields) if page.is_open() && *entity == index => (Action::List, fields),
        PageItem::Form(form) if page.entry == Entry::Link && model[*form].entity == index => {
            return by_link(model, page, &model[*form]);
        }
        _ => return None,
    };
    let fields = fields.iter().map(|at| model[index][*at].name.to_string()).collect();
    Some(ByPage { role: role(&page.name), action, rows: None, fields })
}

/// Whoever fills a form in by a link acts as the record that they are: about another, not even row-level security takes it.
fn by_link(model: &Model, page: &Page, form: &Form) -> Option<ByPage> {
    let entity = &model[form.entity];
    let above = entity.parent.as_ref()?;
    let stored = entity.fields.iter().filter(|field| field.storage != Storage::Computed);
    let mut fields = vec![model[above.entity].name.to_string(), "form version".to_owned()];
    fields.extend(stored.map(|field| field.name.to_string()));
    let rows = Some(format!("{}.{} = :person", entity.table, above.column));
    Some(ByPage { role: role(&page.name), action: Action::Create, rows, fields })
}

/// Whether a page without an account asks for records of this entity.
pub(crate) fn is_asked(model: &Model, index: EntityIndex) -> bool {
    by_pages(model, index).iter().any(|granted| granted.action == Action::Create)
}
