//! The resolved model: what a valid spec means, with every name looked up.
//!
//! Generator, planner and verifier read this and nothing else. Indexes stand for names, so that no
//! look-up can fail: `model[role]`, `model[entity]`. Entities stand in the order of the document,
//! then those that the language implies (answers of forms, addenda); [`Model::build_order`] lists them
//! so that each comes after those it refers to.

mod entity;
mod sharing;
mod work;

pub use entity::{
    Assignment, DefaultValue, Entity, Field, FieldIndex, Lifecycle, Move, Needs, Origin, Parent, Storage,
    Target, UniqueMember, View,
};
pub use sharing::{Document, Message, MessageWord, Recipient, Reminder, ToldBy, Way};
pub use work::{
    Aggregate, AiAction, AiInput, Calendar, Conversation, Feed, FeedColumn, Form, FormQuestion, Limit,
    LimitPeriod, List, Measure, Occasion, OpeningHours, Page, PageItem, Permission, RaisedTask, Rule,
    SortKey, SubProcessor, Task, TimeAxis, Weekday, Without,
};

use crate::{
    access::Grant,
    document::{Entry, Language, SignUp},
    name::Name,
};

macro_rules! indexes {
    ($($(#[doc = $doc:literal])* $name:ident => $field:ident: $of:ty;)*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(pub(crate) usize);

            impl $name {
                /// The position in its list of the [`Model`].
                pub fn position(self) -> usize {
                    self.0
                }
            }

            impl std::ops::Index<$name> for Model {
                type Output = $of;

                fn index(&self, index: $name) -> &$of {
                    &self.$field[index.0]
                }
            }
        )*
    };
}

indexes! {
    /// An entity of the model.
    EntityIndex => entities: Entity;
    /// A role of the model.
    RoleIndex => roles: Role;
    /// A kind of place; the first is the organisation.
    PlaceIndex => places: Place;
    /// A form of the model.
    FormIndex => forms: Form;
    /// A list of the model.
    ListIndex => lists: List;
    /// A measure of the model.
    MeasureIndex => measures: Measure;
    /// A calendar of the model.
    CalendarIndex => calendars: Calendar;
}

/// What a valid spec means.
#[derive(Clone, Debug)]
pub struct Model {
    /// The product's name.
    pub app: String,
    /// What it is for; may be empty.
    pub about: String,
    /// The language of its pages.
    pub language: Language,
    /// The time zone in which days begin, as in the IANA database; `UTC` unless said.
    pub time_zone: String,
    /// The kinds of places, each after the one it lies in; the first is the organisation.
    pub places: Vec<Place>,
    /// The roles, in the order of the document.
    pub roles: Vec<Role>,
    /// The entities.
    pub entities: Vec<Entity>,
    /// The entities, each after those that it is a part of or links to as far as links have no cycle;
    /// a part always comes after its parent.
    pub build_order: Vec<EntityIndex>,
    /// The forms.
    pub forms: Vec<Form>,
    /// The lists.
    pub lists: Vec<List>,
    /// The measures.
    pub measures: Vec<Measure>,
    /// The calendars.
    pub calendars: Vec<Calendar>,
    /// What people give and take back.
    pub permissions: Vec<Permission>,
    /// What participants write to each other.
    pub conversations: Vec<Conversation>,
    /// What is imported.
    pub feeds: Vec<Feed>,
    /// The limits, at most one for each entity.
    pub limits: Vec<Limit>,
    /// What somebody has to do.
    pub tasks: Vec<Task>,
    /// What happens by itself.
    pub rules: Vec<Rule>,
    /// What is said outside the app.
    pub messages: Vec<Message>,
    /// Frozen renderings that are sent by a link.
    pub documents: Vec<Document>,
    /// What AI proposes.
    pub ai_actions: Vec<AiAction>,
    /// Who processes data for the app.
    pub sub_processors: Vec<SubProcessor>,
    /// The pages.
    pub pages: Vec<Page>,
    /// How long the audit log is kept, in days; at least six years.
    pub audit_days: u64,
    /// Idle minutes after which a session ends.
    pub idle_minutes: u64,
    /// Whether everybody needs a second factor; privileged roles always do.
    pub mfa_for_everybody: bool,
    /// Who may look as a colleague in an emergency: as the spec says, or the first role that administers people. None where
    /// nobody administers people.
    pub impersonation: Option<RoleIndex>,
    /// Who may break the glass.
    pub break_glass: Vec<RoleIndex>,
}

impl Model {
    /// The implied place above all others.
    pub const ORGANISATION: PlaceIndex = PlaceIndex(0);

    /// Every entity with its index.
    pub fn entities(&self) -> impl Iterator<Item = (EntityIndex, &Entity)> {
        self.entities.iter().enumerate().map(|(i, entity)| (EntityIndex(i), entity))
    }

    /// Every role with its index.
    pub fn roles(&self) -> impl Iterator<Item = (RoleIndex, &Role)> {
        self.roles.iter().enumerate().map(|(i, role)| (RoleIndex(i), role))
    }

    /// The entity of this name; for tests and messages, since the model itself holds indexes.
    pub fn entity(&self, name: &str) -> Option<EntityIndex> {
        self.entities.iter().position(|entity| entity.name == name).map(EntityIndex)
    }

    /// The role of this name.
    pub fn role(&self, name: &str) -> Option<RoleIndex> {
        self.roles.iter().position(|role| role.name == name).map(RoleIndex)
    }

    /// The kind of place of this name.
    pub fn place(&self, name: &str) -> Option<PlaceIndex> {
        self.places.iter().position(|place| place.name == name).map(PlaceIndex)
    }

    /// The grants of one role on one entity.
    pub fn grants(&self, role: RoleIndex, entity: EntityIndex) -> impl Iterator<Item = &Grant> {
        self[entity].grants.iter().filter(move |grant| grant.role == role)
    }

    /// The lists that a role sees.
    pub fn lists_of(&self, role: RoleIndex) -> impl Iterator<Item = &List> {
        self.lists.iter().filter(move |list| list.roles.contains(&role))
    }

    /// The measures that a role sees.
    pub fn measures_of(&self, role: RoleIndex) -> impl Iterator<Item = &Measure> {
        self.measures.iter().filter(move |measure| measure.roles.contains(&role))
    }

    /// The calendars that a role sees.
    pub fn calendars_of(&self, role: RoleIndex) -> impl Iterator<Item = &Calendar> {
        self.calendars.iter().filter(move |calendar| calendar.roles.contains(&role))
    }

    /// The forms that a role fills in.
    pub fn forms_of(&self, role: RoleIndex) -> impl Iterator<Item = &Form> {
        self.forms.iter().filter(move |form| form.filled_by.contains(&role))
    }

    /// The pages that a role sees once it has signed in.
    pub fn pages_of(&self, role: RoleIndex) -> impl Iterator<Item = &Page> {
        self.pages.iter().filter(move |page| page.entry == Entry::SignedIn && page.roles.contains(&role))
    }

    /// The places from one up to the organisation, itself first.
    pub fn places_up(&self, from: PlaceIndex) -> impl Iterator<Item = PlaceIndex> + '_ {
        std::iter::successors(Some(from), |place| self[*place].inside)
    }

    /// Where one has a role: at a place of its own level; or, for who signs in as a record of theirs, at that record's
    /// place. None for the whole organisation.
    pub fn place_of(&self, role: &Role) -> Option<PlaceIndex> {
        let level = match role.self_entity {
            Some(entity) if role.level == Self::ORGANISATION => self[entity].place,
            _ => role.level,
        };
        (level != Self::ORGANISATION).then_some(level)
    }

    /// How many levels `below` lies under `above`; `None` when it does not.
    pub fn levels_between(&self, below: PlaceIndex, above: PlaceIndex) -> Option<usize> {
        self.places_up(below).position(|place| place == above)
    }
}

/// A kind of place.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name, which `places.kind` holds.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The place above; none above the organisation.
    pub inside: Option<PlaceIndex>,
}

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name, which `memberships.role` holds.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The level at which one has it: a membership names a place of this kind, or none for the
    /// organisation.
    pub level: PlaceIndex,
    /// The entity of which a person of this role is a record.
    pub self_entity: Option<EntityIndex>,
    /// How people come to it.
    pub sign_up: SignUp,
    /// Why it needs a second factor; `None` when it is not privileged.
    pub privileged: Option<String>,
    /// What it administers.
    pub administers: Vec<Name>,
}

impl Role {
    /// Whether it reaches a whole place's PHI or administers, said or not.
    pub fn is_privileged(&self) -> bool {
        self.privileged.is_some()
    }
}

/// One step along a link, from the record that holds the column to the record that it names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// The column that holds the other record's id.
    pub column: String,
    /// The entity that it leads to.
    pub to: EntityIndex,
}

/// A value reached from a record through links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The entity that it starts from.
    pub start: EntityIndex,
    /// The links on the way.
    pub hops: Vec<Hop>,
    /// What is shown there.
    pub end: End,
}

impl Path {
    /// The entity where the path ends.
    pub fn entity(&self) -> EntityIndex {
        self.hops.last().map_or(self.start, |hop| hop.to)
    }
}

/// The end of a [`Path`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// A field.
    Field(FieldIndex),
    /// The fields that name the record, or its reference where the role may not see them.
    Title,
    /// The pseudonymous reference.
    Reference,
    /// The column `created_at`.
    CreatedAt,
    /// The column `updated_at`.
    UpdatedAt,
    /// The person who created it.
    CreatedBy,
    /// The place whose record it is.
    Place,
}
