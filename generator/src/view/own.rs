//! Which records are about whoever asks themselves, and how long records are kept: what a copy of one's data is made of, and
//! what an account takes along when it is deleted (CC-10, CL-10).

use spec::access::{Grant, Mask, Reach};
use spec::document::{Period, PeriodUnit};
use spec::model::{Entity, EntityIndex, Model};

use super::entity::subject;
use super::policy::{grants_that_add, own_rows, self_made};

/// The conditions of the grants of an entity by which somebody reaches what is about themselves, each once.
pub(super) fn conditions(model: &Model, index: EntityIndex) -> Vec<String> {
    let entity = &model[index];
    let of_grants = grants_that_add(entity).filter(|grant| is_own(model, index, grant));
    let made = self_made(model, index).map(|_| own_rows(entity));
    let mut conditions: Vec<String> = Vec::new();
    for sql in of_grants.map(|grant| grant.sql.clone()).chain(made) {
        if !conditions.contains(&sql) {
            conditions.push(sql);
        }
    }
    conditions
}

/// What somebody wrote of a patient is about the patient, whoever calls it their own: so of such records, only those are that
/// lead to a record which the person is.
fn is_own(model: &Model, index: EntityIndex, grant: &Grant) -> bool {
    match &grant.reach {
        Reach::Own(_) => subject(model, index).is_none() || model[grant.role].self_entity.is_some(),
        Reach::Inherited(action) => model[index].parent.as_ref().is_some_and(|parent| {
            let above = |other: &&Grant| {
                other.role == grant.role && other.allows(*action) && other.fields == Mask::All
            };
            let mut of_parent = model[parent.entity].grants.iter().filter(above).peekable();
            of_parent.peek().is_some() && of_parent.all(|other| is_own(model, parent.entity, other))
        }),
        _ => false,
    }
}

/// For how many months records are kept, where the spec says so; what is shorter than a month is kept for one.
pub(super) fn retention(entity: &Entity) -> Option<u32> {
    entity.retention.map(months)
}

fn months(period: Period) -> u32 {
    let Period { count, unit } = period;
    let of_days = |days: u32| count.saturating_mul(days).div_ceil(30);
    match unit {
        PeriodUnit::Year => count.saturating_mul(12),
        PeriodUnit::Month => count,
        PeriodUnit::Week => of_days(7),
        PeriodUnit::Day => of_days(1),
        PeriodUnit::Hour | PeriodUnit::Minute => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CF-8: what is kept is never kept shorter than the spec says.
    #[test]
    fn periods_are_rounded_up_to_months() {
        for (count, unit, expected) in [
            (7, PeriodUnit::Year, 84),
            (18, PeriodUnit::Month, 18),
            (1, PeriodUnit::Week, 1),
            (31, PeriodUnit::Day, 2),
            (90, PeriodUnit::Minute, 1),
        ] {
            assert_eq!(months(Period { count, unit }), expected, "{count} {unit:?}");
        }
    }
}
