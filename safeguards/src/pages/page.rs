//! The shell around every page: skip link, header, navigation, one main landmark.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::assets::icon_path;
use super::content::local;
use super::words::fill;
use super::{
    Audience, Broken, Looking, Notice, PatientBanner, Reader, Tabs, View, script_path, stylesheet_path,
};

/// A component: plain data that knows how it looks to a reader.
pub trait Show {
    /// The component as HTML.
    fn show(&self, view: &View) -> Markup;

    /// What went wrong, for the top of the page. A page with a summary answers 422, unless it has a
    /// status of its own.
    fn summary(&self, _view: &View) -> Option<Markup> {
        None
    }
}

impl Show for Markup {
    fn show(&self, _view: &View) -> Markup {
        self.clone()
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self, view: &View) -> Markup {
        html! { @if let Some(component) = self { (component.show(view)) } }
    }

    fn summary(&self, view: &View) -> Option<Markup> {
        self.as_ref().and_then(|component| component.summary(view))
    }
}

impl<T: Show + ?Sized> Show for &T {
    fn show(&self, view: &View) -> Markup {
        (**self).show(view)
    }

    fn summary(&self, view: &View) -> Option<Markup> {
        (**self).summary(view)
    }
}

/// A whole page. It answers a request by itself: `IntoResponse`, 200 unless said otherwise.
#[derive(Debug)]
pub struct Page {
    view: View,
    title: String,
    about: Option<String>,
    back: Option<(String, String)>,
    actions: Vec<Action>,
    banner: Option<Markup>,
    tabs: Option<Markup>,
    notices: Vec<Markup>,
    summaries: Vec<Markup>,
    sections: Vec<Markup>,
    status: Option<StatusCode>,
    narrow: bool,
    refreshed: Option<u32>,
}

#[derive(Debug)]
enum Action {
    Go { text: String, to: String, main: bool },
    Post { text: String, to: String },
}

impl Page {
    pub(crate) fn new(view: View, title: String) -> Self {
        let announced = view.announced.iter().flat_map(|announcement| &announcement.0);
        Self {
            notices: announced.map(|notice| notice.show(&view)).collect(),
            view,
            title,
            about: None,
            back: None,
            actions: Vec::new(),
            banner: None,
            tabs: None,
            summaries: Vec::new(),
            sections: Vec::new(),
            status: None,
            narrow: false,
            refreshed: None,
        }
    }

    /// A sentence under the title.
    #[must_use]
    pub fn about(mut self, sentence: impl Into<String>) -> Self {
        self.about = Some(sentence.into());
        self
    }

    /// A link over the title, to the page that this one came from.
    #[must_use]
    pub fn back(mut self, text: impl Into<String>, to: impl Into<String>) -> Self {
        self.back = Some((text.into(), to.into()));
        self
    }

    /// A button beside the title that leads to another page. The first is the main one.
    #[must_use]
    pub fn action(mut self, text: impl Into<String>, to: impl Into<String>) -> Self {
        let main = self.actions.is_empty();
        self.actions.push(Action::Go { text: text.into(), to: to.into(), main });
        self
    }

    /// A button beside the title that is never the main one, like "Remove".
    #[must_use]
    pub fn option(mut self, text: impl Into<String>, to: impl Into<String>) -> Self {
        self.actions.push(Action::Go { text: text.into(), to: to.into(), main: false });
        self
    }

    /// A button beside the title that changes something at once, by POST.
    #[must_use]
    pub fn command(mut self, text: impl Into<String>, to: impl Into<String>) -> Self {
        self.actions.push(Action::Post { text: text.into(), to: to.into() });
        self
    }

    /// About whom this page is; every page about a patient has it.
    #[must_use]
    pub fn patient(mut self, banner: &PatientBanner) -> Self {
        self.banner = Some(banner.show(&self.view));
        self
    }

    /// The same, where the reader may know whom.
    #[must_use]
    pub fn about_patient(self, banner: Option<PatientBanner>) -> Self {
        match banner {
            Some(banner) => self.patient(&banner),
            None => self,
        }
    }

    /// Sections of one record, as links.
    #[must_use]
    pub fn tabs(mut self, tabs: &Tabs) -> Self {
        self.tabs = Some(tabs.show(&self.view));
        self
    }

    /// Something to know before reading on.
    #[must_use]
    pub fn notice(mut self, notice: Notice) -> Self {
        self.notices.push(notice.show(&self.view));
        self
    }

    /// Adds a component below the others.
    #[must_use]
    pub fn with(mut self, component: impl Show) -> Self {
        self.summaries.extend(component.summary(&self.view));
        self.sections.push(component.show(&self.view));
        self
    }

    /// A heading between components.
    #[must_use]
    pub fn heading(mut self, text: impl Into<String>) -> Self {
        self.sections.push(html! { h2 { (text.into()) } });
        self
    }

    /// Another title, for a page that begins as that of a record: what is done there.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Another status than 200, or than 422 where answers are wrong.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// A single narrow column, for signing in and for questions.
    #[must_use]
    pub fn narrow(mut self) -> Self {
        self.narrow = true;
        self
    }

    /// Where there is no script, the browser asks for the page again after so many seconds: for what changes
    /// by itself, like the progress of a long work.
    #[must_use]
    pub fn refreshed(mut self, seconds: u32) -> Self {
        self.refreshed = Some(seconds);
        self
    }

    /// The page as HTML.
    #[must_use]
    pub fn markup(&self) -> Markup {
        let words = self.view.words;
        let title = if self.summaries.is_empty() {
            self.title.clone()
        } else {
            fill(words.error_prefix, &[&self.title])
        };
        let audience = match self.view.audience {
            Audience::Staff => "staff",
            Audience::Patient => "patient",
        };
        // Whoever is signed in hears of changes, by a script, in these words.
        let told = self.view.reader.is_some();
        let with_navigation = !self.view.destinations.is_empty();
        html! {
            (DOCTYPE)
            html lang=(words.language) dir=(words.direction) {
                head {
                    meta charset="utf-8";
                    title { (title) " – " (self.view.application) }
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex, nofollow";
                    link rel="stylesheet" href=(stylesheet_path());
                    link rel="icon" type="image/svg+xml" href=(icon_path());
                    script src=(script_path()) defer {}
                    @if let Some((stylesheet, script)) = self.view.also {
                        link rel="stylesheet" href=(stylesheet);
                        script src=(script) defer {}
                    }
                    @if let Some(seconds) = self.refreshed { noscript { meta http-equiv="refresh" content=(seconds); } }
                }
                body.(audience).with-navigation[with_navigation] {
                    a.skip href="#content" { (words.skip_to_content) }
                    @if self.view.environment.is_some() || self.view.looking.is_some() || !self.view.broken.is_empty() { div.strips {
                        @if let Some(strip) = &self.view.environment { aside.environment aria-label=(words.important) { (strip) } }
                        @if let Some(looking) = &self.view.looking { (strip_of(looking, &self.view)) }
                        @for broken in &self.view.broken { (broken_strip(broken, &self.view)) }
                    } }
                    (header(&self.view))
                    @if with_navigation { nav.side aria-label=(words.main_navigation) { (destinations(&self.view)) } }
                    main #content tabindex="-1" class=[self.narrow.then_some("narrow")]
                        data-new=[told.then_some(words.something_new)] data-stale=[told.then_some(words.may_be_out_of_date)]
                        data-said=[told.then_some(words.new_messages_are_shown)] data-show=[told.then_some(words.show_it)] { (self.main()) }
                    @if !self.view.legal.is_empty() { (foot(&self.view)) }
                }
            }
        }
    }

    fn main(&self) -> Markup {
        html! {
            @if let Some((text, to)) = &self.back {
                a.back href=(local(to)) { (fill(self.view.words.back_to, &[text])) }
            }
            @for summary in &self.summaries { (summary) }
            @if let Some(banner) = &self.banner { (banner) }
            div.title {
                div { h1 { (self.title) } @if let Some(about) = &self.about { p.about { (about) } } }
                @if !self.actions.is_empty() {
                    div.actions role="group" aria-label=(self.view.words.actions) {
                        @for action in &self.actions { (self.action_markup(action)) }
                    }
                }
            }
            @if let Some(tabs) = &self.tabs { (tabs) }
            @for notice in &self.notices { (notice) }
            @for section in &self.sections { (section) }
        }
    }

    fn action_markup(&self, action: &Action) -> Markup {
        html! {
            @match action {
                Action::Go { text, to, main: true } => a.button href=(local(to)) { (text) },
                Action::Go { text, to, main: false } => a.button.second href=(local(to)) { (text) },
                Action::Post { text, to } => form method="post" action=(local(to)) {
                    (self.view.csrf_field()) button.second type="submit" { (text) }
                },
            }
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let wanting =
            if self.summaries.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let status = self.status.unwrap_or(wanting);
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        (status, [(header::CONTENT_TYPE, kind)], self.markup().into_string()).into_response()
    }
}

/// Who looks as whom, over every page.
fn strip_of(looking: &Looking, view: &View) -> Markup {
    let words = view.words;
    let sentence =
        fill(words.looks_as, &[&bidi(&looking.by), &bidi(&looking.whom), &view.moment(looking.until)]);
    html! {
        aside.looking aria-label=(words.emergency) {
            p { strong { (sentence) } " " (words.looks_because) " " bdi { (looking.why) } }
            form method="post" action=(local(looking.stop)) {
                (view.csrf_field()) button type="submit" { (words.stop_looking) }
            }
        }
    }
}

/// Until when the glass is broken.
fn broken_strip(broken: &Broken, view: &View) -> Markup {
    let words = view.words;
    html! {
        aside.looking aria-label=(words.emergency) {
            p { strong { (fill(words.glass_is_broken, &[&view.moment(broken.until)])) } }
            form method="post" action=(local(&broken.close)) {
                (view.csrf_field()) button type="submit" { (words.stop_looking) }
            }
        }
    }
}

/// A name keeps its own direction within a sentence.
fn bidi(name: &str) -> String {
    format!("\u{2068}{name}\u{2069}")
}

fn header(view: &View) -> Markup {
    let words = view.words;
    html! {
        header.top {
            @if !view.destinations.is_empty() {
                details.menu {
                    summary { (words.menu) }
                    nav aria-label=(words.main_navigation) { (destinations(view)) }
                }
            }
            a.application href="/" { (view.application) }
            @if let Some(Reader { name, organisation, role }) = &view.reader {
                span.organisation { bdi { (organisation) } }
                details.person {
                    summary { span.unseen { (words.account) ": " bdi { (name) } } span.initials aria-hidden="true" { (initials(name)) } bdi aria-hidden="true" { (name) } span.role { (role) } }
                    div.sheet {
                        p { (words.signed_in_as) " " strong { bdi { (name) } } br; (role) ", " bdi { (organisation) } }
                        @if view.looking.is_none() { a href="/account" { (words.account) } }
                        form method="post" action="/sign-out" {
                            (view.csrf_field()) button.second type="submit" { (words.sign_out) }
                        }
                    }
                }
            }
        }
    }
}

fn foot(view: &View) -> Markup {
    html! {
        footer { nav aria-label=(view.words.legal) {
            ul { @for (text, to) in view.legal { li { a href=(local(to)) { (text) } } } }
        } }
    }
}

/// The first letters of the last two words: "Dr. Amina Haddad" is AH.
fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let last = words.iter().skip(words.len().saturating_sub(2));
    last.filter_map(|word| word.chars().find(|letter| letter.is_alphabetic()))
        .flat_map(char::to_uppercase)
        .collect()
}

fn destinations(view: &View) -> Markup {
    let current = |to: &str| {
        let below = view.here.strip_prefix(to).is_some_and(|rest| rest.starts_with('/'));
        (view.here == to || (to != "/" && below)).then_some("page")
    };
    html! {
        ul { @for place in &view.destinations {
            li { a href=(local(&place.to)) aria-current=[current(&place.to)] { (place.text) } }
        } }
    }
}
