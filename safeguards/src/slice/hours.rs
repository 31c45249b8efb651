//! When things can be booked: opening hours, on the clocks of the app's zone.

use time::{Duration, OffsetDateTime, Weekday};

use super::{Result, Viewer};
use crate::web::{FieldProblem, Problem};

/// Hours on some days of the week, in minutes after midnight.
#[derive(Clone, Copy, Debug)]
pub struct OpeningHours {
    /// The days.
    pub days: &'static [Weekday],
    /// From.
    pub from: u16,
    /// Until; 1440 is the end of the day.
    pub until: u16,
}

/// The name of a field and the moment in it.
type Named<'a> = (&'a str, Option<OffsetDateTime>);

impl Viewer {
    /// Refuses a booking that ends before it begins, or that does not lie within the opening hours of one day. Without an
    /// end it takes one `slot`; without hours it may be at any time; without a start it is somebody else's to refuse.
    ///
    /// # Errors
    /// 422, about the field that is wrong.
    pub fn fits(
        &self,
        start: Named<'_>,
        end: Named<'_>,
        slot: Duration,
        hours: &[OpeningHours],
    ) -> Result<()> {
        let Some(begins) = start.1 else { return Ok(()) };
        let ends = end.1.unwrap_or(begins + slot);
        if ends <= begins {
            return Err(wrong(end.0, format!("{} must be later than {}", said(end.0), said(start.0))));
        }
        let (begins, ends) = (self.view.local(begins), self.view.local(ends));
        // Midnight is the end of the day that it ends.
        let last = ends - Duration::NANOSECOND;
        let until = minute(last) + 1;
        let fits = |open: &OpeningHours| {
            open.days.contains(&begins.weekday()) && open.from <= minute(begins) && until <= open.until
        };
        if hours.is_empty() || (begins.date() == last.date() && hours.iter().any(fits)) {
            return Ok(());
        }
        Err(wrong(start.0, format!("{} must be within opening hours: {}", said(start.0), spoken(hours))))
    }
}

fn minute(moment: OffsetDateTime) -> u16 {
    u16::from(moment.hour()) * 60 + u16::from(moment.minute())
}

fn said(name: &str) -> String {
    name.replace('_', " ")
}

fn wrong(name: &str, detail: String) -> Problem {
    Problem::invalid(vec![FieldProblem { pointer: format!("/{name}"), detail }])
}

/// `Monday to Friday 08:00 to 17:00, Saturday 09:00 to 12:00`.
fn spoken(hours: &[OpeningHours]) -> String {
    let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let one = |open: &OpeningHours| {
        let days = match open.days {
            [] => String::new(),
            [day] => day.to_string(),
            [first, .., last] => format!("{first} to {last}"),
        };
        format!("{days} {} to {}", clock(open.from), clock(open.until))
    };
    hours.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_hours_are_said_as_on_a_door() {
        use Weekday::{Friday, Monday, Saturday, Thursday, Tuesday, Wednesday};
        let week =
            OpeningHours { days: &[Monday, Tuesday, Wednesday, Thursday, Friday], from: 480, until: 1020 };
        let saturday = OpeningHours { days: &[Saturday], from: 540, until: 1440 };
        assert_eq!(spoken(&[week, saturday]), "Monday to Friday 08:00 to 17:00, Saturday 09:00 to 24:00");
    }
}
