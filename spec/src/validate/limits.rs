//! Limits: how many records of a kind somebody may make in a day, a month or a year, by their tier.

use super::Resolver;
use crate::{
    document,
    model::{Limit, LimitPeriod},
    name::Name,
    problem::{Kind, Pointer},
};

impl Resolver<'_> {
    pub(super) fn limits(&mut self) {
        let document = self.document;
        for (name, limit) in &document.limits {
            let at = Pointer::root().join("limits").join(name);
            if let Some(limit) = self.limit(name, limit, &at) {
                self.model.limits.push(limit);
            }
        }
    }

    fn limit(&mut self, name: &Name, written: &document::Limit, at: &Pointer) -> Option<Limit> {
        let entity = self.entity(&written.of, &at.join("of"));
        let managed_by = match &written.managed_by {
            Some(role) => Some(self.role(role, &at.join("managed by"))?),
            None => None,
        };
        let per = match written.per.as_str() {
            "day" => Some(LimitPeriod::Day),
            "month" => Some(LimitPeriod::Month),
            "year" => Some(LimitPeriod::Year),
            other => {
                let message = format!("`{other}` is no period of a limit");
                self.problem(&at.join("per"), Kind::Shape, message, "write `day`, `month` or `year`");
                None
            }
        };
        if written.tiers.is_empty() {
            let help = "name each tier with its amount, the usual one first: `tiers: { Free: 20, Pro: 500 }`";
            self.problem(&at.join("tiers"), Kind::Missing, "a limit has an amount", help);
        }
        let entity = entity?;
        if self.model.limits.iter().any(|other| other.entity == entity) {
            let message = format!("`{}` has a limit already", self.model[entity].name);
            self.problem(&at.join("of"), Kind::Duplicate, message, "keep one limit for each kind of record");
        }
        let word = |tier: &str| {
            let shown = !tier.trim().is_empty() && tier.chars().count() <= 40;
            shown && !tier.chars().any(crate::decode::is_hostile)
        };
        if let Some((tier, _)) = written.tiers.iter().find(|(tier, _)| !word(tier)) {
            let message = format!("`{}` is no name for a tier", crate::decode::shown(tier));
            self.problem(&at.join("tiers"), Kind::Shape, message, "use a short name, as in `Free` or `Pro`");
        }
        Some(Limit {
            name: name.clone(),
            label: name.title(),
            entity,
            per: per?,
            tiers: written.tiers.iter().map(|(tier, amount)| (tier.clone(), *amount)).collect(),
            managed_by,
        })
    }
}
