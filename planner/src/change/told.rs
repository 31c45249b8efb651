//! What a new version of a spec changes, as the person who decides about it is told: by the command line and on the page of a plan
//! alike.

use std::fmt;

use spec::ValidatedSpec;
use spec::access::{Widening, widened};

use super::differences;

/// What differs between two versions, in people's words.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What is different.
    pub said: Vec<String>,
    /// What is recorded and has no place any more.
    pub losses: Vec<String>,
    /// What is kept today and is shown to somebody who does not see it today.
    pub widened: Vec<Widening>,
}

impl Difference {
    /// Between two versions, the later of which knows the stable ids of the earlier.
    #[must_use]
    pub fn of(before: &ValidatedSpec, after: &ValidatedSpec) -> Self {
        Self {
            said: differences(before.document(), after.document()),
            losses: spec::change::losses(before.model(), after.model()),
            widened: widened(before, after).into_iter().filter(Widening::shows_what_is_kept).collect(),
        }
    }

    /// Whether values are deleted, or somebody sees what is kept today and is not theirs to see today.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        !self.losses.is_empty() || !self.widened.is_empty()
    }

    /// Whether no record, field or right differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.said.is_empty() && !self.is_grave()
    }

    /// What is opened, a sentence each.
    pub fn opened(&self) -> impl Iterator<Item = String> {
        self.widened.iter().map(|Widening { role, entity, action, fields, .. }| {
            let fields: Vec<_> = fields.iter().map(ToString::to_string).collect();
            let fields = if fields.is_empty() { String::new() } else { format!(": {}", fields.join(", ")) };
            format!("{role} may {action} {entity}, where it could not{fields}")
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("No record, field or right differs.");
        }
        f.write_str("What changes:")?;
        for said in &self.said {
            write!(f, "\n   {said}")?;
        }
        for opened in self.opened() {
            write!(f, "\n!  {opened}")?;
        }
        for loss in &self.losses {
            write!(f, "\n!! {loss}")?;
        }
        Ok(())
    }
}

/// The text of a spec once what it retires is gone. Whoever takes it so has a person confirm it.
#[must_use]
pub fn without_retired(text: &str) -> String {
    let mut document = spec::read(text).document;
    let retired: Vec<String> = document
        .changes
        .iter()
        .filter(|(_, change)| change.retire.is_some())
        .map(|(name, _)| name.clone())
        .collect();
    for name in &retired {
        document.changes.shift_remove(name);
        match name.split_once('.') {
            None => document.entities.retain(|entity, _| entity.as_str() != name),
            Some((entity, field)) => {
                if let Some((_, entity)) =
                    document.entities.iter_mut().find(|(name, _)| name.as_str() == entity)
                {
                    entity.fields.retain(|name, _| name.as_str() != field);
                }
            }
        }
    }
    if retired.is_empty() { text.to_owned() } else { document.to_yaml() }
}
