//! What goes when somebody goes, and what must stay and why: said before anything is done (CC-10, CF-8).

use time::{Date, Duration, OffsetDateTime};

use super::Facts;
use crate::access::Entity;
use crate::pages::{Column, Row, Table};
use crate::slice::capitalised;

/// So many months later; the last day of a shorter month. A day of doubt is kept.
pub(super) fn months_after(at: OffsetDateTime, months: u32) -> OffsetDateTime {
    let first = at.date();
    let count = u32::from(u8::from(first.month())) - 1 + months;
    let year = first.year() + i32::try_from(count / 12).unwrap_or(i32::MAX - 9999);
    let month =
        time::Month::try_from(u8::try_from(count % 12 + 1).unwrap_or(12)).unwrap_or(time::Month::December);
    let day = first.day().min(month.length(year));
    at.replace_date(Date::from_calendar_date(year, month, day).unwrap_or(Date::MAX)) + Duration::DAY
}

/// Whether somebody in these roles may do anything with records of others: their name then stays with what they did.
pub(super) fn sees_others(facts: &Facts, roles: &[&str]) -> bool {
    facts.entities.iter().any(|entity| entity.opens_others(roles))
}

/// Years or months, as people say them.
pub(super) fn span(months: u32) -> String {
    match (months / 12, months % 12) {
        (1, 0) => "1 year".to_owned(),
        (years, 0) => format!("{years} years"),
        (0, 1) => "1 month".to_owned(),
        (_, _) => format!("{months} months"),
    }
}

/// What becomes of the records of an entity that are somebody's own.
pub(super) struct Fate {
    pub(super) what: String,
    pub(super) goes: bool,
    pub(super) why: String,
}

/// What becomes of records that are somebody's own when their account goes.
pub(super) fn of_own_records(facts: &Facts, roles: &[&str]) -> Vec<Fate> {
    let theirs = |entity: &&&'static Entity| {
        entity.grants.iter().any(|grant| roles.contains(&grant.role) && entity.own.contains(&grant.rows))
    };
    facts.entities.iter().filter(theirs).map(|entity| fate(entity)).collect()
}

fn fate(entity: &'static Entity) -> Fate {
    let what = capitalised(&entity.table.replace('_', " "));
    match entity.kept_months() {
        None => Fate { what, goes: true, why: "Nobody but you works with it.".to_owned() },
        Some(months) => Fate {
            what,
            goes: false,
            why: format!(
                "It is a record of the organisation, which must keep it: here for {} after its last change.",
                span(months)
            ),
        },
    }
}

/// What goes and what stays, as a table.
pub(super) fn table(fates: Vec<Fate>) -> Table {
    let table = ["What", "What becomes of it", "Why"]
        .into_iter()
        .fold(Table::new("What goes, and what stays"), |table, label| table.column(Column::new(label)));
    let rows = fates
        .into_iter()
        .map(|fate| Row::new().cell(fate.what).cell(if fate.goes { "Goes" } else { "Stays" }).cell(fate.why));
    table.rows(rows.collect::<Vec<_>>())
}

/// What every account has.
pub(super) fn of_the_account(name_stays_years: Option<i32>) -> Vec<Fate> {
    let goes = |what: &str, why: &str| Fate { what: what.to_owned(), goes: true, why: why.to_owned() };
    let stays = |what: &str, why: String| Fate { what: what.to_owned(), goes: false, why };
    let mut fates = vec![
        goes("Password, second factor, sessions", "They end at once, wherever it is signed in."),
        goes("Roles, links and searches", "They end at once."),
        goes("Usage and tiers", "What was counted."),
        goes(
            "What was asked of AI",
            "What was kept of it; a keyed hash of each text stays, from which nothing can be read.",
        ),
    ];
    match name_stays_years {
        None => {
            fates.push(goes("Name and e-mail address", "An empty account stays, to which records may lead."));
            fates.push(stays(
                "The audit log",
                "It must be kept, and stays whole: the account stands in it as `erased:` and a random number.".to_owned(),
            ));
        }
        Some(years) => fates.push(stays(
            "Name and e-mail address, in the audit log",
            format!(
                "Who saw records of others must be answerable by name for {years} years (45 CFR 164.312(b), 164.316(b)(2)). \
                 They are sealed, nobody signs in by them, and they go by themselves afterwards."
            ),
        )),
    }
    fates.push(stays(
        "What was accepted, trained and asked for as a right",
        "It is documentation that must be kept for six years (45 CFR 164.530(j)).".to_owned(),
    ));
    fates
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    #[test]
    fn months_end_on_days_that_there_are() {
        let at = datetime!(2024-02-29 10:00 UTC);
        assert_eq!(months_after(at, 84), datetime!(2031-03-01 10:00 UTC), "a day of doubt is kept");
        assert_eq!(months_after(datetime!(2026-01-31 10:00 UTC), 1), datetime!(2026-03-01 10:00 UTC));
        assert_eq!(months_after(datetime!(2026-12-01 10:00 UTC), 1), datetime!(2027-01-02 10:00 UTC));
        assert_eq!((span(84), span(1), span(18)), ("7 years".into(), "1 month".into(), "18 months".into()));
    }

    proptest! {
        /// CF-8: what is kept so many months is never kept shorter.
        #[test]
        fn never_earlier(days in 0i64..20_000, months in 0u32..400) {
            let at = datetime!(2000-01-01 00:00 UTC) + Duration::days(days);
            prop_assert!(months_after(at, months) - at >= Duration::days(i64::from(months) * 28));
            prop_assert!(months_after(at, months + 12) - months_after(at, months) >= Duration::days(364));
        }
    }
}
