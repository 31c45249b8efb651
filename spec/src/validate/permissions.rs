//! Permissions that a person gives and takes back: as records of their own, and as grants that hold while those do.
//!
//! `family access: { by: patient, to: family, gives: [view reading], until: date or revoked }` implies an entity
//! `family access`, a part of the patient that the giver is: to whom, until when, and whether it is in force. Whoever it
//! names reaches what it gives as long as it is, at each request; taken back, it reaches nothing.

use super::{Resolver, entities::name};
use crate::{
    access::{Action, Grant, Mask, Reach, Rows, Step},
    document::{self, Field as Written},
    field_type::{Choice, Class, FieldType, Kind as FieldKind},
    grant::{Permitted, Verb},
    model::{EntityIndex, FieldIndex, Origin, Permission, RoleIndex},
    name::Name,
    problem::{Kind, Pointer},
};

/// The state in which a permission holds.
const IN_FORCE: &str = "in force";
const REVOKED: &str = "taken back";
/// The field that names whom it is given to.
pub(super) const GIVEN_TO: &str = "given to";
/// The field that says when it ends.
const UNTIL: &str = "until";

impl Resolver<'_> {
    /// The entity of each permission.
    pub(super) fn permission_sources(&mut self) {
        let document = self.document;
        for (index, (permission, written)) in document.permissions.iter().enumerate() {
            let at = Pointer::root().join("permissions").join(permission);
            let giver = document.roles.get(&written.by);
            let Some(owner) = giver.and_then(|role| role.self_entity.clone()) else {
                if giver.is_some() {
                    let message =
                        format!("`{}` is no record, so there is nothing of their own to give", written.by);
                    let help =
                        format!("say whose record they are, as in `{}: {{ self: patient }}`", written.by);
                    self.problem(&at.join("by"), Kind::Access, message, help);
                }
                continue;
            };
            let ends = match written.until.as_deref() {
                None | Some("date or revoked") => true,
                Some("revoked") => false,
                Some(other) => {
                    let message =
                        format!("`{}` does not say when a permission ends", crate::decode::shown(other));
                    self.problem(
                        &at.join("until"),
                        Kind::Shape,
                        message,
                        "write `revoked`, or `date or revoked`",
                    );
                    true
                }
            };
            let entity = permission_entity(permission, written, owner, ends);
            self.add_source(permission.clone(), entity, Origin::Permission(index), at);
        }
    }

    /// What the permissions give, once all other grants are known: nobody gives more than they hold.
    pub(super) fn permission_grants(&mut self) {
        let document = self.document;
        for (permission, written) in &document.permissions {
            let at = Pointer::root().join("permissions").join(permission);
            let (by, to) = (self.role(&written.by, &at.join("by")), self.role(&written.to, &at.join("to")));
            let (Some(by), Some(to), Some(entity)) = (by, to, self.entity_names.get(permission).copied())
            else {
                continue;
            };
            if !matches!(self.model[entity].origin, Origin::Permission(_)) {
                continue;
            }
            self.receives_only(to, entity, &at.join("to"));
            let owner = self.model[entity].parent.as_ref().map_or(entity, |parent| parent.entity);
            // Whose it is goes with whatever is given: what the giver themselves is called by.
            let called = self.model[owner].title.clone();
            let mut gives = vec![owner];
            self.give(entity, (by, to), owner, Some(called), &at.join("gives"));
            for (i, said) in written.gives.iter().enumerate() {
                let here = at.join("gives").join(i);
                let Some((given, fields)) = self.given(said, &here) else { continue };
                self.give(entity, (by, to), given, fields, &here);
                if !gives.contains(&given) {
                    gives.push(given);
                }
            }
            self.model.permissions.push(Permission { name: permission.clone(), entity, by, to, gives });
        }
    }

    /// Whoever a permission may name enters by the hand of whoever gives it: such a role has nothing else, or it would be
    /// given away with it.
    fn receives_only(&mut self, to: RoleIndex, entity: EntityIndex, at: &Pointer) {
        let role = self.model[to].clone();
        let wide = self.model.entities().any(|(_, other)| {
            let held = |grant: &Grant| !matches!(grant.reach, Reach::Own(_) | Reach::Permitted(_));
            other.grants.iter().any(|grant| grant.role == to && held(grant))
        });
        let plain = role.level == crate::model::Model::ORGANISATION && role.self_entity.is_none();
        if wide || !plain || !role.administers.is_empty() {
            let message = format!(
                "`{}` may do more than a permission gives, so nobody may be made one by `{}`",
                role.name, self.model[entity].name
            );
            self.problem(
                at,
                Kind::Access,
                message,
                "give the permission to a role of its own that has no other access",
            );
        }
    }

    /// `view reading`, `view patient(name)`.
    fn given(&mut self, said: &str, at: &Pointer) -> Option<(EntityIndex, Option<Vec<FieldIndex>>)> {
        let wrong = |resolver: &mut Self, help: &str| {
            let message = format!("`{}` is nothing that can be given", crate::decode::shown(said));
            resolver.problem(at, Kind::Access, message, help);
        };
        let (target, names) = match said.split_once('(') {
            Some((target, names)) => (target.trim(), names.trim_end().strip_suffix(')')),
            None => (said.trim(), Some("")),
        };
        let (Some(target), Some(names)) = (target.strip_prefix("view "), names) else {
            wrong(self, "write `view` and what, as in `view reading` or `view patient(name)`");
            return None;
        };
        let target = self.noted(at, target.trim().parse::<Name>())?;
        let entity = self.entity(&target, at)?;
        if names.is_empty() {
            return Some((entity, None));
        }
        let permitted = self.noted(at, format!("view({names})").parse::<Permitted>())?;
        debug_assert_eq!(permitted.verb, Verb::View);
        let fields = self.field_list(entity, &permitted.names, at);
        Some((entity, Some(fields)))
    }

    fn give(
        &mut self,
        permission: EntityIndex,
        (by, to): (RoleIndex, RoleIndex),
        given: EntityIndex,
        fields: Option<Vec<FieldIndex>>,
        at: &Pointer,
    ) {
        let Some(parent) = self.model[permission].parent.clone() else { return };
        let mut path = Vec::new();
        let mut here = given;
        while here != parent.entity {
            let Some(above) = self.model[here].parent.clone() else {
                let (given, owner) = (self.model[given].name.clone(), self.model[parent.entity].name.clone());
                let message = format!("`{given}` is no part of the {owner} who gives it");
                self.problem(at, Kind::Access, message, format!("give what is `part of` {owner}"));
                return;
            };
            path.push(Step::To(above.hop()));
            here = above.entity;
        }
        path.push(Step::From { entity: permission, column: parent.column });
        let own = |grant: &&Grant| grant.allows(Action::View) && matches!(grant.reach, Reach::Own(_));
        let held: Vec<Grant> = self.model.grants(by, given).filter(own).cloned().collect();
        if held.is_empty() {
            let (by, given) = (self.model[by].name.clone(), self.model[given].name.clone());
            let message =
                format!("`{by}` may not view their own `{given}`, and nobody gives more than they hold");
            self.problem(at, Kind::Access, message, format!("grant `{by}` to `view own` of `{given}`"));
            return;
        }
        let end = self.in_force(permission);
        for grant in held {
            let fields = match (&fields, grant.fields) {
                (None, fields) => fields,
                (Some(named), held) => {
                    Mask::Only(named.iter().copied().filter(|at| held.covers(*at)).collect())
                }
            };
            let rows = Rows::along(&path, end.clone());
            let rows = match self.model[given].lifecycle.as_ref().filter(|_| !grant.when.is_empty()) {
                Some(lifecycle) => {
                    let column = self.model[given][lifecycle.field].column.clone();
                    Rows::All(vec![Rows::State { column, states: grant.when.clone() }, rows])
                }
                None => rows,
            };
            let actions = vec![Action::View, Action::List];
            self.add(
                given,
                to,
                actions,
                Reach::Permitted(permission),
                path.clone(),
                grant.when,
                fields,
                true,
                rows,
            );
        }
    }

    /// The records of a permission that hold now and name the person.
    fn in_force(&self, permission: EntityIndex) -> Rows {
        let entity = &self.model[permission];
        let column = |name: &str| entity.field(name).map(|at| entity[at].column.clone());
        let person = column(GIVEN_TO).map(|column| Rows::Person { column });
        let state = entity.lifecycle.as_ref().map(|lifecycle| Rows::State {
            column: entity[lifecycle.field].column.clone(),
            states: lifecycle.states.iter().take(1).cloned().collect(),
        });
        let until = column(UNTIL).map(|column| Rows::NotOver { column });
        Rows::All([person, state, until].into_iter().flatten().collect())
    }
}

fn permission_entity(
    permission: &Name,
    written: &document::Permission,
    owner: Name,
    ends: bool,
) -> document::Entity {
    let mut fields = crate::Map::new();
    let mut to = FieldType::new(Class::None, FieldKind::Link(written.to.clone()));
    to.required = true;
    let field = |stored, label: &str, hint: Option<&str>| Written {
        stored: Some(stored),
        label: Some(label.to_owned()),
        hint: hint.map(str::to_owned),
        ..Written::default()
    };
    fields.insert(name(GIVEN_TO), field(to, "Given to", None));
    if ends {
        let until = FieldType::new(Class::None, FieldKind::Moment);
        let hint = "Leave it empty to give it until you take it back.";
        fields.insert(name(UNTIL), field(until, "Until", Some(hint)));
    }
    let state = |word: &str| word.parse::<Choice>().expect("a literal of the grammar of choices");
    let mut moves = crate::Map::new();
    moves.insert(
        name("take back"),
        document::Move {
            from: vec![state(IN_FORCE)],
            to: state(REVOKED),
            by: vec![written.by.clone()],
            ..document::Move::default()
        },
    );
    let mut access = crate::Map::new();
    let granted = |text: &str| text.parse::<crate::Access>().expect("a literal of the grammar of access");
    access.insert(written.by.clone(), granted("view, create own"));
    access.insert(written.to.clone(), granted("view own by given to"));
    document::Entity {
        part_of: Some(owner),
        label: Some(permission.title()),
        plural: Some(permission.title()),
        title: vec![name(GIVEN_TO)],
        fields,
        access: Some(access),
        lifecycle: Some(document::Lifecycle {
            states: vec![state(IN_FORCE), state(REVOKED)],
            moves,
            locked: vec![state(REVOKED)],
            ..document::Lifecycle::default()
        }),
        ..document::Entity::default()
    }
}
