//! What `access.rs` of a generated project is made of: entities, fields, grants. All of it is `const`.

use super::itself::Rule;
use crate::crypto::Normal;
use crate::store;

/// An entity of the spec as the library needs to know it: its table, its fields and who may do what with it.
#[derive(Debug)]
pub struct Entity {
    /// The name in `app.yaml`, such as `patient`.
    pub name: &'static str,
    /// The stable id from `app.lock`; it is part of what binds a sealed value to its place.
    pub id: u32,
    /// The table, such as `patients`. Predicates and statements call it by this name, never by an alias.
    pub table: &'static str,
    /// The prefix of the pseudonymous reference (`PT` for `PT-7F3A4B`), for entities that have one.
    pub reference: Option<&'static str>,
    /// The patient whom a row is about: the column that holds their record's id (`id` on the patient's own table), or, of
    /// a part of a part, a query in parentheses that goes up to it. It is the audit log's subject, for an accounting
    /// of disclosures (45 CFR 164.528).
    pub subject: Option<&'static str>,
    /// A label on every row; a grant that does not name it does not count at all.
    pub sensitivity: Option<&'static str>,
    /// The declared fields. What is not declared cannot be read through the library.
    pub fields: &'static [Field],
    /// Who may do what. Grants add up.
    pub grants: &'static [Grant],
    /// What is never allowed to a role, whatever its other roles grant.
    pub nevers: &'static [Never],
    /// Which rows cannot be changed any more (CF-10).
    pub lock: Option<Lock>,
    /// Sets of fields that should be unique among the rows that a writer can see (see the module's text).
    pub unique: &'static [&'static [&'static str]],
    /// What happens by itself when something of a row is written.
    pub rules: &'static [Rule],
    /// Which rows are about whoever asks themselves: what is handed out with a copy of their data (CL-10). Each is the
    /// condition of one of the grants, word for word; a grant of other rows is one to look at somebody else's.
    pub own: &'static [&'static str],
    /// For how many months a row is kept after its last change, where the spec says so.
    pub retention: Option<u32>,
}

/// How long a record that others here work with is kept after its last change, where the spec says nothing: seven years, as the
/// audit log. HIPAA leaves the record itself to the law of the state (45 CFR 164.316(b)(2)(i) asks six of what is documented about it).
pub const RETENTION_MONTHS: u32 = 84;

impl Entity {
    /// An entity without fields and grants, to be completed by struct update: nobody may do anything with it.
    pub const fn named(name: &'static str, id: u32, table: &'static str) -> Self {
        Self {
            name,
            id,
            table,
            reference: None,
            subject: None,
            sensitivity: None,
            fields: &[],
            grants: &[],
            nevers: &[],
            lock: None,
            unique: &[],
            rules: &[],
            own: &[],
            retention: None,
        }
    }

    /// Whether its rows say anything about a person.
    pub fn has_phi(&self) -> bool {
        self.fields.iter().any(|field| field.class != Class::None)
    }

    /// Whether others than whose a row is may do anything with it.
    #[cfg(feature = "tenant")]
    pub(crate) fn is_shared(&self) -> bool {
        let theirs = |grant: &&Grant| grant.role != super::itself::ITSELF && !self.own.contains(&grant.rows);
        self.grants.iter().any(|grant| theirs(&grant))
    }

    /// For how many months a row must be kept: what others work with is a record of the organisation, which the account of
    /// whom it is about does not take along. None where it is theirs alone, and goes with them (CC-10).
    #[cfg(feature = "tenant")]
    pub(crate) fn kept_months(&self) -> Option<u32> {
        self.retention.or_else(|| self.is_shared().then_some(RETENTION_MONTHS))
    }

    /// Whether somebody in these roles may do anything with what others than they themselves are.
    #[cfg(feature = "tenant")]
    pub(crate) fn opens_others(&self, roles: &[&str]) -> bool {
        let theirs = |grant: &Grant| roles.contains(&grant.role) && !self.own.contains(&grant.rows);
        self.has_phi() && self.grants.iter().any(theirs)
    }

    /// The declared field of this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// What is wrong with the descriptor, in words; a generated test and the start of an app want none.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut complain = |text: String| problems.push(format!("{}: {text}", self.name));
        for (position, field) in self.fields.iter().enumerate() {
            let name = field.name;
            if self.fields[..position]
                .iter()
                .any(|f| f.name == name || f.id == field.id || f.column == field.column)
            {
                complain(format!("{name} shares its name, id or column with another field"));
            }
            if is_base(field.column) {
                complain(format!("{name} has the name of a column that every table has"));
            }
            let sealed = matches!(field.storage, Storage::Sealed { .. });
            if matches!(field.class, Class::Identifier | Class::Narrative) && !sealed {
                complain(format!("{name} identifies or narrates, and must be sealed"));
            }
            if matches!(field.storage, Storage::Sealed { lookup: Some(_) }) && field.kind.normal().is_none() {
                complain(format!("{name} is of a kind with too few values for a blind index"));
            }
        }
        for (role, mask) in self
            .grants
            .iter()
            .map(|g| (g.role, g.fields))
            .chain(self.nevers.iter().map(|n| (n.role, n.fields)))
        {
            for name in mask.names().iter().filter(|name| self.field(name).is_none() && !is_base(name)) {
                complain(format!("a mask of {role} names {name}, which is no field"));
            }
        }
        for name in self.unique.iter().copied().flatten() {
            let comparable = |field: &Field| field.storage != Storage::Sealed { lookup: None };
            if !self.field(name).is_some_and(comparable) {
                complain(format!("{name} should be unique, and cannot be compared"));
            }
        }
        const TAKEN: &[&str] = &["view", "list", "create", "update", "delete", "print", "download", "export"];
        let moves = self.grants.iter().flat_map(|grant| grant.actions).filter_map(|action| match action {
            Action::Move(name) => Some(name),
            _ => None,
        });
        for name in moves.filter(|name| TAKEN.contains(name)) {
            complain(format!("the transition {name} has the name of an action"));
        }
        for own in self.own.iter().filter(|own| !self.grants.iter().any(|grant| grant.rows == **own)) {
            complain(format!("no grant is of the rows that are one's own: {own}"));
        }
        if self.grants.len() + self.nevers.len() > 60 {
            complain("more than 60 grants: what a row reaches is one integer".to_owned());
        }
        problems
    }
}

/// A column that every tenant table has, or may have. It is hidden by masks like a field, `id` and `version` excepted.
pub(crate) fn is_base(column: &str) -> bool {
    matches!(
        column,
        "id" | "organisation_id"
            | "version"
            | "reference"
            | "created_at"
            | "created_by_id"
            | "updated_at"
            | "updated_by_id"
    )
}

/// A field of an entity.
#[derive(Debug)]
pub struct Field {
    /// The name in `app.yaml`; masks, `using` and `field` call it by this name.
    pub name: &'static str,
    /// The stable id from `app.lock`.
    pub id: u32,
    /// The column.
    pub column: &'static str,
    /// How much it tells about a person.
    pub class: Class,
    /// How it lies in the row.
    pub storage: Storage,
    /// A label (`part2`, `psychotherapy`, `minor`, `reproductive`); a grant that does not name it does not reveal it.
    pub sensitivity: Option<&'static str>,
    /// What its values are.
    pub kind: Kind,
    /// What it leads to, where its values are ids.
    pub leads: Option<Leads>,
    /// The unit of its numbers.
    pub unit: Option<&'static str>,
}

/// What the id in a field leads to. It is written only where it lies in the principal's own organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// A record in this table.
    To(&'static str),
    /// Somebody who has a role in the organisation.
    ToPerson,
}

impl Field {
    /// One of the 18 Safe Harbor kinds (45 CFR 164.514(b)(2)): sealed.
    pub const fn identifier(name: &'static str, id: u32, kind: Kind) -> Self {
        Self::new(name, id, kind, Class::Identifier, Storage::Sealed { lookup: None })
    }

    /// Free text about a person: sealed.
    pub const fn narrative(name: &'static str, id: u32) -> Self {
        Self::new(name, id, Kind::Text, Class::Narrative, Storage::Sealed { lookup: None })
    }

    /// A clinical value: sealed, unless it is declared [`queryable`](Self::queryable).
    pub const fn clinical(name: &'static str, id: u32, kind: Kind) -> Self {
        Self::new(name, id, kind, Class::Clinical, Storage::Sealed { lookup: None })
    }

    /// What tells nothing about a person: plain.
    pub const fn plain(name: &'static str, id: u32, kind: Kind) -> Self {
        Self::new(name, id, kind, Class::None, Storage::Plain)
    }

    const fn new(name: &'static str, id: u32, kind: Kind, class: Class, storage: Storage) -> Self {
        Self { name, id, column: name, class, storage, sensitivity: None, kind, leads: None, unit: None }
    }

    /// The column, where it is not named as the field.
    pub const fn column(mut self, column: &'static str) -> Self {
        self.column = column;
        self
    }

    /// Leads to a record in this table.
    pub const fn to(mut self, table: &'static str) -> Self {
        self.leads = Some(Leads::To(table));
        self
    }

    /// The unit of its numbers, without which none is shown.
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Leads to somebody of the organisation.
    pub const fn to_person(mut self) -> Self {
        self.leads = Some(Leads::ToPerson);
        self
    }

    /// Exact look-up through a blind index in this column.
    pub const fn lookup(mut self, column: &'static str) -> Self {
        self.storage = Storage::Sealed { lookup: Some(column) };
        self
    }

    /// Plain in the row, so that SQL can filter, sort and measure it. The PHI map shows it.
    pub const fn queryable(mut self) -> Self {
        self.storage = Storage::Plain;
        self
    }

    /// Labels the field.
    pub const fn sensitive(mut self, label: &'static str) -> Self {
        self.sensitivity = Some(label);
        self
    }
}

/// How much a field tells about a person. An unknown field is clinical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Who it is: the 18 Safe Harbor kinds.
    Identifier,
    /// What somebody wrote about them.
    Narrative,
    /// What was measured, found, prescribed.
    Clinical,
    /// Nothing.
    None,
}

/// How a field lies in the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// As it is.
    Plain,
    /// As a [`Sealed`](crate::crypto::Sealed) value, with the column of its blind index if it can be looked up.
    Sealed {
        /// The column of the blind index.
        lookup: Option<&'static str>,
    },
}

/// What the values of a field are. More than the database's types: it decides how a value is normalised for a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, a choice, a code.
    Text,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A medical record number.
    RecordNumber,
    /// A health plan member number.
    MemberNumber,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// Yes or no.
    Bool,
    /// A calendar date.
    Date,
    /// A moment in UTC.
    Timestamp,
    /// An id of another row.
    Uuid,
    /// A list or a structure.
    Json,
    /// Bytes.
    Bytes,
}

impl Kind {
    /// The database's kind of a plain field, and of what is inside a sealed one.
    pub const fn stored(self) -> store::Kind {
        match self {
            Self::Text | Self::Email | Self::Phone | Self::RecordNumber | Self::MemberNumber => {
                store::Kind::Text
            }
            Self::Integer => store::Kind::Integer,
            Self::Decimal => store::Kind::Decimal,
            Self::Bool => store::Kind::Bool,
            Self::Date => store::Kind::Date,
            Self::Timestamp => store::Kind::Timestamp,
            Self::Uuid => store::Kind::Uuid,
            Self::Json => store::Kind::Json,
            Self::Bytes => store::Kind::Bytes,
        }
    }

    /// The rule by which a value is normalised for a blind index; `None` where entropy is too low for one.
    pub const fn normal(self) -> Option<Normal> {
        match self {
            Self::Email => Some(Normal::Email),
            Self::Phone => Some(Normal::Phone),
            Self::RecordNumber => Some(Normal::RecordNumber),
            Self::MemberNumber => Some(Normal::MemberNumber),
            _ => None,
        }
    }
}

/// What somebody does with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Open one row.
    View,
    /// See rows in a list, a search, a count or a measure.
    List,
    /// Make a row.
    Create,
    /// Change a row.
    Update,
    /// Remove a row.
    Delete,
    /// Print.
    Print,
    /// Download a document.
    Download,
    /// Take rows out of the app.
    Export,
    /// A transition of the entity's lifecycle, such as `sign`.
    Move(&'static str),
}

impl Action {
    /// The name that row-level security knows: `view`, …; a transition's own name, such as `sign`.
    pub fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::List => "list",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Print => "print",
            Self::Download => "download",
            Self::Export => "export",
            Self::Move(name) => name,
        }
    }
}

/// Which fields a grant reveals or lets write, by name. `reference`, `created_at` and the other columns that every
/// table has count as fields; `id` and `version` come with the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mask {
    /// All fields; labelled ones only if the grant names their label.
    All,
    /// These and no others.
    Only(&'static [&'static str]),
    /// All but these.
    Except(&'static [&'static str]),
}

impl Mask {
    /// Whether the mask covers the field of this name, labels aside.
    pub fn covers(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(&name),
            Self::Except(names) => !names.contains(&name),
        }
    }

    fn names(&self) -> &'static [&'static str] {
        match self {
            Self::All => &[],
            Self::Only(names) | Self::Except(names) => names,
        }
    }
}

/// What a role may do, with which rows, and what of them it sees.
#[derive(Debug)]
pub struct Grant {
    /// The role.
    pub role: &'static str,
    /// What it may do. Viewing and listing are two things.
    pub actions: &'static [Action],
    /// Which rows: an SQL condition over the entity's table by its name, link tables, and `:person`, `:organisation`,
    /// `:now`. The library adds that the row is of the principal's organisation.
    pub rows: &'static str,
    /// The rows that a write may leave behind, where they are not those that it may start from.
    pub after: Option<&'static str>,
    /// Which fields.
    pub fields: Mask,
    /// The sensitivity labels that the grant includes.
    pub labels: &'static [&'static str],
}

impl Grant {
    /// A grant over every row of the principal's organisation, with all unlabelled fields.
    pub const fn to(role: &'static str, actions: &'static [Action]) -> Self {
        Self { role, actions, rows: "TRUE", after: None, fields: Mask::All, labels: &[] }
    }

    /// Narrows the rows.
    pub const fn rows(mut self, rows: &'static str) -> Self {
        self.rows = rows;
        self
    }

    /// The rows that a write may leave behind.
    pub const fn after(mut self, rows: &'static str) -> Self {
        self.after = Some(rows);
        self
    }

    /// Narrows the fields.
    pub const fn fields(mut self, fields: Mask) -> Self {
        self.fields = fields;
        self
    }

    /// Includes fields and entities with these sensitivity labels.
    pub const fn labels(mut self, labels: &'static [&'static str]) -> Self {
        self.labels = labels;
        self
    }

    /// Whether the grant reveals the field of this name.
    pub(super) fn reveals(&self, entity: &Entity, name: &str) -> bool {
        let label = entity.field(name).and_then(|field| field.sensitivity);
        self.fields.covers(name) && label.is_none_or(|label| self.labels.contains(&label))
    }
}

/// What a role may never see or do. It wins over every grant of the same person.
#[derive(Debug)]
pub struct Never {
    /// The role.
    pub role: &'static str,
    /// The actions; none named means all.
    pub actions: &'static [Action],
    /// Which rows, as in a grant. A row of which this cannot be said (NULL) counts as one.
    pub rows: &'static str,
    /// Which fields; [`Mask::All`] hides the row.
    pub fields: Mask,
}

impl Never {
    /// Never anything of this entity.
    pub const fn to(role: &'static str) -> Self {
        Self { role, actions: &[], rows: "TRUE", fields: Mask::All }
    }

    /// Never these actions.
    pub const fn actions(mut self, actions: &'static [Action]) -> Self {
        self.actions = actions;
        self
    }

    /// Never these rows.
    pub const fn rows(mut self, rows: &'static str) -> Self {
        self.rows = rows;
        self
    }

    /// Never these fields.
    pub const fn fields(mut self, fields: Mask) -> Self {
        self.fields = fields;
        self
    }
}

/// Which rows cannot be changed, removed, or made as if they had been closed. Of a part the condition asks its whole,
/// so that nothing is added to it, either. The condition stands in the statement that changes, so that nobody can
/// sign between a check and a write (CF-10).
#[derive(Clone, Copy, Debug)]
pub struct Lock {
    /// Which rows are locked, as in a grant. A row of which this cannot be said (NULL) is locked.
    pub rows: &'static str,
    /// The transitions that a locked row may still make, such as `lock` after `sign`.
    pub moves: &'static [&'static str],
    /// The only fields that such a transition may write.
    pub fields: &'static [&'static str],
}

impl Lock {
    /// These rows can neither be changed nor removed.
    pub const fn on(rows: &'static str) -> Self {
        Self { rows, moves: &[], fields: &[] }
    }

    /// Lets locked rows make these transitions, which write these fields and no others.
    pub const fn moves(mut self, moves: &'static [&'static str], fields: &'static [&'static str]) -> Self {
        self.moves = moves;
        self.fields = fields;
        self
    }

    /// Whether the lock stands in the way of this action on these fields.
    pub(super) fn binds(&self, action: Action, fields: &[&str]) -> bool {
        match action {
            Action::Create | Action::Update | Action::Delete => true,
            Action::Move(name) => {
                !(self.moves.contains(&name) && fields.iter().all(|field| self.fields.contains(field)))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_named() {
        static BROKEN: Entity = Entity {
            fields: &[
                Field::identifier("name", 1, Kind::Text).queryable(),
                Field::identifier("birth_date", 2, Kind::Date).lookup("birth_date_index"),
                Field::plain("status", 2, Kind::Text),
            ],
            grants: &[Grant::to("owner", &[Action::View]).fields(Mask::Only(&["nickname"]))],
            ..Entity::named("patient", 1, "patients")
        };
        let problems = BROKEN.problems();
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems.iter().any(|p| p.contains("must be sealed")));
        assert!(problems.iter().any(|p| p.contains("too few values")));
        assert!(problems.iter().any(|p| p.contains("shares its name")));
        assert!(problems.iter().any(|p| p.contains("nickname")));
    }

    /// CF-10: a locked row makes its declared transitions, and these write nothing but their own fields.
    #[test]
    fn a_lock_lets_only_its_own_transitions_through() {
        let lock = Lock::on("notes.status = 'signed'").moves(&["lock"], &["status"]);
        assert!(lock.binds(Action::Update, &[]) && lock.binds(Action::Delete, &[]));
        assert!(!lock.binds(Action::Move("lock"), &["status"]));
        assert!(lock.binds(Action::Move("lock"), &["status", "body"]));
        assert!(lock.binds(Action::Move("sign"), &["status"]));
        assert!(lock.binds(Action::Create, &[]), "nothing is added to a locked whole, or made as if signed");
        assert!(!lock.binds(Action::View, &[]));
    }
}
