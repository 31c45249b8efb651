//! What a new version of a spec lets somebody do that the old one did not: judged by the grants alone, without
//! rows, and always on the careful side.
//!
//! A grant of the new version counts as new unless one grant of the old version covers it whole: the same records
//! (or all of the organisation), the same states or more, and each of its fields. So what [`super::oracle::visible`]
//! shows newly in any world is among what is told here; what is told here need not show in every world.

use super::{Action, Grant, Reach, Step};
use crate::{
    model::{Entity, EntityIndex, FieldIndex, Model, PageItem, RoleIndex},
    name::Name,
    validate::ValidatedSpec,
};
use std::collections::{BTreeMap, BTreeSet};

/// Something that a role may do with fields of a record, and could not before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Widening {
    /// The role.
    pub role: Name,
    /// The record, by its new name.
    pub entity: Name,
    /// What may be done: `view`, `update`, or the name of a move.
    pub action: String,
    /// The fields that are newly within reach, by their new names; none for actions on a record without fields.
    pub fields: Vec<Name>,
    /// Whether the record, or each of these fields, is new itself, so that nothing that is kept today is shown.
    pub is_new: bool,
}

impl Widening {
    /// Whether it shows something that is kept today to a role that does not see it today.
    pub fn shows_what_is_kept(&self) -> bool {
        !self.is_new && matches!(self.action.as_str(), "view" | "list" | "print" | "download" | "export")
    }
}

/// Every role, action and field that `new` opens and `old` does not, sorted. Renames of `new` (`was`) are followed.
pub fn widened(old: &ValidatedSpec, new: &ValidatedSpec) -> Vec<Widening> {
    let names = Names::of(new);
    let (before, after) = (old.model(), new.model());
    let mut open: BTreeMap<(RoleIndex, EntityIndex), BTreeMap<Action, BTreeSet<FieldIndex>>> =
        BTreeMap::new();
    // `Viewable` and `Inherited` grants reach as far as other grants of the role: told until nothing is added.
    loop {
        let mut told = open.clone();
        for (index, entity) in after.entities() {
            for grant in &entity.grants {
                let known = Known { names: &names, before, after, open: &open };
                for (action, fields) in known.opened(index, grant) {
                    told.entry((grant.role, index)).or_default().entry(action).or_default().extend(fields);
                }
            }
        }
        if told == open {
            break;
        }
        open = told;
    }
    lost_nevers(&names, before, after, &mut open);
    let mut out = opened_to_anybody(&names, before, after);
    for ((role, index), actions) in open {
        let entity = &after[index];
        let was = names.entity(before, &entity.name);
        for (action, fields) in actions {
            let is_new_field = |field: &FieldIndex| {
                was.is_none_or(|was| names.field(&before[was], &entity.name, &entity[*field].name).is_none())
            };
            let (fresh, kept): (Vec<FieldIndex>, Vec<FieldIndex>) =
                fields.iter().partition(|field| is_new_field(field));
            let mut tell = |fields: Vec<FieldIndex>, is_new: bool| {
                out.push(Widening {
                    role: after[role].name.clone(),
                    entity: entity.name.clone(),
                    action: word(entity, action),
                    fields: fields.iter().map(|field| entity[*field].name.clone()).collect(),
                    is_new,
                });
            };
            if !kept.is_empty() || fields.is_empty() {
                tell(kept, was.is_none());
            }
            if !fresh.is_empty() {
                tell(fresh, true);
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

/// How people say an action.
fn word(entity: &Entity, action: Action) -> String {
    match action {
        Action::View => "view".into(),
        Action::List => "list".into(),
        Action::Create => "create".into(),
        Action::Update => "update".into(),
        Action::Delete => "delete".into(),
        Action::Print => "print".into(),
        Action::Download => "download".into(),
        Action::Export => "export".into(),
        Action::Assign => "assign".into(),
        Action::Claim => "claim".into(),
        Action::Fill => "fill".into(),
        Action::Move(at) => entity
            .lifecycle
            .as_ref()
            .and_then(|lifecycle| lifecycle.moves.get(at))
            .map_or_else(|| "move".into(), |made| made.name.to_string()),
    }
}

/// What open pages show and ask that none did before, of a role that nobody has: `anybody`.
fn opened_to_anybody(names: &Names, before: &Model, after: &Model) -> Vec<Widening> {
    let told = |model: &Model| {
        let open = model.pages.iter().filter(|page| page.is_open()).flat_map(|page| page.shows.clone());
        let told = open.filter_map(|item| match item {
            PageItem::Ask(entity, fields) => Some((Action::Create, entity, fields)),
            PageItem::Records(entity, fields) => Some((Action::List, entity, fields)),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    let known = told(before);
    let mut out = Vec::new();
    for (action, index, fields) in told(after) {
        let entity = &after[index];
        let was = names.entity(before, &entity.name);
        let kept = |field: &FieldIndex| {
            was.and_then(|was| names.field(&before[was], &entity.name, &entity[*field].name))
        };
        let open_before = |field: &FieldIndex| {
            let of = |(other, at, fields): &(Action, EntityIndex, Vec<FieldIndex>)| {
                *other == action && Some(*at) == was && kept(field).is_some_and(|kept| fields.contains(&kept))
            };
            known.iter().any(of)
        };
        let (old, new): (Vec<FieldIndex>, Vec<FieldIndex>) =
            fields.into_iter().filter(|field| !open_before(field)).partition(|field| kept(field).is_some());
        for (fields, is_new) in
            [(old, false), (new, true)].into_iter().filter(|(fields, _)| !fields.is_empty())
        {
            out.push(Widening {
                role: ANYBODY.parse().expect("a literal of the name grammar"),
                entity: entity.name.clone(),
                action: word(entity, action),
                fields: fields.iter().map(|field| entity[*field].name.clone()).collect(),
                is_new,
            });
        }
    }
    out
}

/// Who comes to an open page.
const ANYBODY: &str = "anybody";

/// What a role was never shown and may be now.
fn lost_nevers(
    names: &Names,
    before: &Model,
    after: &Model,
    open: &mut BTreeMap<(RoleIndex, EntityIndex), BTreeMap<Action, BTreeSet<FieldIndex>>>,
) {
    for (index, entity) in after.entities() {
        let Some(was) = names.entity(before, &entity.name) else { continue };
        for (old_role, never) in &before[was].never {
            let Some(role) = after.role(before[*old_role].name.as_str()) else { continue };
            let kept: BTreeSet<FieldIndex> = entity
                .never
                .iter()
                .filter(|(of, _)| *of == role)
                .flat_map(|(_, fields)| fields.iter().copied())
                .collect();
            let lost = entity.fields().map(|(field, _)| field).filter(|field| {
                let old = names.field(&before[was], &entity.name, &entity[*field].name);
                old.is_some_and(|old| never.contains(&old)) && !kept.contains(field)
            });
            let lost: Vec<FieldIndex> = lost.collect();
            if !lost.is_empty() {
                open.entry((role, index)).or_default().entry(Action::View).or_default().extend(lost);
            }
        }
    }
}

/// Former names, by the new ones.
struct Names {
    was: BTreeMap<String, Name>,
}

impl Names {
    fn of(new: &ValidatedSpec) -> Self {
        let was = new
            .document()
            .changes
            .iter()
            .filter_map(|(name, change)| Some((name.clone(), change.was.clone()?)))
            .collect();
        Self { was }
    }

    /// The entity that had this name's place before.
    fn entity(&self, before: &Model, name: &Name) -> Option<EntityIndex> {
        let old = self.was.get(name.as_str()).map_or(name.as_str(), Name::as_str);
        before.entity(old).or_else(|| before.entity(name.as_str()))
    }

    /// The field of an old entity that this one continues.
    fn field(&self, was: &Entity, entity: &Name, field: &Name) -> Option<FieldIndex> {
        let old = self.was.get(&format!("{entity}.{field}")).map_or(field.as_str(), Name::as_str);
        was.field(old).or_else(|| was.field(field.as_str()))
    }
}

/// What is known while grants are judged.
struct Known<'k> {
    names: &'k Names,
    before: &'k Model,
    after: &'k Model,
    open: &'k BTreeMap<(RoleIndex, EntityIndex), BTreeMap<Action, BTreeSet<FieldIndex>>>,
}

impl Known<'_> {
    /// The actions and fields of a grant that no old grant covers.
    fn opened(&self, index: EntityIndex, grant: &Grant) -> BTreeMap<Action, BTreeSet<FieldIndex>> {
        let entity = &self.after[index];
        let never: BTreeSet<FieldIndex> = entity
            .never
            .iter()
            .filter(|(role, _)| *role == grant.role)
            .flat_map(|(_, fields)| fields.iter().copied())
            .collect();
        let fields: BTreeSet<FieldIndex> = entity
            .fields()
            .map(|(field, _)| field)
            .filter(|field| grant.fields.covers(*field) && !never.contains(field))
            .collect();
        let role = self.before.role(self.after[grant.role].name.as_str());
        let was = self.names.entity(self.before, &entity.name);
        let mut out = BTreeMap::new();
        for action in &grant.actions {
            let covering: Vec<&Grant> = match (role, was) {
                (Some(role), Some(was)) => self
                    .before
                    .grants(role, was)
                    .filter(|old| {
                        self.allowed(was, old, index, *action) && self.covers(was, old, index, grant)
                    })
                    .collect(),
                _ => Vec::new(),
            };
            let open: BTreeSet<FieldIndex> = fields
                .iter()
                .copied()
                .filter(|field| {
                    let old = was.and_then(|was| {
                        self.names.field(&self.before[was], &entity.name, &entity[*field].name)
                    });
                    let Some(old) = old else { return true };
                    let hidden = was.zip(role).is_some_and(|(was, role)| {
                        self.before[was].never.iter().any(|(of, fields)| *of == role && fields.contains(&old))
                    });
                    hidden || !covering.iter().any(|grant| grant.fields.covers(old))
                })
                .collect();
            if !open.is_empty() || covering.is_empty() {
                out.insert(*action, open);
            }
        }
        out
    }

    /// Whether an old grant allows what a new action means; moves are compared by their names.
    fn allowed(&self, was: EntityIndex, old: &Grant, index: EntityIndex, action: Action) -> bool {
        let Action::Move(_) = action else { return old.allows(action) };
        let named = word(&self.after[index], action);
        old.actions
            .iter()
            .any(|known| matches!(known, Action::Move(_)) && word(&self.before[was], *known) == named)
    }

    /// Whether an old grant reaches at least the records of a new one, in at least its states.
    fn covers(&self, was: EntityIndex, old: &Grant, index: EntityIndex, new: &Grant) -> bool {
        let states = |grant: &Grant| grant.when.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let in_states = old.when.is_empty() || !new.when.is_empty() && states(new).is_subset(&states(old));
        if !in_states {
            return false;
        }
        let whole = matches!(&old.reach, Reach::Place(Model::ORGANISATION)) && old.path.is_empty();
        if whole && new.reach != Reach::Everywhere {
            return true;
        }
        self.path(self.before, &old.path, true) == self.path(self.after, &new.path, false)
            && self.same_reach(was, old, index, new)
    }

    /// The steps of a path by name; those of the old model under their new names.
    fn path(&self, model: &Model, path: &[Step], old: bool) -> Vec<(String, String)> {
        path.iter()
            .map(|step| {
                let name = model[step.entity()].name.to_string();
                let column = match step {
                    Step::To(hop) => hop.column.clone(),
                    Step::From { column, .. } => format!("from {column}"),
                };
                (if old { self.renamed(&name) } else { name }, column)
            })
            .collect()
    }

    fn renamed(&self, old: &str) -> String {
        self.names
            .was
            .iter()
            .find(|(new, was)| was.as_str() == old && !new.contains('.'))
            .map_or_else(|| old.to_owned(), |(new, _)| new.clone())
    }

    fn same_reach(&self, was: EntityIndex, old: &Grant, index: EntityIndex, new: &Grant) -> bool {
        // Where the scope holds: the record itself, or the end of the path.
        let end = new.path.last().map_or(index, Step::entity);
        let old_end = old.path.last().map_or(was, Step::entity);
        let widened = |action: Action| {
            self.open.get(&(new.role, end)).is_some_and(|actions| {
                actions.get(&action).is_some_and(|fields| {
                    fields.is_empty()
                        || fields.iter().any(|field| {
                            self.names
                                .field(
                                    &self.before[old_end],
                                    &self.after[end].name,
                                    &self.after[end][*field].name,
                                )
                                .is_some()
                        })
                })
            })
        };
        match (&old.reach, &new.reach) {
            (Reach::Own(old), Reach::Own(new)) => {
                old == new && self.self_roles(self.before, old_end) == self.self_roles(self.after, end)
            }
            (Reach::Assigned { past: old }, Reach::Assigned { past: new }) => *old || !*new,
            (Reach::Unassigned, Reach::Unassigned) => true,
            (Reach::Place(old), Reach::Place(new)) => {
                let above = |model: &Model, place| {
                    model.places_up(place).map(|place| model[place].name.to_string()).collect::<Vec<_>>()
                };
                above(self.before, *old) == above(self.after, *new)
                    && above(self.before, self.before[old_end].place)
                        == above(self.after, self.after[end].place)
            }
            (Reach::Viewable, Reach::Viewable) => !widened(Action::View),
            (Reach::Inherited(old), Reach::Inherited(new)) => old == new && !widened(*new),
            (Reach::Permitted(old), Reach::Permitted(new)) => {
                self.renamed(self.before[*old].name.as_str()) == self.after[*new].name.as_str()
                    && giver(self.before, *old) == giver(self.after, *new)
            }
            (Reach::Everywhere, _) => true,
            _ => false,
        }
    }

    fn self_roles(&self, model: &Model, entity: EntityIndex) -> BTreeSet<String> {
        model[entity].self_roles.iter().map(|role| model[*role].name.to_string()).collect()
    }
}

/// Who gives the permission that is kept as this record.
fn giver(model: &Model, entity: EntityIndex) -> Option<&Name> {
    let permission = model.permissions.iter().find(|permission| permission.entity == entity)?;
    Some(&model[permission.by].name)
}
