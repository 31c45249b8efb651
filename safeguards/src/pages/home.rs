//! The first page of each role: what waits for the reader, and where to go.

use std::borrow::Cow;

use maud::{Markup, html};
use time::OffsetDateTime;

use super::content::local;
use super::words::fill;
use super::{Content, Figure, Show, Tone, View};

/// A way into a part of the app, with a number if there is one worth knowing.
#[derive(Clone, Debug)]
pub struct Card {
    title: Cow<'static, str>,
    to: String,
    about: Option<Cow<'static, str>>,
    figure: Option<Content>,
}

impl Card {
    /// A card that leads to a page.
    #[must_use]
    pub fn new(title: impl Into<Cow<'static, str>>, to: impl Into<String>) -> Self {
        Self { title: title.into(), to: to.into(), about: None, figure: None }
    }

    /// Whether it has this title: two cards of one title would not be told apart.
    #[must_use]
    pub fn is_called(&self, title: &str) -> bool {
        self.title == title
    }

    /// One sentence below the title.
    #[must_use]
    pub fn about(mut self, sentence: impl Into<Cow<'static, str>>) -> Self {
        self.about = Some(sentence.into());
        self
    }

    /// A number, as the reader may know it.
    #[must_use]
    pub fn figure(mut self, figure: impl Into<Content>) -> Self {
        self.figure = Some(figure.into());
        self
    }
}

/// Something that waits for the reader.
#[derive(Clone, Debug)]
pub struct Task {
    title: String,
    to: String,
    about: Option<Content>,
    due: Option<OffsetDateTime>,
    status: Option<(String, Tone)>,
}

impl Task {
    /// A task and the page where it is done.
    #[must_use]
    pub fn new(title: impl Into<String>, to: impl Into<String>) -> Self {
        Self { title: title.into(), to: to.into(), about: None, due: None, status: None }
    }

    /// Whom or what it is about, as the reader may see it.
    #[must_use]
    pub fn about(mut self, about: impl Into<Content>) -> Self {
        self.about = Some(about.into());
        self
    }

    /// Until when.
    #[must_use]
    pub fn due(mut self, due: OffsetDateTime) -> Self {
        self.due = Some(due);
        self
    }

    /// Those that are due first, so many of them.
    #[must_use]
    pub fn most_urgent(mut tasks: Vec<Self>, most: usize) -> Vec<Self> {
        tasks.sort_by_key(|task| (task.due.is_none(), task.due));
        tasks.truncate(most);
        tasks
    }

    /// Where it stands.
    #[must_use]
    pub fn status(mut self, text: impl Into<String>, tone: Tone) -> Self {
        self.status = Some((text.into(), tone));
        self
    }
}

/// Tasks first, then figures, then cards.
#[derive(Clone, Debug, Default)]
pub struct Home {
    tasks: Option<(Cow<'static, str>, Vec<Task>)>,
    figures: Vec<Figure>,
    groups: Vec<(Cow<'static, str>, Vec<Card>)>,
}

impl Home {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What waits for the reader, under a heading; when nothing does, the page says so.
    #[must_use]
    pub fn tasks(
        mut self,
        heading: impl Into<Cow<'static, str>>,
        tasks: impl IntoIterator<Item = Task>,
    ) -> Self {
        self.tasks = Some((heading.into(), tasks.into_iter().collect()));
        self
    }

    /// The same, for who is not told that nothing waits.
    #[must_use]
    pub fn waiting(self, heading: impl Into<Cow<'static, str>>, tasks: Vec<Task>) -> Self {
        if tasks.is_empty() { self } else { self.tasks(heading, tasks) }
    }

    /// Numbers worth knowing at a glance, beside each other.
    #[must_use]
    pub fn figures(mut self, figures: impl IntoIterator<Item = Figure>) -> Self {
        self.figures.extend(figures);
        self
    }

    /// Cards under a heading.
    #[must_use]
    pub fn cards(
        mut self,
        heading: impl Into<Cow<'static, str>>,
        cards: impl IntoIterator<Item = Card>,
    ) -> Self {
        self.groups.push((heading.into(), cards.into_iter().collect()));
        self
    }
}

impl Show for Home {
    fn show(&self, view: &View) -> Markup {
        html! {
            @if let Some((heading, tasks)) = &self.tasks {
                section.tasks {
                    h2 { (heading) }
                    @if tasks.is_empty() { p.empty { (view.words.tasks_done) } } @else {
                        ul { @for task in tasks { (task.show(view)) } }
                    }
                }
            }
            @if !self.figures.is_empty() {
                div.figures { @for figure in &self.figures { (figure.show(view)) } }
            }
            @for (heading, cards) in self.groups.iter().filter(|(_, cards)| !cards.is_empty()) {
                section.cards {
                    h2 { (heading) }
                    ul { @for card in cards { (card.show(view)) } }
                }
            }
        }
    }
}

impl Show for Card {
    fn show(&self, view: &View) -> Markup {
        html! {
            li.card {
                h3 { a href=(local(&self.to)) { (self.title) } }
                @if let Some(figure) = &self.figure { p.figure { (figure.show(view)) } }
                @if let Some(about) = &self.about { p.about { (about) } }
            }
        }
    }
}

impl Show for Task {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        let overdue = self.due.is_some_and(|due| due < view.now);
        html! {
            li.task.overdue[overdue] {
                div {
                    a href=(local(&self.to)) { (self.title) }
                    @if let Some(about) = &self.about { p.about { (about.show(view)) } }
                }
                p.state {
                    @if let Some((text, tone)) = &self.status { span.tag.(tone.class()) { (text) } }
                    @if let Some(due) = self.due {
                        @let moment = view.moment(due);
                        @if overdue { span.tag.danger { (fill(words.overdue, &[&moment])) } }
                        @else { span.due { (fill(words.due, &[&moment])) } }
                    }
                }
            }
        }
    }
}
