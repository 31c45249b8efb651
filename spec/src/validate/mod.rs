//! From a document to its resolved model, or to every reason why not.
//!
//! Parts are resolved in the order in which they need each other: places and roles, entities, fields and
//! links, computed fields, lifecycles, grants, then lists and all else; the floor last. A part that cannot be
//! resolved is noted and left out, and what refers to it is not complained about again.

mod ai_actions;
mod calendars;
mod conversations;
mod entities;
mod feeds;
mod fields;
mod files;
mod floor;
mod follow_ups;
mod grants;
mod lifecycles;
mod limits;
mod link_pages;
mod open_pages;
mod people;
mod permissions;
mod queries;
mod references;
mod scopes;
mod shape;
mod sharing;
mod tasks;
mod work;

pub use floor::identifies;

use crate::{
    document::{self, AppSpec},
    lock::Lock,
    model::{EntityIndex, Model, Origin, PlaceIndex, RoleIndex},
    name::Name,
    problem::{Complaint, Kind, Pointer, Problem, Problems, closest},
};
use std::collections::HashMap;

/// A spec that keeps the floor and means something: the only thing that is ever built.
///
/// There is no way to make one but [`crate::validate`].
#[derive(Clone, Debug)]
pub struct ValidatedSpec {
    document: AppSpec,
    lock: Lock,
    model: Model,
}

impl ValidatedSpec {
    /// As a person wrote it.
    pub fn document(&self) -> &AppSpec {
        &self.document
    }

    /// The stable ids, to be kept in `app.lock`.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// What it means.
    pub fn model(&self) -> &Model {
        &self.model
    }
}

/// Resolves a document. `lock` is the content of `app.lock`, empty for a new app.
///
/// # Errors
/// Every problem at once, each with its pointer and what to do. A document that turns off a safeguard is
/// refused like any other mistake, and the nearest safe thing is offered.
pub fn validate(document: AppSpec, lock: &Lock) -> Result<ValidatedSpec, Problems> {
    let mut resolver = Resolver::new(&document, lock.clone());
    resolver.people();
    resolver.entities();
    resolver.grants();
    resolver.permission_grants();
    resolver.files();
    resolver.limits();
    resolver.work();
    resolver.sub_processors();
    resolver.ai_actions();
    resolver.floor();
    let Resolver { mut problems, model, lock, .. } = resolver;
    if problems.is_empty() {
        return Ok(ValidatedSpec { document, lock, model });
    }
    follow_ups::drop(&mut problems, &document);
    Err(problems)
}

/// Reads and resolves a spec's text: every problem of its form and of its meaning at once, with spans, in
/// the order of the text.
///
/// # Errors
/// As [`validate`].
pub fn check(text: &str, lock: &Lock) -> Result<ValidatedSpec, Problems> {
    let document::Reading { document, mut problems, source } = document::read(text);
    let Some(source) = source else { return Err(problems) };
    match validate(document.clone(), lock) {
        Ok(valid) if problems.is_empty() => Ok(valid),
        Ok(_) => Err(problems),
        Err(more) => {
            // What could not be read stands as a default, about which there is nothing more to say.
            let unread: Vec<Pointer> = problems.iter().map(|problem| problem.pointer.clone()).collect();
            let new = more.into_iter().filter(|problem| {
                !unread.iter().any(|at| {
                    problem.pointer.is_within(at)
                        || (at.is_within(&problem.pointer) && problem.kind == Kind::Missing)
                })
            });
            problems.0.extend(new);
            follow_ups::drop(&mut problems, &document);
            problems.locate(&source);
            Err(problems)
        }
    }
}

/// An entity of the document, or one that the language implies.
struct SourceEntity {
    name: Name,
    entity: document::Entity,
    origin: Origin,
    at: Pointer,
}

struct Resolver<'d> {
    document: &'d AppSpec,
    lock: Lock,
    problems: Problems,
    model: Model,
    sources: Vec<SourceEntity>,
    entity_names: HashMap<Name, EntityIndex>,
    role_names: HashMap<Name, RoleIndex>,
    place_names: HashMap<Name, PlaceIndex>,
}

impl<'d> Resolver<'d> {
    fn new(document: &'d AppSpec, lock: Lock) -> Self {
        let model = Model {
            app: document.app.clone(),
            about: document.about.clone(),
            language: document.language,
            time_zone: document.time_zone.clone().unwrap_or_else(|| "UTC".into()),
            places: Vec::new(),
            roles: Vec::new(),
            entities: Vec::new(),
            build_order: Vec::new(),
            forms: Vec::new(),
            lists: Vec::new(),
            measures: Vec::new(),
            calendars: Vec::new(),
            permissions: Vec::new(),
            conversations: Vec::new(),
            feeds: Vec::new(),
            limits: Vec::new(),
            tasks: Vec::new(),
            rules: Vec::new(),
            messages: Vec::new(),
            documents: Vec::new(),
            ai_actions: Vec::new(),
            sub_processors: Vec::new(),
            pages: Vec::new(),
            audit_days: 7 * 365,
            idle_minutes: 15,
            mfa_for_everybody: false,
            impersonation: None,
            break_glass: Vec::new(),
        };
        Self {
            document,
            lock,
            problems: Problems::default(),
            model,
            sources: Vec::new(),
            entity_names: HashMap::new(),
            role_names: HashMap::new(),
            place_names: HashMap::new(),
        }
    }

    fn problem(&mut self, at: &Pointer, kind: Kind, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::new(at, kind, message).help(help));
    }

    /// Notes a complaint and gives nothing.
    fn noted<T>(&mut self, at: &Pointer, result: Result<T, Complaint>) -> Option<T> {
        result.map_err(|complaint| self.problems.push(complaint.at(at))).ok()
    }

    fn unresolved(&mut self, at: &Pointer, what: &str, name: &Name, known: &[String]) {
        let message = format!("there is no {what} `{name}`");
        let help = match closest(name.as_str(), known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => format!("add the {what}, or leave this out"),
            None => format!("add it, or use one of {}", crate::decode::listed(&known[..known.len().min(12)])),
        };
        self.problem(at, Kind::Unresolved, message, help);
    }

    fn entity(&mut self, name: &Name, at: &Pointer) -> Option<EntityIndex> {
        let found = self.entity_names.get(name).copied();
        if found.is_none() {
            let known: Vec<_> = self.sources.iter().map(|source| source.name.to_string()).collect();
            self.unresolved(at, "entity", name, &known);
        }
        found
    }

    fn role(&mut self, name: &Name, at: &Pointer) -> Option<RoleIndex> {
        let found = self.role_names.get(name).copied();
        if found.is_none() {
            let known: Vec<_> = self.document.roles.keys().map(ToString::to_string).collect();
            self.unresolved(at, "role", name, &known);
        }
        found
    }

    fn roles(&mut self, names: &[Name], at: &Pointer) -> Vec<RoleIndex> {
        let mut out = Vec::new();
        for (i, name) in names.iter().enumerate() {
            if let Some(role) = self.role(name, &at.join(i))
                && !out.contains(&role)
            {
                out.push(role);
            }
        }
        out
    }

    fn place(&mut self, name: &Name, at: &Pointer) -> Option<PlaceIndex> {
        let found = self.place_names.get(name).copied();
        if found.is_none() {
            let known: Vec<_> = self.model.places.iter().map(|place| place.name.to_string()).collect();
            self.unresolved(at, "place", name, &known);
        }
        found
    }
}
