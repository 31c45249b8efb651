//! A day or a week of bookings, as a table that a screen reader can walk through, and as plain lists
//! where the screen is narrow.

use std::borrow::Cow;

use maud::{Markup, html};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time, Weekday};

use super::content::{clock_time, iso_date, local};
use super::words::fill;
use super::{Content, Listing, Notice, Show, Tone, View};

/// What the calendar covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// One day; a column for each resource.
    Day(Date),
    /// The week of this day, from Monday; a column for each day.
    Week(Date),
    /// So many days from this one: what lies ahead of somebody, as a list.
    Ahead(Date, u16),
}

impl Span {
    /// From the address: `?day=2026-11-23` or `?week=2026-11-23`; otherwise today.
    #[must_use]
    pub fn of(listing: &Listing, today: Date) -> Self {
        let day = |name| listing.filter(name).and_then(parse_date);
        day("week").map(Self::Week).or_else(|| day("day").map(Self::Day)).unwrap_or(Self::Day(today))
    }

    /// Its first day.
    #[must_use]
    pub fn first(self) -> Date {
        match self {
            Self::Day(day) | Self::Ahead(day, _) => day,
            Self::Week(day) => match day.weekday() {
                Weekday::Monday => day,
                weekday => day.saturating_sub(Duration::days(i64::from(weekday.number_days_from_monday()))),
            },
        }
    }

    /// How many days it has.
    #[must_use]
    pub fn days(self) -> i64 {
        match self {
            Self::Day(_) => 1,
            Self::Week(_) => 7,
            Self::Ahead(_, days) => i64::from(days),
        }
    }

    fn moved(self, by: i64) -> Self {
        let moved = |day: Date| day.saturating_add(Duration::days(by * self.days()));
        match self {
            Self::Day(day) => Self::Day(moved(day)),
            Self::Week(day) => Self::Week(moved(day)),
            Self::Ahead(day, days) => Self::Ahead(moved(day), days),
        }
    }

    fn address(self, path: &str) -> String {
        match self {
            Self::Day(day) => format!("{path}?day={}", iso_date(day)),
            Self::Week(day) | Self::Ahead(day, _) => format!("{path}?week={}", iso_date(day)),
        }
    }
}

/// `2026-11-23`.
fn parse_date(text: &str) -> Option<Date> {
    Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).ok()
}

/// Someone or something that is booked: a dentist, a chair.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its id, as links carry it.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The rows of the calendar.
#[derive(Clone, Copy, Debug)]
pub struct Hours {
    /// First row.
    pub from: Time,
    /// End of the last row.
    pub to: Time,
    /// Minutes a row, from 5 to 240.
    pub step: u16,
}

/// A booking of a resource.
#[derive(Clone, Debug)]
pub struct Booking {
    /// The id of the resource.
    pub resource: String,
    /// From when.
    pub from: OffsetDateTime,
    /// Until when.
    pub to: OffsetDateTime,
    /// What it is, as the reader may see it; [`Content::Hidden`] is shown as busy.
    pub title: Content,
    /// The page of the booking.
    pub link: Option<String>,
    /// Where it stands, like "Confirmed".
    pub status: Option<(String, Tone)>,
}

/// The calendar.
#[derive(Clone, Debug)]
pub struct Calendar {
    title: String,
    path: String,
    span: Span,
    hours: Hours,
    resources: Vec<Resource>,
    bookings: Vec<Booking>,
    book: Option<String>,
    listed: bool,
}

/// A booking on the rows of a column.
struct Placed<'a> {
    booking: &'a Booking,
    from: i64,
    to: i64,
    conflict: bool,
}

/// A cell of a column.
enum Cell<'a> {
    Free(i64),
    Taken(Vec<Placed<'a>>, usize),
    Covered,
}

struct ColumnHead {
    name: String,
    day: Date,
    resource: Option<String>,
}

impl Calendar {
    /// A calendar under a title, whose links stay on `path`.
    #[must_use]
    pub fn new(title: impl Into<String>, path: impl Into<String>, span: Span) -> Self {
        let hours = Hours { from: time::macros::time!(8:00), to: time::macros::time!(18:00), step: 30 };
        Self {
            title: title.into(),
            path: path.into(),
            span,
            hours,
            resources: Vec::new(),
            bookings: Vec::new(),
            book: None,
            listed: false,
        }
    }

    /// Other hours than 8:00 to 18:00 by half hours. A booking outside them widens the table.
    #[must_use]
    pub fn hours(mut self, hours: Hours) -> Self {
        self.hours = hours;
        self
    }

    /// One more resource.
    #[must_use]
    pub fn resource(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.resources.push(Resource { id: id.into(), name: name.into() });
        self
    }

    /// The bookings that the reader may know of.
    #[must_use]
    pub fn bookings(mut self, bookings: impl IntoIterator<Item = Booking>) -> Self {
        self.bookings.extend(bookings);
        self
    }

    /// Free times lead to this page, with `resource` and `at` (local, like `2026-11-23T09:30`).
    #[must_use]
    pub fn book(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.book = Some(path.into().into_owned());
        self
    }

    /// Only the bookings, each once, by their time: for the first page.
    #[must_use]
    pub fn as_list(mut self) -> Self {
        self.listed = true;
        self
    }

    /// The bookings of all resources, each once, under their day where there is more than one.
    fn listing(&self, view: &View) -> Markup {
        let days = (0..self.span.days()).map(|day| self.span.first().saturating_add(Duration::days(day)));
        let days: Vec<(Date, Vec<Placed<'_>>)> =
            days.map(|day| (day, self.once(view, day))).filter(|(_, placed)| !placed.is_empty()).collect();
        let several = self.span.days() > 1;
        html! {
            div.agenda.always { section {
                h2 { bdi { (self.title) } }
                @if days.is_empty() { p.hint { (view.words.no_bookings) } }
                @for (day, placed) in &days {
                    @if several { h3 { (view.weekday(*day)) " " (view.date(*day)) } }
                    ul { @for placed in placed { li { (self.booking(view, placed, false)) } } }
                }
            } }
        }
    }

    /// The bookings of a day, each once.
    fn once(&self, view: &View, day: Date) -> Vec<Placed<'_>> {
        let column = ColumnHead { name: self.title.clone(), day, resource: None };
        let mut once: Vec<Placed<'_>> = Vec::new();
        for placed in self.of(view, &column) {
            let known = |other: &Placed<'_>| {
                other.booking.link.is_some() && other.booking.link == placed.booking.link
            };
            if !once.iter().any(known) {
                // The same booking of another resource is no conflict.
                once.push(Placed { conflict: false, ..placed });
            }
        }
        once
    }

    fn step(&self) -> i64 {
        i64::from(self.hours.step.clamp(5, 240))
    }

    fn columns(&self, view: &View) -> Vec<ColumnHead> {
        match self.span {
            Span::Day(day) => {
                let column = |resource: &Resource| ColumnHead {
                    name: resource.name.clone(),
                    day,
                    resource: Some(resource.id.clone()),
                };
                self.resources.iter().map(column).collect()
            }
            Span::Week(_) | Span::Ahead(..) => {
                let only = match self.resources.as_slice() {
                    [one] => Some(one.id.clone()),
                    _ => None,
                };
                (0..self.span.days())
                    .map(|day| {
                        let day = self.span.first().saturating_add(Duration::days(day));
                        ColumnHead {
                            name: format!("{} {}", view.weekday(day), view.date(day)),
                            day,
                            resource: only.clone(),
                        }
                    })
                    .collect()
            }
        }
    }

    /// The bookings of a column, by time.
    fn of<'a>(&'a self, view: &View, column: &ColumnHead) -> Vec<Placed<'a>> {
        let midnight = PrimitiveDateTime::new(column.day, Time::MIDNIGHT);
        let minute = |moment: OffsetDateTime| {
            let there = view.local(moment);
            (PrimitiveDateTime::new(there.date(), there.time()) - midnight).whole_minutes()
        };
        let mut placed: Vec<Placed<'a>> = self
            .bookings
            .iter()
            .filter(|booking| column.resource.as_ref().is_none_or(|resource| *resource == booking.resource))
            .map(|booking| Placed {
                booking,
                from: minute(booking.from),
                to: minute(booking.to),
                conflict: false,
            })
            .filter(|placed| placed.from < 24 * 60 && placed.to.max(placed.from + 1) > 0)
            .map(|placed| Placed {
                from: placed.from.max(0),
                to: placed.to.clamp(placed.from.max(0) + 1, 24 * 60),
                ..placed
            })
            .collect();
        placed.sort_by_key(|placed| (placed.from, placed.to));
        for index in 0..placed.len() {
            placed[index].conflict = (0..placed.len()).any(|other| {
                other != index
                    && placed[other].booking.resource == placed[index].booking.resource
                    && placed[other].from < placed[index].to
                    && placed[index].from < placed[other].to
            });
        }
        placed
    }

    /// First and last minute of the table, wide enough for every booking.
    fn range(&self, columns: &[Vec<Placed<'_>>]) -> (i64, i64) {
        let minutes = |time: Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
        let all = || columns.iter().flatten();
        let step = self.step();
        let from = all().map(|placed| placed.from).chain([minutes(self.hours.from)]).min().unwrap_or(0);
        let to = all().map(|placed| placed.to).chain([minutes(self.hours.to)]).max().unwrap_or(24 * 60);
        let from = from / step * step;
        (from, from + ((to - from).max(step) + step - 1) / step * step)
    }

    /// The cells of a column: overlapping or touching bookings of a row share one.
    fn cells<'a>(&self, placed: Vec<Placed<'a>>, from: i64, to: i64) -> Vec<Cell<'a>> {
        let step = self.step();
        let rows = (to - from) / step;
        let row_of = |minute: i64| ((minute - from) / step).clamp(0, rows - 1);
        let mut cells: Vec<Cell<'a>> = (0..rows).map(|row| Cell::Free(from + row * step)).collect();
        let mut groups: Vec<(i64, i64, Vec<Placed<'a>>)> = Vec::new();
        for booking in placed {
            let (first, last) = (row_of(booking.from), row_of(booking.to - 1));
            match groups.last_mut() {
                Some((_, end, group)) if first <= *end => {
                    *end = last.max(*end);
                    group.push(booking);
                }
                _ => groups.push((first, last, vec![booking])),
            }
        }
        for (first, last, group) in groups {
            let Ok(start) = usize::try_from(first) else { continue };
            let span = usize::try_from(last - first + 1).unwrap_or(1);
            for cell in cells.iter_mut().skip(start).take(span) {
                *cell = Cell::Covered;
            }
            cells[start] = Cell::Taken(group, span);
        }
        cells
    }

    fn navigation(&self, view: &View) -> Markup {
        let words = view.words;
        let first = self.span.first();
        let (before, after) = match self.span {
            Span::Day(_) => (words.previous_day, words.next_day),
            Span::Week(_) | Span::Ahead(..) => (words.previous_week, words.next_week),
        };
        let to = |span: Span| span.address(&self.path);
        let (is_day, is_week) = (matches!(self.span, Span::Day(_)), matches!(self.span, Span::Week(_)));
        let shown = match self.span {
            Span::Day(day) => format!("{} {}", view.weekday(day), view.date(day)),
            Span::Week(_) | Span::Ahead(..) => {
                let last = first.saturating_add(Duration::days(self.span.days() - 1));
                format!("{} – {}", view.date(first), view.date(last))
            }
        };
        html! {
            nav.calendar-nav aria-label=(self.title) {
                ul.moves {
                    li { a.button.second href=(local(&to(self.span.moved(-1)))) rel="prev" { (before) } }
                    li { a.button.second href=(local(&to(match self.span { Span::Day(_) => Span::Day(view.today()), Span::Week(_) | Span::Ahead(..) => Span::Week(view.today()) }))) { (words.today) } }
                    li { a.button.second href=(local(&to(self.span.moved(1)))) rel="next" { (after) } }
                }
                p.shown { strong { (shown) } }
                ul.switch {
                    li { a href=(local(&to(Span::Day(first)))) aria-current=[is_day.then_some("true")] { (words.day_view) } }
                    li { a href=(local(&to(Span::Week(first)))) aria-current=[is_week.then_some("true")] { (words.week_view) } }
                }
            }
        }
    }

    fn free(&self, view: &View, column: &ColumnHead, minute: i64) -> Markup {
        let time = clock_time(Time::MIDNIGHT + Duration::minutes(minute));
        let midnight = PrimitiveDateTime::new(column.day, Time::MIDNIGHT);
        let ahead =
            view.zone.moment(midnight + Duration::minutes(minute)).is_some_and(|moment| moment > view.now);
        let Some(book) = self.book.as_ref().filter(|_| ahead) else {
            return html! { span.unseen { (view.words.free) } };
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(resource) = &column.resource {
            query.append_pair("resource", resource);
        }
        query.append_pair("at", &format!("{}T{time}", iso_date(column.day)));
        let what = fill(view.words.book_at, &[&time, &column.name, &view.date(column.day)]);
        html! {
            a.slot href=(local(&format!("{book}?{}", query.finish()))) aria-label=(what) { span aria-hidden="true" { "+" } }
        }
    }

    fn booking(&self, view: &View, placed: &Placed<'_>, named: bool) -> Markup {
        let booking = placed.booking;
        let name = self.resources.iter().find(|resource| resource.id == booking.resource);
        let time = |minute: i64| clock_time(Time::MIDNIGHT + Duration::minutes(minute % (24 * 60)));
        html! {
            div.booking.conflict[placed.conflict] {
                p.time { (time(placed.from)) "–" (time(placed.to)) @if placed.conflict { " " span.tag.danger { (view.words.conflict) } } }
                p.what { @match (&booking.link, &booking.title) {
                    (_, Content::Hidden) => (view.words.busy),
                    (Some(to), title) => a href=(local(to)) { (title.show(view)) },
                    (None, title) => (title.show(view)),
                } }
                @if let (true, Some(resource)) = (named, name) { p.hint { bdi { (resource.name) } } }
                @if let Some((text, tone)) = &booking.status { span.tag.(tone.class()) { (text) } }
            }
        }
    }
}

impl Show for Calendar {
    fn show(&self, view: &View) -> Markup {
        if self.listed {
            return self.listing(view);
        }
        let words = view.words;
        let columns = self.columns(view);
        let placed: Vec<Vec<Placed<'_>>> = columns.iter().map(|column| self.of(view, column)).collect();
        let conflicts = placed.iter().flatten().filter(|placed| placed.conflict).count();
        let (from, to) = self.range(&placed);
        let named = matches!(self.span, Span::Week(_)) && self.resources.len() > 1;
        let lists = columns.iter().map(|column| (column, self.of(view, column)));
        let lists: Vec<Markup> =
            lists.map(|(column, placed)| self.list(view, column, &placed, named)).collect();
        let cells: Vec<Vec<Cell<'_>>> =
            placed.into_iter().map(|placed| self.cells(placed, from, to)).collect();
        let is_week = matches!(self.span, Span::Week(_));
        let rows = usize::try_from((to - from) / self.step()).unwrap_or(0);
        html! {
            (self.navigation(view))
            @if conflicts > 0 { (Notice::danger(fill(words.conflict_notice, &[&conflicts.to_string()])).show(view)) }
            div.calendar role="region" aria-label=(self.title) tabindex="0" {
                table {
                    caption { (self.title) }
                    thead { tr { th scope="col" { (words.time) } @for column in &columns {
                        th scope="col" class=[(is_week && column.day == view.today()).then_some("today")] { bdi { (column.name) } }
                    } } }
                    tbody { @for row in 0..rows {
                        tr {
                            th scope="row" { (clock_time(Time::MIDNIGHT + Duration::minutes((from + row as i64 * self.step()) % (24 * 60)))) }
                            @for (column, cells) in columns.iter().zip(&cells) { @match &cells[row] {
                                Cell::Free(minute) => td { (self.free(view, column, *minute)) },
                                Cell::Taken(group, span) => td.taken rowspan=(span) { @for placed in group { (self.booking(view, placed, named)) } },
                                Cell::Covered => {},
                            } }
                        }
                    } }
                }
            }
            div.agenda { @for list in &lists { (list) } }
        }
    }
}

impl Calendar {
    fn list(&self, view: &View, column: &ColumnHead, placed: &[Placed<'_>], named: bool) -> Markup {
        html! {
            section {
                h2 { bdi { (column.name) } }
                @if placed.is_empty() { p.hint { (view.words.no_bookings) } }
                @else { ul { @for placed in placed { li { (self.booking(view, placed, named)) } } } }
                @if let Some(book) = &self.book { p { a href=(local(book)) { (view.words.book) span.unseen { ", " (column.name) } } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn booking(resource: &str, from: OffsetDateTime, minutes: i64) -> Booking {
        Booking {
            resource: resource.into(),
            from,
            to: from + Duration::minutes(minutes),
            title: Content::from("Check-up"),
            link: None,
            status: None,
        }
    }

    fn day(bookings: Vec<Booking>) -> String {
        let calendar = Calendar::new("Chairs", "/calendar", Span::Day(date!(2026 - 11 - 24)));
        let calendar =
            calendar.resource("a", "Chair A").resource("b", "Chair B").book("/book").bookings(bookings);
        let shown = calendar.show(&View::sample()).into_string();
        shown.split("<div class=\"agenda\">").next().expect("a table").to_owned()
    }

    #[test]
    fn overlapping_bookings_of_one_resource_are_a_conflict_and_of_two_are_not() {
        let nine = datetime!(2026-11-24 09:00 UTC);
        let apart = day(vec![booking("a", nine, 60), booking("b", nine, 60)]);
        assert!(!apart.contains("Conflict") && apart.matches("rowspan=\"2\"").count() == 2, "{apart}");
        let touching = day(vec![booking("a", nine, 10), booking("a", nine + Duration::minutes(10), 10)]);
        assert!(!touching.contains("Conflict") && touching.matches("class=\"booking\"").count() == 2);
        let double = day(vec![booking("a", nine, 60), booking("a", nine + Duration::minutes(45), 30)]);
        assert_eq!(double.matches("class=\"booking conflict\"").count(), 2);
        assert!(double.contains("rowspan=\"3\"") && double.contains("2 of these bookings overlap"));
    }

    #[test]
    fn each_row_has_as_many_cells_as_the_head() {
        let nine = datetime!(2026-11-24 09:00 UTC);
        let shown = day(vec![booking("a", nine, 90), booking("b", nine + Duration::minutes(30), 600)]);
        let body = shown.split("<tbody>").nth(1).expect("a body");
        let mut open = [0_usize; 2];
        for row in body.split("<tr>").skip(1) {
            let cells: Vec<usize> = row
                .split("<td")
                .skip(1)
                .map(|cell| {
                    cell.split("rowspan=\"")
                        .nth(1)
                        .and_then(|rest| rest.split('"').next()?.parse().ok())
                        .unwrap_or(1)
                })
                .collect();
            assert_eq!(cells.len() + open.iter().filter(|rest| **rest > 0).count(), 2, "{row}");
            let mut next = cells.into_iter();
            for rest in &mut open {
                *rest = if *rest > 0 { *rest - 1 } else { next.next().unwrap_or(1) - 1 };
            }
        }
    }

    #[test]
    fn a_booking_outside_the_hours_or_over_midnight_is_never_lost() {
        let early = datetime!(2026-11-24 05:10 UTC);
        assert!(day(vec![booking("a", early, 20)]).contains("05:10–05:30"));
        let late = datetime!(2026-11-24 23:30 UTC);
        assert!(day(vec![booking("a", late, 120)]).contains("23:30–00:00"));
        let before = datetime!(2026-11-23 23:30 UTC);
        assert!(day(vec![booking("a", before, 60)]).contains("00:00–00:30"));
    }

    #[test]
    fn a_free_time_ahead_can_be_booked_and_a_past_one_cannot() {
        let shown = day(vec![]);
        assert!(shown.contains("href=\"/book?resource=a&amp;at=2026-11-24T09%3A30\""), "{shown}");
        let past = Calendar::new("Chairs", "/calendar", Span::Day(date!(2026 - 11 - 20)))
            .resource("a", "A")
            .book("/book");
        assert!(!past.show(&View::sample()).into_string().contains("/book?"));
    }

    #[test]
    fn what_lies_ahead_stands_under_its_days_and_each_booking_once() {
        let nine = datetime!(2026-11-24 09:00 UTC);
        let linked =
            |resource: &str, from| Booking { link: Some("/b/1".into()), ..booking(resource, from, 30) };
        let later = booking("a", nine + Duration::days(2), 30);
        let ahead = Calendar::new("Coming up", "/calendar", Span::Ahead(date!(2026 - 11 - 24), 14));
        let shown = ahead.clone().bookings([linked("a", nine), linked("b", nine), later]).as_list();
        let shown = shown.show(&View::sample()).into_string().replace('\u{a0}', " ");
        assert!(shown.contains("Tue 24 Nov 2026") && shown.contains("Thu 26 Nov 2026"), "{shown}");
        assert!(!shown.contains("25 Nov") && shown.matches("09:00–09:30").count() == 2, "{shown}");
        assert!(ahead.as_list().show(&View::sample()).into_string().contains("No bookings"));
    }

    #[test]
    fn a_week_begins_on_monday() {
        assert_eq!(Span::Week(date!(2026 - 11 - 29)).first(), date!(2026 - 11 - 23));
        assert_eq!(Span::Week(date!(2026 - 11 - 23)).first(), date!(2026 - 11 - 23));
        let listing = Listing::new("/calendar", "week=2026-11-29");
        assert_eq!(Span::of(&listing, date!(2026 - 01 - 01)), Span::Week(date!(2026 - 11 - 29)));
        assert_eq!(
            Span::of(&Listing::new("/c", "day=x"), date!(2026 - 01 - 01)),
            Span::Day(date!(2026 - 01 - 01))
        );
    }
}
