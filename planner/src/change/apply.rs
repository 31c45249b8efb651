//! A spec with changes applied to it, one after another.

use super::wishes::Wish;
use super::{refused, rename, world};
use crate::access::{self, Rules};
use crate::catalogue::EntityKind;
use crate::clauses::Clause as Said;
use crate::fields::{Read, read};
use crate::nouns::Item;
use crate::plan::heads::parse;
use crate::plan::{Answers, PlanError, Question, blocked};
use crate::sentences::Sentence;
use crate::words::Verb as Deed;
use crate::world::{Parsed, World};
use crate::{complete, entities, grants, roles};
use spec::document::{Change, Entity, Field, Move};
use spec::{Access, AppSpec, Choice, FieldType, Lock, Name, ValidatedSpec};
use std::collections::BTreeSet;

/// A spec that is being changed, and what there is to tell about it.
pub(crate) struct Draft {
    pub(crate) spec: AppSpec,
    pub(crate) loses: Vec<String>,
    pub(crate) questions: Vec<Question>,
    pub(crate) not_understood: Vec<String>,
    removed: Vec<(Name, Name)>,
    added: Vec<(Name, Name)>,
}

impl Draft {
    pub(crate) fn new(mut spec: AppSpec) -> Self {
        // What the last version changed is done.
        spec.changes.clear();
        Self {
            spec,
            loses: Vec::new(),
            questions: Vec::new(),
            not_understood: Vec::new(),
            removed: Vec::new(),
            added: Vec::new(),
        }
    }

    /// Applies one change that was said in words of its own.
    pub(crate) fn take(&mut self, wish: Wish, answers: &Answers) {
        match wish {
            Wish::RenameEntity(from, to) => match rename::entity(&self.spec, &from, &to) {
                Some(spec) => {
                    self.spec = spec;
                    self.spec.changes.insert(to.to_string(), Change { was: Some(from), retire: None });
                }
                None => self.not_understood.push(format!(
                    "`{from}` cannot become `{to}`: it is a role's name, too, or `{to}` is taken"
                )),
            },
            Wish::RenameField { entity, from, to } => self.rename_field(&entity, &from, &to),
            Wish::RemoveEntity(name) => {
                self.loses.push(format!("every {name} that was written, with its parts"));
                self.spec.changes.insert(
                    name.to_string(),
                    Change { was: None, retire: Some("after confirmation".into()) },
                );
            }
            Wish::RemoveField { entity, field } => {
                self.removed.push((entity, field));
            }
            Wish::AddFields { entity, items } => self.add_fields(&entity, &items),
            Wish::AddState { entity, state, after } => self.add_state(&entity, &state, after.as_deref()),
        }
        let _ = answers;
    }

    fn rename_field(&mut self, entity: &Name, from: &Name, to: &Name) {
        match rename::field(&self.spec, entity, from, to) {
            Some(spec) => {
                self.spec = spec;
                self.spec
                    .changes
                    .insert(format!("{entity}.{to}"), Change { was: Some(from.clone()), retire: None });
            }
            None => {
                self.not_understood.push(format!("{entity} has a `{to}` already, so `{from}` keeps its name"))
            }
        }
    }

    fn add_fields(&mut self, entity: &Name, items: &[Item]) {
        let seed = world::of(&self.spec);
        let known = seed.entities.get(entity.as_str());
        let kind = known.map_or(EntityKind::Clinical, |known| known.kind);
        for item in items {
            let fields = match read(item, known.and_then(|known| known.concept), kind) {
                Read::Fields(fields) => fields,
                Read::File(file) => vec![file],
                Read::Nothing => Vec::new(),
            };
            if fields.is_empty() {
                self.not_understood.push(format!("`{}` is no value that can be kept", item.phrase()));
            }
            for field in fields {
                self.add_field(entity, &field.name, &field.written);
            }
        }
    }

    fn add_field(&mut self, entity: &Name, name: &str, written: &str) {
        let Some(shape) = self.spec.entities.get_mut(entity) else { return };
        let (Ok(name), Ok(stored)) = (name.parse::<Name>(), written.parse::<FieldType>()) else { return };
        if shape.fields.contains_key(&name) {
            return;
        }
        // Records that stand have no value for it yet.
        let stored = FieldType { required: false, ..stored };
        shape.fields.insert(name.clone(), Field { stored: Some(stored), ..Field::default() });
        self.added.push((entity.clone(), name));
    }

    fn add_state(&mut self, entity: &Name, state: &str, after: Option<&str>) {
        let Some(shape) = self.spec.entities.get_mut(entity) else { return };
        let Some(lifecycle) = &mut shape.lifecycle else { return };
        let (Ok(choice), Ok(name)) = (state.parse::<Choice>(), state.parse::<Name>()) else {
            self.not_understood.push(format!("`{state}` cannot be the name of a state"));
            return;
        };
        if lifecycle.states.contains(&choice) {
            return;
        }
        let at = after
            .and_then(|after| lifecycle.states.iter().position(|known| known.as_str() == after))
            .map_or(lifecycle.states.len(), |at| at + 1);
        let from = match after.and_then(|after| lifecycle.states.iter().find(|known| known.as_str() == after))
        {
            Some(after) => vec![after.clone()],
            None => {
                lifecycle.states.iter().filter(|known| !lifecycle.locked.contains(known)).cloned().collect()
            }
        };
        let mut by: Vec<Name> = lifecycle.moves.values().flat_map(|one| one.by.clone()).collect();
        by.dedup();
        let mut seen = BTreeSet::new();
        by.retain(|role| seen.insert(role.clone()));
        lifecycle.states.insert(at, choice.clone());
        lifecycle.moves.insert(name, Move { from, to: choice.clone(), by, ..Move::default() });
        // The field that holds the state takes the new one, too.
        let holder: Name = lifecycle
            .field
            .clone()
            .unwrap_or_else(|| "status".parse().expect("a literal of the name grammar"));
        if let Some(stored) = shape.fields.get_mut(&holder).and_then(|field| field.stored.as_mut())
            && let spec::Kind::OneOf(choices) = &mut stored.kind
            && !choices.contains(&choice)
        {
            choices.insert(at.min(choices.len()), choice);
        }
    }

    /// A value that goes and one that comes may be one value by another name: that is asked, and nothing is lost
    /// until it is answered.
    pub(crate) fn pair_renames(&mut self, answers: &Answers) {
        for (entity, field) in std::mem::take(&mut self.removed) {
            let kind = |name: &Name| {
                let stored = self.spec.entities.get(&entity)?.fields.get(name)?.stored.as_ref()?;
                Some((stored.class, stored.list))
            };
            let twin = self.added.iter().position(|(of, name)| *of == entity && kind(name) == kind(&field));
            let about = format!("/entities/{entity}/fields/{field}");
            if let Some(at) = twin
                && !refused(answers, &about)
            {
                let (_, new) = self.added.remove(at);
                if let Some(shape) = self.spec.entities.get_mut(&entity) {
                    shape.fields.shift_remove(&new);
                }
                self.rename_field(&entity, &field, &new);
                self.questions.push(Question {
                    about,
                    ask: format!("Is `{new}` the new name of `{field}`, with what was written in it?"),
                    options: vec![
                        "it is the new name".into(),
                        "no: retire one, and begin the other empty".into(),
                    ],
                    default: "it is the new name".into(),
                });
                continue;
            }
            self.loses.push(format!("{field} of every {entity} that was written"));
            self.spec.changes.insert(
                format!("{entity}.{field}"),
                Change { was: None, retire: Some("after confirmation".into()) },
            );
        }
    }

    /// Everything else is read by the grammar of prompts.
    pub(crate) fn read_on(
        &mut self,
        sentences: Vec<Sentence>,
        settled: impl Fn(&Sentence) -> bool,
    ) -> Result<(), PlanError> {
        let parsed = parse(sentences);
        let seed = world::of(&self.spec);
        let mut world = seed.clone();
        roles::find(&parsed, &mut world);
        entities::find(&parsed, &mut world);
        self.forget_what_nobody_writes(&parsed, &seed, &mut world);
        self.new_roles(&seed, &world);
        let mut full = world.clone();
        complete::records(&mut full);
        let rules = access::read(&parsed, &mut full, settled);
        if !rules.unclear.is_empty() {
            return Err(blocked(rules.unclear.into_iter().map(|one| one.text).collect()));
        }
        self.not_understood.extend(rules.not_understood.iter().cloned());
        self.not_understood.extend(rules.conditional.iter().map(|(said, _)| said.clone()));
        for (name, entity) in &world.entities {
            let Some(old) = seed.entities.get(name) else {
                self.new_entity(name, &full, &rules);
                continue;
            };
            let Ok(known) = name.parse::<Name>() else { continue };
            for (field, written) in entity.fields.iter().filter(|(field, _)| !old.fields.contains_key(*field))
            {
                self.add_field(&known, field, written);
            }
        }
        for allow in rules.allows.iter().filter(|allow| seed.entities.contains_key(&allow.entity)) {
            self.allow(allow, &full, &parsed);
        }
        self.deny(&seed, &full, &rules);
        self.forget_idle_roles(&seed);
        Ok(())
    }

    /// `let nurses see vitals` makes no record of vitals: what nobody writes and the app does not keep is not there.
    fn forget_what_nobody_writes(&mut self, parsed: &[Parsed], seed: &World, world: &mut World) {
        let writes = |clause: &Said| {
            clause.does(Deed::Create)
                || clause.does(Deed::Track)
                || clause.does(Deed::Manage)
                || clause.does(Deed::Book)
        };
        let written = parsed.iter().any(|one| {
            one.clauses.iter().any(writes)
                || one.sentence.head.is_some()
                || one.clauses.iter().all(|clause| clause.verbs.is_empty())
        });
        if written {
            return;
        }
        let new: Vec<String> =
            world.entities.keys().filter(|name| !seed.entities.contains_key(*name)).cloned().collect();
        for name in new {
            world.entities.shift_remove(&name);
            self.not_understood.push(format!(
                "`{name}` is nothing that the app keeps: add it first, as in `nurses record {name}s (…)`"
            ));
        }
    }

    fn new_roles(&mut self, seed: &World, world: &World) {
        for name in world.roles.keys().filter(|name| !seed.roles.contains_key(*name)) {
            if let Ok(name) = name.parse::<Name>() {
                self.spec.roles.entry(name).or_default();
            }
        }
    }

    /// A role of whom nothing is said is no role: `make everyone admin` makes none.
    fn forget_idle_roles(&mut self, seed: &World) {
        let busy = |role: &Name| {
            let granted = self.spec.entities.values().any(|entity| {
                entity.access.as_ref().is_some_and(|lines| lines.contains_key(role))
                    || entity.assigned_to.as_ref().is_some_and(|assigned| assigned.role.contains(role))
            });
            granted
                || self
                    .spec
                    .forms
                    .values()
                    .any(|form| form.filled_by.contains(role) || form.read_by.contains(role))
        };
        let idle: Vec<Name> = self
            .spec
            .roles
            .keys()
            .filter(|role| !seed.roles.contains_key(role.as_str()) && !busy(role))
            .cloned()
            .collect();
        for role in idle {
            self.spec.roles.shift_remove(&role);
            self.not_understood
                .push(format!("what a {role} may do: say it, as in `{role}s see appointments`"));
        }
    }

    fn new_entity(&mut self, name: &str, world: &World, rules: &Rules) {
        let Some(known) = world.entities.get(name) else { return };
        let Ok(own) = name.parse::<Name>() else { return };
        let mut entity = Entity {
            part_of: known.part_of.as_ref().and_then(|whole| whole.parse().ok()),
            ..Entity::default()
        };
        if entity.part_of.is_none() && known.kind != EntityKind::Thing {
            entity.belongs_to = world.place.as_ref().and_then(|place| place.parse().ok());
        }
        for (field, written) in &known.fields {
            if let (Ok(field), Ok(stored)) = (field.parse::<Name>(), written.parse::<FieldType>()) {
                entity.fields.insert(field, Field { stored: Some(stored), ..Field::default() });
            }
        }
        // Who keeps a new record is decided as in a prompt.
        let granted = grants::grants(&mut world.clone(), rules);
        let mut lines = spec_access(granted.get(name));
        lines.retain(|role, _| self.spec.roles.contains_key(role));
        entity.access = Some(lines);
        self.spec.entities.insert(own, entity);
    }

    /// The spec when it holds; lists, measures and pages that stood on what was taken away go with it.
    pub(crate) fn settle(&mut self, lock: &Lock) -> Result<ValidatedSpec, PlanError> {
        for _ in 0..12 {
            let problems = match spec::validate(self.spec.clone(), lock) {
                Ok(valid) => return Ok(valid),
                Err(problems) => problems,
            };
            let mut mended = false;
            for problem in problems.iter() {
                let steps: Vec<String> = problem.pointer.steps().collect();
                let [section, name, ..] = steps.as_slice() else { continue };
                let Ok(name) = name.parse::<Name>() else { continue };
                mended |= self.leave_out(section, &name, &problem.message);
            }
            if !mended {
                return Err(PlanError::Invalid {
                    problems: problems
                        .iter()
                        .map(|problem| format!("{}: {}", problem.pointer.as_str(), problem.message))
                        .collect(),
                });
            }
        }
        Err(PlanError::Invalid { problems: vec!["the change did not settle".into()] })
    }

    /// Takes the role that a problem names out of a list, measure, calendar, page or form, or the whole of it.
    fn leave_out(&mut self, section: &str, name: &Name, message: &str) -> bool {
        let named = |role: &Name| message.contains(&format!("`{role}`"));
        macro_rules! without {
            ($map:ident, $roles:ident) => {{
                let Some(one) = self.spec.$map.get_mut(name) else { return false };
                let before = one.$roles.len();
                one.$roles.retain(|role| !named(role));
                if one.$roles.is_empty() || one.$roles.len() == before {
                    self.spec.$map.shift_remove(name);
                }
                true
            }};
        }
        match section {
            "lists" => without!(lists, roles),
            "measures" => without!(measures, roles),
            "calendars" => without!(calendars, roles),
            "pages" => without!(pages, roles),
            "forms" => without!(forms, read_by),
            _ => false,
        }
    }
}

/// Lines of grants as the spec keeps them.
fn spec_access(lines: Option<&indexmap::IndexMap<String, String>>) -> indexmap::IndexMap<Name, Access> {
    lines
        .into_iter()
        .flatten()
        .filter_map(|(role, line)| Some((role.parse::<Name>().ok()?, line.parse::<Access>().ok()?)))
        .collect()
}
