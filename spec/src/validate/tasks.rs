//! Rules and tasks: what happens by itself, and what somebody has to do about a record.
//!
//! `call back: { about: patient, owner: nurse, due: 4 hours, else: owner }` implies an entity `call back`, a part of the
//! patient: why, until when, who is responsible, what came of it. Only who may view the patient sees it, and of those only
//! the roles that the task names. A rule that makes it reads nothing that these roles may not view: else they could infer it.

use super::{Resolver, entities::name};
use crate::{
    access::Action,
    document::{self, Field as Written},
    field_type::{Choice, Class, FieldType, Kind as FieldKind},
    model::{
        End, EntityIndex, Hop, ListIndex, Occasion, Origin, Path, RaisedTask, Rule, Target, Task, ToldBy,
    },
    name::Name,
    problem::{Kind, Pointer},
    rules::{self, Type},
};

/// The state in which a task waits.
const OPEN: &str = "open";
const DONE: &str = "done";
const DISMISSED: &str = "dismissed";
/// Who is responsible: the owner first, the fallback else.
const FIRST: &str = "first";
const ELSE: &str = "else";
/// Why there is a task: derived from what the rule read.
const WHY: &str = "why";

impl Resolver<'_> {
    /// The entity of each task.
    pub(super) fn task_sources(&mut self) {
        let document = self.document;
        for (index, (task, written)) in document.tasks.iter().enumerate() {
            let at = Pointer::root().join("tasks").join(task);
            // Without a fallback it is refused, and nothing more is to be said of it.
            let Some(fallback) = &written.fallback else { continue };
            let Some(about) = written.about.clone().or_else(|| about(document, task)) else {
                let message = format!("`{task}` is about no record");
                let help = "write `about: patient`, or name it under `do` of a rule";
                self.problem(&at.join("about"), Kind::Missing, message, help);
                continue;
            };
            if fallback == &written.owner {
                let message = format!("when `{fallback}` does not do it, `{fallback}` is no help");
                self.problem(&at.join("else"), Kind::Access, message, "name another role under `else`");
                continue;
            }
            let entity = task_entity(document, task, written, fallback, about);
            self.add_source(task.clone(), entity, Origin::Task(index), at);
        }
    }

    /// Tasks and rules, once grants and lists are known.
    pub(super) fn rules_and_tasks(&mut self) {
        let root = Pointer::root();
        let document = self.document;
        let mut places = Vec::new();
        for (name, written) in &document.tasks {
            let at = root.join("tasks").join(name);
            let place = self.task(name, written, &at);
            places.push(place);
        }
        for (name, written) in &document.rules {
            self.rule(name, written, &places, &root.join("rules").join(name));
        }
    }

    /// Its position in the model, if it means something.
    fn task(&mut self, name: &Name, written: &document::Task, at: &Pointer) -> Option<usize> {
        let owner = self.role(&written.owner, &at.join("owner"));
        let fallback = written.fallback.as_ref().map(|role| self.role(role, &at.join("else")));
        self.roles(&written.by, &at.join("by"));
        self.roles(&written.read_by, &at.join("read by"));
        let entity = self.entity_names.get(name).copied();
        let entity = entity.filter(|entity| matches!(self.model[*entity].origin, Origin::Task(_)))?;
        let about = self.model[entity].parent.as_ref().map(|parent| parent.entity)?;
        self.model.tasks.push(Task {
            name: name.clone(),
            label: self.model[entity].label.clone(),
            entity,
            about,
            owner: owner?,
            fallback: fallback??,
            due: written.due,
        });
        Some(self.model.tasks.len() - 1)
    }

    fn rule(&mut self, name: &Name, written: &document::Rule, places: &[Option<usize>], at: &Pointer) {
        let Some((occasion, of, uses)) = self.occasion(name, written, at) else { return };
        let (mut tasks, mut messages) = (Vec::new(), Vec::new());
        for (i, said) in written.then.iter().enumerate() {
            let here = at.join("do").join(i);
            if self.document.messages.contains_key(bare(said)) {
                messages.extend(self.told(bare(said), of, &here));
                continue;
            }
            let Some(task) = self.document.tasks.get_index_of(bare(said)).and_then(|at| places[at]) else {
                continue;
            };
            let about = self.model.tasks[task].about;
            let Some(way) = self.way(of, about) else {
                let (of, about) = (self.model[of].name.clone(), self.model[about].name.clone());
                let message =
                    format!("no way leads from a `{of}` to the `{about}` that `{}` is about", bare(said));
                let help = format!("make `{of}` a part of `{about}`, or write `about: {of}` at the task");
                self.problem(&here, Kind::Unresolved, message, help);
                continue;
            };
            self.tells_nothing_new(task, &uses, &here);
            let why = self.model.tasks[task].entity;
            let strictest = uses.iter().map(|path| self.class_of(path)).max().unwrap_or(Class::None);
            if let Some(field) = self.model[why].field(WHY) {
                let field = &mut self.model.entities[why.0].fields[field.0];
                field.class = field.class.max(strictest);
            }
            tasks.push(RaisedTask { task, way });
        }
        let label = written.label.clone().unwrap_or_else(|| name.title());
        self.model.rules.push(Rule { name: name.clone(), label, occasion, tasks, messages });
    }

    /// When it happens, to records of which entity, and what it reads of them.
    fn occasion(
        &mut self,
        name: &Name,
        written: &document::Rule,
        at: &Pointer,
    ) -> Option<(Occasion, EntityIndex, Vec<Path>)> {
        match (&written.when, &written.enters) {
            (Some(when), None) => {
                let Some(of) = &written.of else {
                    let message = format!("whose values does `{name}` judge?");
                    self.problem(
                        &at.join("of"),
                        Kind::Missing,
                        message,
                        "name the entity, as in `of: reading`",
                    );
                    return None;
                };
                let of = self.entity(of, &at.join("of"))?;
                let checked =
                    rules::check(when, &rules::Scope::new(&self.model.entities, of), Some(Type::Boolean));
                let when = self.noted(&at.join("when"), checked)?;
                let uses = when.inputs.clone();
                if uses.is_empty() {
                    let message =
                        format!("`{}` reads nothing that is written", crate::decode::shown(&when.said));
                    self.problem(
                        &at.join("when"),
                        Kind::Rule,
                        message,
                        "compare a field, as in `systolic > 180`",
                    );
                }
                self.unlabelled(&uses, &at.join("when"));
                Some((Occasion::Written { of, when }, of, uses))
            }
            (None, Some(enters)) => {
                let list = self.model.lists.iter().position(|list| list.name == *enters).map(ListIndex);
                let Some(list) = list else {
                    // A list that is there and means nothing has been complained about.
                    if !self.document.lists.contains_key(enters) {
                        let known: Vec<_> = self.document.lists.keys().map(ToString::to_string).collect();
                        self.unresolved(&at.join("enters"), "list", enters, &known);
                    }
                    return None;
                };
                let of = self.model[list].entity;
                if written.of.as_ref().is_some_and(|named| *named != self.model[of].name) {
                    let message = format!("`{enters}` is a list of `{}`", self.model[of].name);
                    self.problem(&at.join("of"), Kind::Shape, message, "leave `of` out");
                }
                let uses: Vec<Path> =
                    self.model[list].filter.iter().flat_map(|filter| filter.inputs.clone()).collect();
                self.unlabelled(&uses, &at.join("enters"));
                Some((Occasion::Enters(list), of, uses))
            }
            _ => {
                self.problem(
                    at,
                    Kind::Shape,
                    "a rule waits for one thing: a condition or a list that is entered",
                    "keep `when` or `enters`",
                );
                None
            }
        }
    }

    /// What a sensitivity label protects is looked at by those whom a grant names, and by no rule.
    fn unlabelled(&mut self, uses: &[Path], at: &Pointer) {
        let labelled = uses.iter().find_map(|path| match path.end {
            End::Field(field) => {
                let field = &self.model[path.entity()][field];
                field.sensitivity.map(|_| field.name.clone())
            }
            _ => None,
        });
        if let Some(field) = labelled {
            let message = format!("`{field}` carries a sensitivity label, and a task would tell of it");
            self.problem(at, Kind::Access, message, "ask by another field");
        }
    }

    fn class_of(&self, path: &Path) -> Class {
        match path.end {
            End::Field(field) => self.model[path.entity()][field].class,
            End::Title => Class::Identifier,
            _ => Class::None,
        }
    }

    /// Whoever is told of a task may view what the rule read: else they could infer it.
    fn tells_nothing_new(&mut self, task: usize, uses: &[Path], at: &Pointer) {
        let task = self.model.tasks[task].clone();
        for role in [task.owner, task.fallback] {
            for path in uses {
                let End::Field(field) = path.end else { continue };
                let owner = path.entity();
                let denied = self.model[owner]
                    .never
                    .iter()
                    .any(|(never, fields)| *never == role && fields.contains(&field));
                let shown = self
                    .model
                    .grants(role, owner)
                    .any(|grant| grant.allows(Action::View) && grant.fields.covers(field));
                if denied || !shown {
                    let (role, field) = (&self.model[role].name, &self.model[owner][field].name);
                    let message =
                        format!("`{role}` may not view `{field}`, and would learn of it by `{}`", task.name);
                    let help = format!("let `{role}` view `{field}`, or give the task to somebody who may");
                    self.problem(at, Kind::Access, message, help);
                    return;
                }
            }
        }
    }

    /// A message that a rule of these records sends.
    fn told(&mut self, message: &str, of: EntityIndex, at: &Pointer) -> Option<ToldBy> {
        // One that means nothing has been complained about.
        let index = self.model.messages.iter().position(|known| known.name == message)?;
        let to = self.model.messages[index].to.entity;
        let Some(way) = self.way(of, to) else {
            let (of, to) = (self.model[of].name.clone(), self.model[to].name.clone());
            let said = format!("no way leads from a `{of}` to the `{to}` that receives `{message}`");
            let help = format!("make `{of}` a part of `{to}`, or let the rule be about what leads there");
            self.problem(at, Kind::Unresolved, said, help);
            return None;
        };
        Some(ToldBy { message: index, way })
    }

    /// From a record to what a task is about: itself, what it is a part of, or what its one link names.
    pub(super) fn way(&self, from: EntityIndex, to: EntityIndex) -> Option<Vec<Hop>> {
        let (mut way, mut here) = (Vec::new(), from);
        while here != to {
            let entity = &self.model[here];
            let linked =
                |field: &&crate::model::Field| field.target == Some(Target::Entity(to)) && field.required;
            let links: Vec<_> = entity.fields.iter().filter(linked).collect();
            let hop = match (links.as_slice(), &entity.parent) {
                ([one], _) => Hop { column: one.column.clone(), to },
                (_, Some(parent)) => parent.hop(),
                _ => return None,
            };
            here = hop.to;
            way.push(hop);
        }
        Some(way)
    }
}

/// A task or a message, as `do` names it.
pub(super) fn bare(said: &str) -> &str {
    said.strip_prefix("task ").or_else(|| said.strip_prefix("message ")).unwrap_or(said).trim()
}

/// What a task is about that does not say it: what the record of its first rule is a part of, or that record.
fn about(document: &document::AppSpec, task: &Name) -> Option<Name> {
    let makes = |rule: &&document::Rule| rule.then.iter().any(|said| bare(said) == task.as_str());
    let rule = document.rules.values().find(makes)?;
    let list = rule.enters.as_ref().and_then(|list| document.lists.get(list));
    let mut about = rule.of.clone().or_else(|| list.map(|list| list.of.clone()))?;
    // As many steps as there are entities at most: a part of itself is complained about elsewhere.
    for _ in 0..document.entities.len() {
        match document.entities.get(&about).and_then(|entity| entity.part_of.clone()) {
            Some(above) => about = above,
            None => break,
        }
    }
    Some(about)
}

fn task_entity(
    document: &document::AppSpec,
    task: &Name,
    written: &document::Task,
    fallback: &Name,
    about: Name,
) -> document::Entity {
    let label = written.label.clone().unwrap_or_else(|| task.title());
    let moment = || FieldType::new(Class::None, FieldKind::Moment);
    let text = || FieldType::new(Class::Narrative, FieldKind::LongText);
    let choice = |word: &str| word.parse::<Choice>().expect("a name is a choice");
    let field = |stored, label: &str, hint: Option<&str>| Written {
        stored: Some(stored),
        label: Some(label.to_owned()),
        hint: hint.map(str::to_owned),
        ..Written::default()
    };
    // Which of the two, and not the role: so a later version of the app may give its tasks to others.
    let responsible = FieldKind::OneOf([FIRST, ELSE].map(choice).into());
    let mut responsible = field(FieldType::new(Class::None, responsible), "Responsible", None);
    responsible.default = Some(FIRST.to_owned());
    let hint = "What you did, or why nothing has to be done.";
    let fields = [
        (WHY, field(text(), "Why", None)),
        ("responsible", responsible),
        ("due at", field(moment(), "Due", None)),
        ("escalated at", field(moment(), "Passed on", None)),
        ("settled at", field(moment(), "No longer so since", None)),
        ("outcome", field(text(), "What came of it", Some(hint))),
    ];
    let mut does = vec![written.owner.clone(), fallback.clone()];
    let step = |to: &str, label: &str, by: &[Name]| document::Move {
        from: vec![choice(OPEN)],
        to: choice(to),
        by: by.iter().filter(|role| document.roles.contains_key(*role)).cloned().collect(),
        asks: vec![name("outcome")],
        label: Some(label.to_owned()),
        ..document::Move::default()
    };
    let moves = [("done", step(DONE, "Done", &does)), ("dismiss", step(DISMISSED, "Dismiss", &does))];
    let mut access = crate::Map::new();
    does.extend(written.read_by.iter().chain(&written.by).cloned());
    for role in does {
        let verbs = if written.by.contains(&role) { "view, create" } else { "view" };
        let granted = format!("{verbs} via {about}").parse::<crate::Access>();
        // A role that is not there is complained about where it is named.
        if let Some(granted) = granted.ok().filter(|_| document.roles.contains_key(&role)) {
            access.insert(role, granted);
        }
    }
    document::Entity {
        part_of: Some(about),
        plural: Some(label.clone()),
        label: Some(label),
        title: vec![name("due at")],
        fields: fields.into_iter().map(|(field, written)| (name(field), written)).collect(),
        access: Some(access),
        lifecycle: Some(document::Lifecycle {
            states: [OPEN, DONE, DISMISSED].map(choice).into(),
            moves: moves.into_iter().map(|(step, written)| (name(step), written)).collect(),
            locked: [DONE, DISMISSED].map(choice).into(),
            ..document::Lifecycle::default()
        }),
        ..document::Entity::default()
    }
}
