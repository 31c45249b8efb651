//! Something to know: what happened, what is wrong, what to mind.

use maud::{Markup, html};

use super::{Show, Tone, View};

/// A box with a word that names its kind, so that colour is never the only sign.
#[derive(Clone, Debug)]
pub struct Notice {
    tone: Tone,
    title: String,
    text: Option<String>,
    link: Option<(String, String)>,
}

impl Notice {
    /// Worth knowing.
    #[must_use]
    pub fn information(title: impl Into<String>) -> Self {
        Self::of(Tone::Quiet, title)
    }

    /// It worked. Shown after a redirect, read out by screen readers.
    #[must_use]
    pub fn success(title: impl Into<String>) -> Self {
        Self::of(Tone::Good, title)
    }

    /// Mind this.
    #[must_use]
    pub fn warning(title: impl Into<String>) -> Self {
        Self::of(Tone::Caution, title)
    }

    /// Act on this now.
    #[must_use]
    pub fn danger(title: impl Into<String>) -> Self {
        Self::of(Tone::Danger, title)
    }

    fn of(tone: Tone, title: impl Into<String>) -> Self {
        Self { tone, title: title.into(), text: None, link: None }
    }

    /// A sentence below the title.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// The way on.
    #[must_use]
    pub fn link(mut self, text: impl Into<String>, to: impl Into<String>) -> Self {
        self.link = Some((text.into(), to.into()));
        self
    }
}

impl Show for Notice {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        let (kind, role) = match self.tone {
            Tone::Quiet => (words.information, "note"),
            Tone::Good => (words.success, "status"),
            Tone::Caution => (words.warning, "note"),
            Tone::Danger => (words.important, "alert"),
        };
        html! {
            div.notice.(self.tone.class()) role=(role) {
                p { span.kind { (kind) } strong { (self.title) } }
                @if let Some(text) = &self.text { p { (text) } }
                @if let Some((text, to)) = &self.link { p { a href=(super::content::local(to)) { (text) } } }
            }
        }
    }
}
