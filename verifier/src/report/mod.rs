//! What was found, for people, for programs, for a build server, and for a privacy officer.

mod junit;
mod page;
pub(crate) mod promises;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::check::Check;
use crate::outcome::Outcome;

/// One check and how it ended.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The check.
    pub check: Check,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

/// All that was found of one app.
#[derive(Clone, Debug)]
pub struct Report {
    /// The app's name.
    pub app: String,
    /// What was verified, as it was named.
    pub target: String,
    /// How it was verified, in a sentence.
    pub manner: &'static str,
    /// When, in seconds since 1970.
    pub at: i64,
    /// The checks that were run, in their order.
    pub verdicts: Vec<Verdict>,
}

impl Report {
    /// Whether every promise that was tried was kept, and every check came to an end.
    #[must_use]
    pub fn is_green(&self) -> bool {
        !self.verdicts.iter().any(|verdict| verdict.outcome.is_failure())
    }

    /// How many ended each way, by the word for it.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for verdict in &self.verdicts {
            *counts.entry(verdict.outcome.word()).or_default() += 1;
        }
        counts
    }

    /// For people at a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        text::write(self)
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let verdicts = self.verdicts.iter().map(|verdict| {
            let mut value = described(&verdict.check);
            value["result"] = json!(verdict.outcome);
            value["milliseconds"] = json!(u64::try_from(verdict.took.as_millis()).unwrap_or(u64::MAX));
            value
        });
        json!({
            "app": self.app,
            "target": self.target,
            "manner": self.manner,
            "at": self.at,
            "verified": self.is_green(),
            "counts": self.counts(),
            "checks": verdicts.collect::<Vec<_>>(),
        })
    }

    /// For a build server.
    #[must_use]
    pub fn junit(&self) -> String {
        junit::write(self)
    }

    /// For a privacy officer: one page that needs nothing else.
    #[must_use]
    pub fn page(&self) -> String {
        page::write(self)
    }

    /// The promises that were tried, in order, each with the verdicts that cite it.
    fn promises(&self) -> BTreeMap<(&'static str, u32), Vec<&Verdict>> {
        let mut promises: BTreeMap<_, Vec<&Verdict>> = BTreeMap::new();
        for verdict in &self.verdicts {
            for id in verdict.check.promises.iter().collect::<BTreeSet<_>>() {
                let (part, number) = id.split_once('-').unwrap_or((id, "0"));
                promises.entry((part, number.parse().unwrap_or(0))).or_default().push(verdict);
            }
        }
        promises
    }
}

/// A check as it is listed.
#[must_use]
pub fn described(check: &Check) -> Value {
    json!({
        "id": check.id,
        "group": check.group,
        "title": check.title,
        "promises": check.promises,
        "needs": check.needs,
    })
}
