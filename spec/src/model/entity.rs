//! Entities, their fields and their lifecycles.

use super::{EntityIndex, FormIndex, Hop, Model, PlaceIndex, RoleIndex};
use crate::{
    access::Grant,
    document::{PastAccess, Period, Team},
    field_type::{Choice, Class, Kind, Range, Sensitivity},
    name::Name,
    rules::Expression,
};
use rust_decimal::Decimal;

/// A field of the entity at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldIndex(pub(crate) usize);

impl FieldIndex {
    /// The position in [`Entity::fields`].
    pub fn position(self) -> usize {
        self.0
    }
}

/// Where an entity comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A person wrote it.
    Written,
    /// It holds the answers of a form.
    Form(FormIndex),
    /// It holds the addenda of a record that locks.
    Addenda(EntityIndex),
    /// It holds what a person has given and taken back: the position among the document's permissions.
    Permission(usize),
    /// It holds the signatures of a record.
    Signatures(EntityIndex),
    /// It holds what somebody has to do about a record: the position among the document's tasks.
    Task(usize),
    /// It holds the messages of a conversation: the position among the document's conversations.
    Conversation(usize),
}

/// Something that the app keeps records of.
///
/// Every table has the columns `id`, `organisation_id`, `version`, `created_at`, `created_by_id`,
/// `updated_at`, `updated_by_id`; then, where they apply, `reference`, `<parent>_id` (not null),
/// `place_id` (not null), `person_id` (null until the person has a login), and one a field.
#[derive(Clone, Debug)]
pub struct Entity {
    /// Its name.
    pub name: Name,
    /// Its stable id, from the lock.
    pub id: u32,
    /// Where it comes from.
    pub origin: Origin,
    /// What people call one record.
    pub label: String,
    /// What people call several.
    pub plural: String,
    /// The SQL table, and the Rust module.
    pub table: String,
    /// The letters of its pseudonymous reference, if it has one: `PT`.
    pub reference: Option<String>,
    /// The fields that name a record; never empty unless no field can.
    pub title: Vec<FieldIndex>,
    /// Its fields, in the order of the document; links of a joining entity come first.
    pub fields: Vec<Field>,
    /// The record that this is a part of.
    pub parent: Option<Parent>,
    /// The entities that are parts of it.
    pub parts: Vec<EntityIndex>,
    /// The kind of place whose record it is; a part's is that of its parent. A table has the column
    /// `place_id` when this is not the organisation and there is no parent.
    pub place: PlaceIndex,
    /// The roles whose people are records of it; the table has `person_id` when there are any.
    pub self_roles: Vec<RoleIndex>,
    /// Who is responsible for a record.
    pub assignment: Option<Assignment>,
    /// The sets of columns that no two records of an organisation share; single `unique` fields too.
    pub unique: Vec<Vec<UniqueMember>>,
    /// Its states and moves.
    pub lifecycle: Option<Lifecycle>,
    /// Named projections.
    pub views: Vec<View>,
    /// Who may do what; what is not granted is denied.
    pub grants: Vec<Grant>,
    /// What a role never sees or sets, whatever its person is granted by other roles.
    pub never: Vec<(RoleIndex, Vec<FieldIndex>)>,
    /// Who signs a record, each role once; the first signature freezes it and its parts.
    pub signed_by: Vec<RoleIndex>,
    /// The entity that holds the signatures of a record.
    pub signatures: Option<EntityIndex>,
    /// How long records are kept after they end.
    pub retention: Option<Period>,
    /// The FHIR R4 resource that it corresponds to.
    pub fhir: Option<String>,
}

impl Entity {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<FieldIndex> {
        self.fields.iter().position(|field| field.name == name).map(FieldIndex)
    }

    /// Every field with its index.
    pub fn fields(&self) -> impl Iterator<Item = (FieldIndex, &Field)> {
        self.fields.iter().enumerate().map(|(i, field)| (FieldIndex(i), field))
    }

    /// Whether it holds anything about a patient.
    pub fn has_phi(&self) -> bool {
        self.fields.iter().any(|field| field.class != Class::None)
    }

    /// Whether the table has the column `place_id`.
    pub fn has_place_column(&self) -> bool {
        self.place != Model::ORGANISATION && self.parent.is_none()
    }
}

impl std::ops::Index<FieldIndex> for Entity {
    type Output = Field;

    fn index(&self, index: FieldIndex) -> &Field {
        &self.fields[index.0]
    }
}

/// The record that another is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The entity.
    pub entity: EntityIndex,
    /// The column that holds its id.
    pub column: String,
}

impl Parent {
    /// The parent as a step of a path.
    pub fn hop(&self) -> Hop {
        Hop { column: self.column.clone(), to: self.entity }
    }
}

/// Who is responsible for a record, from when to when.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The roles that a record is assigned to.
    pub roles: Vec<RoleIndex>,
    /// One person at a time, or a team.
    pub team: Team,
    /// Who assigns.
    pub by: Vec<RoleIndex>,
    /// Whether a person of the roles may take an unassigned record.
    pub claim: bool,
    /// What an ended assignment keeps.
    pub past: PastAccess,
    /// The table: `patient_assignments`.
    pub table: String,
    /// Its column that holds the record's id: `patient_id`.
    pub column: String,
}

/// One member of a unique set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueMember {
    /// The column `place_id`.
    Place,
    /// The parent's column.
    Parent,
    /// A field; its `lookup` column when it is sealed.
    Field(FieldIndex),
}

/// One value of a record.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its stable id within the entity, from the lock.
    pub id: u32,
    /// The SQL column and the Rust field. Computed fields have none in the database.
    pub column: String,
    /// What people call it.
    pub label: String,
    /// A hint below the label.
    pub hint: Option<String>,
    /// Why it is collected.
    pub purpose: Option<String>,
    /// How much it tells about a person; for a computed field, the strictest of its inputs.
    pub class: Class,
    /// What it holds.
    pub kind: Kind,
    /// Whether it holds several.
    pub list: bool,
    /// The unit shown with the number.
    pub unit: Option<String>,
    /// The least and greatest number.
    pub range: Option<Range>,
    /// Must be filled in.
    pub required: bool,
    /// How it is kept.
    pub storage: Storage,
    /// Narrows every grant that does not name it.
    pub sensitivity: Option<Sensitivity>,
    /// The value of a new record.
    pub default: Option<DefaultValue>,
    /// Where a link leads.
    pub target: Option<Target>,
    /// The expression that computes it.
    pub computed: Option<Expression>,
}

/// How a value is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// As it is.
    Plain,
    /// As it is although it is clinical, since the spec declares it `queryable`; the PHI map shows it.
    Queryable,
    /// Sealed under the organisation's key; `lookup` is the column of the blind index.
    Sealed {
        /// The column of the blind index, when it is searchable.
        lookup: Option<String>,
    },
    /// Not kept: computed at each reading.
    Computed,
}

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A record.
    Entity(EntityIndex),
    /// A person who has this role in the organisation.
    Person(RoleIndex),
}

/// The value of a new record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// The moment of creation.
    Now,
    /// The day of creation, in the app's time zone.
    Today,
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with decimals.
    Decimal(Decimal),
    /// Yes or no.
    Boolean(bool),
    /// One of the field's choices.
    Choice(Choice),
}

/// A named projection of an entity's fields; the reference is always with it.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name.
    pub name: Name,
    /// What it shows.
    pub shows: Vec<FieldIndex>,
}

/// The states of a record and the moves between them.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    /// The field that holds the state, a `one of` that is kept plain.
    pub field: FieldIndex,
    /// All states; the first is that of a new record.
    pub states: Vec<Choice>,
    /// The moves; [`crate::access::Action::Move`] counts in them.
    pub moves: Vec<Move>,
    /// States in which the record and its parts are frozen.
    pub locked: Vec<Choice>,
    /// The entity that holds corrections of a frozen record.
    pub addenda: Option<EntityIndex>,
}

/// One move of a lifecycle.
#[derive(Clone, Debug)]
pub struct Move {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The states that it starts from.
    pub from: Vec<Choice>,
    /// The state that it ends in.
    pub to: Choice,
    /// What must be there first.
    pub needs: Option<Needs>,
    /// What must hold of the record.
    pub when: Option<Expression>,
    /// What is filled in with it.
    pub asks: Vec<FieldIndex>,
}

/// What a move needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// An answered form about the record, or about what it is a part of.
    Form(FormIndex),
    /// A permission that stands; not built yet.
    Permission(Name),
}
