//! Feeds: what is imported line by line, found again by a key, within what the importing role may write.

use super::Resolver;
use crate::{
    access::Action,
    document,
    field_type::Kind as FieldKind,
    model::{EntityIndex, Feed, FeedColumn, FieldIndex, Origin, Storage},
    name::Name,
    problem::{Kind, Pointer},
};

impl Resolver<'_> {
    /// Feeds, once grants are known.
    pub(super) fn feeds(&mut self) {
        for (name, feed) in &self.document.feeds {
            self.feed(name, feed, &Pointer::root().join("feeds").join(name));
        }
    }

    fn feed(&mut self, name: &Name, feed: &document::Feed, at: &Pointer) {
        let Some(entity) = self.entity(&feed.into, &at.join("into")) else { return };
        let by = self.roles(&feed.by, &at.join("by"));
        if feed.by.is_empty() {
            let help = "write `by: [nurse]`: those who import, and may make such records anyway";
            self.problem(&at.join("by"), Kind::Missing, format!("nobody imports `{name}`"), help);
        }
        for (i, role) in by.iter().enumerate() {
            if !self.model.grants(*role, entity).any(|grant| grant.allows(Action::Create)) {
                let (role, into) = (self.model[*role].name.clone(), self.model[entity].name.clone());
                let message = format!("`{role}` imports `{into}`, but may not make one");
                let help = format!("grant `{role}` to view and create `{into}`, or name another role");
                self.problem(&at.join("by").join(i), Kind::Access, message, help);
            }
        }
        if self.model[entity].origin != Origin::Written {
            let message = format!("the app itself makes every `{}`", feed.into);
            self.problem(&at.join("into"), Kind::Shape, message, "name a record of `entities`");
        }
        let parent = self.model[entity].parent.as_ref().map(|parent| parent.entity);
        if let Some(parent) = parent.filter(|parent| self.model[*parent].reference.is_none()) {
            let above = self.model[parent].name.clone();
            let message = format!("a line cannot say which `{above}` it is about");
            let help = format!("give `{above}` a reference, as in `reference: PT`: lines name it");
            self.problem(&at.join("into"), Kind::Unresolved, message, help);
        }
        if feed.key.is_empty() {
            let help = "name the fields that tell two entries apart, as in `key: [device, taken at]`";
            self.problem(&at.join("key"), Kind::Missing, "the same line would be imported twice", help);
        }
        let key = self.field_list(entity, &feed.key, &at.join("key"));
        for field in &key {
            self.found_by(entity, *field, &at.join("key"));
        }
        let columns = self.feed_columns(entity, feed, at);
        self.model.feeds.push(Feed {
            name: name.clone(),
            label: feed.label.clone().unwrap_or_else(|| name.title()),
            entity,
            key,
            by,
            columns,
        });
    }

    /// A record is found again by its key: each field of it is kept so that a statement can ask for it.
    fn found_by(&mut self, entity: EntityIndex, field: FieldIndex, at: &Pointer) {
        let known = &self.model[entity][field];
        let asked = match &known.storage {
            Storage::Plain | Storage::Queryable => !known.list && !matches!(known.kind, FieldKind::File),
            Storage::Sealed { lookup } => lookup.is_some(),
            Storage::Computed => false,
        };
        if !asked || known.target.is_some() {
            let message = format!("no record is found again by `{}`", known.name);
            let help = "name a field that is plain, `queryable`, or an identifier that is `searchable`";
            self.problem(at, Kind::Access, message, help);
        }
    }

    /// The columns of a file: what people type of the record, each by its name or its label, or by what the spec calls it.
    fn feed_columns(&mut self, entity: EntityIndex, feed: &document::Feed, at: &Pointer) -> Vec<FeedColumn> {
        let at = at.join("columns");
        for name in feed.columns.keys() {
            self.field_list(entity, std::slice::from_ref(name), &at.join(name));
        }
        let model = &self.model[entity];
        let state = model.lifecycle.as_ref().map(|lifecycle| lifecycle.field);
        let typed = |(at, field): &(FieldIndex, &crate::model::Field)| {
            let by_hand = field.storage != Storage::Computed && !matches!(field.kind, FieldKind::File);
            by_hand && field.target.is_none() && Some(*at) != state
        };
        let column = |(at, field): (FieldIndex, &crate::model::Field)| FeedColumn {
            field: at,
            header: feed.columns.get(&field.name).cloned(),
        };
        model.fields().filter(typed).map(column).collect()
    }
}
