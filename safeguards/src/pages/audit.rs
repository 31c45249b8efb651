//! Who looked at a record, for the people whose record it is and for those who answer for it.

use maud::{Markup, html};
use time::OffsetDateTime;

use super::{Column, Content, Listing, Row, Show, Table, Tone, View};

/// One look, or one change.
#[derive(Clone, Debug)]
pub struct Look {
    /// When.
    pub at: OffsetDateTime,
    /// Who.
    pub who: Content,
    /// In which role.
    pub role: String,
    /// What they did, like "Viewed".
    pub did: String,
    /// What of the record, like "Phone, weight".
    pub what: Content,
    /// For which purpose.
    pub why: Content,
    /// Whether it was refused.
    pub refused: Option<String>,
}

/// The list of looks.
#[derive(Clone, Debug)]
pub struct WhoLooked {
    looks: Vec<Look>,
    listing: Option<(Listing, u64)>,
}

impl WhoLooked {
    /// The looks, latest first.
    #[must_use]
    pub fn new(looks: impl IntoIterator<Item = Look>) -> Self {
        Self { looks: looks.into_iter().collect(), listing: None }
    }

    /// Where in the list the reader is, of `total` looks.
    #[must_use]
    pub fn listing(mut self, listing: &Listing, total: u64) -> Self {
        self.listing = Some((listing.clone(), total));
        self
    }
}

impl Show for WhoLooked {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        let mut table =
            Table::new(words.who_looked_title).empty(words.nobody_looked, words.nobody_looked_hint);
        // Where it is known in which role somebody looked, it is said of all.
        let roles = self.looks.iter().any(|look| !look.role.is_empty());
        for label in [words.when, words.who, words.role, words.did, words.what, words.why] {
            if roles || label != words.role {
                table = table.column(Column::new(label));
            }
        }
        if let Some((listing, total)) = &self.listing {
            table = table.listing(listing, *total);
        }
        let rows = self.looks.iter().map(|look| {
            let did = match &look.refused {
                Some(refused) => Content::tag(format!("{}: {refused}", look.did), Tone::Danger),
                None => Content::from(&look.did),
            };
            let row = Row::new().cell(look.at).cell(look.who.clone());
            let row = if roles { row.cell(&look.role) } else { row };
            row.cell(did).cell(look.what.clone()).cell(look.why.clone())
        });
        html! { p.about { (words.who_looked_why) } (table.rows(rows).show(view)) }
    }
}
