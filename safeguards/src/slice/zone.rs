//! Daylight saving time by rule, as a POSIX `TZ` text says it (IEEE Std 1003.1, section 8.3).

use time::{Date, Month, OffsetDateTime, UtcOffset, Weekday};

/// A change of clocks: on the n-th Sunday of a month (5 is the last), at an hour of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The month, from 1.
    pub month: u8,
    /// Which Sunday of it, from 1; 5 is the last.
    pub sunday: u8,
    /// Hours after midnight UTC of that Sunday; may be negative or beyond 23.
    pub hour: i32,
}

/// The offset of a zone with daylight saving time: `standard` minutes east of UTC, one hour more in summer. South
/// of the equator the summer begins after it ends.
pub fn daylight(moment: OffsetDateTime, standard: i32, begins: Change, ends: Change) -> UtcOffset {
    let moment = moment.to_offset(UtcOffset::UTC);
    let (begin, end) = (begins.moment(moment.year()), ends.moment(moment.year()));
    let summer = match (begin, end) {
        (Some(begin), Some(end)) if begin < end => moment >= begin && moment < end,
        (Some(begin), Some(end)) => moment >= begin || moment < end,
        _ => false,
    };
    fixed(standard + if summer { 60 } else { 0 })
}

/// The offset of a zone that never changes its clocks, in minutes east of UTC.
pub fn fixed(minutes: i32) -> UtcOffset {
    UtcOffset::from_whole_seconds(minutes * 60).unwrap_or(UtcOffset::UTC)
}

impl Change {
    fn moment(self, year: i32) -> Option<OffsetDateTime> {
        let month = Month::try_from(self.month).ok()?;
        let first = Date::from_calendar_date(year, month, 1).ok()?;
        let to_sunday = (7 - i64::from(first.weekday().number_days_from_sunday())) % 7;
        let mut day = first + time::Duration::days(to_sunday + 7 * (i64::from(self.sunday) - 1));
        while day.month() != month {
            day -= time::Duration::days(7);
        }
        debug_assert_eq!(day.weekday(), Weekday::Sunday);
        Some(day.midnight().assume_utc() + time::Duration::hours(i64::from(self.hour)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NEW_YORK: (i32, Change, Change) =
        (-300, Change { month: 3, sunday: 2, hour: 7 }, Change { month: 11, sunday: 1, hour: 6 });
    const BERLIN: (i32, Change, Change) =
        (60, Change { month: 3, sunday: 5, hour: 1 }, Change { month: 10, sunday: 5, hour: 1 });
    const SYDNEY: (i32, Change, Change) =
        (600, Change { month: 10, sunday: 1, hour: -8 }, Change { month: 4, sunday: 1, hour: -8 });

    #[test]
    fn clocks_change_when_the_tables_of_the_iana_say_so() {
        let cases = [
            (NEW_YORK, datetime!(2026-03-08 06:59:59 UTC), -300),
            (NEW_YORK, datetime!(2026-03-08 07:00 UTC), -240),
            (NEW_YORK, datetime!(2026-11-01 05:59:59 UTC), -240),
            (NEW_YORK, datetime!(2026-11-01 06:00 UTC), -300),
            (BERLIN, datetime!(2026-03-29 00:59:59 UTC), 60),
            (BERLIN, datetime!(2026-03-29 01:00 UTC), 120),
            (BERLIN, datetime!(2026-10-25 01:00 UTC), 60),
            (SYDNEY, datetime!(2026-01-15 00:00 UTC), 660),
            (SYDNEY, datetime!(2026-04-04 15:59:59 UTC), 660),
            (SYDNEY, datetime!(2026-04-04 16:00 UTC), 600),
            (SYDNEY, datetime!(2026-10-03 16:00 UTC), 660),
        ];
        for ((standard, begins, ends), moment, minutes) in cases {
            assert_eq!(daylight(moment, standard, begins, ends), fixed(minutes), "{moment}");
        }
    }
}
