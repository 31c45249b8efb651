//! Who may do what with which records: resolved grants, and their predicates as SQL text.
//!
//! A grant's rows are a small tree ([`Rows`]) over the record's own columns, memberships,
//! assignments and links. It is written as one condition with named context values (`:person`,
//! `:organisation`, `:now`), of which the library makes both the policy of an app's statements and
//! PostgreSQL's row-level security; and, independently of the tree, there is the oracle in
//! [`oracle`] that tests compare against.

pub mod oracle;
mod rows;
mod widening;

pub use rows::Rows;
pub(crate) use rows::literal;
pub use widening::{Widening, widened};

use crate::{
    field_type::Choice,
    model::{EntityIndex, FieldIndex, Hop, PlaceIndex, RoleIndex},
};

/// What can be done with a record. A grant to view always includes to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// See the record.
    View,
    /// Find it in lists.
    List,
    /// Make a new one.
    Create,
    /// Change it.
    Update,
    /// Remove it.
    Delete,
    /// Print it.
    Print,
    /// Download it.
    Download,
    /// Export it.
    Export,
    /// Assign it to somebody.
    Assign,
    /// Take it, while it is assigned to nobody.
    Claim,
    /// Fill in those of its fields that the answers of a form also fill.
    Fill,
    /// Make this move of its lifecycle (an index into [`crate::model::Lifecycle::moves`]).
    Move(usize),
}

/// Which fields a grant opens. The pseudonymous reference goes with every record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mask {
    /// Every field.
    All,
    /// These; none, when empty.
    Only(Vec<FieldIndex>),
}

impl Mask {
    /// Whether it opens the field.
    pub fn covers(&self, field: FieldIndex) -> bool {
        match self {
            Self::All => true,
            Self::Only(fields) => fields.contains(&field),
        }
    }
}

/// One resolved grant: a role, actions, records, fields.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The role.
    pub role: RoleIndex,
    /// What it may do, sorted; to list is there whenever to view is.
    pub actions: Vec<Action>,
    /// The scope, as people say it.
    pub reach: Reach,
    /// The links between the record and where the scope holds.
    pub path: Vec<Step>,
    /// The lifecycle states in which it holds; any, when empty.
    pub when: Vec<Choice>,
    /// Which fields it opens.
    pub fields: Mask,
    /// Whether the spec names the fields or the view; such a grant does not go down to parts.
    pub narrowed: bool,
    /// The records, as a tree.
    pub rows: Rows,
    /// The records as SQL over `:person`, `:organisation` and `:now`, the same for both databases.
    /// The library adds `<table>.organisation_id = :organisation`.
    pub sql: String,
}

impl Grant {
    /// Whether it allows the action.
    pub fn allows(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    /// Whether it lets make records of which the maker reaches none but those assigned to them. Nobody is assigned to what
    /// is not there yet, so whoever makes one is assigned to it by making it.
    pub fn assigns_its_maker(&self) -> bool {
        self.allows(Action::Create) && self.path.is_empty() && matches!(self.reach, Reach::Assigned { .. })
    }
}

/// Where a scope holds, once resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The person's own records: the column, of the record at the end of the path, that names them.
    Own(String),
    /// Records assigned to the person in the role; of past ones too, when `past`.
    Assigned {
        /// Whether ended assignments count.
        past: bool,
    },
    /// Records that are assigned to nobody today, which the role may take.
    Unassigned,
    /// Records of the places of this kind in which the person has the role.
    Place(PlaceIndex),
    /// Records that the role may view at the end of the path.
    Viewable,
    /// Records that are parts of one for which the role may do this with every field.
    Inherited(Action),
    /// Records that somebody gave the person to see, as long as the permission at the end of the path is in force.
    Permitted(EntityIndex),
    /// Records of every organisation; never PHI.
    Everywhere,
}

/// One step between a record and where its scope holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the record that a column of this one names.
    To(Hop),
    /// To the records of another entity whose column names this one.
    From {
        /// The other entity.
        entity: EntityIndex,
        /// Its column.
        column: String,
    },
}

impl Step {
    /// Where it leads.
    pub fn entity(&self) -> EntityIndex {
        match self {
            Self::To(hop) => hop.to,
            Self::From { entity, .. } => *entity,
        }
    }
}
