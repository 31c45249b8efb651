//! Calendars and their opening hours.

use super::Resolver;
use crate::{
    document,
    field_type::Kind as FieldKind,
    model::{Calendar, End, OpeningHours, Path, Weekday},
    name::Name,
    problem::{Complaint, Kind, Pointer},
};

impl Resolver<'_> {
    pub(super) fn calendar(&mut self, name: &Name, calendar: &document::Calendar, at: &Pointer) {
        let Some(entity) = self.entity(&calendar.of, &at.join("of")) else { return };
        let is_moment = |kind: &FieldKind| *kind == FieldKind::Moment;
        let start = self.queryable_field(entity, &calendar.start, is_moment, "a moment", &at.join("start"));
        let end = calendar
            .end
            .as_ref()
            .and_then(|end| self.queryable_field(entity, end, is_moment, "a moment", &at.join("end")));
        let mut resources = Vec::new();
        for (i, resource) in calendar.resources.iter().enumerate() {
            resources.extend(self.own_field(
                entity,
                resource,
                FieldKind::is_link,
                "a link",
                &at.join("resources").join(i),
            ));
        }
        let hours = calendar.hours.as_ref().and_then(|hours| {
            let parsed = opening_hours(hours);
            self.noted(&at.join("hours"), parsed)
        });
        let kind = calendar.kind.as_ref().and_then(|kind| {
            self.own_field(
                entity,
                kind,
                |kind| matches!(kind, FieldKind::OneOf(_)),
                "a choice",
                &at.join("kind"),
            )
        });
        let shows = self.paths(entity, &calendar.shows, &at.join("shows"));
        let uses: Vec<Path> = start
            .iter()
            .chain(&end)
            .map(|field| Path { start: entity, hops: Vec::new(), end: End::Field(*field) })
            .collect();
        let roles = self.audience(&calendar.roles, entity, &uses, at);
        let Some(start) = start else { return };
        self.model.calendars.push(Calendar {
            name: name.clone(),
            label: calendar.label.clone().unwrap_or_else(|| name.title()),
            entity,
            start,
            end,
            resources,
            hours: hours.unwrap_or_default(),
            overlap: calendar.overlap,
            waitlist: calendar.waitlist,
            slot: calendar.slot.unwrap_or(document::Period { count: 30, unit: document::PeriodUnit::Minute }),
            roles,
            kind,
            shows,
        });
    }
}

/// `mon-fri 08:00-17:00, sat 09:00-12:00`.
fn opening_hours(text: &str) -> Result<Vec<OpeningHours>, Complaint> {
    const DAYS: [(&str, Weekday); 7] = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];
    let wrong = || {
        Complaint::new(Kind::Shape, format!("`{}` are no opening hours", crate::decode::shown(text)))
            .help("write `mon-fri 08:00-17:00, sat 09:00-12:00`")
    };
    let day = |word: &str| DAYS.iter().position(|(name, _)| *name == word).ok_or_else(wrong);
    let minutes = |word: &str| -> Result<u16, Complaint> {
        let (hour, minute) = word.split_once(':').ok_or_else(wrong)?;
        let (hour, minute): (u16, u16) =
            (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
        if hour > 24 || minute > 59 || hour * 60 + minute > 24 * 60 {
            Err(wrong())
        } else {
            Ok(hour * 60 + minute)
        }
    };
    text.split(',')
        .map(|part| {
            let (days, hours) = part.trim().split_once(' ').ok_or_else(wrong)?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let (first, last) = (day(first)?, day(last)?);
            let (from, until) = hours.trim().split_once('-').ok_or_else(wrong)?;
            let (from, until) = (minutes(from)?, minutes(until)?);
            if first > last || from >= until {
                return Err(wrong());
            }
            Ok(OpeningHours { days: DAYS[first..=last].iter().map(|(_, day)| *day).collect(), from, until })
        })
        .collect()
}
