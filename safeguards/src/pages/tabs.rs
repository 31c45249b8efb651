//! Sections of one record, as links: each has an address of its own and survives going back.

use std::borrow::Cow;

use maud::{Markup, html};

use super::{Show, View};

/// Links over a record; the one whose path is the view's own, or leads there, is marked as current.
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
        let leads = |to: &str| {
            let below = view.here.strip_prefix(to);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')).then_some(to.len())
        };
        let current = self.tabs.iter().filter_map(|(_, to, _)| leads(to)).max();
        let mark = |to: &str| match leads(to) {
            Some(length) if Some(length) == current => Some(if view.here == to { "page" } else { "true" }),
            _ => None,
        };
        html! {
            nav.tabs aria-label=(view.words.tabs) { ul { @for (text, to, count) in &self.tabs {
                li { a href=(super::content::local(to)) aria-current=[mark(to)] {
                    (text) @if let Some(count) = count { " " span.count { (count) } }
                } }
            } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tab_that_leads_to_a_page_is_current() {
        let tabs = || Tabs::new().tab("Patient", "/patients/1").tab("Notes", "/patients/1/notes");
        for (here, marked) in [
            ("/patients/1", "href=\"/patients/1\" aria-current=\"page\""),
            ("/patients/1/notes/new", "href=\"/patients/1/notes\" aria-current=\"true\""),
            ("/patients/1/edit", "href=\"/patients/1\" aria-current=\"true\""),
        ] {
            let shown = tabs().show(&View::sample().here(here)).into_string();
            assert!(shown.contains(marked) && shown.matches("aria-current").count() == 1, "{here}: {shown}");
        }
        let elsewhere = tabs().show(&View::sample().here("/patients/12")).into_string();
        assert!(!elsewhere.contains("aria-current"), "{elsewhere}");
    }
}
