//! Who looks, and at what kind of page.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::response::Response;
use time::OffsetDateTime;
use uuid::Uuid;

use super::answers::field_of;
use super::places::capitalised;
use super::{Assignee, Called, Line, Names, Result, Wanted};
use crate::Services;
use crate::access::{Action, Context, Entity, Found, Moment, Written};
use crate::compliance;
use crate::identity::{Draft, Identity, Link, PersonId, PlaceId, Session};
use crate::pages::{
    Announcement, Answers, Audience, Broken, Choice, Column, Content, Detail, Field, Filters, Form, Looking,
    Page, Reader, Row, Table, Task, Tone, View, Words, Zone,
};
use crate::web::{Arrival, Problem, ReadOnly};

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

/// The routes of an app, each of which may take a [`Viewer`].
pub type Routes = axum::Router<Services>;

/// The routes as a router, under what all pages have in common.
pub fn finished(routes: Routes, front: &'static Front, services: Services) -> axum::Router {
    routes.layer(axum::Extension(front)).with_state(services)
}

/// A signed-in person in front of a page, or behind a call of the API. It acts as their access context.
pub struct Viewer {
    pub(super) session: Session,
    /// How they see pages.
    pub view: View,
    /// The page of this app that led here: path and query.
    came_from: Option<String>,
    /// Records are only shown: nothing else is written but the log.
    pub(super) closed: bool,
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
    /// A viewer without a page: they call the API, or the app acts for them.
    pub fn of(session: Session, front: &'static Front) -> Self {
        let view = View::new(front.application, session.clock.now()).language(front.words).zone(front.zone);
        Self { session, view, came_from: None, closed: false }
    }

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

    /// Refuses unless the viewer showed within the last ten minutes all that they sign in with: for what a screen that was left
    /// open must not do. A browser is led to show it, and back.
    pub fn proved_lately(&self) -> Result<()> {
        Ok(self.session.proved_lately()?)
    }

    /// Whether a page offers this action at all.
    pub fn may(&self, entity: &Entity, action: Action) -> bool {
        let principal = self.session.principal();
        principal.may_ever(action) && principal.reaches(entity) && entity.may(&self.roles(), action)
    }

    /// Whether a page has a column or a line for this field.
    pub fn sees(&self, entity: &Entity, field: &str) -> bool {
        let roles = self.roles();
        let opens = |action| entity.opens(&roles, action, field);
        self.session.principal().reaches(entity) && (opens(Action::View) || opens(Action::List))
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

    /// An invitation to sign in as the record that somebody is, to be written together with the record.
    pub async fn draft_invitation(&self, role: &str, place: Option<Uuid>, email: &str) -> Result<Draft> {
        let identity = self.session.identity();
        let invitation = identity.invitation(email, role, place.map(PlaceId::new))?;
        Ok(identity.draft_invitation(&self.session, &invitation).await?)
    }

    /// What they may do next with a record of this kind: the first of these moves, each with its label.
    pub fn next_step<'l>(&self, entity: &Entity, moves: &[(&'static str, &'l str)]) -> Option<&'l str> {
        moves.iter().find(|(name, _)| self.may(entity, Action::Move(name))).map(|(_, label)| *label)
    }

    /// Records that wait for the viewer, as a line of the first page: how many there are, what one and several are
    /// called, their state, what comes next, and the list of them. None waits when there are none.
    pub fn waiting(
        &self,
        found: i64,
        (one, several): (&str, &str),
        (state, next): (&str, &str),
        list: &str,
    ) -> Option<Task> {
        let named = if found == 1 { one } else { several };
        let task = || {
            Task::new(format!("{found} {named}"), list)
                .about(self.view.next_step(next))
                .status(capitalised(state), Tone::Caution)
        };
        (found > 0).then(task)
    }

    /// An invitation of somebody whom a permission names, to be written together with it. Whoever gives shows anew who they are.
    pub async fn draft_delegation(&self, role: &str, email: &str) -> Result<Draft> {
        self.proved_lately()?;
        let identity = self.session.identity();
        let invitation = identity.invitation(email, role, None)?;
        Ok(identity.draft_delegation(&self.session, &invitation).await?)
    }

    /// A page that shows a one-time link, once.
    pub fn link_page(&self, page: Page, link: &Link) -> Response {
        crate::identity::link_page(self.session.identity(), &self.view, page.heading("A one-time link"), link)
    }

    /// A page under a title.
    pub fn page(&self, title: impl Into<String>) -> Page {
        self.view.page(title)
    }

    /// What a record is called that has a moment and no name: `Appointment, 13 Mar 2026, 09:00 UTC`.
    pub fn called_by_moment(&self, label: &str, at: Option<OffsetDateTime>) -> String {
        at.map_or_else(|| label.to_owned(), |at| format!("{label}, {}", self.view.moment(at)))
    }

    /// What a record is called that has a date and no name: `Reading, 13 Mar 2026`.
    pub fn called_by_date(&self, label: &str, on: Option<time::Date>) -> String {
        on.map_or_else(|| label.to_owned(), |on| format!("{label}, {}", self.view.date(on)))
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
            let column = if line.numeric { column.numeric() } else { column };
            table.column(if line.sorted { column.sort(line.field.replace([' ', '-'], "_")) } else { column })
        });
        let rows: Vec<Row> = records
            .into_iter()
            .map(|(record, written)| {
                let row = Row::new().to(format!("{pages}/{}", written.id));
                shown.iter().fold(row, |row, line| row.cell((line.content)(record, names)))
            })
            .collect();
        table.rows(rows).live(entity.table)
    }

    /// A table whose rows lead nowhere, for who has no page of a record: the columns of `fields` that they may see, in the order
    /// of the names.
    pub fn plain_table<R: 'static>(
        &self,
        caption: &str,
        (entity, lines, fields): (&Entity, &'static [Line<R>], &[&str]),
        records: &[R],
    ) -> Table {
        let wanted = fields.iter().filter_map(|field| lines.iter().find(|line| line.field == *field));
        let shown: Vec<&Line<R>> = wanted.filter(|line| line.known(self, entity)).collect();
        let table = shown.iter().fold(Table::new(caption), |table, line| {
            let column = Column::new(line.label);
            table.column(if line.numeric { column.numeric() } else { column })
        });
        let names = Names::default();
        let row =
            |record: &R| shown.iter().fold(Row::new(), |row, line| row.cell((line.content)(record, &names)));
        table.rows(records.iter().map(row).collect::<Vec<_>>()).empty("Nothing here yet", "")
    }

    /// What a record says, as far as they may see it: a label and a content for each of `fields`, in their order.
    pub fn said<R: 'static>(
        &self,
        (entity, lines, fields): (&Entity, &'static [Line<R>], &[&str]),
        record: &R,
        names: &Names,
    ) -> Vec<(&'static str, Content)> {
        let wanted = fields.iter().filter_map(|field| lines.iter().find(|line| line.field == *field));
        let shown = wanted.filter(|line| line.known(self, entity));
        shown.map(|line| (line.label, (line.content)(record, names))).collect()
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
        let detail =
            shown.fold(Detail::new(), |detail, line| detail.line(line.label, (line.content)(record, names)));
        let detail = detail.live(entity.table, written.id);
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
            let name =
                self.session.identity().colleague_name(self.principal.organisation(), PersonId::new(person));
            if let Some(name) = name.await? {
                called.push(Called { id: person, title: name });
            }
        }
        Ok(called)
    }

    /// The people who have a role where the viewer works, too: of a role of places, those of the viewer's own places.
    /// Patients of another clinic are nobody's choice here (CL-1).
    pub async fn colleagues(&self, role: &str) -> Result<Vec<Called>> {
        let reach = self.reach_of_places().await?;
        let identity = self.session.identity();
        let found =
            identity.colleagues_in(self.principal.organisation(), role, &|place| reach.holds(place)).await?;
        Ok(found.into_iter().map(|(person, title)| Called { id: person.uuid(), title }).collect())
    }

    /// Whether somebody has the role where the viewer works.
    pub async fn has_colleague(&self, role: &str, person: Uuid) -> Result<bool> {
        Ok(self.colleagues(role).await?.iter().any(|called| called.id == person))
    }

    /// A choice among the people who have one of these roles; with several, the role is said beside the name.
    pub async fn choice_of_colleagues(
        &self,
        name: &'static str,
        label: &'static str,
        roles: &'static [&'static str],
    ) -> Result<Field> {
        let mut choices = Vec::new();
        for role in roles {
            for called in self.colleagues(role).await? {
                let text = if roles.len() > 1 { format!("{}, {role}", called.title) } else { called.title };
                choices.push(Choice::new(format!("{role}:{}", called.id), text));
            }
        }
        Ok(Field::choice(name, label, choices))
    }

    /// What was chosen by [`Viewer::choice_of_colleagues`].
    pub fn chosen(&self, answers: &Answers, name: &str) -> Result<(String, Uuid)> {
        let chosen = answers.text(name).and_then(|text| text.split_once(':'));
        let chosen = chosen.and_then(|(role, id)| Some((role.to_owned(), id.parse().ok()?)));
        chosen.ok_or_else(|| Problem::internal("choice of colleagues"))
    }

    /// Those who are responsible for a record, as a section of its page.
    pub fn team(&self, assignees: &[Assignee], people: &[Called]) -> Detail {
        let named =
            |id: Uuid| people.iter().find(|called| called.id == id).map(|called| called.title.clone());
        let detail = Detail::new().title("Assigned to");
        if assignees.is_empty() {
            return detail.line("Responsible", "Nobody yet");
        }
        assignees.iter().fold(detail, |detail, assignee| {
            let name = named(assignee.person_id).unwrap_or_default();
            let since = self.view.date(self.view.local(assignee.since).date());
            detail.line(capitalised(&assignee.role), Content::from(format!("{name}, since {since}")))
        })
    }

    /// Somebody looks as them.
    pub(crate) fn is_looked_as(&self) -> bool {
        self.session.impersonation().is_some()
    }

    /// The filters by fields that they may see.
    pub fn readable(&self, form: Form, entity: &'static Entity) -> Form {
        let unseen: Vec<String> = form
            .fields()
            .map(|field| field.name().to_owned())
            .filter(|name| field_of(entity, name).is_some_and(|field| !self.sees(entity, field.name)))
            .collect();
        unseen.iter().fold(form, |form, name| form.without(name))
    }

    /// A table under its filters. Those that could name somebody go by POST to `search`.
    pub fn filtered(&self, table: Table, form: Form, wanted: &Wanted, search: Option<&str>) -> Table {
        if form.fields().next().is_none() {
            return table;
        }
        let names: Vec<String> = form.fields().map(|field| field.name().to_owned()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match search {
            Some(path) => {
                let set = wanted.any(&names);
                table.filters(Filters::private(form.fill(wanted.terms()), path, set))
            }
            None => table.filters(Filters::open(form, wanted.listing())),
        }
    }

    /// So many days and minutes ago, days by the clocks of the app's zone.
    pub fn ago(&self, days: i64, minutes: i64) -> OffsetDateTime {
        Moment { now: self.clock.now(), zone: self.view.zone }.ago(days, minutes)
    }

    /// A task as a line of the first page: what it is, about whom and why, until when, and where it is done. Whom it is about
    /// and why are as far as the viewer may know them.
    pub fn to_do(
        &self,
        label: &str,
        about: (&Names, Option<Uuid>),
        why: String,
        due: Option<OffsetDateTime>,
        to: String,
    ) -> Task {
        let (names, whom) = about;
        let mut about = names.title_of(&[whom], "");
        if !about.is_empty() && !why.is_empty() {
            about.push_str(" – ");
        }
        about.push_str(&why);
        let task = Task::new(label.to_owned(), to).about(about);
        due.into_iter().fold(task, Task::due)
    }

    /// The moments at which days begin: the first, and that after so many days.
    pub fn moments(&self, first: time::Date, days: i64) -> (OffsetDateTime, OffsetDateTime) {
        (self.midnight(first), self.midnight(first.saturating_add(time::Duration::days(days))))
    }

    /// Clocks that change at midnight skip it; the day then begins an hour later.
    fn midnight(&self, day: time::Date) -> OffsetDateTime {
        let midnight = day.midnight();
        let moment =
            self.view.moment_at(midnight).or_else(|| self.view.moment_at(midnight + time::Duration::HOUR));
        moment.unwrap_or(midnight.assume_utc())
    }

    /// A table's place in its list where rows are not counted: one more may follow when the page is full.
    pub fn placed_by_rows(&self, table: Table, wanted: &Wanted, rows: usize) -> Table {
        let number = |count: i64| usize::try_from(count).unwrap_or(0);
        let known = number(wanted.offset()) + rows;
        let full = rows == number(wanted.limit());
        self.placed(table.in_its_own_order(), wanted, if full { known + 1 } else { known })
    }

    /// A table's place in its list, when more rows may follow than were asked for.
    pub fn placed(&self, table: Table, wanted: &Wanted, total: usize) -> Table {
        table.listing(wanted.listing(), u64::try_from(total).unwrap_or(0))
    }

    /// A table of what was found, at its place in the list; or the wish for another term, when there is too much to
    /// look through.
    pub fn placed_found<R>(&self, table: Table, wanted: &Wanted, found: &Found<R>) -> Table {
        let table = self.placed(table, wanted, found.total);
        if found.beyond { table.too_many() } else { table }
    }

    /// The address of a list as it was when the viewer left it by one of its links; else the list's own.
    pub fn back_to(&self, list: impl Into<String>) -> String {
        let list = list.into();
        let left = self.came_from.as_deref().filter(|address| {
            address.strip_prefix(list.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('?'))
        });
        left.map_or(list, str::to_owned)
    }
}

impl<R> Line<R> {
    fn known(&self, viewer: &Viewer, entity: &Entity) -> bool {
        viewer.sees(entity, self.field)
    }
}

/// Who looks as the person of a session, if somebody does.
async fn looking(session: &Session) -> Result<Option<Looking>> {
    let Some(impersonation) = session.impersonation() else { return Ok(None) };
    let (identity, me) = (session.identity(), session.principal());
    let name = async |person| {
        let name = identity.colleague_name(me.organisation(), person).await?;
        Ok::<String, Problem>(name.unwrap_or_else(|| "Somebody".to_owned()))
    };
    Ok(Some(Looking {
        by: name(impersonation.by()).await?,
        whom: name(me.person()).await?,
        why: session.reason_of_looking().await?,
        until: impersonation.until(),
        stop: "/account/impersonation/stop",
    }))
}

/// What the browser says of the page that led here, if that was one of ours.
pub(crate) fn came_from(parts: &Parts) -> Option<String> {
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let referer: axum::http::Uri = header(axum::http::header::REFERER)?.parse().ok()?;
    let here = header(axum::http::header::HOST).or(parts.uri.authority().map(|authority| authority.as_str()));
    (referer.authority().map(|authority| authority.as_str()) == here)
        .then(|| referer.path_and_query().map(ToString::to_string))
        .flatten()
}

impl<S> FromRequestParts<S> for Viewer
where
    S: Send + Sync,
    Identity: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let front = parts.extensions.get::<&'static Front>().copied();
        let front = front.ok_or_else(|| Problem::internal("router without front"))?;
        let arrival = Arrival::from_request_parts(parts, state).await?;
        let session = Session::from_request_parts(parts, state).await?;
        let roles: Vec<&'static str> = session.principal().roles().iter().map(|role| role.as_str()).collect();
        let labels: Vec<&str> = roles.iter().map(|role| (front.role_label)(role)).collect();
        let reader = Reader {
            name: session
                .identity()
                .colleague_name(session.principal.organisation(), session.principal.person())
                .await?
                .unwrap_or_default(),
            organisation: session.identity().organisation_name(session.principal.organisation()).await?,
            role: labels.join(", "),
        };
        let patient = roles.iter().all(|role| front.patients.contains(role));
        let view = View::new(front.application, arrival.at)
            .language(front.words)
            .zone(front.zone)
            .here(parts.uri.path())
            .legal(compliance::LINKS)
            .audience(if patient { Audience::Patient } else { Audience::Staff })
            .reader(reader);
        let view = (front.destinations)(&roles)
            .into_iter()
            .fold(view, |view, (text, to)| view.destination(text, to));
        let view = arrival.csrf.into_iter().fold(view, View::csrf);
        let view = parts.extensions.get::<ReadOnly>().into_iter().fold(view, |view, why| why.over(view));
        let closed = parts.extensions.get::<ReadOnly>().is_some();
        let announced = parts.extensions.get::<Announcement>().cloned();
        let view = announced.into_iter().fold(view, View::announce);
        let view = looking(&session).await?.into_iter().fold(view, View::looking);
        let view = session.principal().broken().iter().fold(view, |view, broken| {
            let close = format!("/account/break-glass/{}/close", broken.id);
            view.broken(Broken { until: broken.until, close })
        });
        Ok(Self { session, view, came_from: came_from(parts), closed })
    }
}
