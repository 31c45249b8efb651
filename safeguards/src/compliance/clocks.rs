//! When something is due, from facts and a moment alone. Each has its source.

use time::{Date, Duration, Month, OffsetDateTime};

/// How long somebody who begins has for their training: it is given "within a reasonable period of time after the person
/// joins the workforce" (45 CFR 164.530(b)(2)(i)(B)).
pub const FIRST_TRAINING: Duration = Duration::days(14);
/// How often it is repeated (CF-20).
pub const TRAINING_AGAIN: Duration = Duration::days(365);
/// How soon whoever is concerned is told, as we aim at it (CF-25).
pub const FIRST_NOTICE: Duration = Duration::hours(24);
/// Individuals are told "without unreasonable delay and in no case later than 60 calendar days after discovery"
/// (45 CFR 164.404(b)); from 500 on, the Secretary at the same time (164.408(b)), and, where more than 500 live in one
/// state, its media (164.406(b)).
pub const NOTICE: Duration = Duration::days(60);
/// From how many on the Secretary is told at once.
pub const MANY: i64 = 500;
/// How often what has to be repeated is repeated (HG-2; 45 CFR 164.308(a)(8) "periodic").
pub const REVIEW_AGAIN: Duration = Duration::days(365);

/// How soon an emergency access is reviewed after its end, as we set it: a record of it is to be looked at regularly
/// (45 CFR 164.308(a)(1)(ii)(D)).
pub const EMERGENCY_REVIEW: Duration = Duration::hours(72);

/// How soon a request is answered, and by how much that can be put off once, with a reason in writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answering {
    /// From the day of asking.
    pub within: Duration,
    /// Once.
    pub extension: Duration,
}

/// Access to one's own record: 30 days, once 30 more (45 CFR 164.524(b)(2)).
pub const ACCESS: Answering = Answering { within: Duration::days(30), extension: Duration::days(30) };
/// Amendment: 60 days, once 30 more (45 CFR 164.526(b)(2)).
pub const AMENDMENT: Answering = Answering { within: Duration::days(60), extension: Duration::days(30) };
/// An accounting of disclosures: 60 days, once 30 more (45 CFR 164.528(c)(1)).
pub const ACCOUNTING: Answering = Answering { within: Duration::days(60), extension: Duration::days(30) };
/// What HIPAA sets no date for, and the GDPR one month, which two more may follow (Article 12(3)).
pub const OTHERS: Answering = Answering { within: Duration::days(30), extension: Duration::days(60) };

/// When a request is to be answered.
#[must_use]
pub fn answer_due(asked: OffsetDateTime, answering: Answering, extended: bool) -> OffsetDateTime {
    asked + answering.within + if extended { answering.extension } else { Duration::ZERO }
}

/// By when an emergency access is reviewed.
#[must_use]
pub fn emergency_review_due(ended: OffsetDateTime) -> OffsetDateTime {
    ended + EMERGENCY_REVIEW
}

/// When the training of somebody is due.
#[must_use]
pub fn training_due(joined: OffsetDateTime, last: Option<OffsetDateTime>) -> OffsetDateTime {
    match last {
        // Somebody who comes back begins anew.
        Some(last) if last >= joined => last + TRAINING_AGAIN,
        _ => joined + FIRST_TRAINING,
    }
}

/// By when individuals are told of a breach.
#[must_use]
pub fn individuals_due(discovered: OffsetDateTime) -> OffsetDateTime {
    discovered + NOTICE
}

/// By when the Secretary is told: with the individuals where there are many, else within 60 days after the end of the year of
/// the discovery (45 CFR 164.408(c)). As long as nobody knows how many there are, many are assumed.
#[must_use]
pub fn authority_due(discovered: OffsetDateTime, individuals: Option<i64>) -> OffsetDateTime {
    match individuals {
        Some(few) if few < MANY => {
            let first = Date::from_calendar_date(discovered.year() + 1, Month::January, 1);
            // The calendar ends long after us; then the earlier date is the careful one.
            first.map_or(discovered, |first| first.midnight().assume_offset(discovered.offset())) + NOTICE
        }
        _ => discovered + NOTICE,
    }
}

/// By when the media are told; nobody has to where there are few.
#[must_use]
pub fn media_due(discovered: OffsetDateTime, individuals: Option<i64>) -> Option<OffsetDateTime> {
    individuals.is_none_or(|individuals| individuals > MANY).then(|| discovered + NOTICE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// CF-25: the dates of 45 CFR 164.404 to 164.408, by example.
    #[test]
    fn notices_of_a_breach_are_due_when_the_rule_says() {
        let discovered = datetime!(2026-11-26 09:00 UTC);
        assert_eq!(individuals_due(discovered), datetime!(2027-01-25 09:00 UTC));
        assert_eq!(authority_due(discovered, Some(500)), datetime!(2027-01-25 09:00 UTC));
        assert_eq!(authority_due(discovered, Some(499)), datetime!(2027-03-02 00:00 UTC));
        assert_eq!(authority_due(discovered, None), datetime!(2027-01-25 09:00 UTC), "ignorance is careful");
        assert_eq!(media_due(discovered, Some(500)), None, "more than 500 residents");
        assert_eq!(media_due(discovered, Some(501)), Some(datetime!(2027-01-25 09:00 UTC)));
    }

    /// HG-1: the dates of 45 CFR 164.524 and 164.526, by example.
    #[test]
    fn requests_are_answered_when_the_rule_says() {
        let asked = datetime!(2026-11-26 09:00 UTC);
        assert_eq!(answer_due(asked, ACCESS, false), datetime!(2026-12-26 09:00 UTC));
        assert_eq!(answer_due(asked, ACCESS, true), datetime!(2027-01-25 09:00 UTC));
        assert_eq!(answer_due(asked, AMENDMENT, false), datetime!(2027-01-25 09:00 UTC));
        assert_eq!(answer_due(asked, AMENDMENT, true), datetime!(2027-02-24 09:00 UTC));
    }

    /// CF-20: at the start, then yearly; who comes back begins anew.
    #[test]
    fn training_is_due_at_hire_and_yearly() {
        let joined = datetime!(2026-01-01 08:00 UTC);
        assert_eq!(training_due(joined, None), datetime!(2026-01-15 08:00 UTC));
        assert_eq!(
            training_due(joined, Some(datetime!(2026-01-10 08:00 UTC))),
            datetime!(2027-01-10 08:00 UTC)
        );
        assert_eq!(
            training_due(joined, Some(datetime!(2025-06-01 08:00 UTC))),
            datetime!(2026-01-15 08:00 UTC)
        );
    }
}
