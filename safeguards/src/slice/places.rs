//! Where a viewer works: the places in which they keep records and choose people.

use uuid::Uuid;

use super::{Called, Result, Viewer};
use crate::access::Error;
use crate::pages::{Answers, Choice, Field, Form};
use crate::store::{Row, StoreError, sql};
use crate::web::Problem;

/// The places of an organisation, and which of them are a viewer's.
pub(super) struct Reach {
    tree: Vec<Site>,
    mine: Vec<Uuid>,
    /// True for who has a role in the whole organisation.
    all: bool,
}

/// A place, as the ways to and from it are followed.
struct Site {
    id: Uuid,
    kind: String,
    name: String,
    inside: Option<Uuid>,
    open: bool,
}

impl Reach {
    /// Whether a place is one of the viewer's, or lies in one. What has no place belongs to all.
    pub(super) fn holds(&self, place: Option<Uuid>) -> bool {
        let Some(place) = place else { return true };
        let site = self.tree.iter().find(|site| site.id == place);
        self.all || site.is_some_and(|site| self.way_up(site).any(|above| self.mine.contains(&above.id)))
    }

    /// A place and those that it lies in.
    fn way_up<'r>(&'r self, site: &'r Site) -> impl Iterator<Item = &'r Site> {
        let above =
            |site: &&'r Site| site.inside.and_then(|id| self.tree.iter().find(|other| other.id == id));
        std::iter::successors(Some(site), above).take(self.tree.len())
    }
}

impl Viewer {
    pub(super) async fn reach_of_places(&self) -> Result<Reach> {
        let organisation = self.principal.organisation();
        let held =
            sql("SELECT role, place_id FROM memberships WHERE person_id = $1 AND organisation_id = $2");
        let held = held.bind(self.principal.person()).bind(organisation);
        let held = held.fetch_all(&self.store).await.map_err(Error::from)?;
        let roles = self.session().identity().settings().roles;
        let mut mine: Vec<Uuid> = Vec::new();
        let mut all = false;
        for row in &held {
            let (role, place) = membership(row).map_err(Error::from)?;
            // Who has a role of places without one appoints people, and keeps no records.
            all |= place.is_none() && roles.find(&role).is_some_and(|role| role.place.is_none());
            mine.extend(place);
        }
        let known = sql("SELECT id, kind, name, parent_id, closed_at FROM places WHERE organisation_id = $1
             ORDER BY name, id LIMIT 2000");
        let rows = known.bind(organisation).fetch_all(&self.store).await.map_err(Error::from)?;
        let tree = rows.iter().map(site).collect::<Result<_, StoreError>>().map_err(Error::from)?;
        Ok(Reach { tree, mine, all })
    }

    /// The open places of this kind in which they may put a record: those in which they have a role, or that lie in
    /// such a one; all of them for who has a role in the whole organisation.
    pub async fn places(&self, kind: &str) -> Result<Vec<Called>> {
        let reach = self.reach_of_places().await?;
        let open = reach.tree.iter().filter(|site| site.kind == kind && site.open);
        let within = open.filter(|site| reach.holds(Some(site.id)));
        Ok(within.map(|site| Called { id: site.id, title: site.name.clone() }).collect())
    }

    /// What places are called.
    pub async fn place_names(&self, ids: impl IntoIterator<Item = Option<Uuid>>) -> Result<Vec<Called>> {
        let mut wanted: Vec<Uuid> = ids.into_iter().flatten().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut called = Vec::with_capacity(wanted.len());
        for place in wanted {
            let row = sql("SELECT name FROM places WHERE id = $1 AND organisation_id = $2");
            let row = row.bind(place).bind(self.principal.organisation()).fetch_optional(&self.store);
            if let Some(row) = row.await.map_err(Error::from)? {
                called.push(Called { id: place, title: row.text("name").map_err(Error::from)? });
            }
        }
        Ok(called)
    }

    /// A form that also asks for the place, unless there is only one to choose.
    pub async fn with_place(&self, form: Form, kind: &str) -> Result<Form> {
        let places = self.places(kind).await?;
        if places.is_empty() {
            let told =
                format!("There is no {kind} yet in which you may do this. Ask who administers people.");
            return Err(Problem::conflict().rule(told));
        }
        if places.len() == 1 {
            return Ok(form);
        }
        let choices = places.into_iter().map(|place| Choice::new(place.id.to_string(), place.title));
        Ok(form.field(Field::choice("place_id", capitalised(kind), choices)))
    }

    /// The place that was chosen, or the only one.
    pub async fn place_of(&self, answers: &Answers, kind: &str) -> Result<Uuid> {
        if let Some(chosen) = answers.text("place_id").and_then(|id| id.parse().ok()) {
            return Ok(chosen);
        }
        match self.places(kind).await?.as_slice() {
            [only] => Ok(only.id),
            _ => Err(Problem::internal("choice of places")),
        }
    }
}

fn site(row: &Row) -> Result<Site, StoreError> {
    Ok(Site {
        id: row.uuid("id")?,
        kind: row.text("kind")?,
        name: row.text("name")?,
        inside: row.optional_uuid("parent_id")?,
        open: row.optional_timestamp("closed_at")?.is_none(),
    })
}

fn membership(row: &Row) -> Result<(String, Option<Uuid>), StoreError> {
    Ok((row.text("role")?, row.optional_uuid("place_id")?))
}

/// The text with a capital at its beginning.
pub(crate) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
