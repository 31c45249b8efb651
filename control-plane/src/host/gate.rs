//! What an environment may do, as the host enforces it outside the app (HC-3, HC-4, HC-12).
//!
//! | gate | app | records | keys |
//! |---|---|---|---|
//! | not started | does not run | – | none |
//! | read and write | runs | read and written | given |
//! | read only | runs | read; written by nobody | given |
//! | export window | runs | as *read only*; `export` is what it is for | given |
//! | nothing | does not run | – | none |
//!
//! What decides between them for production (subscription and agreement) is [`crate::billing::production`]; a preview
//! is open for as long as its project has one.

use serde::{Deserialize, Serialize};

use crate::seams;

/// What an environment may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// It does not run, and gets no key.
    NotStarted,
    /// It runs, and records are read and written.
    ReadWrite,
    /// It runs, and no record can be changed.
    ReadOnly,
    /// As read only, for as long as its owner may take the data home.
    ExportWindow,
    /// It is gone or about to go: it does not run, and gets no key.
    Nothing,
}

/// Work of the app's own binary that the host has it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Bring the schema up to date.
    Migrate,
    /// Write made-up people and records.
    Seed,
    /// Make the first person of an organisation.
    CreateOwner,
    /// Add new keys.
    RotateKeys,
    /// Carry out erasures, and remove what was kept for as long as it had to be.
    Sweep,
    /// Check the audit log against its witness.
    VerifyAudit,
    /// Write the archive.
    Export,
    /// Destroy the keys and records of one organisation.
    DestroyOrganisation,
    /// Show records to support, by the owner's leave.
    SupportLook,
}

impl Gate {
    /// Every gate, for tables.
    pub const ALL: [Self; 5] =
        [Self::NotStarted, Self::ReadWrite, Self::ReadOnly, Self::ExportWindow, Self::Nothing];

    /// Whether the app runs and gets keys.
    #[must_use]
    pub fn runs(self) -> bool {
        matches!(self, Self::ReadWrite | Self::ReadOnly | Self::ExportWindow)
    }

    /// Whether records can be changed.
    #[must_use]
    pub fn writes(self) -> bool {
        self == Self::ReadWrite
    }

    /// Why records are only read, as the app is told it (`READ_ONLY_BECAUSE`), so that its people are.
    #[must_use]
    pub fn reads_because(self) -> Option<&'static str> {
        match self {
            Self::ReadOnly => Some("standing"),
            Self::ExportWindow => Some("ending"),
            Self::NotStarted | Self::ReadWrite | Self::Nothing => None,
        }
    }

    /// Whether the app's binary may be started for this work.
    #[must_use]
    pub fn allows(self, work: Work) -> bool {
        match work {
            Work::Migrate
            | Work::Seed
            | Work::CreateOwner
            | Work::RotateKeys
            | Work::Sweep
            | Work::DestroyOrganisation => self.writes(),
            Work::VerifyAudit | Work::Export | Work::SupportLook => self.runs(),
        }
    }

    /// Why an app that does not run does not, for whoever asked for it.
    #[must_use]
    pub fn closed_because(self) -> Option<&'static str> {
        match self {
            Self::NotStarted => Some("it has not been started: its owner has no agreement in force yet"),
            Self::Nothing => Some("it has ended"),
            _ => None,
        }
    }
}

impl From<seams::Gate> for Gate {
    fn from(gate: seams::Gate) -> Self {
        match gate {
            seams::Gate::NotStarted => Self::NotStarted,
            seams::Gate::Nothing => Self::Nothing,
            seams::Gate::ExportWindow => Self::ExportWindow,
            seams::Gate::ReadOnly => Self::ReadOnly,
            seams::Gate::ReadAndWrite => Self::ReadWrite,
        }
    }
}

impl Work {
    /// The subcommand of the app's binary.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Migrate => "migrate",
            Self::Seed => "seed",
            Self::CreateOwner => "create-owner",
            Self::RotateKeys => "rotate-keys",
            Self::Sweep => "sweep",
            Self::VerifyAudit => "verify-audit",
            Self::Export => "export",
            Self::DestroyOrganisation => "destroy-organisation",
            Self::SupportLook => "support-look",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hc_4_what_does_not_run_does_no_work_and_what_only_reads_takes_only_what_reads() {
        let all = [
            Work::Migrate,
            Work::Seed,
            Work::CreateOwner,
            Work::RotateKeys,
            Work::Sweep,
            Work::DestroyOrganisation,
            Work::VerifyAudit,
            Work::Export,
            Work::SupportLook,
        ];
        let allowed = |gate: Gate| all.iter().filter(|work| gate.allows(**work)).count();
        assert_eq!(Gate::ALL.map(allowed), [0, 9, 3, 3, 0]);
        assert_eq!(Gate::ALL.map(Gate::runs), [false, true, true, true, false]);
        assert_eq!(Gate::ALL.map(Gate::writes), [false, true, false, false, false]);
    }
}
