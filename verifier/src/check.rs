//! What a check is, and how all of them are run.

use std::ops::ControlFlow;

use serde::Serialize;

use crate::outcome::Outcome;
use crate::report::{Report, Verdict};
use crate::trial::Trial;
use crate::trouble::Trouble;

/// What a check proves something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// What comes in is bounded, what goes out is guarded.
    Edge,
    /// What a page may load and run.
    Pages,
    /// Who signs in, and how.
    Identity,
    /// What proves a session: tokens, cookies, forms.
    Tokens,
    /// Who sees what and may do what.
    Access,
    /// What is written is whole, attributed and never lost.
    Integrity,
    /// What is written down of every look and change.
    Audit,
    /// What a thief of the disk finds.
    Sealing,
    /// What an owner takes home.
    Exit,
    /// What the project says of itself.
    Documents,
}

impl Group {
    /// As a heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Edge => "At the edge",
            Self::Pages => "Pages",
            Self::Identity => "Signing in",
            Self::Tokens => "Tokens, cookies and forms",
            Self::Access => "Who sees what",
            Self::Integrity => "Records stay whole",
            Self::Audit => "The audit log",
            Self::Sealing => "What a thief of the disk finds",
            Self::Exit => "Taking everything home",
            Self::Documents => "What the project says of itself",
        }
    }
}

/// What a check needs of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// An address that answers; it only reads.
    Address,
    /// An instance of its own, with files, logs and people.
    Instance,
    /// An instance on PostgreSQL, whose rows can be read and changed behind the app's back.
    Postgres,
    /// An instance on SQLite, whose file can be put back and filled.
    Sqlite,
}

/// One check.
#[derive(Clone, Copy)]
pub struct Check {
    /// A short name, unique.
    pub id: &'static str,
    /// The promises that it stands for, by their ids in `docs/PROMISES.md`.
    pub promises: &'static [&'static str],
    /// What holds when it passes, in a sentence.
    pub title: &'static str,
    /// What it belongs to.
    pub group: Group,
    /// What it needs.
    pub needs: Needs,
    /// Does it.
    pub(crate) run: fn(&Trial) -> Result<Outcome, Trouble>,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Check({})", self.id)
    }
}

impl Check {
    pub(crate) const fn new(
        id: &'static str,
        promises: &'static [&'static str],
        title: &'static str,
        group: Group,
        needs: Needs,
        run: fn(&Trial) -> Result<Outcome, Trouble>,
    ) -> Self {
        Self { id, promises, title, group, needs, run }
    }
}

/// Runs the checks whose id `wanted` takes, in the order of the table, and tells each verdict to `told`, which says whether
/// to go on.
pub fn run(
    trial: &Trial,
    wanted: &dyn Fn(&str) -> bool,
    told: &mut dyn FnMut(&Verdict) -> ControlFlow<()>,
) -> Report {
    let mut verdicts = Vec::new();
    for check in crate::checks().into_iter().filter(|check| wanted(check.id)) {
        let began = crate::clock::instant();
        let outcome = match trial.lacks(check.needs) {
            Some(why) => Outcome::NotApplicable { why: why.to_owned() },
            None => (check.run)(trial).unwrap_or_else(Outcome::from),
        };
        let outcome = Trial::admitted(&check, outcome);
        let verdict = Verdict { check, outcome, took: began.elapsed() };
        let further = told(&verdict);
        verdicts.push(verdict);
        if further.is_break() {
            break;
        }
    }
    Report {
        app: trial.app().to_owned(),
        target: trial.target().to_owned(),
        manner: trial.manner(),
        at: crate::clock::seconds(),
        verdicts,
    }
}
