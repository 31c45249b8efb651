//! From what was said and what is assumed to the grants of the spec.
//!
//! Said first, then defaults for what nobody could do otherwise, then every denial and every *only*: what
//! narrows has the last word.

use crate::{
    access::{Allow, Exclusive, Reach, Rules},
    catalogue::{EntityKind, RoleKind},
    world::World,
};
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// Role → clauses, for each entity, as the spec writes them.
pub(crate) type Grants = IndexMap<String, IndexMap<String, String>>;

/// The grants of every record, and who reads each form.
pub(crate) fn grants(world: &mut World, rules: &Rules) -> Grants {
    let mut all = rules.allows.clone();
    // Who may do something comes in to do it.
    for allow in &all {
        if let Some(role) = world.roles.get_mut(&allow.role) {
            role.acts = true;
        }
    }
    form_readers(world, rules);
    all.retain(|allow| world.entities.contains_key(&allow.entity) && !rules.no_login.contains(&allow.role));
    assume(world, rules, &mut all);
    narrow(world, rules, &mut all);
    // Nobody assigns whom they may not see.
    if let Some(subject) = world.subject().map(str::to_owned) {
        let sees = |role: &String| said(&all, role, &subject).any(|allow| allow.verb == "view");
        world.assigners.retain(sees);
    }
    let mut out = Grants::new();
    for entity in world.entities.keys() {
        let mut roles = IndexMap::new();
        for role in world.roles.keys() {
            let clause = clauses(world, rules, &all, role, entity);
            if !clause.is_empty() {
                roles.insert(role.clone(), clause);
            }
        }
        out.insert(entity.clone(), roles);
    }
    out
}

/// The scope of a grant as the spec writes it; `None` where ignorance narrows to nothing.
fn scope(world: &World, allow: &Allow) -> Option<String> {
    let role = world.roles.get(&allow.role)?;
    let place = world.place.clone().unwrap_or_else(|| "organisation".into());
    let of_subject = world.subject().is_some_and(|subject| world.parts(subject).contains(&allow.entity));
    let assigned = of_subject && world.assigned.contains(&allow.role);
    Some(match role.kind {
        RoleKind::Subject if of_subject => "own".into(),
        RoleKind::Subject => {
            return (world.entities.get(&allow.entity)?.kind == EntityKind::Thing)
                .then(|| "in organisation".into());
        }
        // Who acts for a patient does so by that patient's permission (construct 9).
        RoleKind::Proxy => return None,
        _ if allow.reach == Reach::Own && assigned => "assigned".into(),
        _ if allow.reach == Reach::Own => "own".into(),
        _ if role.open => "own".into(),
        RoleKind::Support => "in organisation".into(),
        _ if allow.reach == Reach::Place => format!("in {place}"),
        // Clinical records of nobody in particular are their writers' own.
        _ if world.subject().is_none() && world.entities.get(&allow.entity)?.kind == EntityKind::Clinical => {
            "own".into()
        }
        _ if assigned => "assigned".into(),
        _ => format!("in {place}"),
    })
}

fn said<'r>(all: &'r [Allow], role: &str, entity: &str) -> impl Iterator<Item = &'r Allow> {
    let (role, entity) = (role.to_owned(), entity.to_owned());
    all.iter().filter(move |allow| allow.role == role && allow.entity == entity)
}

fn push(all: &mut Vec<Allow>, role: &str, entity: &str, verbs: &[&'static str]) {
    for verb in verbs {
        let allow = Allow {
            role: role.to_owned(),
            entity: entity.to_owned(),
            verb,
            fields: None,
            reach: Reach::Unsaid,
            when: Vec::new(),
        };
        if !said(all, role, entity)
            .any(|known| known.verb == *verb && known.fields.is_none() && known.when.is_empty())
        {
            all.push(allow);
        }
    }
}

/// Whether a denial or an *only* keeps this role from this record as a whole.
fn barred(world: &World, rules: &Rules, role: &str, entity: &str) -> bool {
    let within = |whole: &str| world.parts(whole).iter().any(|part| part == entity);
    rules
        .denies
        .iter()
        .any(|deny| deny.role == role && deny.fields.is_none() && !deny.changes_only && within(&deny.entity))
        || rules.exclusives.iter().any(|only| {
            only.fields.is_none()
                && !only.changes_only
                && !only.roles.iter().any(|known| known == role)
                && within(&only.entity)
        })
}

fn assume(world: &mut World, rules: &Rules, all: &mut Vec<Allow>) {
    let subject = world.subject().map(str::to_owned);
    let tree = subject.as_deref().map(|subject| world.parts(subject)).unwrap_or_default();
    let names: Vec<String> = world.entities.keys().cloned().collect();
    let spoken: Vec<String> = all.iter().map(|allow| allow.role.clone()).collect();
    for entity in &names {
        let Some(known) = world.entities.get(entity) else { continue };
        if known.kind == EntityKind::Subject {
            continue;
        }
        let kind = known.kind;
        let by_self = known.concept.is_some_and(|concept| concept.by == Some(RoleKind::Subject));
        let candidates: Vec<(String, RoleKind, bool)> = world
            .roles
            .iter()
            .filter(|(name, _)| !barred(world, rules, name, entity))
            .map(|(name, role)| (name.clone(), role.kind, role.bounded))
            .collect();
        let nothing_said = !all.iter().any(|allow| allow.entity == *entity);
        if nothing_said {
            unsaid_record(world, entity, kind, by_self, &candidates, all);
        } else if !all.iter().any(|allow| allow.entity == *entity && allow.verb == "create") {
            unsaid_writer(world, entity, kind, by_self, &candidates, all);
        }
        bystanders(world, entity, kind, &tree, &candidates, &spoken, all);
    }
    correctors(world, all);
    if let Some(subject) = &subject {
        whole_record(world, rules, subject, &tree, all);
        subject_grants(world, rules, subject, &tree, all);
    }
}

/// Nobody said anything about this record: those whose work it is keep it.
fn unsaid_record(
    world: &mut World,
    entity: &str,
    kind: EntityKind,
    by_self: bool,
    candidates: &[(String, RoleKind, bool)],
    all: &mut Vec<Allow>,
) {
    let of = |kinds: &[RoleKind]| -> Vec<String> {
        candidates
            .iter()
            .filter(|(_, kind, bounded)| kinds.contains(kind) && !bounded)
            .map(|(name, ..)| name.clone())
            .collect()
    };
    let first = |orders: &[&[RoleKind]]| {
        orders.iter().map(|kinds| of(kinds)).find(|found| !found.is_empty()).unwrap_or_default()
    };
    let clinical = of(&[RoleKind::Panel, RoleKind::Care]);
    let clinicians = world.roles.values().any(|role| matches!(role.kind, RoleKind::Panel | RoleKind::Care));
    let writers = match kind {
        EntityKind::Schedule => {
            first(&[&[RoleKind::Office], &[RoleKind::Care], &[RoleKind::Panel], &[RoleKind::Owner]])
        }
        EntityKind::Business => first(&[&[RoleKind::Office], &[RoleKind::Business], &[RoleKind::Owner]]),
        EntityKind::Thing => {
            for role in of(&[RoleKind::Panel, RoleKind::Care, RoleKind::Office]) {
                push(all, &role, entity, &["view"]);
            }
            of(&[RoleKind::Owner])
        }
        _ if by_self && world.self_role().is_some() => {
            let patient = world.self_role().map(str::to_owned).unwrap_or_default();
            for role in &clinical {
                push(all, role, entity, &["view"]);
            }
            push(all, &patient, entity, &["view", "create"]);
            world.assume(format!("a {patient} writes a {entity}, and clinicians read it"));
            return;
        }
        _ => {
            let open: Vec<String> =
                world.roles.iter().filter(|(_, role)| role.open).map(|(name, _)| name.clone()).collect();
            if clinical.is_empty() {
                // Where clinicians work, nobody else takes their place unasked.
                match (open.is_empty(), clinicians) {
                    (true, false) => first(&[&[RoleKind::Business]]),
                    (true, true) => Vec::new(),
                    (false, _) => open,
                }
            } else {
                clinical
            }
        }
    };
    for role in &writers {
        let own = world.roles.get(role).is_some_and(|role| role.kind == RoleKind::Subject);
        push(all, role, entity, if own { &["view", "create"] } else { &["view", "create", "update"] });
    }
    if !writers.is_empty() {
        world.assume(format!("`{entity}` is kept by: {}", writers.join(", ")));
    }
}

/// Somebody reads it, nobody writes it.
fn unsaid_writer(
    world: &mut World,
    entity: &str,
    kind: EntityKind,
    by_self: bool,
    candidates: &[(String, RoleKind, bool)],
    all: &mut Vec<Allow>,
) {
    let readers: Vec<String> = candidates
        .iter()
        .filter(|(name, ..)| {
            said(all, name, entity)
                .any(|allow| allow.verb == "view" && allow.fields.is_none() && allow.when.is_empty())
        })
        .map(|(name, ..)| name.clone())
        .collect();
    let kind_of =
        |name: &String| candidates.iter().find(|(known, ..)| known == name).map(|(_, kind, _)| *kind);
    let clinicians = world.roles.values().any(|role| matches!(role.kind, RoleKind::Panel | RoleKind::Care));
    let order: &[RoleKind] = match kind {
        EntityKind::Schedule | EntityKind::Business => {
            &[RoleKind::Office, RoleKind::Business, RoleKind::Care, RoleKind::Panel, RoleKind::Owner]
        }
        EntityKind::Thing => &[RoleKind::Owner, RoleKind::Office, RoleKind::Care],
        _ if by_self => &[RoleKind::Subject, RoleKind::Panel, RoleKind::Care],
        _ if clinicians => &[RoleKind::Panel, RoleKind::Care],
        _ => &[RoleKind::Business, RoleKind::Subject, RoleKind::Office],
    };
    for wanted in order {
        let mut writers: Vec<String> =
            readers.iter().filter(|name| kind_of(name) == Some(*wanted)).cloned().collect();
        // Clinicians write clinical records even where only another's reading was spoken of.
        if writers.is_empty()
            && matches!(wanted, RoleKind::Panel | RoleKind::Care)
            && kind == EntityKind::Clinical
        {
            writers = candidates
                .iter()
                .filter(|(_, kind, bounded)| kind == wanted && !bounded)
                .map(|(name, ..)| name.clone())
                .collect();
        }
        if writers.is_empty() {
            continue;
        }
        for role in &writers {
            if *wanted == RoleKind::Subject {
                push(all, role, entity, &["view", "create"]);
            } else {
                push(all, role, entity, &["view", "create", "update"]);
            }
        }
        world.assume(format!("`{entity}` is written by: {}", writers.join(", ")));
        return;
    }
}

/// Clinicians of whom little was said read what is kept about their patients; those booked see the book.
#[allow(clippy::too_many_arguments, reason = "what is assumed of a record depends on all of these")]
fn bystanders(
    world: &mut World,
    entity: &str,
    kind: EntityKind,
    tree: &[String],
    candidates: &[(String, RoleKind, bool)],
    spoken: &[String],
    all: &mut Vec<Allow>,
) {
    if !tree.contains(&entity.to_owned()) {
        return;
    }
    let subject = world.subject().map(str::to_owned).unwrap_or_default();
    for (role, role_kind, bounded) in candidates {
        let clinical = matches!(role_kind, RoleKind::Panel | RoleKind::Care);
        if !clinical || *bounded || said(all, role, entity).next().is_some() {
            continue;
        }
        let spoken_of_parts = all.iter().any(|allow| {
            allow.role == *role
                && allow.entity != subject
                && tree.contains(&allow.entity)
                && spoken.contains(role)
                && world.entities.get(&allow.entity).is_some_and(|known| known.kind == EntityKind::Clinical)
        });
        if kind == EntityKind::Schedule || !spoken_of_parts {
            push(all, role, entity, &["view"]);
            world.assume(format!("a {role} reads `{entity}`"));
        }
    }
}

/// Staff who write a record may correct it, where nobody was said to change it.
fn correctors(world: &mut World, all: &mut Vec<Allow>) {
    let changed: BTreeSet<String> =
        all.iter().filter(|allow| allow.verb == "update").map(|allow| allow.entity.clone()).collect();
    let writers: Vec<Allow> = all
        .iter()
        .filter(|allow| {
            allow.verb == "create"
                && !changed.contains(&allow.entity)
                && Some(allow.entity.as_str()) != world.subject()
                && world.roles.get(&allow.role).is_some_and(|role| {
                    matches!(role.kind, RoleKind::Panel | RoleKind::Care | RoleKind::Office)
                })
        })
        .cloned()
        .collect();
    for writer in writers {
        world.assume(format!("who writes `{}` may correct it: {}", writer.entity, writer.role));
        all.push(Allow { verb: "update", ..writer });
    }
}

/// `A patient record may be seen only by …, the owner`: a record with all its parts.
fn whole_record(world: &World, rules: &Rules, subject: &str, tree: &[String], all: &mut Vec<Allow>) {
    for only in rules
        .exclusives
        .iter()
        .filter(|only| only.entity == subject && only.fields.is_none() && !only.changes_only)
    {
        for role in only
            .roles
            .iter()
            .filter(|role| world.roles.get(*role).is_some_and(|role| role.kind == RoleKind::Owner))
        {
            for part in tree.iter().filter(|part| *part != subject) {
                if !barred(world, rules, role, part) {
                    push(all, role, part, &["view"]);
                }
            }
        }
    }
}

/// Who sees, registers and assigns the person cared for.
fn subject_grants(world: &mut World, rules: &Rules, subject: &str, tree: &[String], all: &mut Vec<Allow>) {
    let roles: Vec<(String, RoleKind, bool)> =
        world.roles.iter().map(|(name, role)| (name.clone(), role.kind, role.acts)).collect();
    let identity = identity_fields(world, subject);
    let form_reader = |role: &str| {
        world.forms.values().any(|form| form.read_by.iter().chain(&form.filled_by).any(|known| known == role))
    };
    for (role, kind, acts) in &roles {
        if barred(world, rules, role, subject) {
            continue;
        }
        let on_tree: Vec<Allow> =
            all.iter().filter(|allow| allow.role == *role && tree.contains(&allow.entity)).cloned().collect();
        let whole = said(all, role, subject).any(|allow| allow.verb == "view" && allow.fields.is_none());
        match kind {
            RoleKind::Subject if *acts => push(all, role, subject, &["view"]),
            RoleKind::Panel | RoleKind::Care if !whole => push(all, role, subject, &["view"]),
            RoleKind::Office | RoleKind::Owner | RoleKind::Business
                if !whole && (!on_tree.is_empty() || *kind == RoleKind::Office || form_reader(role)) =>
            {
                let reach = on_tree
                    .iter()
                    .map(|allow| allow.reach)
                    .find(|reach| *reach == Reach::Place)
                    .unwrap_or(Reach::Unsaid);
                all.push(Allow {
                    role: role.clone(),
                    entity: subject.to_owned(),
                    verb: "view",
                    fields: Some(identity.clone()),
                    reach,
                    when: Vec::new(),
                });
            }
            _ => {}
        }
    }
    registrars(world, rules, subject, &identity, all);
}

/// The fields by which an office knows a person: identifiers and money, nothing clinical.
fn identity_fields(world: &World, subject: &str) -> Vec<String> {
    world
        .entities
        .get(subject)
        .map(|entity| {
            entity
                .fields
                .iter()
                .filter(|(name, written)| {
                    written.starts_with("identifier") || written.contains("money") || *name == "sex"
                })
                .map(|(name, _)| name.clone())
                .collect()
        })
        .unwrap_or_default()
}

fn registrars(world: &mut World, rules: &Rules, subject: &str, identity: &[String], all: &mut Vec<Allow>) {
    // Who signs up registers alone.
    if let Some(own) = world
        .self_role()
        .filter(|role| world.roles.get(*role).is_some_and(|role| role.open))
        .map(str::to_owned)
    {
        push(all, &own, subject, &["view", "update"]);
        return;
    }
    let sees_names = |all: &[Allow], world: &World, role: &str| {
        !world.assigned.iter().any(|known| known == role)
            && !rules.reference_only.iter().any(|known| known == role)
            && said(all, role, subject).any(|allow| allow.verb == "view" && allow.reach != Reach::Own)
    };
    let already: Vec<String> = world
        .roles
        .iter()
        .filter(|(name, role)| {
            role.kind != RoleKind::Subject
                && !barred(world, rules, name, subject)
                && said(all, name, subject).any(|allow| allow.verb == "create")
        })
        .map(|(name, _)| name.clone())
        .collect();
    let mut chosen = already.clone();
    for kind in [RoleKind::Office, RoleKind::Care, RoleKind::Owner] {
        if !chosen.is_empty() {
            break;
        }
        chosen = world
            .of_kind(kind)
            .into_iter()
            .filter(|role| !barred(world, rules, role, subject) && sees_names(all, world, role))
            .collect();
    }
    if chosen.is_empty() {
        chosen = world
            .of_kind(RoleKind::Owner)
            .into_iter()
            .filter(|role| !barred(world, rules, role, subject))
            .take(1)
            .collect();
        for role in &chosen {
            all.push(Allow {
                role: role.clone(),
                entity: subject.to_owned(),
                verb: "view",
                fields: Some(identity.to_vec()),
                reach: Reach::Unsaid,
                when: Vec::new(),
            });
        }
    }
    if already.is_empty() && !chosen.is_empty() {
        world.assume(format!("a new {subject} is registered by: {}", chosen.join(", ")));
    }
    for role in &chosen {
        let mask: Option<Vec<String>> = Some(
            said(all, role, subject)
                .filter(|allow| allow.verb == "view")
                .filter_map(|allow| allow.fields.clone())
                .flatten()
                .collect(),
        );
        let whole = said(all, role, subject).any(|allow| allow.verb == "view" && allow.fields.is_none());
        // A value that somebody else sets is not theirs to change.
        let set_by_others: BTreeSet<String> = all
            .iter()
            .filter(|allow| allow.entity == subject && allow.verb == "update" && allow.role != *role)
            .filter_map(|allow| allow.fields.clone())
            .flatten()
            .collect();
        let fields = if whole { None } else { mask };
        let fields = match (fields, set_by_others.is_empty()) {
            (fields, true) => fields,
            (fields, false) => {
                let every = world
                    .entities
                    .get(subject)
                    .map(|entity| entity.fields.keys().cloned().collect())
                    .unwrap_or_default();
                Some(
                    fields
                        .unwrap_or(every)
                        .into_iter()
                        .filter(|field| !set_by_others.contains(field))
                        .collect(),
                )
            }
        };
        for verb in ["create", "update"] {
            all.push(Allow {
                role: role.clone(),
                entity: subject.to_owned(),
                verb,
                fields: fields.clone(),
                reach: Reach::Unsaid,
                when: Vec::new(),
            });
        }
    }
    if world.assigners.is_empty() {
        world.assigners = chosen;
    }
    world.assigners.retain(|role| !barred_name(rules, role));
}

fn barred_name(rules: &Rules, role: &str) -> bool {
    rules.reference_only.iter().any(|known| known == role)
}

/// Who reads the answers of a form: whoever was said to, and clinicians of whom nothing was said.
fn form_readers(world: &mut World, rules: &Rules) {
    let self_role = world.self_role().map(str::to_owned);
    let clinical: Vec<String> = world
        .roles
        .iter()
        .filter(|(_, role)| matches!(role.kind, RoleKind::Panel | RoleKind::Care))
        .map(|(name, _)| name.clone())
        .collect();
    let names: Vec<String> = world.forms.keys().cloned().collect();
    let subject = world.subject().map(str::to_owned);
    for name in names {
        let mut readers: Vec<String> = Vec::new();
        for allow in rules.allows.iter().filter(|allow| allow.entity == name) {
            if !readers.contains(&allow.role) {
                readers.push(allow.role.clone());
            }
        }
        // `Doctors only see theirs`: of patients, and so of what these answered.
        for role in &world.assigned {
            if !readers.contains(role)
                && rules
                    .allows
                    .iter()
                    .any(|allow| allow.role == *role && Some(allow.entity.as_str()) == subject.as_deref())
            {
                readers.push(role.clone());
            }
        }
        if readers.iter().all(|role| Some(role) == self_role.as_ref()) {
            readers.extend(clinical.iter().cloned());
        }
        let denied =
            |role: &String| rules.denies.iter().any(|deny| deny.role == *role && deny.entity == name);
        let only: Option<&Exclusive> = rules.exclusives.iter().find(|only| only.entity == name);
        readers.retain(|role| !denied(role) && only.is_none_or(|only| only.roles.contains(role)));
        if let Some(form) = world.forms.get_mut(&name) {
            if form.filled_by.is_empty() {
                form.filled_by = self_role.clone().map_or_else(|| clinical.clone(), |role| vec![role]);
            }
            form.filled_by.dedup();
            for role in &form.filled_by {
                if !readers.contains(role) {
                    readers.push(role.clone());
                }
            }
            let corrects = |role: &String| {
                let mut said =
                    rules.allows.iter().filter(|allow| allow.entity == name && allow.role == *role);
                form.correctors.contains(role) || said.any(|allow| allow.verb == "update")
            };
            form.corrections = form.filled_by.iter().all(corrects);
            form.read_by = readers;
        }
    }
}

/// Takes away what denials and *only* take away.
fn narrow(world: &World, rules: &Rules, all: &mut Vec<Allow>) {
    let changes = |verb: &str| verb != "view" && verb != "export";
    for deny in rules.denies.iter().filter(|deny| deny.fields.is_none()) {
        let parts = world.parts(&deny.entity);
        all.retain(|allow| {
            !(allow.role == deny.role
                && parts.contains(&allow.entity)
                && (!deny.changes_only || changes(allow.verb)))
        });
    }
    for only in rules.exclusives.iter().filter(|only| only.fields.is_none()) {
        let parts = world.parts(&only.entity);
        all.retain(|allow| {
            only.roles.contains(&allow.role)
                || !parts.contains(&allow.entity)
                || (only.changes_only && !changes(allow.verb))
        });
    }
    for allow in all.iter_mut() {
        let mut lost: Vec<String> = Vec::new();
        for deny in rules.denies.iter().filter(|deny| deny.role == allow.role && deny.entity == allow.entity)
        {
            if !deny.changes_only || changes(allow.verb) {
                lost.extend(deny.fields.clone().unwrap_or_default());
            }
        }
        for only in rules
            .exclusives
            .iter()
            .filter(|only| only.entity == allow.entity && !only.roles.contains(&allow.role))
        {
            if !only.changes_only || changes(allow.verb) {
                lost.extend(only.fields.clone().unwrap_or_default());
            }
        }
        if lost.is_empty() {
            continue;
        }
        let every = world
            .entities
            .get(&allow.entity)
            .map(|entity| entity.fields.keys().cloned().collect())
            .unwrap_or_default();
        let held: Vec<String> = allow.fields.take().unwrap_or(every);
        allow.fields = Some(held.into_iter().filter(|field| !lost.contains(field)).collect());
    }
    all.retain(|allow| allow.fields.as_ref().is_none_or(|fields| !fields.is_empty()));
}

/// Verbs with the fields that they are narrowed to; all fields, when `None`.
type Verbs = IndexMap<&'static str, Option<BTreeSet<String>>>;

/// The clauses of one role on one record, joined by `;`.
fn clauses(world: &World, rules: &Rules, all: &[Allow], role: &str, entity: &str) -> String {
    // By scope and states; for each verb its fields, or all.
    let mut groups: IndexMap<(String, Vec<String>), Verbs> = IndexMap::new();
    for allow in said(all, role, entity) {
        if allow.verb == "move" {
            continue;
        }
        let Some(scope) = scope(world, allow) else { continue };
        let held = groups.entry((scope, allow.when.clone())).or_default();
        let wanted: Option<BTreeSet<String>> =
            allow.fields.clone().map(|fields| fields.into_iter().collect());
        held.entry(allow.verb)
            .and_modify(|known| match (known.as_mut(), &wanted) {
                (_, None) => *known = None,
                (None, _) => {}
                (Some(known), Some(wanted)) => known.extend(wanted.iter().cloned()),
            })
            .or_insert(wanted);
    }
    let mut out = Vec::new();
    let reference = Some(entity) == world.subject() && rules.reference_only.iter().any(|known| known == role);
    if reference {
        let place = world.place.clone().unwrap_or_else(|| "organisation".into());
        return format!("view(reference) in {place}");
    }
    let order = world.entities.get(entity);
    for ((scope, when), verbs) in &groups {
        let mut words = Vec::new();
        for verb in ["view", "create", "update", "delete", "export"] {
            match verbs.get(verb) {
                Some(None) => words.push(verb.to_owned()),
                Some(Some(fields)) => {
                    let named: Vec<&String> = order
                        .map(|entity| entity.fields.keys().filter(|name| fields.contains(*name)).collect())
                        .unwrap_or_default();
                    if named.is_empty() {
                        continue;
                    }
                    words.push(format!(
                        "{verb}({})",
                        named.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
                    ));
                }
                None => {}
            }
        }
        if words.is_empty() {
            continue;
        }
        let states = if when.is_empty() { String::new() } else { format!(" when {}", when.join(" | ")) };
        out.push(format!("{} {scope}{states}", words.join(", ")));
    }
    out.join("; ")
}
