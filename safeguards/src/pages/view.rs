//! Who is looking, from where, in which language: what every component needs to know.

use std::borrow::Cow;

use maud::{Markup, html};
use time::{Date, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::content::{clock_time, iso_date};
use super::words::fill;
use super::{ENGLISH, Notice, Page, Words};

/// The reader's side of a page. Cheap to clone; the app makes one per request.
#[derive(Clone, Debug)]
pub struct View {
    pub(crate) application: Cow<'static, str>,
    pub(crate) words: &'static Words,
    pub(crate) zone: Zone,
    pub(crate) now: OffsetDateTime,
    pub(crate) here: String,
    pub(crate) reader: Option<Reader>,
    pub(crate) audience: Audience,
    pub(crate) destinations: Vec<Destination>,
    pub(crate) legal: &'static [(&'static str, &'static str)],
    pub(crate) csrf: Option<Token>,
    pub(crate) environment: Option<Cow<'static, str>>,
    pub(crate) also: Option<(&'static str, &'static str)>,
    pub(crate) announced: Option<Announcement>,
    pub(crate) looking: Option<Looking>,
    pub(crate) broken: Vec<Broken>,
}

/// What somebody is told at the top of their next page.
#[derive(Clone, Debug)]
pub struct Announcement(pub Vec<Notice>);

/// Somebody looks as the reader of a page.
#[derive(Clone)]
pub struct Looking {
    /// Who looks.
    pub by: String,
    /// As whom.
    pub whom: String,
    /// Why, in their own words.
    pub why: String,
    /// Until when.
    pub until: OffsetDateTime,
    /// Where it is stopped, by POST.
    pub stop: &'static str,
}

/// The reader has broken the glass for a patient.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Until when.
    pub until: OffsetDateTime,
    /// Where it is closed, by POST.
    pub close: String,
}

/// A reason may name somebody.
impl std::fmt::Debug for Looking {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Looking").field("until", &self.until).finish_non_exhaustive()
    }
}

/// A secret of the page: it goes into forms and never into a log.
#[derive(Clone)]
pub(crate) struct Token(pub(crate) String);

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[secret]")
    }
}

/// Who is signed in, as the header names them.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The person's own name.
    pub name: String,
    /// The organisation they act in.
    pub organisation: String,
    /// The role they act as.
    pub role: String,
}

/// For whom a page is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Fast and interrupted: dense tables, small gaps.
    #[default]
    Staff,
    /// On a phone, ill, tired or old: large text, one thing at a time.
    Patient,
}

/// A place in the main navigation.
#[derive(Clone, Debug)]
pub struct Destination {
    /// What it is called.
    pub text: Cow<'static, str>,
    /// Its path.
    pub to: Cow<'static, str>,
}

/// A time zone: a short name to show, and the offset that holds at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Zone {
    /// Shown after each moment, like `EST`; empty shows nothing.
    pub name: &'static str,
    /// The offset at a moment; it changes with daylight saving time.
    pub offset_at: fn(OffsetDateTime) -> UtcOffset,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self { name: "UTC", offset_at: |_| UtcOffset::UTC };

    /// The calendar date of a moment on the clocks of this zone.
    #[must_use]
    pub fn date(&self, moment: OffsetDateTime) -> Date {
        moment.checked_to_offset((self.offset_at)(moment)).unwrap_or(moment).date()
    }

    /// The moment at which clocks of this zone show `local`, or `None` if they skip it.
    #[must_use]
    pub fn moment(&self, local: PrimitiveDateTime) -> Option<OffsetDateTime> {
        let guess = local.assume_utc();
        let shows = |moment: OffsetDateTime| {
            moment.checked_to_offset((self.offset_at)(moment)).map(|there| (there.date(), there.time()))
        };
        // The offset is a function of the moment that we look for. Those a day before and after are
        // the two candidates that a change of clocks leaves.
        [time::Duration::days(-1), time::Duration::days(1)]
            .into_iter()
            .filter_map(|shift| guess.checked_add(shift))
            .map(|near| local.assume_offset((self.offset_at)(near)))
            .find(|moment| shows(*moment) == Some((local.date(), local.time())))
    }
}

impl View {
    /// A view for somebody who is not signed in, at `now`.
    #[must_use]
    pub fn new(application: impl Into<Cow<'static, str>>, now: OffsetDateTime) -> Self {
        Self {
            application: application.into(),
            words: &ENGLISH,
            zone: Zone::UTC,
            now,
            here: "/".to_owned(),
            reader: None,
            audience: Audience::Staff,
            destinations: Vec::new(),
            legal: &[],
            csrf: None,
            environment: None,
            also: None,
            announced: None,
            looking: None,
            broken: Vec::new(),
        }
    }

    /// The language of all texts that are the library's own.
    #[must_use]
    pub fn language(mut self, words: &'static Words) -> Self {
        self.words = words;
        self
    }

    /// The zone in which moments are shown and typed.
    #[must_use]
    pub fn zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// The path of this page, to mark the reader's place in navigation and tabs.
    #[must_use]
    pub fn here(mut self, path: impl Into<String>) -> Self {
        self.here = path.into();
        self
    }

    /// Who is signed in.
    #[must_use]
    pub fn reader(mut self, reader: Reader) -> Self {
        self.reader = Some(reader);
        self
    }

    /// For whom pages are laid out.
    #[must_use]
    pub fn audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// One more place in the main navigation.
    #[must_use]
    pub fn destination(
        mut self,
        text: impl Into<Cow<'static, str>>,
        to: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.destinations.push(Destination { text: text.into(), to: to.into() });
        self
    }

    /// What everybody may read about the app, signed in or not: text and path of each, at the foot of every page.
    #[must_use]
    pub fn legal(mut self, links: &'static [(&'static str, &'static str)]) -> Self {
        self.legal = links;
        self
    }

    /// The token that forms carry, see [`crate::web::Csrf`].
    #[must_use]
    pub fn csrf(mut self, token: impl Into<String>) -> Self {
        self.csrf = Some(Token(token.into()));
        self
    }

    /// A strip over every page that says it is not production, like "Preview: no real patients".
    #[must_use]
    pub fn environment(mut self, strip: impl Into<Cow<'static, str>>) -> Self {
        self.environment = Some(strip.into());
        self
    }

    /// A stylesheet and a script of the app's own, by their paths, beside the library's.
    #[must_use]
    pub fn also(mut self, stylesheet: &'static str, script: &'static str) -> Self {
        self.also = Some((stylesheet, script));
        self
    }

    /// A strip over every page that says who looks as whom, why and until when, and lets them stop.
    #[must_use]
    pub fn looking(mut self, looking: Looking) -> Self {
        self.looking = Some(looking);
        self
    }

    /// A strip over every page that says until when the glass is broken, and lets the reader close it.
    #[must_use]
    pub fn broken(mut self, broken: Broken) -> Self {
        self.broken.push(broken);
        self
    }

    /// Something that the next page says first.
    #[must_use]
    pub fn announce(mut self, announcement: Announcement) -> Self {
        self.announced = Some(announcement);
        self
    }

    /// Begins a page under a title.
    #[must_use]
    pub fn page(&self, title: impl Into<String>) -> Page {
        Page::new(self.clone(), title.into())
    }

    /// Begins the first page of the day: it greets the reader and says what day it is.
    #[must_use]
    pub fn welcome(&self) -> Page {
        let words = self.words;
        let greeting = match self.local(self.now).hour() {
            4..12 => words.good_morning,
            12..18 => words.good_afternoon,
            _ => words.good_evening,
        };
        let title = match self.reader.as_ref().map(|reader| reader.name.trim()) {
            // The name keeps its own direction within the sentence.
            Some(name) if !name.is_empty() => fill(greeting, &[&format!("\u{2068}{name}\u{2069}")]),
            _ => self.application.clone().into_owned(),
        };
        let today = self.today();
        self.page(title).about(format!("{} {}", self.weekday(today), self.date(today)))
    }

    /// What comes next, in a sentence.
    #[must_use]
    pub fn next_step(&self, step: &str) -> String {
        fill(self.words.next_step, &[step])
    }

    /// Today, on the calendar of the view's zone.
    #[must_use]
    pub fn today(&self) -> Date {
        self.local(self.now).date()
    }

    /// A moment on the clocks of the view's zone.
    #[must_use]
    pub fn local(&self, moment: OffsetDateTime) -> OffsetDateTime {
        moment.checked_to_offset((self.zone.offset_at)(moment)).unwrap_or(moment)
    }

    /// The moment at which the clocks of the view's zone show this, or `None` if they skip it.
    #[must_use]
    pub fn moment_at(&self, local: PrimitiveDateTime) -> Option<OffsetDateTime> {
        self.zone.moment(local)
    }

    /// The moment of the request.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// The moment of the request without its seconds: what a form offers for "now".
    #[must_use]
    pub fn this_minute(&self) -> OffsetDateTime {
        self.now.truncate_to_minute()
    }

    /// A date that cannot be misread: `13 Mar 1980`.
    #[must_use]
    pub fn date(&self, date: Date) -> String {
        let month = self.words.months_short[usize::from(u8::from(date.month())) - 1];
        format!("{}\u{a0}{month}\u{a0}{}", date.day(), date.year())
    }

    /// A moment: `13 Mar 1980, 14:05 UTC`.
    #[must_use]
    pub fn moment(&self, moment: OffsetDateTime) -> String {
        let local = self.local(moment);
        let time = format!("{:02}:{:02}", local.hour(), local.minute());
        let zone = self.zone.name;
        let gap = if zone.is_empty() { "" } else { "\u{a0}" };
        format!("{}, {time}{gap}{zone}", self.date(local.date()))
    }

    pub(crate) fn moment_markup(&self, moment: OffsetDateTime) -> Markup {
        let exact = moment.to_offset(UtcOffset::UTC);
        let machine = format!("{}T{}Z", iso_date(exact.date()), clock_time(exact.time()));
        html! { time datetime=(machine) { (self.moment(moment)) } }
    }

    /// The weekday, shortly.
    pub(crate) fn weekday(&self, date: Date) -> &'static str {
        self.words.weekdays[usize::from(date.weekday().number_days_from_monday())]
    }

    /// The hidden field that each form carries; a [`Form`](super::Form) has it by itself.
    #[must_use]
    pub fn csrf_field(&self) -> Markup {
        html! { @if let Some(Token(token)) = &self.csrf { input type="hidden" name="csrf" value=(token); } }
    }

    #[cfg(test)]
    pub(crate) fn sample() -> Self {
        Self::new("Sample", time::macros::datetime!(2026-11-23 12:00 UTC)).csrf("token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{datetime, offset};

    /// New York around the change of clocks on 8 March 2026 at 07:00 UTC.
    const NEW_YORK: Zone = Zone {
        name: "ET",
        offset_at: |moment| {
            let summer =
                moment >= datetime!(2026-03-08 07:00 UTC) && moment < datetime!(2026-11-01 06:00 UTC);
            if summer { offset!(-4) } else { offset!(-5) }
        },
    };

    #[test]
    fn a_local_time_that_clocks_skip_is_no_moment() {
        assert_eq!(NEW_YORK.moment(datetime!(2026-03-08 02:30)), None);
        assert_eq!(NEW_YORK.moment(datetime!(2026-03-08 01:30)), Some(datetime!(2026-03-08 06:30 UTC)));
        assert_eq!(NEW_YORK.moment(datetime!(2026-03-08 03:30)), Some(datetime!(2026-03-08 07:30 UTC)));
    }

    #[test]
    fn a_local_time_that_comes_twice_is_the_first_of_them() {
        assert_eq!(NEW_YORK.moment(datetime!(2026-11-01 01:30)), Some(datetime!(2026-11-01 05:30 UTC)));
    }

    #[test]
    fn the_first_page_greets_by_the_clocks_of_the_zone() {
        let greeted = |now| {
            let reader = Reader {
                name: "Clara Ash".to_owned(),
                organisation: "Example Clinic".to_owned(),
                role: "Clinician".to_owned(),
            };
            let view = View::new("Sample", now).zone(NEW_YORK).reader(reader);
            view.welcome().markup().into_string().replace(['\u{2068}', '\u{2069}', '\u{a0}'], " ")
        };
        let morning = greeted(datetime!(2026-11-26 13:00 UTC));
        assert!(
            morning.contains("Good morning,  Clara Ash") && morning.contains("Thu 26 Nov 2026"),
            "{morning}"
        );
        assert!(greeted(datetime!(2026-11-26 20:00 UTC)).contains("Good afternoon"));
        assert!(greeted(datetime!(2026-11-27 02:00 UTC)).contains("Good evening"));
        // Who has no name yet is not greeted by none.
        let nameless = View::sample().welcome().markup().into_string();
        assert!(nameless.contains("<h1>Sample</h1>"), "{nameless}");
    }

    #[test]
    fn dates_name_their_month() {
        let view = View::sample().zone(NEW_YORK);
        assert_eq!(
            view.moment(datetime!(1980-03-14 02:05 UTC)).replace('\u{a0}', " "),
            "13 Mar 1980, 21:05 ET"
        );
    }
}
