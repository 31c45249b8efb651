//! Who looks, and at what kind of page.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use uuid::Uuid;

use super::answers::field_of;
use super::{Called, Line, Names, Result, Wanted};
use crate::access::{Action, Context, Entity, Written};
use crate::identity::{Identity, PersonId, Session};
use crate::pages::{Audience, Column, Detail, Form, Page, Reader, Row, Table, View, Words, Zone};
use crate::web::{Arrival, Problem};

/// What the pages of an app have in common; an axum `Extension` of the router.
#[derive(Clone, Copy, Debug)]
pub struct Front {
    /// The app's name.
    pub application: &'static str,
    /// Its language.
    pub words: &'static Words,
    /// Its time zone.
    pub zone: Zone,
    /// Roles whose pages are laid out for the ill, the tired and the old.
    pub patients: &'static [&'static str],
    /// Where somebody in these roles can go: text and path.
    pub destinations: fn(roles: &[&str]) -> Vec<(&'static str, &'static str)>,
    /// What people call a role.
    pub role_label: fn(role: &str) -> &str,
}

/// A signed-in person in front of a page, or behind a call of the API. It acts as their access context.
pub struct Viewer {
    session: Session,
    /// How they see pages.
    pub view: View,
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Viewer").field("principal", self.session.principal()).finish_non_exhaustive()
    }
}

impl std::ops::Deref for Viewer {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.session
    }
}

impl Viewer {
    /// The session behind it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Their roles, by name.
    pub fn roles(&self) -> Vec<&'static str> {
        self.session.principal().roles().iter().map(|role| role.as_str()).collect()
    }

    /// Whether they have one of these roles.
    pub fn is(&self, roles: &[&str]) -> bool {
        self.roles().iter().any(|role| roles.contains(role))
    }

    /// Refuses whoever has none of these roles; what they may not know of is not there.
    pub fn only(&self, roles: &[&str]) -> Result<()> {
        if self.is(roles) { Ok(()) } else { Err(Problem::not_found()) }
    }

    /// Whether a page offers this action at all.
    pub fn may(&self, entity: &Entity, action: Action) -> bool {
        entity.may(&self.roles(), action)
    }

    /// Whether a page has a column or a line for this field.
    pub fn sees(&self, entity: &Entity, field: &str) -> bool {
        let roles = self.roles();
        entity.opens(&roles, Action::View, field) || entity.opens(&roles, Action::List, field)
    }

    /// The form with the fields that they may write by this action. What is changed must be seen, too: else an
    /// unseen value would be overwritten by an empty one.
    pub fn writable(&self, form: Form, entity: &'static Entity, action: Action) -> Form {
        let roles = self.roles();
        let withheld: Vec<String> = form
            .fields()
            .map(|field| field.name().to_owned())
            .filter(|name| {
                let Some(field) = field_of(entity, name) else { return false };
                let blind = action != Action::Create && !self.sees(entity, field.name);
                blind || !entity.opens(&roles, action, field.name)
            })
            .collect();
        withheld.iter().fold(form, |form, name| form.without(name))
    }

    /// A page under a title.
    pub fn page(&self, title: impl Into<String>) -> Page {
        self.view.page(title)
    }

    /// A table of records: the columns of `fields` that they may see, in the order of `lines`.
    pub fn table<'r, R: 'static>(
        &self,
        caption: &str,
        (entity, lines, fields): (&Entity, &'static [Line<R>], &[&str]),
        records: impl IntoIterator<Item = (&'r R, &'r Written)>,
        names: &Names,
        pages: &str,
    ) -> Table {
        let wanted = fields.iter().filter_map(|field| lines.iter().find(|line| line.field == *field));
        let shown: Vec<&Line<R>> = wanted.filter(|line| line.known(self, entity)).collect();
        let table = shown.iter().fold(Table::new(caption), |table, line| {
            let column = Column::new(line.label);
            table.column(if line.numeric { column.numeric() } else { column })
        });
        let rows: Vec<Row> = records
            .into_iter()
            .map(|(record, written)| {
                let row = Row::new().to(format!("{pages}/{}", written.id));
                shown.iter().fold(row, |row, line| row.cell((line.content)(record, names)))
            })
            .collect();
        table.rows(rows)
    }

    /// A record in full: a line for each field that they may see, and who wrote it when.
    pub fn detail<R: 'static>(
        &self,
        (entity, lines): (&Entity, &'static [Line<R>]),
        record: &R,
        written: &Written,
        names: &Names,
    ) -> Detail {
        let shown = lines.iter().filter(|line| line.known(self, entity));
        let detail = shown.fold(Detail::new(), |detail, line| detail.line(line.label, (line.content)(record, names)));
        let detail = match written.created_at.value() {
            Some(at) => detail.created(names.writer(&written.created_by_id), *at),
            None => detail,
        };
        match written.updated_at.value() {
            Some(at) if written.version > 1 => detail.changed(names.writer(&written.updated_by_id), *at),
            _ => detail,
        }
    }

    /// The names of people of this organisation, by id.
    pub async fn people(&self, ids: impl IntoIterator<Item = Option<Uuid>>) -> Result<Vec<Called>> {
        let mut wanted: Vec<Uuid> = ids.into_iter().flatten().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut called = Vec::with_capacity(wanted.len());
        for person in wanted {
            let name = self.session.identity().colleague_name(self.principal.organisation(), PersonId::new(person));
            if let Some(name) = name.await? {
                called.push(Called { id: person, title: name });
            }
        }
        Ok(called)
    }

    /// The people of this organisation who have a role.
    pub async fn colleagues(&self, role: &str) -> Result<Vec<Called>> {
        let found = self.session.identity().colleagues_in(self.principal.organisation(), role).await?;
        Ok(found.into_iter().map(|(person, title)| Called { id: person.uuid(), title }).collect())
    }

    /// A table's place in its list, when more rows may follow than were asked for.
    pub fn placed(&self, table: Table, wanted: &Wanted, total: i64) -> Table {
        table.listing(wanted.listing(), u64::try_from(total).unwrap_or(0))
    }
}

impl<R> Line<R> {
    fn known(&self, viewer: &Viewer, entity: &Entity) -> bool {
        viewer.sees(entity, self.field)
    }
}

impl<S> FromRequestParts<S> for Viewer
where
    S: Send + Sync,
    Identity: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let front = parts.extensions.get::<Arc<Front>>().cloned();
        let front = front.ok_or_else(|| Problem::internal("router without front"))?;
        let arrival = Arrival::from_request_parts(parts, state).await?;
        let session = Session::from_request_parts(parts, state).await?;
        let roles: Vec<&'static str> = session.principal().roles().iter().map(|role| role.as_str()).collect();
        let labels: Vec<&str> = roles.iter().map(|role| (front.role_label)(role)).collect();
        let reader = Reader {
            name: session.identity().colleague_name(session.principal.organisation(), session.principal.person()).await?.unwrap_or_default(),
            organisation: session.identity().organisation_name(session.principal.organisation()).await?,
            role: labels.join(", "),
        };
        let patient = roles.iter().all(|role| front.patients.contains(role));
        let view = View::new(front.application, arrival.at)
            .language(front.words)
            .zone(front.zone)
            .here(parts.uri.path())
            .audience(if patient { Audience::Patient } else { Audience::Staff })
            .reader(reader);
        let view = (front.destinations)(&roles).into_iter().fold(view, |view, (text, to)| view.destination(text, to));
        let view = arrival.csrf.into_iter().fold(view, View::csrf);
        Ok(Self { session, view })
    }
}
