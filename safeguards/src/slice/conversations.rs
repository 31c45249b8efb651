//! Conversations: what people write to each other about a record, and until when each of them has read it.

use maud::{Markup, html};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Names, Result, Viewer, Wanted};
use crate::access::{Entity, Error, Written};
use crate::pages::{Content, Detail, Notice, Page, Show, Task};
use crate::store::sql;

impl Viewer {
    /// A page of what was written about a record, the oldest first, each message under who wrote it and when; `found` is
    /// the newest first. From now on the viewer has read it.
    pub async fn conversation<'r>(
        &self,
        page: Page,
        (entity, about): (&Entity, Uuid),
        found: impl IntoIterator<Item = (&'r Written, Content)>,
        names: &Names,
    ) -> Result<Page> {
        let mut found: Vec<(&Written, Content)> = found.into_iter().collect();
        let Some(newest) = found.iter().filter_map(|(written, _)| written.created_at.value().copied()).max()
        else {
            let nothing = Notice::information("Nothing was written yet");
            let why = "What is written here is read by those who take part, and by nobody else.";
            return Ok(page.with(self.thread(entity, &nothing.text(why))));
        };
        self.has_read(entity, about, newest).await?;
        found.reverse();
        let thread = found.into_iter().fold(Detail::new().title("Messages"), |thread, (written, text)| {
            thread.line(self.said_by(written, names), text)
        });
        Ok(page.with(self.thread(entity, &thread)))
    }

    /// What was written, which a script shows anew when more is.
    fn thread(&self, entity: &Entity, written: &impl Show) -> Markup {
        html! { div data-live=(entity.table) data-thread=(entity.table) { (written.show(&self.view)) } }
    }

    /// Who wrote it and when. A name is somebody's own text, and does not turn the line around.
    fn said_by(&self, written: &Written, names: &Names) -> String {
        let me = self.principal.person().uuid();
        let by = match written.created_by_id.value() {
            Some(id) if *id == me => "You".to_owned(),
            other => format!("\u{2068}{}\u{2069}", names.title_of(&[other.copied()], "Somebody")),
        };
        match written.created_at.value() {
            Some(at) => format!("{by}, {}", self.view.moment(*at)),
            None => by,
        }
    }

    /// The ways to what was written before and after this page of a conversation.
    pub fn earlier_and_later(&self, page: Page, wanted: &Wanted, total: usize) -> Page {
        let (listing, total) = (wanted.listing(), u64::try_from(total).unwrap_or(u64::MAX));
        let here = listing.page();
        let to = |page: u64| listing.address("page", &page.to_string());
        let page = if here > 1 { page.option("Later messages", to(here - 1)) } else { page };
        if here * listing.rows_a_page() < total {
            page.option("Earlier messages", to(here + 1))
        } else {
            page
        }
    }

    /// Notes until when the viewer has read. Whoever looks as them has not read it for them; and where records are
    /// only shown, nothing is noted.
    async fn has_read(&self, entity: &Entity, about: Uuid, until: OffsetDateTime) -> Result<()> {
        if self.is_looked_as() || self.closed {
            return Ok(());
        }
        let read = sql(
            "INSERT INTO conversation_reads (organisation_id, person_id, conversation, about_id, read_until_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (organisation_id, person_id, conversation, about_id) DO UPDATE SET read_until_at = excluded.read_until_at
             WHERE conversation_reads.read_until_at < excluded.read_until_at",
        );
        read.bind(self.principal.organisation())
            .bind(self.principal.person())
            .bind(i64::from(entity.id))
            .bind(about)
            .bind(until)
            .execute(&self.store)
            .await
            .map_err(Error::from)?;
        Ok(())
    }

    /// New messages as lines of the first page, one for each record that they are about.
    pub fn new_messages(
        &self,
        conversation: &str,
        about: &[Uuid],
        names: &Names,
        page: impl Fn(Uuid) -> String,
    ) -> Vec<Task> {
        let mut counted: Vec<(Uuid, usize)> = Vec::new();
        for id in about {
            match counted.iter_mut().find(|(known, _)| known == id) {
                Some((_, count)) => *count += 1,
                None => counted.push((*id, 1)),
            }
        }
        let line = |(id, count): (Uuid, usize)| {
            let new = if count == 1 { "1 new message".to_owned() } else { format!("{count} new messages") };
            self.to_do(conversation, (names, Some(id)), new, None, page(id))
        };
        counted.into_iter().map(line).collect()
    }
}
