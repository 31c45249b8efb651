//! What an app declares of its AI actions, and of the companies that data goes to.

use crate::access::Entity;

/// What an action reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// A text that the person gives for this run; it stays in memory.
    Given,
    /// A text that is recorded.
    Recorded,
}

/// An AI action, as `ai_actions.rs` of an app declares it.
#[derive(Debug)]
pub struct AiAction {
    /// Its name in the spec, under which its runs stand in the register.
    pub name: &'static str,
    /// The end of its addresses: `/notes/{id}/ai/` and this.
    pub path: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// The entity of the record on whose page it stands.
    pub on: &'static Entity,
    /// The addresses of those records.
    pub pages: &'static str,
    /// The entity for which it proposes: that of the page, or a part of it.
    pub entity: &'static Entity,
    /// What people call one of them.
    pub entity_label: &'static str,
    /// The fields that it proposes, as forms name them.
    pub fields: &'static [&'static str],
    /// Whether new parts are proposed, and not other values of the record itself.
    pub parts: bool,
    /// What it reads.
    pub reads: Reads,
    /// What people call what it reads.
    pub input_label: &'static str,
    /// The roles that run it and apply what it proposes.
    pub applied_by: &'static [&'static str],
    /// Whether only who made the record of the page does.
    pub author_only: bool,
    /// Whether what it proposed is kept.
    pub keeps_output: bool,
    /// Whether the beginning of what was read is kept, where the person says so for that run.
    pub keeps_preview: bool,
    /// Whether it takes only text in which nobody is named, confirmed for each run (CC-2).
    pub de_identified: bool,
    /// Whether an identical text is answered from what was kept (CC-6).
    pub cached: bool,
    /// The provider that may be asked once it is attested.
    pub provider: Option<&'static SubProcessor>,
}

impl AiAction {
    /// How many proposals it makes at most. What is not kept is in one form, so there it is one.
    pub(super) fn most(&self) -> usize {
        if self.parts && self.keeps_output { 5 } else { 1 }
    }

    /// Its address of a record.
    pub(super) fn of(&self, id: uuid::Uuid) -> String {
        format!("{}/{id}/ai/{}", self.pages, self.path)
    }
}

/// A company that processes data for the app, as `access.rs` of an app declares it.
#[derive(Debug)]
pub struct SubProcessor {
    /// Its name in the spec, and as people read it.
    pub name: &'static str,
    /// Its name in addresses and in the file of providers: `model-vendor`.
    pub path: &'static str,
    /// What for.
    pub purposes: &'static [&'static str],
    /// The role that attests the agreement with it.
    pub attested_by: &'static str,
}
