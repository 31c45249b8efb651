//! Places, roles, entities and their fields (constructs 1–8, 10, 11).

use super::Period;
use crate::{
    decode::{Map, document, words},
    field_type::{Choice, FieldType, Sensitivity},
    grant::{Access, Scope},
    name::Name,
};

document! {
    /// A kind of place below the organisation (construct 5).
    pub struct PlaceDocument called "a place" {
        /// The place above; `organisation` unless said.
        "inside" inside: Option<Name>,
        /// What people call it.
        "label" label: Option<String>,
    }
}

words! {
    /// How people come to a role.
    pub enum SignUp: "a way to sign up" {
        /// Somebody invites them.
        #[default]
        Invitation = "invitation",
        /// Anybody may register.
        Open = "open",
    }
}

document! {
    /// A role that people have at a place.
    pub struct RoleDocument called "a role" {
        /// The level at which one has the role; computed from its grants unless said.
        "in" level: Option<Name>,
        /// The entity of which a person of this role is a record.
        "self" self_entity: Option<Name>,
        /// How people come to it.
        "sign up" sign_up: SignUp,
        /// Wants a second factor; computed when a role reaches a whole place's PHI, said or not.
        "privileged" privileged: bool,
        /// What it administers: people, agreements, keys, tiers.
        "administers" administers: Vec<Name>,
        /// What people call it.
        "label" label: Option<String>,
    }
}

document! {
    /// Something that the app keeps records of (construct 1).
    pub struct Entity called "an entity" {
        /// The record that this is a part of; access and locks are inherited.
        "part of" part_of: Option<Name>,
        /// The place whose record it is; the organisation unless said.
        "belongs to" belongs_to: Option<Name>,
        /// The entities whose records it joins, many to many (construct 4).
        "links" links: Vec<Name>,
        /// Who is responsible for a record, from when to when (construct 6).
        "assigned to" assigned_to: Option<AssignedTo>,
        /// The letters of a pseudonymous reference: `PT` gives PT-7F3A4B.
        "reference" reference: Option<String>,
        /// What people call one record.
        "label" label: Option<String>,
        /// What people call several.
        "plural" plural: Option<String>,
        /// The fields that name a record to people who may see them.
        "title" title: Vec<Name>,
        /// What is kept of it, in order (constructs 2 and 3).
        "fields" fields: Map<Field>,
        /// Sets of fields that no two records of an organisation share.
        "unique" unique: Vec<Vec<Name>>,
        /// What each role may do; a role that is not named may do nothing (construct 8).
        "access" access: Option<Map<Access>>,
        /// Named projections of the fields (construct 7).
        "views" views: Map<View>,
        /// States, and who may move a record between them (construct 10).
        "lifecycle" lifecycle: Option<Lifecycle>,
        /// Who signs a record, binding version, hash and time (construct 11).
        "signed by" signed_by: Vec<Name>,
        /// How long records are kept after they end.
        "retention" retention: Option<Period>,
        /// The FHIR R4 resource that it corresponds to.
        "fhir" fhir: Option<String>,
    }
}

document! {
    /// A named projection of an entity's fields.
    pub struct View called "a view" short shows {
        /// The fields that it shows; `reference` is the pseudonymous reference.
        required "shows" shows: Vec<Name>,
    }
}

document! {
    /// One value of a record: its compact type, or an expression that computes it.
    pub struct Field called "a field" short stored {
        /// Class, kind, unit, range and flags.
        "type" stored: Option<FieldType>,
        /// The expression that computes it; its class is the strictest of its inputs.
        "is" computed: Option<String>,
        /// The value of a new record.
        "default" default: Option<String>,
        /// What people call it.
        "label" label: Option<String>,
        /// A hint below the label.
        "hint" hint: Option<String>,
        /// Why it is collected.
        "purpose" purpose: Option<String>,
        /// Narrows every grant that does not name it.
        "sensitivity" sensitivity: Option<Sensitivity>,
    }
}

words! {
    /// How many people a record is assigned to at a time.
    pub enum Team: "a size of a team" {
        /// One at a time.
        #[default]
        One = "one",
        /// A team.
        Many = "many",
    }
}

words! {
    /// What an ended assignment keeps.
    pub enum PastAccess: "what the past keeps" {
        /// Nothing, one's own notes included.
        #[default]
        Nothing = "nothing",
        /// Reading.
        Read = "read",
    }
}

document! {
    /// Who is responsible for a record (construct 6).
    pub struct AssignedTo called "an assignment" short role {
        /// The role, or roles, that a record is assigned to.
        required "role" role: Vec<Name>,
        /// One person or a team.
        "team" team: Team,
        /// Who assigns; whoever may, as `assign` in the access, also does.
        "by" by: Vec<Name>,
        /// Whether a person of the role may take an unassigned record.
        "or claim" claim: bool,
        /// What an ended assignment keeps.
        "past" past: PastAccess,
    }
}

document! {
    /// The states of a record and the moves between them (construct 10).
    pub struct Lifecycle called "a lifecycle" {
        /// The field that holds the state; `status` unless said.
        "field" field: Option<Name>,
        /// All states; the first is that of a new record.
        required "states" states: Vec<Choice>,
        /// Who may move a record, from where to where.
        "moves" moves: Map<Move>,
        /// States in which the record and its parts are frozen.
        "locked" locked: Vec<Choice>,
        /// Whether corrections of a frozen record are added as addenda.
        "addenda" addenda: bool,
    }
}

document! {
    /// One move of a lifecycle.
    pub struct Move called "a move" {
        /// The states that it starts from.
        required "from" from: Vec<Choice>,
        /// The state that it ends in.
        required "to" to: Choice,
        /// The roles that may make it.
        "by" by: Vec<Name>,
        /// With which records; those that the role may view, unless said.
        "scope" scope: Option<Scope>,
        /// A form that must be answered, or a permission that must stand.
        "needs" needs: Option<Name>,
        /// An expression that must hold.
        "when" when: Option<String>,
        /// Fields that are filled in with the move.
        "asks" asks: Vec<Name>,
        /// What people call it.
        "label" label: Option<String>,
    }
}
