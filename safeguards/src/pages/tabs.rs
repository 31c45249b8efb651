//! Sections of one record, as links: each has an address of its own and survives going back.

use std::borrow::Cow;

use maud::{Markup, html};

use super::{Show, View};

/// Links over a record; the one whose path is the view's own is marked as current.
#[derive(Clone, Debug, Default)]
pub struct Tabs {
    tabs: Vec<(Cow<'static, str>, String, Option<usize>)>,
}

impl Tabs {
    /// No tabs yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more section.
    #[must_use]
    pub fn tab(mut self, text: impl Into<Cow<'static, str>>, to: impl Into<String>) -> Self {
        self.tabs.push((text.into(), to.into(), None));
        self
    }

    /// One more section, with the number of things in it that the reader may see.
    #[must_use]
    pub fn counted(
        mut self,
        text: impl Into<Cow<'static, str>>,
        to: impl Into<String>,
        count: usize,
    ) -> Self {
        self.tabs.push((text.into(), to.into(), Some(count)));
        self
    }
}

impl Show for Tabs {
    fn show(&self, view: &View) -> Markup {
        html! {
            nav.tabs aria-label=(view.words.tabs) { ul { @for (text, to, count) in &self.tabs {
                li { a href=(super::content::local(to)) aria-current=[(view.here == *to).then_some("page")] {
                    (text) @if let Some(count) = count { " " span.count { (count) } }
                } }
            } } }
        }
    }
}
