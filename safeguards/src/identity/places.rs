//! The places of an organisation: a tree of sites, wards and the like, of the kinds that the app declares.
//!
//! Whoever administers people makes them, as far as their own role reaches. A place is closed rather than
//! removed, since records and the audit log name it; nobody has a role in a closed place.

use time::OffsetDateTime;

use super::error::{IdentityError, Result};
use super::names::{OrganisationId, PersonId, PlaceId, PlaceKind};
use super::principal::Session;
use super::service::Identity;
use crate::audit::{self, Action, AuditContext, Event};
use crate::store::{PolicyContext, Row, StoreError, Transaction, sql};

/// The most places of an organisation: a bound on work, far above what any has.
const MOST: i64 = 2_000;

/// A place of my organisation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// Its id.
    pub id: PlaceId,
    /// Its kind, as the spec names it.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The place that it lies in; none directly below the organisation.
    pub inside: Option<PlaceId>,
    /// Since when it is closed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// Whether I may change it.
    pub mine: bool,
}

impl Identity {
    /// The kind of that name; any other word is the request's mistake.
    pub(super) fn kind_of_place(&self, kind: &str) -> Result<&'static PlaceKind> {
        let unknown =
            IdentityError::Invalid { field: "kind", reason: "choose one of the app's kinds of places" };
        self.settings().places.iter().find(|known| known.name == kind).ok_or(unknown)
    }

    /// The places that I administer, and those around them, each after the one it lies in; closed ones last
    /// among their neighbours.
    pub async fn places(&self, session: &Session) -> Result<Vec<Place>> {
        let administration = self.administration(session).await?;
        let mut places = self.all_places(session.principal().organisation()).await?;
        places.retain(|place| administration.sees_place(place.id));
        for place in &mut places {
            place.mine = administration.may_make_places_in(place.inside);
        }
        Ok(in_order(places))
    }

    async fn all_places(&self, organisation: OrganisationId) -> Result<Vec<Place>> {
        let rows = sql("SELECT id, kind, name, parent_id, closed_at FROM places WHERE organisation_id = $1
             ORDER BY kind, name, id LIMIT $2")
        .bind(organisation)
        .bind(MOST)
        .fetch_all(self.store())
        .await?;
        rows.iter().map(read).collect()
    }

    /// Makes a place of this kind, in another or directly below the organisation.
    pub async fn make_place(
        &self,
        session: &Session,
        kind: &str,
        name: &str,
        inside: Option<PlaceId>,
    ) -> Result<PlaceId> {
        let administration = self.administration(session).await?;
        let kind = self.kind_of_place(kind)?;
        let name = parse_place_name(name)?;
        let organisation = session.principal().organisation();
        let known = self.all_places(organisation).await?;
        let above =
            inside.and_then(|id| known.iter().find(|place| place.id == id && place.closed_at.is_none()));
        let fits =
            above.map(|place| place.kind.as_str()) == kind.inside && above.map(|place| place.id) == inside;
        if !fits {
            let reason = "choose the place that it lies in";
            return Err(IdentityError::Invalid { field: "inside", reason });
        }
        if !administration.may_make_places_in(inside) {
            return Err(IdentityError::Forbidden);
        }
        if i64::try_from(known.len()).unwrap_or(MOST) >= MOST {
            return Err(IdentityError::Conflict("there are too many places already"));
        }
        let mut transaction = self.begin_in(organisation, Some(session.principal().person())).await?;
        let id = self.insert_place(&mut transaction, organisation, kind, name, inside).await?;
        let event = Event::new(Action::Configure).entity("place").record(id).note("made");
        audit::append(&mut transaction, &session.circumstances, event).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Gives a place another name.
    pub async fn rename_place(&self, session: &Session, place: PlaceId, name: &str) -> Result<()> {
        let name = parse_place_name(name)?;
        self.my_place(session, place).await?;
        let renamed = sql("UPDATE places SET name = $2 WHERE id = $1").bind(place).bind(name);
        self.change_place(session, place, "renamed", renamed).await
    }

    /// Closes a place, or opens it again. Nobody may have a role in it, and nothing in it may be open.
    pub async fn close_place(&self, session: &Session, place: PlaceId, closed: bool) -> Result<()> {
        let found = self.my_place(session, place).await?;
        let organisation = session.principal().organisation();
        if closed {
            self.is_empty(organisation, place).await?;
        } else if let Some(above) = found.inside {
            let above = self.my_organisations_place(organisation, above).await?;
            if above.closed_at.is_some() {
                return Err(IdentityError::Conflict("first open the place that it lies in"));
            }
        }
        let changed = sql("UPDATE places SET closed_at = $2 WHERE id = $1")
            .bind(place)
            .bind(closed.then_some(self.now()));
        self.change_place(session, place, if closed { "closed" } else { "opened" }, changed).await
    }

    async fn is_empty(&self, organisation: OrganisationId, place: PlaceId) -> Result<()> {
        let left = sql("SELECT
                 (SELECT count(*) FROM memberships WHERE organisation_id = $1 AND place_id = $2) AS people,
                 (SELECT count(*) FROM places
                  WHERE organisation_id = $1 AND parent_id = $2 AND closed_at IS NULL) AS inside")
        .bind(organisation)
        .bind(place)
        .fetch_one(self.store())
        .await?;
        if left.integer("people")? > 0 {
            return Err(IdentityError::Conflict("first end the roles that people have there"));
        }
        if left.integer("inside")? > 0 {
            return Err(IdentityError::Conflict("first close the places that lie in it"));
        }
        Ok(())
    }

    async fn change_place(
        &self,
        session: &Session,
        place: PlaceId,
        note: &'static str,
        change: crate::store::Statement,
    ) -> Result<()> {
        let me = session.principal();
        let mut transaction = self.begin_in(me.organisation(), Some(me.person())).await?;
        match change.execute(&mut transaction).await {
            Ok(1) => {}
            Ok(_) => return Err(IdentityError::NotFound),
            Err(error) => return Err(named_twice(error)),
        }
        let event = Event::new(Action::Configure).entity("place").record(place).note(note);
        audit::append(&mut transaction, &session.circumstances, event).await?;
        Ok(transaction.commit().await?)
    }

    /// A place that I may change; any other is not there.
    async fn my_place(&self, session: &Session, place: PlaceId) -> Result<Place> {
        let administration = self.administration(session).await?;
        let found = self.my_organisations_place(session.principal().organisation(), place).await?;
        if administration.may_make_places_in(found.inside) {
            Ok(found)
        } else if administration.sees_place(place) {
            Err(IdentityError::Forbidden)
        } else {
            Err(IdentityError::NotFound)
        }
    }

    async fn my_organisations_place(&self, organisation: OrganisationId, place: PlaceId) -> Result<Place> {
        let row = sql("SELECT id, kind, name, parent_id, closed_at FROM places
             WHERE organisation_id = $1 AND id = $2")
        .bind(organisation)
        .bind(place)
        .fetch_optional(self.store())
        .await?;
        row.as_ref().map(read).transpose()?.ok_or(IdentityError::NotFound)
    }

    pub(super) async fn insert_place(
        &self,
        transaction: &mut Transaction,
        organisation: OrganisationId,
        kind: &PlaceKind,
        name: &str,
        inside: Option<PlaceId>,
    ) -> Result<PlaceId> {
        let id = PlaceId::new(self.next_id());
        sql("INSERT INTO places (id, organisation_id, parent_id, kind, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(id)
            .bind(organisation)
            .bind(inside)
            .bind(kind.name)
            .bind(name)
            .bind(self.now())
            .execute(transaction)
            .await
            .map_err(named_twice)?;
        Ok(id)
    }

    /// A place of this kind in which a first person can begin: the oldest that is open, or a new one, with those
    /// that it lies in. The topmost is called `name`, the others "First ward".
    pub async fn first_place(&self, organisation: OrganisationId, kind: &str, name: &str) -> Result<PlaceId> {
        let kind = self.kind_of_place(kind)?;
        let oldest =
            sql("SELECT id FROM places WHERE organisation_id = $1 AND kind = $2 AND closed_at IS NULL
             ORDER BY created_at, id LIMIT 1")
            .bind(organisation)
            .bind(kind.name)
            .fetch_optional(self.store())
            .await?;
        if let Some(row) = oldest {
            return Ok(PlaceId::new(row.uuid("id")?));
        }
        let inside = match kind.inside {
            Some(above) => Some(Box::pin(self.first_place(organisation, above, name)).await?),
            None => None,
        };
        let own = match inside {
            None => parse_place_name(name)?.to_owned(),
            Some(_) => format!("First {}", kind.label.to_lowercase()),
        };
        let mut transaction = self.begin_in(organisation, None).await?;
        let id = self.insert_place(&mut transaction, organisation, kind, &own, inside).await?;
        let context = AuditContext::system(self.clock().clone(), organisation.uuid(), "identity");
        let event = Event::new(Action::Configure).entity("place").record(id).note("made");
        audit::append(&mut transaction, &context, event).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// A transaction that acts for an organisation: on PostgreSQL the fences of places and memberships let nothing
    /// else be written.
    pub(super) async fn begin_in(
        &self,
        organisation: OrganisationId,
        person: Option<PersonId>,
    ) -> Result<Transaction> {
        let context = PolicyContext {
            person: person.map(PersonId::uuid),
            organisation: Some(organisation.uuid()),
            roles: Vec::new(),
            action: "administer",
            now: self.now(),
        };
        Ok(self.store().begin_as(&context).await?)
    }
}

/// What a place is called, with what it lies in: `North, Ward 3`.
pub fn place_path(places: &[Place], place: PlaceId) -> String {
    let found = |id: PlaceId| places.iter().find(|place| place.id == id);
    let up = std::iter::successors(found(place), |place| place.inside.and_then(found));
    let mut names: Vec<&str> = up.take(8).map(|place| place.name.as_str()).collect();
    names.reverse();
    names.join(", ")
}

/// Each place after the one it lies in.
fn in_order(places: Vec<Place>) -> Vec<Place> {
    let mut waiting = places;
    waiting.sort_by_key(|place| place.closed_at.is_some());
    let mut ordered: Vec<Place> = Vec::with_capacity(waiting.len());
    let is_top = |place: &Place, all: &[Place]| {
        place.inside.is_none_or(|above| !all.iter().any(|other| other.id == above))
    };
    let all = waiting.clone();
    let mut open: Vec<Place> = waiting.extract_if(.., |place| is_top(place, &all)).collect();
    open.reverse();
    while let Some(place) = open.pop() {
        let mut parts: Vec<Place> = waiting.extract_if(.., |part| part.inside == Some(place.id)).collect();
        parts.reverse();
        ordered.push(place);
        open.extend(parts);
    }
    ordered
}

fn read(row: &Row) -> Result<Place> {
    Ok(Place {
        id: PlaceId::new(row.uuid("id")?),
        kind: row.text("kind")?,
        name: row.text("name")?,
        inside: row.optional_uuid("parent_id")?.map(PlaceId::new),
        closed_at: row.optional_timestamp("closed_at")?,
        mine: false,
    })
}

/// A place's name in a request: one line of at most 100 characters.
fn parse_place_name(text: &str) -> Result<&str> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        let reason = "give it a name of at most 100 characters on one line";
        return Err(IdentityError::Invalid { field: "name", reason });
    }
    Ok(name)
}

fn named_twice(error: StoreError) -> IdentityError {
    match error {
        StoreError::Unique { .. } => IdentityError::Invalid {
            field: "name",
            reason: "there is one of that name already; choose another",
        },
        other => other.into(),
    }
}
