//! When a founder's own code does something by itself, and as whom.

use time::{Duration, OffsetDateTime, PrimitiveDateTime, Time, Weekday};

use crate::access::Entity;
use crate::identity::Role;
use crate::pages::Zone;

/// The longest name.
const LONGEST: usize = 60;

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Every {
    Hour,
    Day(Time),
    Week(Weekday, Time),
}

/// Something that custom code does by itself once a period: when, in which role of the spec, and with which entities.
///
/// It acts as nobody in particular: of what the role may do, it has what reaches every record of a place or an organisation,
/// and nothing that is somebody's own or assigned to them. Entities that are not named are out of its reach.
#[derive(Clone, Debug)]
#[must_use = "a schedule does nothing until `schedules` gives it"]
pub struct Schedule {
    name: &'static str,
    role: &'static str,
    entities: Vec<&'static Entity>,
    every: Every,
}

impl Schedule {
    /// Once an hour, from the beginning of each hour.
    pub fn hourly(name: &'static str) -> Self {
        Self::new(name, Every::Hour)
    }

    /// Once a day, from this time on the clocks of the app's zone.
    pub fn daily(name: &'static str, from: Time) -> Self {
        Self::new(name, Every::Day(from))
    }

    /// Once a week, from this time of this day on the clocks of the app's zone.
    pub fn weekly(name: &'static str, day: Weekday, from: Time) -> Self {
        Self::new(name, Every::Week(day, from))
    }

    fn new(name: &'static str, every: Every) -> Self {
        Self { name, role: "", entities: Vec::new(), every }
    }

    /// In this role of the spec, which administers nothing.
    pub fn acting_as(mut self, role: &'static str) -> Self {
        self.role = role;
        self
    }

    /// With these records, as far as the role may.
    pub fn reaching(mut self, entity: &'static Entity) -> Self {
        self.entities.push(entity);
        self
    }

    /// By which it is known, also to the log.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn role(&self) -> &'static str {
        self.role
    }

    pub(crate) fn entities(&self) -> &[&'static Entity] {
        &self.entities
    }

    /// When the period began in which this moment lies.
    pub(crate) fn period(&self, now: OffsetDateTime, zone: Zone) -> OffsetDateTime {
        let local = now.to_offset((zone.offset_at)(now));
        match self.every {
            // Hours are the same on all clocks but those that are set by half ones; these count as UTC does.
            Every::Hour => {
                now - Duration::nanoseconds(i64::try_from(now.unix_timestamp_nanos() % HOUR).unwrap_or(0))
            }
            Every::Day(time) => begun(now, zone, local.date(), time, 1),
            Every::Week(day, time) => {
                let since = local.weekday().number_days_from_monday() + 7 - day.number_days_from_monday();
                let date = local.date().saturating_sub(Duration::days(i64::from(since % 7)));
                begun(now, zone, date, time, 7)
            }
        }
    }

    /// What is wrong with it, in words for whoever wrote it.
    pub(crate) fn problems(&self, roles: &[Role], entities: &[&'static Entity]) -> Vec<String> {
        let mut found = Vec::new();
        let mut wrong = |words: String| found.push(format!("the schedule “{}” {words}", self.name));
        let lawful = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, ' ' | '-')
        };
        if self.name.trim().is_empty() || self.name.len() > LONGEST || !self.name.chars().all(lawful) {
            wrong(format!("has no lawful name: at most {LONGEST} small letters, digits, spaces and dashes"));
        }
        match roles.iter().find(|role| role.name == self.role) {
            None => {
                let known: Vec<&str> = roles.iter().map(|role| role.name).collect();
                wrong(format!("acts in no role of this app; `acting_as` takes one of {}", known.join(", ")));
            }
            Some(role) if !role.administers.is_empty() => {
                wrong(format!("acts as “{}”, which administers; people administer", role.name));
            }
            Some(_) => {}
        }
        if self.entities.is_empty() {
            wrong("reaches nothing; `reaching` names an entity of `crate::access`".to_owned());
        }
        for entity in &self.entities {
            if !entities.iter().any(|known| known.name == entity.name) {
                wrong(format!("reaches “{}”, which is none of this app's", entity.name));
            }
        }
        found
    }
}

const HOUR: i128 = 3_600_000_000_000;

/// The last moment at this time of this date, or of the one so many days before, that is not later than now.
fn begun(now: OffsetDateTime, zone: Zone, date: time::Date, time: Time, days: i64) -> OffsetDateTime {
    let moment = |date: time::Date| {
        let local = PrimitiveDateTime::new(date, time);
        // Where clocks skip it, an hour later is as late as it gets.
        zone.moment(local).or_else(|| zone.moment(local + Duration::HOUR)).unwrap_or(local.assume_utc())
    };
    let today = moment(date);
    if today <= now { today } else { moment(date.saturating_sub(Duration::days(days))) }
}

#[cfg(test)]
mod tests {
    use time::UtcOffset;
    use time::macros::{datetime, time};

    use super::*;

    static ROLES: [Role; 2] = [Role::named("nurse"), Role::named("owner").administers(&["people"])];
    static NOTE: Entity = Entity::named("note", 1, "notes");

    fn offset(now: OffsetDateTime) -> UtcOffset {
        let summer = now >= datetime!(2026-03-29 01:00 UTC) && now < datetime!(2026-10-25 01:00 UTC);
        UtcOffset::from_hms(if summer { 2 } else { 1 }, 0, 0).unwrap()
    }

    const BERLIN: Zone = Zone { name: "CET", offset_at: offset };

    #[test]
    fn a_period_begins_at_its_time_on_the_clocks_of_the_app() {
        let daily = Schedule::daily("daily", time!(03:00));
        let begins = |now| daily.period(now, BERLIN);
        assert_eq!(begins(datetime!(2026-11-26 01:59 UTC)), datetime!(2026-11-25 02:00 UTC));
        assert_eq!(begins(datetime!(2026-11-26 02:00 UTC)), datetime!(2026-11-26 02:00 UTC));
        assert_eq!(begins(datetime!(2026-07-01 01:00 UTC)), datetime!(2026-07-01 01:00 UTC), "in summer");
        // Thursday.
        let weekly = |day| {
            Schedule::weekly("weekly", day, time!(03:00)).period(datetime!(2026-11-26 01:59 UTC), BERLIN)
        };
        assert_eq!(weekly(Weekday::Thursday), datetime!(2026-11-19 02:00 UTC));
        assert_eq!(weekly(Weekday::Wednesday), datetime!(2026-11-25 02:00 UTC));
        assert_eq!(weekly(Weekday::Friday), datetime!(2026-11-20 02:00 UTC));
        let hourly = Schedule::hourly("hourly").period(datetime!(2026-11-26 01:59:59.5 UTC), BERLIN);
        assert_eq!(hourly, datetime!(2026-11-26 01:00 UTC));
    }

    /// A day on which the clocks skip the time has its period all the same, and one only.
    #[test]
    fn a_time_that_the_clocks_skip_is_an_hour_later() {
        let skipped = Schedule::daily("daily", time!(02:30));
        assert_eq!(skipped.period(datetime!(2026-03-29 02:00 UTC), BERLIN), datetime!(2026-03-29 01:30 UTC));
        assert_eq!(skipped.period(datetime!(2026-03-29 00:59 UTC), BERLIN), datetime!(2026-03-28 01:30 UTC));
    }

    #[test]
    fn whom_it_acts_for_and_what_it_reaches_is_declared() {
        let told = |schedule: Schedule| schedule.problems(&ROLES, &[&NOTE]).join("; ");
        assert_eq!(told(Schedule::hourly("close notes").acting_as("nurse").reaching(&NOTE)), "");
        assert!(told(Schedule::hourly("close notes").acting_as("nurse")).contains("reaches nothing"));
        assert!(told(Schedule::hourly("close notes").reaching(&NOTE)).contains("takes one of nurse, owner"));
        assert!(told(Schedule::hourly("x").acting_as("owner").reaching(&NOTE)).contains("people administer"));
        assert!(
            told(Schedule::hourly("Mr Doe!").acting_as("nurse").reaching(&NOTE)).contains("no lawful name")
        );
        static OTHER: Entity = Entity::named("other", 2, "others");
        assert!(
            told(Schedule::hourly("x").acting_as("nurse").reaching(&OTHER)).contains("none of this app's")
        );
    }
}
