//! One record: what is recorded, what locks it, who changed it and when.

use std::borrow::Cow;

use maud::{Markup, html};
use time::OffsetDateTime;
use uuid::Uuid;

use super::words::fill;
use super::{Content, Show, View};

/// By whom and when a record was written.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The person, as the reader may see them.
    pub by: Content,
    /// When.
    pub at: OffsetDateTime,
}

/// A record as a list of labels and values.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    title: Option<Cow<'static, str>>,
    lines: Vec<(Cow<'static, str>, Content)>,
    locked: Option<String>,
    created: Option<Changed>,
    changed: Option<Changed>,
    live: Option<(&'static str, Uuid)>,
}

impl Detail {
    /// A record without lines yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A heading over this part of the record.
    #[must_use]
    pub fn title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// One more line.
    #[must_use]
    pub fn line(mut self, label: impl Into<Cow<'static, str>>, content: impl Into<Content>) -> Self {
        self.lines.push((label.into(), content.into()));
        self
    }

    /// One more line with a number and its unit.
    #[must_use]
    pub fn measure(
        self,
        label: impl Into<Cow<'static, str>>,
        number: impl Into<Content>,
        unit: impl Into<String>,
    ) -> Self {
        self.line(label, number.into().unit(unit))
    }

    /// The record cannot be changed any more; `why` says the reason and what can be done instead.
    #[must_use]
    pub fn locked(mut self, why: impl Into<String>) -> Self {
        self.locked = Some(why.into());
        self
    }

    /// Which record it is, by the name of its table and its id: its reader hears of changes.
    #[must_use]
    pub fn live(mut self, table: &'static str, id: Uuid) -> Self {
        self.live = Some((table, id));
        self
    }

    /// Who made the record.
    #[must_use]
    pub fn created(mut self, by: impl Into<Content>, at: OffsetDateTime) -> Self {
        self.created = Some(Changed { by: by.into(), at });
        self
    }

    /// Who changed it last.
    #[must_use]
    pub fn changed(mut self, by: impl Into<Content>, at: OffsetDateTime) -> Self {
        self.changed = Some(Changed { by: by.into(), at });
        self
    }
}

/// "Last changed by …, 13 Mar 1980, 14:05 UTC", whose place of the name may be markup.
fn written(view: &View, word: &str, changed: &Changed) -> Markup {
    let sentence = fill(view.words.by_at, &[word, "\u{1}", "\u{2}"]);
    let (before, rest) = sentence.split_once('\u{1}').unwrap_or((&sentence, ""));
    let (between, after) = rest.split_once('\u{2}').unwrap_or((rest, ""));
    html! { (before) (changed.by.show(view)) (between) (view.moment_markup(changed.at)) (after) }
}

impl Show for Detail {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        let (table, id) = self.live.unzip();
        html! {
            section.detail.locked[self.locked.is_some()] data-live=[table] data-id=[id] {
                @if let Some(title) = &self.title { h2 { (title) } }
                @if let Some(why) = &self.locked {
                    p.lock { span.kind { (words.locked) } (why) }
                }
                dl.lines { @for (label, content) in &self.lines {
                    div { dt { (label) } dd { (content.show(view)) } }
                } }
                @if self.created.is_some() || self.changed.is_some() {
                    p.written {
                        @if let Some(created) = &self.created { span { (written(view, words.created, created)) } }
                        @if let Some(changed) = &self.changed { span { (written(view, words.last_changed, changed)) } }
                    }
                }
            }
        }
    }
}
