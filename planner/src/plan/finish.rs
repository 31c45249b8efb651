//! From the model to a valid spec: what does not hold is left out and said to be.

use super::notes::{Planned, questions, wished};
use super::refusals::refusals;
use super::{Plan, PlanError, Wished};
use crate::access::Rules;
use crate::automatic;
use crate::catalogue::RoleKind;
use crate::features;
use crate::grants::{Grants, grants, permissions};
use crate::sharing;
use crate::world::{Parsed, World};
use crate::write::{Parts, yaml};
use spec::AppSpec;
use spec::Lock;

pub(crate) fn finish(parsed: &[Parsed], mut world: World, rules: Rules) -> Result<Plan, PlanError> {
    let mut granted = grants(&mut world, &rules);
    let limits = features::limits(parsed, &mut world, &mut granted);
    let mut thresholds = features::thresholds(parsed, &world);
    let mut silences = features::silences(parsed, &world);
    for threshold in &mut thresholds {
        threshold.roles = readers(&world, &granted, &threshold.entity, &threshold.roles);
    }
    thresholds.retain(|threshold| !threshold.roles.is_empty());
    let subject = world.subject().map(str::to_owned).unwrap_or_default();
    for silence in &mut silences {
        silence.roles = readers(&world, &granted, &subject, &silence.roles);
    }
    silences.retain(|silence| !silence.roles.is_empty());
    let automatic = automatic::find(parsed, &mut world, &granted);
    // The list that a rule watches comes first, and is seen by those who are told, too.
    if let Some(watched) = automatic.silence() {
        let same = |one: &features::Silence| {
            (&one.entity, one.count, &one.unit) == (&watched.entity, watched.count, &watched.unit)
        };
        let mut roles = watched.roles.clone();
        roles.extend(silences.iter().filter(|one| same(one)).flat_map(|one| one.roles.clone()));
        let mut seen: Vec<String> = Vec::new();
        roles.retain(|role| {
            !seen.contains(role) && {
                seen.push(role.clone());
                true
            }
        });
        silences.retain(|one| !same(one));
        silences.insert(0, features::Silence { roles, ..watched.clone() });
    }
    let (measures, lost) = features::measures(parsed, &world);
    let movers = movers(&world, &granted, &rules);
    let permissions = permissions(&world, &rules, &granted);
    let planned = Planned {
        files: world
            .entities
            .values()
            .any(|entity| entity.fields.values().any(|written| written.ends_with(" file"))),
        signatures: world.entities.values().any(|entity| !entity.signed_by.is_empty()),
        permitted: permissions.iter().map(|one| one.to.clone()).collect(),
        calendars: world.entities.values().any(|entity| {
            entity.kind == crate::catalogue::EntityKind::Schedule && entity.fields.contains_key("start")
        }),
        forms: !world.forms.is_empty(),
        measures: !measures.is_empty(),
        lists: !(thresholds.is_empty() && silences.is_empty()),
    };
    let sharing = sharing::find(parsed, &mut world, &granted);
    let mut wishes = wished(parsed, &rules, &world, &planned);
    automatic.answer(&mut wishes);
    if !limits.is_empty() {
        // What a limit counts is counted by month, and nothing else of it is kept.
        let totals = |wish: &Wished| wish.construct == Some(14) && wish.said.contains("count");
        wishes.retain(|wish| wish.construct != Some(20) && !totals(wish));
    }
    let mut not_understood: Vec<String> = rules.not_understood.clone();
    not_understood.extend(lost);
    not_understood.retain(|said| {
        let spoken_of = parsed
            .iter()
            .any(|one| one.sentence.text == *said && !features::wishes(&one.sentence).is_empty());
        let first = parsed.first().is_some_and(|one| one.sentence.text == *said);
        let places = world.place.as_ref().is_some_and(|place| {
            said.to_lowercase().contains(&format!("{place} has"))
                || said.to_lowercase().contains(&format!("have {place}"))
        });
        !(spoken_of || first || places || automatic.understood(said))
    });
    let questions = questions(&world, &rules, &granted);
    let audit_years = parsed.iter().find_map(|one| features::audit_years(&one.sentence));
    let mut refused = refusals(parsed, audit_years);
    refused.extend(automatic.refused.iter().cloned());
    let mut skip: Vec<String> = Vec::new();
    let mut left: Vec<Wished> = Vec::new();
    for _ in 0..8 {
        // What is planned is no wish, until it turns out not to hold.
        let dropped = |section: &str, name: &str| skip.contains(&format!("/{section}/{name}"));
        let planned = |wish: &Wished| {
            wish.construct.is_some_and(|construct| sharing.holds(construct, &wish.said, &dropped))
        };
        let mut not_yet: Vec<Wished> = wishes.iter().filter(|wish| !planned(wish)).cloned().collect();
        not_yet.extend(left.iter().filter(|wish| !wishes.contains(wish)).cloned());
        let text = yaml(&Parts {
            world: &world,
            grants: &granted,
            movers: &movers,
            thresholds: &thresholds,
            silences: &silences,
            measures: &measures,
            permissions: &permissions,
            automatic: &automatic,
            sharing: &sharing,
            limits: &limits,
            audit_years: audit_years.filter(|years| *years >= 6),
            refused: &refused,
            not_yet: &not_yet,
            not_understood: &not_understood,
            questions: &questions,
            skip: &skip,
        });
        let problems = match check(&text) {
            Ok(spec) => {
                return Ok(Plan {
                    spec,
                    text,
                    assumed: world.assumed,
                    refused,
                    not_understood,
                    not_yet,
                    questions,
                });
            }
            Err(problems) => problems,
        };
        // A list, measure, calendar or form that does not hold is left out and said to be.
        let dropped: Vec<String> = problems
            .iter()
            .filter_map(|(pointer, _)| {
                let mut steps = pointer.split('/').skip(1);
                let (section, name) = (steps.next()?, steps.next()?);
                // Names are escaped in pointers only where they hold a slash or a tilde, which no name does.
                matches!(
                    section,
                    "lists"
                        | "measures"
                        | "calendars"
                        | "forms"
                        | "permissions"
                        | "rules"
                        | "tasks"
                        | "ai actions"
                        | "conversations"
                        | "messages"
                        | "documents"
                        | "feeds"
                        | "limits"
                )
                .then(|| format!("/{section}/{name}"))
            })
            .filter(|pointer| !skip.contains(pointer))
            .collect();
        if dropped.is_empty() {
            return Err(PlanError::Invalid {
                problems: problems
                    .into_iter()
                    .map(|(pointer, message)| format!("{pointer}: {message}"))
                    .collect(),
            });
        }
        for pointer in dropped {
            let mut steps = pointer.split('/').skip(1);
            let (section, name) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
            match automatic.left_of(section, name, |name| world.names.say(name)) {
                Some(wish) if left.contains(&wish) => {}
                Some(wish) => left.push(wish),
                None if matches!(section, "conversations" | "messages" | "documents" | "feeds") => {}
                None => not_understood.push(format!("{pointer} could not be planned")),
            }
            skip.push(pointer);
        }
    }
    Err(PlanError::Invalid { problems: vec!["the plan did not settle".into()] })
}

/// The spec that a text says, or what is wrong with it: pointers and messages.
fn check(text: &str) -> Result<AppSpec, Vec<(String, String)>> {
    let valid = spec::check(text, &Lock::default()).map_err(|problems| {
        problems
            .iter()
            .map(|problem| (problem.pointer.as_str().to_owned(), problem.message.clone()))
            .collect::<Vec<_>>()
    })?;
    let unbuildable = spec::buildable(&valid);
    if unbuildable.is_empty() {
        Ok(valid.document().clone())
    } else {
        Err(unbuildable.into_iter().map(|wish| (wish.pointer.as_str().to_owned(), wish.said)).collect())
    }
}

/// Those of the named roles who may read the record; else clinicians who may.
fn readers(world: &World, granted: &Grants, entity: &str, named: &[String]) -> Vec<String> {
    let reads = |role: &String| {
        granted
            .get(entity)
            .and_then(|roles| roles.get(role))
            .is_some_and(|clause| clause.starts_with("view") && !clause.contains("view(reference)"))
    };
    let mut out: Vec<String> = Vec::new();
    for role in named.iter().filter(|role| reads(role)) {
        let kind = world.roles.get(role).map(|role| role.kind);
        if kind != Some(RoleKind::Subject) && !out.contains(role) {
            out.push(role.clone());
        }
    }
    if out.is_empty() {
        out = world
            .of_kind(RoleKind::Care)
            .into_iter()
            .chain(world.of_kind(RoleKind::Panel))
            .filter(reads)
            .collect();
    }
    out
}

/// Who moves a record through its states: those who may change it, and those said to sign or review it.
fn movers(world: &World, granted: &Grants, rules: &Rules) -> Vec<(String, Vec<String>)> {
    world
        .entities
        .iter()
        .filter(|(_, entity)| entity.states.len() > 1)
        .map(|(name, _)| {
            let said: Vec<String> = rules
                .allows
                .iter()
                .filter(|allow| allow.entity == *name && allow.verb == "move")
                .map(|allow| allow.role.clone())
                .collect();
            let alone: Vec<&String> = rules
                .exclusives
                .iter()
                .filter(|only| only.entity == *name && (only.moves_only || only.changes_only))
                .flat_map(|only| &only.roles)
                .collect();
            // Where somebody was said to decide, those decide, and whoever was said to change it.
            let changes: Vec<&String> = rules
                .allows
                .iter()
                .filter(|allow| allow.entity == *name && allow.verb == "update")
                .map(|allow| &allow.role)
                .collect();
            let decided =
                said.iter().any(|role| granted.get(name).is_some_and(|roles| roles.contains_key(role)));
            let roles = granted.get(name).map(|roles| {
                roles
                    .iter()
                    .filter(|(role, _)| alone.is_empty() || alone.contains(role))
                    .filter(|(role, clause)| {
                        let own = world.roles.get(*role).is_some_and(|role| role.kind == RoleKind::Subject);
                        let updates = clause.contains("update") && !own;
                        updates && (!decided || changes.contains(role))
                            || said.contains(role) && clause.contains("view")
                    })
                    .map(|(role, _)| role.clone())
                    .collect()
            });
            (name.clone(), roles.unwrap_or_default())
        })
        .collect()
}
