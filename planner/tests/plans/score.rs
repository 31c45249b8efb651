//! Precision, recall, and the two numbers that must be zero.

use crate::{
    atoms::{Said, atoms_of, covers, said},
    expected::{Entity, Expected},
};
use spec::{AppSpec, Class, Kind};
use std::collections::BTreeSet;

/// How many were expected and found.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Count {
    pub(crate) expected: usize,
    pub(crate) found: usize,
    pub(crate) planned: usize,
    pub(crate) right: usize,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.expected += other.expected;
        self.found += other.found;
        self.planned += other.planned;
        self.right += other.right;
    }

    pub(crate) fn recall(self) -> f64 {
        if self.expected == 0 { 1.0 } else { ratio(self.found, self.expected) }
    }

    pub(crate) fn precision(self) -> f64 {
        if self.planned == 0 { 1.0 } else { ratio(self.right, self.planned) }
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of a few hundred")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// The score of one plan.
#[derive(Debug, Default, Clone)]
pub(crate) struct Score {
    pub(crate) plans: Count,
    /// Prompts that stopped with a question about a restriction.
    pub(crate) asked: usize,
    pub(crate) roles: Count,
    pub(crate) entities: Count,
    pub(crate) fields: Count,
    pub(crate) relations: Count,
    pub(crate) access: Count,
    pub(crate) lifecycles: Count,
    pub(crate) features: Count,
    /// PHI planned as non-PHI.
    pub(crate) leaks: Vec<String>,
    /// Access wider than the prompt says.
    pub(crate) wider: Vec<String>,
    pub(crate) missed: Vec<String>,
}

impl Score {
    pub(crate) fn add(&mut self, other: &Self) {
        self.plans.add(other.plans);
        self.asked += other.asked;
        self.roles.add(other.roles);
        self.entities.add(other.entities);
        self.fields.add(other.fields);
        self.relations.add(other.relations);
        self.access.add(other.access);
        self.lifecycles.add(other.lifecycles);
        self.features.add(other.features);
        self.leaks.extend(other.leaks.iter().cloned());
        self.wider.extend(other.wider.iter().cloned());
    }
}

/// Scores a plan against a reading. `not_yet` holds the constructs that the plan lists as wishes.
pub(crate) fn score(expected: &Expected, spec: &AppSpec, not_yet: &[u32]) -> Score {
    let mut score = Score::default();
    roles(expected, spec, &mut score);
    for wanted in &expected.entities {
        let found = find(wanted, spec);
        if !wanted.optional {
            score.entities.expected += 1;
            score.entities.found += usize::from(found.is_some());
            if found.is_none() {
                score.missed.push(format!("record {}", wanted.names[0]));
            }
        }
        if let Some(found) = found {
            fields(wanted, &found, spec, &mut score);
            relations(expected, wanted, &found, spec, &mut score);
            access(expected, wanted, &found, spec, &mut score);
        } else {
            score.fields.expected += wanted.fields.len();
            score.relations.expected += wanted.relations.len();
            score.access.expected +=
                wanted.said.iter().map(|(_, grant)| said(grant).verbs.len()).sum::<usize>();
        }
    }
    for name in names(spec) {
        score.entities.planned += 1;
        if expected.entities.iter().any(|wanted| wanted.names.contains(&name)) {
            score.entities.right += 1;
        } else {
            score.missed.push(format!("(extra record {name})"));
            for (role, _) in atoms_of(spec, &name)
                .iter()
                .map(|(role, verb, ..)| (role.clone(), verb.clone()))
                .collect::<BTreeSet<_>>()
            {
                score.wider.push(format!("{role} reaches {name}, of which nothing is said"));
            }
        }
    }
    must_not(expected, spec, &mut score);
    lifecycles(expected, spec, &mut score);
    features(expected, spec, not_yet, &mut score);
    score
}

/// Features by construct: planned, or wished for and told so.
fn features(expected: &Expected, spec: &AppSpec, not_yet: &[u32], score: &mut Score) {
    let mut planned: BTreeSet<u32> = not_yet.iter().copied().collect();
    for (construct, there) in [
        (9, !spec.permissions.is_empty()),
        (11, spec.entities.values().any(|entity| !entity.signed_by.is_empty())),
        (12, !spec.forms.is_empty()),
        (13, !spec.lists.is_empty()),
        (14, !spec.measures.is_empty()),
        (15, !spec.rules.is_empty()),
        (16, !spec.tasks.is_empty()),
        (17, !spec.messages.is_empty()),
        (18, !spec.conversations.is_empty()),
        (19, !spec.calendars.is_empty()),
        (20, !spec.limits.is_empty()),
        (21, !spec.documents.is_empty() || has_file(spec)),
        (22, !spec.feeds.is_empty()),
        (23, !spec.ai_actions.is_empty()),
        (24, !spec.pages.is_empty()),
    ] {
        if there {
            planned.insert(construct);
        }
    }
    for (construct, entry) in &expected.features {
        score.features.expected += 1;
        // The home page of each role is a page of one's own; what anybody enters is not. Change is another
        // version's matter.
        let held = planned.contains(construct) || *construct == 25 || *construct == 24 && !entry;
        score.features.found += usize::from(held);
        if !held {
            score.missed.push(format!("construct {construct}"));
        }
    }
    for construct in planned {
        score.features.planned += 1;
        // A rule says what somebody has to do.
        let right =
            expected.features.iter().any(|(known, _)| *known == construct || construct == 16 && *known == 15);
        score.features.right += usize::from(right);
        if !right {
            score.missed.push(format!("(extra construct {construct})"));
        }
    }
}

/// Whether some record keeps a file, which is what an upload is.
fn has_file(spec: &AppSpec) -> bool {
    let mut fields = spec.entities.values().flat_map(|entity| entity.fields.values());
    fields.any(|field| field.stored.as_ref().is_some_and(|stored| stored.kind == Kind::File))
}

/// The records of a plan; forms count as records.
fn names(spec: &AppSpec) -> Vec<String> {
    spec.entities.keys().chain(spec.forms.keys()).map(ToString::to_string).collect()
}

fn find(wanted: &Entity, spec: &AppSpec) -> Option<String> {
    wanted.names.iter().find(|name| names(spec).contains(name)).cloned()
}

/// A name in the singular, letter by letter: `destinations` and `destination` are no two readings.
pub(crate) fn singular(name: &str) -> String {
    name.split(' ').map(|word| word.strip_suffix('s').unwrap_or(word)).collect::<Vec<_>>().join(" ")
}

fn among(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name || singular(known) == singular(name))
}

fn roles(expected: &Expected, spec: &AppSpec, score: &mut Score) {
    for wanted in &expected.roles {
        score.roles.expected += 1;
        let held = spec.roles.keys().any(|role| wanted.iter().any(|name| *name == role.to_string()));
        score.roles.found += usize::from(held);
        if !held {
            score.missed.push(format!("role {}", wanted[0]));
        }
    }
    for role in spec.roles.keys() {
        score.roles.planned += 1;
        let role = role.to_string();
        let right =
            expected.roles.iter().any(|wanted| wanted.contains(&role)) || expected.may_roles.contains(&role);
        score.roles.right += usize::from(right);
        if !right {
            score.missed.push(format!("(extra role {role})"));
        }
    }
}

/// The name of a role in the reading.
fn canonical(expected: &Expected, role: &str) -> String {
    let own_name = expected.roles.iter().find(|names| names[0] == role);
    own_name
        .or_else(|| expected.roles.iter().find(|names| names.iter().any(|name| name == role)))
        .map_or_else(|| role.to_owned(), |names| names[0].clone())
}

/// Fields of a planned record or form, with class; links are `link`.
pub(crate) fn planned_fields(spec: &AppSpec, name: &str) -> Vec<(String, String)> {
    let class =
        |class: Class, kind: &Kind| if kind.is_link() { "link".to_owned() } else { class.word().to_owned() };
    if let Some((_, entity)) = spec.entities.iter().find(|(known, _)| known.as_str() == name) {
        return entity
            .fields
            .iter()
            .map(|(field, shape)| {
                let said = shape
                    .stored
                    .as_ref()
                    .map_or_else(|| "clinical".to_owned(), |stored| class(stored.class, &stored.kind));
                (field.to_string(), said)
            })
            .collect();
    }
    spec.forms
        .iter()
        .filter(|(known, _)| known.as_str() == name)
        .flat_map(|(_, form)| &form.ask)
        .map(|item| (item.question.to_string(), class(item.field_type.class, &item.field_type.kind)))
        .collect()
}

/// Whether a reading names a field letter by letter.
fn exactly(wanted: &Entity, name: &str) -> bool {
    let fields = wanted.fields.iter().flat_map(|(names, _)| names);
    fields.chain(wanted.may_fields.iter().map(|(known, _)| known)).any(|known| known == name)
}

fn fields(wanted: &Entity, found: &str, spec: &AppSpec, score: &mut Score) {
    let entity = wanted;
    let planned = planned_fields(spec, found);
    let parent = spec
        .entities
        .iter()
        .find(|(name, _)| name.as_str() == found)
        .and_then(|(_, entity)| entity.part_of.clone());
    for (names, class) in &wanted.fields {
        score.fields.expected += 1;
        // A part names its whole without a link of its own.
        let by_part = class == "link"
            && parent.as_ref().is_some_and(|parent| names.iter().any(|name| name == parent.as_str()));
        let held = by_part || planned.iter().any(|(name, _)| among(names, name));
        score.fields.found += usize::from(held);
        if !held {
            score.missed.push(format!("{found}.{}", names[0]));
        }
    }
    for (name, class) in &planned {
        score.fields.planned += 1;
        let known =
            wanted.fields.iter().find(|(names, _)| among(names, name)).map(|(_, class)| class).or_else(
                || {
                    let may = |known: &String| known == name || singular(known) == singular(name);
                    wanted.may_fields.iter().find(|(known, _)| may(known)).map(|(_, class)| class)
                },
            );
        score.fields.right += usize::from(known.is_some());
        match known {
            // A link by a name in another number is another thing: `embryo` of a cycle is not its count of embryos.
            Some(wanted)
                if wanted != "none"
                    && wanted != "link"
                    && (class == "none" || class == "link" && exactly(entity, name)) =>
            {
                score.leaks.push(format!("{found}.{name} is {wanted}, planned as {class}"));
            }
            None => {
                score.missed.push(format!("(extra field {found}.{name})"));
                // A record of things may have more of them.
                let of_things = wanted.fields.iter().all(|(_, class)| class == "none" || class == "link")
                    && !wanted.fields.is_empty();
                if class == "none" && !of_things {
                    score.leaks.push(format!("{found}.{name} is unknown, planned as none"));
                }
            }
            Some(_) => {}
        }
    }
}

fn relations(expected: &Expected, wanted: &Entity, found: &str, spec: &AppSpec, score: &mut Score) {
    let Some((_, entity)) = spec.entities.iter().find(|(name, _)| name.as_str() == found) else {
        // A form is about its subject by its shape.
        score.relations.expected += wanted.relations.len();
        score.relations.found += wanted.relations.len();
        return;
    };
    for relation in &wanted.relations {
        score.relations.expected += 1;
        let kind = ["part of", "belongs to", "assigned to", "links"]
            .iter()
            .find(|kind| relation.starts_with(**kind))
            .map_or("", |kind| *kind);
        let same = |name: &spec::Name| same_thing(expected, relation, name.as_str());
        let part = entity.part_of.as_ref().is_some_and(same);
        let link = entity.fields.values().any(|field| {
            field
                .stored
                .as_ref()
                .is_some_and(|stored| matches!(&stored.kind, Kind::Link(name) if same_thing(expected, relation, name.as_str())))
        });
        let held = match kind {
            "belongs to" => entity.belongs_to.as_ref().is_some_and(same),
            "assigned to" => entity.assigned_to.as_ref().is_some_and(|to| to.role.iter().any(same)),
            _ => part || link,
        };
        score.relations.found += usize::from(held);
        if !held {
            score.missed.push(format!("{found}: {relation}"));
        }
    }
    let mut planned: Vec<(&str, String)> = Vec::new();
    planned.extend(entity.part_of.iter().map(|name| ("part of", name.to_string())));
    planned.extend(entity.belongs_to.iter().map(|name| ("belongs to", name.to_string())));
    planned.extend(
        entity.assigned_to.iter().flat_map(|to| &to.role).map(|name| ("assigned to", name.to_string())),
    );
    for (name, field) in &entity.fields {
        if let Some(Kind::Link(target)) = field.stored.as_ref().map(|stored| &stored.kind) {
            let accepted = wanted.may_fields.iter().any(|(known, _)| known == name.as_str())
                || wanted.fields.iter().any(|(names, _)| names.iter().any(|known| known == name.as_str()));
            planned.push((if accepted { "" } else { "links" }, target.to_string()));
        }
    }
    for (kind, target) in planned {
        score.relations.planned += 1;
        let right = kind.is_empty()
            || wanted.relations.iter().any(|relation| {
                let same_kind = relation.starts_with(kind)
                    || matches!(kind, "part of" | "links")
                        && (relation.starts_with("part of") || relation.starts_with("links"));
                same_kind && same_thing(expected, relation, &target)
            });
        score.relations.right += usize::from(right);
        if !right {
            score.missed.push(format!("(extra relation {found} {kind} {target})"));
        }
    }
}

/// Whether the target of a relation of the reading is this record or role, by any of its names.
fn same_thing(expected: &Expected, relation: &str, target: &str) -> bool {
    let wanted = ["part of", "belongs to", "assigned to", "links"]
        .iter()
        .find_map(|kind| relation.strip_prefix(*kind))
        .unwrap_or(relation)
        .trim();
    let alike =
        |names: &[String]| names.iter().any(|name| name == wanted) && names.iter().any(|name| name == target);
    wanted == target
        || expected.entities.iter().any(|entity| alike(&entity.names))
        || expected.roles.iter().any(|names| alike(names))
}

fn access(expected: &Expected, wanted: &Entity, found: &str, spec: &AppSpec, score: &mut Score) {
    let mut planned = atoms_of(spec, found);
    if let Some((_, entity)) = spec.entities.iter().find(|(name, _)| name.as_str() == found) {
        for one in entity.lifecycle.iter().flat_map(|lifecycle| lifecycle.moves.values()) {
            for role in &one.by {
                let scope = planned
                    .iter()
                    .find(|(known, verb, ..)| known == role.as_str() && verb == "view")
                    .map(|(_, _, scope, _)| scope.clone());
                if let Some(scope) = scope {
                    planned.push((role.to_string(), "move".into(), scope, "status".into()));
                }
            }
        }
        for role in entity.assigned_to.iter().flat_map(|to| &to.by) {
            planned.push((role.to_string(), "assign".into(), "in organisation".into(), "status".into()));
        }
    }
    for (role, grant) in &wanted.said {
        let said = said(grant);
        for verb in &said.verbs {
            score.access.expected += 1;
            let held =
                planned.iter().any(|(known, done, ..)| canonical(expected, known) == *role && done == verb);
            score.access.found += usize::from(held);
            if !held {
                score.missed.push(format!("{role} {verb} {found}"));
            }
        }
    }
    let allowed: Vec<(&String, Said)> =
        wanted.said.iter().chain(&wanted.may).map(|(role, grant)| (role, said(grant))).collect();
    let mut told = BTreeSet::new();
    for (role, verb, scope, field) in &planned {
        score.access.planned += 1;
        let role = canonical(expected, role);
        let right = verb == "assign"
            || allowed
                .iter()
                .any(|(known, said)| **known == role && covers(wanted, said, verb, scope, field));
        score.access.right += usize::from(right);
        if !right && told.insert((role.clone(), verb.clone())) {
            score.wider.push(format!("{role} may {verb} {found}({field}) {scope}"));
        }
    }
}

fn must_not(expected: &Expected, spec: &AppSpec, score: &mut Score) {
    for rule in &expected.must_not {
        let Some(wanted) = expected.entities.iter().find(|entity| entity.names.contains(&rule.entity)) else {
            continue;
        };
        let Some(found) = find(wanted, spec) else { continue };
        for (role, verb, scope, field) in atoms_of(spec, &found) {
            if canonical(expected, &role) != rule.role {
                continue;
            }
            let wrong = match (rule.wider_than.is_empty(), &rule.when) {
                (true, Some(state)) => {
                    verb == "view" && (!scope.contains(" when ") || scope.contains(state.as_str()))
                }
                (true, None) => rule.fields.is_empty() || rule.fields.contains(&field),
                (false, _) => !rule.wider_than.iter().any(|widest| scope.starts_with(widest.as_str())),
            };
            if wrong {
                score.wider.push(format!("{role} must not {verb} {found}({field}) {scope}"));
            }
        }
    }
}

fn lifecycles(expected: &Expected, spec: &AppSpec, score: &mut Score) {
    for (name, states) in &expected.lifecycles {
        score.lifecycles.expected += 1;
        let names = expected
            .entities
            .iter()
            .find(|wanted| wanted.names.contains(name))
            .map_or_else(|| vec![name.clone()], |wanted| wanted.names.clone());
        let held = spec.entities.iter().any(|(known, entity)| {
            names.iter().any(|name| name == known.as_str())
                && entity.lifecycle.as_ref().is_some_and(|lifecycle| {
                    lifecycle.states.iter().map(ToString::to_string).eq(states.iter().cloned())
                })
        });
        score.lifecycles.found += usize::from(held);
        if !held {
            score.missed.push(format!("lifecycle of {name}"));
        }
    }
}
