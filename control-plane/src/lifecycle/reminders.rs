//! When the owner of a departing app is reminded: pure arithmetic on moments.

use time::{Duration, OffsetDateTime};

/// How long everything can be taken home (HC-12).
pub const WINDOW: Duration = Duration::days(30);
/// How many days before the end of the window its owner is reminded; the first is at its beginning.
pub const DAYS: [i64; 5] = [30, 14, 7, 3, 1];

/// What is to be told now, and when to look again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The reminder that is due: how many days are left by it.
    pub tell: Option<i64>,
    /// Reminders whose time has passed untold (the platform was down): they are not told late, all at once.
    pub skip: Vec<i64>,
    /// When the next one is due, or the window ends.
    pub next: OffsetDateTime,
}

/// What is due at `now`, of a window that ends at `ends_at`, when these were told or skipped.
#[must_use]
pub fn plan(now: OffsetDateTime, ends_at: OffsetDateTime, told: &[i64]) -> Plan {
    let due = |days: &i64| ends_at - Duration::days(*days) <= now;
    let mut open: Vec<i64> = DAYS.into_iter().filter(|days| due(days) && !told.contains(days)).collect();
    // The one with the fewest days left tells most truly how it stands.
    let tell = open.pop().filter(|_| now < ends_at);
    let next = DAYS.into_iter().find(|days| !due(days)).map(|days| ends_at - Duration::days(days));
    Plan { tell, skip: open, next: next.unwrap_or(ends_at) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    const BEGIN: OffsetDateTime = datetime!(2026-11-26 09:00 UTC);

    /// HC-12: at 30, 14, 7, 3 and 1 days before the end, each once.
    #[test]
    fn hc_12_each_reminder_comes_at_its_time() {
        let ends = BEGIN + WINDOW;
        let (mut now, mut told, mut heard) = (BEGIN, Vec::new(), Vec::new());
        while now < ends {
            let plan = plan(now, ends, &told);
            if let Some(days) = plan.tell {
                told.push(days);
                heard.push(((now - BEGIN).whole_days(), days));
            }
            assert!(plan.next > now && plan.skip.is_empty());
            now = plan.next;
        }
        assert_eq!(heard, [(0, 30), (16, 14), (23, 7), (27, 3), (29, 1)]);
    }

    proptest! {
        /// HC-12: whenever the platform looks, however long it slept, nothing is told twice, nothing after the end,
        /// and what is told is never wrong by more than the gap between two reminders.
        #[test]
        fn hc_12_nothing_is_told_twice_or_late(looks in proptest::collection::vec(0i64..40 * 24, 1..60)) {
            let ends = BEGIN + WINDOW;
            let mut looks = looks;
            looks.sort_unstable();
            let (mut told, mut heard) = (Vec::new(), Vec::new());
            for hours in looks {
                let now = BEGIN + Duration::hours(hours);
                let plan = plan(now, ends, &told);
                prop_assert!(plan.next > now || now >= ends);
                heard.extend(plan.tell);
                told.extend(plan.tell.into_iter().chain(plan.skip));
                if let Some(days) = plan.tell {
                    let left = ends - now;
                    prop_assert!(now < ends && left <= Duration::days(days));
                    let nearer = DAYS.into_iter().filter(|other| *other < days).max().unwrap_or(0);
                    prop_assert!(left > Duration::days(nearer));
                }
            }
            let mut once = heard.clone();
            once.dedup();
            prop_assert_eq!(once, heard);
        }
    }
}
