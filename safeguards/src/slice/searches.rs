//! Searches whose terms could name somebody. They are kept sealed under an opaque id, so that a list survives going
//! back and its address names nobody.

use form_urlencoded::Serializer;
use uuid::Uuid;

use super::{Result, Viewer, Wanted};
use crate::access::Error;
use crate::crypto::{Binding, Purpose, Sealed};
use crate::identity::SEARCHES_KEPT;
use crate::pages::FormData;
use crate::store::sql;
use crate::web::{Code, Problem};

/// Where the terms of a search are sealed: a place that no column has.
const SEARCHES: (u32, u32) = (u32::MAX - 30, 1);

impl Viewer {
    /// Keeps what was searched for, and says the address of the list that it narrows.
    pub async fn keep_search(&self, path: &str, mut terms: FormData) -> Result<String> {
        let sort = terms.first("sort").map(str::to_owned).filter(|sort| !sort.is_empty());
        for own in ["csrf", "page", "sort", "search"] {
            terms.clear(own);
        }
        let mut kept = None;
        if terms.iter().any(|(_, value)| !value.trim().is_empty()) {
            let id = self.ids.next();
            self.insert_search(id, &terms).await?;
            kept = Some(id.to_string());
        }
        let query = encoded([("sort", sort.as_deref()), ("search", kept.as_deref())]);
        Ok(if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
    }

    pub(super) async fn insert_search(&self, id: Uuid, terms: &FormData) -> Result<()> {
        let plain = encoded(terms.iter().map(|(name, value)| (name, Some(value))));
        let ring = self.keys.ring(self.principal.organisation().uuid()).await.map_err(Error::from)?;
        let sealed = ring.seal(Purpose::Field, &self.place_of_search(id), plain.as_bytes());
        let kept = sql(
            "INSERT INTO searches (id, organisation_id, person_id, terms, created_at) VALUES ($1, $2, $3, $4, $5)",
        );
        kept.bind(id)
            .bind(self.principal.organisation())
            .bind(self.principal.person())
            .bind(sealed.map_err(Error::from)?.into_bytes())
            .bind(self.clock.now())
            .execute(&self.store)
            .await
            .map_err(Error::from)?;
        Ok(())
    }

    /// What a list is asked for, with the terms of the search that its address names. One that is over, or
    /// somebody else's, is not there: a list without its terms would show more than was asked for.
    pub async fn with_search(&self, wanted: Wanted) -> Result<Wanted> {
        let Some(id) = wanted.listing().search() else { return Ok(wanted) };
        Ok(wanted.searching(&self.kept_search(id).await?))
    }

    /// What was kept under this id for this person.
    pub(super) async fn kept_search(&self, id: Uuid) -> Result<FormData> {
        let kept = sql(
            "SELECT terms FROM searches WHERE id = $1 AND organisation_id = $2 AND person_id = $3 AND created_at >= $4",
        );
        let found = kept
            .bind(id)
            .bind(self.principal.organisation())
            .bind(self.principal.person())
            .bind(self.clock.now() - SEARCHES_KEPT)
            .fetch_optional(&self.store)
            .await
            .map_err(Error::from)?;
        let over = || Problem::new(Code::NotFound).detail("This is over. Go back and begin again.");
        let sealed = Sealed::from_bytes(found.ok_or_else(over)?.bytes("terms").map_err(Error::from)?);
        let ring = self.keys.ring(self.principal.organisation().uuid()).await.map_err(Error::from)?;
        let plain = ring.open(Purpose::Field, &self.place_of_search(id), &sealed).map_err(Error::from)?;
        Ok(FormData::parse(&plain))
    }

    fn place_of_search(&self, row: Uuid) -> Binding {
        let (entity, field) = SEARCHES;
        Binding {
            environment: self.keys.environment(),
            organisation: self.principal.organisation().uuid(),
            entity,
            field,
            row,
        }
    }
}

/// Pairs that have a value, as a query.
fn encoded<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            query.append_pair(name, value);
        }
    }
    query.finish()
}
