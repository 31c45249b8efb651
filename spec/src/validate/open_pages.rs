//! Pages to which one comes without an account: what they show and ask, and who reads what was sent.
//!
//! Whoever stands before one is nobody, so a page says field by field what it shows and asks. It shows nothing of a patient; what
//! is sent to it is text that somebody here reads: never a file, a link to a record, or an address to which the app writes.

use super::Resolver;
use crate::{
    access::{Action, Grant, Rows},
    field_type::{Class, Kind as FieldKind},
    model::{Entity, EntityIndex, Field, FieldIndex, Origin, Page, PageItem, Storage},
    name::Name,
    problem::{Kind, Pointer},
};

impl Resolver<'_> {
    /// `form of request(name, phone)`, `services(name, price)`.
    pub(super) fn open_item(&mut self, said: &str, at: &Pointer) -> Option<PageItem> {
        let asks = said.strip_prefix("form of ");
        let (target, names) = match asks.unwrap_or(said).split_once('(') {
            Some((target, names)) => (target.trim(), names.trim_end().strip_suffix(')')),
            None => (asks.unwrap_or(said).trim(), None),
        };
        let target = self.noted(at, target.parse::<Name>())?;
        let Some(entity) = self.one_or_several(&target) else {
            return self.entity(&target, at).map(PageItem::Entity);
        };
        let named: Vec<&str> =
            names.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if named.is_empty() {
            let form = if asks.is_some() { "form of " } else { "" };
            let known: Vec<&str> =
                self.model[entity].fields.iter().map(|field| field.name.as_str()).collect();
            let help = format!("write `{form}{target}({})`, with the fields that you mean", known.join(", "));
            self.problem(at, Kind::Missing, format!("which fields of `{target}`?"), help);
            return None;
        }
        let mut fields = Vec::new();
        for name in named {
            let name = self.noted(at, name.parse::<Name>())?;
            match self.model[entity].field(name.as_str()) {
                Some(field) if fields.contains(&field) => {}
                Some(field) => fields.push(field),
                None => {
                    let known: Vec<String> =
                        self.model[entity].fields.iter().map(|field| field.name.to_string()).collect();
                    self.unresolved(at, &format!("field of `{target}`"), &name, &known);
                }
            }
        }
        Some(match asks {
            Some(_) => PageItem::Ask(entity, fields),
            None => PageItem::Records(entity, fields),
        })
    }

    pub(super) fn open_pages(&mut self) {
        let pages = self.model.pages.clone();
        for page in &pages {
            let at = Pointer::root().join("pages").join(&page.name);
            if page.is_open() {
                self.open_page(page, &at);
            } else if page.shows.iter().any(|item| matches!(item, PageItem::Ask(..) | PageItem::Records(..)))
            {
                self.problem(
                    &at.join("shows"),
                    Kind::Shape,
                    format!(
                        "`{}` names fields, which an open page does; whoever comes to this one has grants",
                        page.name
                    ),
                    "write the entity, the form or the list alone; or `entry: public`",
                );
            }
        }
    }

    fn open_page(&mut self, page: &Page, at: &Pointer) {
        if !page.roles.is_empty() {
            let message = format!("whoever comes to `{}` has no role", page.name);
            let help = "leave `for` out; who administers people opens the page and closes it";
            self.problem(&at.join("for"), Kind::Shape, message, help);
        }
        let opens = |role: &crate::model::Role| {
            role.administers.iter().any(|what| *what == "people") && self.model.place_of(role).is_none()
        };
        if !self.model.roles.iter().any(opens) {
            let message = format!("nobody could open `{}`, or close it", page.name);
            let help = "let a role of the whole organisation administer people, as in `owner: { administers: [people] }`";
            self.problem(&at.join("entry"), Kind::Access, message, help);
        }
        let shows = at.join("shows");
        if page.shows.is_empty() {
            let message = format!("`{}` shows and asks nothing", page.name);
            self.problem(&shows, Kind::Missing, message, "add `form of request(name, phone)`");
        }
        if page.shows.iter().filter(|item| matches!(item, PageItem::Ask(..))).count() > 1 {
            let message = format!("`{}` asks more than one thing", page.name);
            self.problem(&shows, Kind::Shape, message, "give each form a page of its own");
        }
        for (i, item) in page.shows.iter().enumerate() {
            let here = shows.join(i);
            match item {
                PageItem::Ask(entity, fields) => self.asked_of_anybody(page, *entity, fields, &here),
                PageItem::Records(entity, fields) => self.shown_to_anybody(page, *entity, fields, &here),
                PageItem::Form(form) => {
                    let (form, about) = (&self.model[*form].name, self.model[*form].about);
                    let about = &self.model[about].name;
                    let message = format!(
                        "`{form}` is about a {about}, and nobody knows who stands before `{}`",
                        page.name
                    );
                    self.problem(
                        &here,
                        Kind::Access,
                        message,
                        "write `form of request(name, phone)`, of an entity of its own",
                    );
                }
                PageItem::Entity(entity) | PageItem::Chart(entity, _) => self.unnamed(page, *entity, &here),
                PageItem::List(list) => self.unnamed(page, self.model[*list].entity, &here),
                PageItem::Measure(measure) => self.unnamed(page, self.model[*measure].entity, &here),
                PageItem::Calendar(calendar) => self.unnamed(page, self.model[*calendar].entity, &here),
            }
        }
    }

    /// What a page of people with roles shows, where it says no fields.
    fn unnamed(&mut self, page: &Page, entity: EntityIndex, at: &Pointer) {
        let name = self.model[entity].name.clone();
        if self.model[entity].has_phi() {
            self.holds_phi(page, &name);
            return;
        }
        let message =
            format!("`{}` is open to anybody and does not say what it shows of `{name}`", page.name);
        self.problem(at, Kind::Shape, message, format!("name the fields, as in `{name}(name)`"));
    }

    fn holds_phi(&mut self, page: &Page, entity: &Name) {
        let at = Pointer::root().join("pages").join(&page.name).join("entry");
        let message = format!("`{}` shows `{entity}`, which holds PHI, to anybody", page.name);
        self.floor_problem(&at, message, "write `entry: signed in`");
    }

    /// Records that anybody sees: of an entity without a word about a patient, which is part of nothing that has one.
    fn shown_to_anybody(&mut self, page: &Page, index: EntityIndex, fields: &[FieldIndex], at: &Pointer) {
        let entity = self.model[index].clone();
        if entity.has_phi() || entity.parent.is_some() || !entity.self_roles.is_empty() {
            self.holds_phi(page, &entity.name);
            return;
        }
        for field in fields.iter().map(|field| &entity[*field]) {
            if field.target.is_some() || field.kind == FieldKind::File || field.storage != Storage::Plain {
                let message =
                    format!("`{}` shows `{}` to anybody, which is no plain value", page.name, field.name);
                self.floor_problem(at, message, "name fields that hold text, a number, a date or a choice");
            }
        }
    }

    /// What anybody may send: an entity of its own, whose fields hold text and choices that somebody here reads.
    fn asked_of_anybody(&mut self, page: &Page, index: EntityIndex, fields: &[FieldIndex], at: &Pointer) {
        let entity = self.model[index].clone();
        let name = &entity.name;
        let of_its_own = entity.origin == Origin::Written && entity.parent.is_none();
        if !of_its_own || !entity.self_roles.is_empty() {
            let message = format!(
                "`{name}` belongs to somebody who is known, and whoever fills in `{}` is not",
                page.name
            );
            let help = "ask for an entity of its own, such as `request`; who reads it takes it over";
            self.floor_problem(at, message, help);
            return;
        }
        let sends = self.model.messages.iter().map(|message| message.to.entity);
        if sends.chain(self.model.documents.iter().map(|document| document.to.entity)).any(|to| to == index) {
            let message = format!(
                "messages go to addresses of `{name}`, so anybody could have the app write to anybody"
            );
            self.floor_problem(at, message, "ask for an entity of its own, to which nothing is sent");
        }
        for field in fields {
            self.asked_field(page, &entity, *field, at);
        }
        let missing = entity.fields().find(|(field, known)| {
            let state = entity.lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.field == *field);
            known.required && !state && !fields.contains(field)
        });
        if let Some((_, missing)) = missing {
            let message =
                format!("every `{name}` has a {}, which `{}` does not ask", missing.name, page.name);
            self.problem(
                at,
                Kind::Missing,
                message,
                format!("ask for `{}`, or let it be left empty", missing.name),
            );
        }
    }

    fn asked_field(&mut self, page: &Page, entity: &Entity, index: FieldIndex, at: &Pointer) {
        let field = &entity[index];
        let is_state = entity.lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.field == index);
        let refused = match () {
            () if field.target.is_some() => {
                Some(("leads to a record", "ask in words; who reads it makes the link"))
            }
            () if field.kind == FieldKind::File => {
                Some(("is a file", "ask for text; files come from people who sign in"))
            }
            () if is_state || field.storage == Storage::Computed => {
                Some(("is set by the app", "leave it out of the page"))
            }
            () if lies_open(field) => {
                Some(("would lie open, and anything may stand in it", "write `narrative`"))
            }
            () => None,
        };
        if let Some((why, help)) = refused {
            let message = format!("`{}`, which anybody may fill in on `{}`, {why}", field.name, page.name);
            self.floor_problem(at, message, help);
            return;
        }
        let first = entity.lifecycle.as_ref().and_then(|lifecycle| lifecycle.states.first());
        let reads = |grant: &Grant| {
            let never =
                entity.never.iter().any(|(role, fields)| *role == grant.role && fields.contains(&index));
            let new = grant.when.is_empty() || first.is_some_and(|state| grant.when.contains(state));
            grant.allows(Action::List)
                && reaches_all(&grant.rows)
                && grant.fields.covers(index)
                && new
                && !never
        };
        if !entity.grants.iter().any(reads) {
            let message = format!("nobody could read `{}` of what is sent by `{}`", field.name, page.name);
            let help = format!("grant a role to `view in organisation` of `{}`", entity.name);
            self.floor_problem(at, message, help);
        }
    }
}

/// Whether rows that nobody here has made are among these.
fn reaches_all(rows: &Rows) -> bool {
    match rows {
        Rows::Everywhere | Rows::Organisation => true,
        // In which state is asked beside it.
        Rows::All(parts) => parts.iter().all(|part| matches!(part, Rows::State { .. }) || reaches_all(part)),
        _ => false,
    }
}

/// Whether a stranger's own words would be kept unsealed.
fn lies_open(field: &Field) -> bool {
    let words = matches!(field.kind, FieldKind::Text | FieldKind::LongText | FieldKind::Url);
    words && (field.class == Class::None || !matches!(field.storage, Storage::Sealed { .. }))
}
