//! Stable ids: a rename is a rename, and no ciphertext moves.
//!
//! `app.lock` stands beside `app.yaml`. Each entity and each field of an entity has a number that is
//! never given to another, also not after it is gone. Sealed values are bound to these numbers.

use crate::{
    document::AppSpec,
    name::Name,
    problem::{Kind, Pointer, Problem},
};
use indexmap::IndexMap;
use std::fmt::Write as _;

/// The ids of a spec's entities and fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The next entity's id.
    next: u32,
    entities: IndexMap<Name, Locked>,
    retired: Vec<(Name, Locked)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Locked {
    id: u32,
    next: u32,
    fields: IndexMap<Name, u32>,
}

impl Lock {
    /// The id of an entity, if it has one.
    pub fn entity(&self, name: &Name) -> Option<u32> {
        self.entities.get(name).map(|locked| locked.id)
    }

    /// The id of a field, if it has one.
    pub fn field(&self, entity: &Name, field: &Name) -> Option<u32> {
        self.entities.get(entity)?.fields.get(field).copied()
    }

    /// Follows the renames of a spec's `changes`: `program: { was: plan }`, `patient.phone: { was: mobile }`.
    pub(crate) fn rename(&mut self, spec: &AppSpec) {
        for (new, change) in &spec.changes {
            let Some(was) = &change.was else { continue };
            match new.split_once('.') {
                None => {
                    if let Ok(new) = new.parse::<Name>()
                        && !self.entities.contains_key(&new)
                        && let Some(locked) = self.entities.shift_remove(was)
                    {
                        self.entities.insert(new, locked);
                    }
                }
                Some((entity, field)) => {
                    if let (Some(locked), Ok(field)) = (self.entities.get_mut(entity), field.parse::<Name>())
                        && !locked.fields.contains_key(&field)
                        && let Some(id) = locked.fields.shift_remove(was)
                    {
                        locked.fields.insert(field, id);
                    }
                }
            }
        }
    }

    /// The id of an entity; a new one when it has none.
    pub(crate) fn entity_id(&mut self, name: &Name) -> u32 {
        if let Some(locked) = self.entities.get(name) {
            return locked.id;
        }
        if let Some(at) = self.retired.iter().position(|(old, _)| old == name) {
            let (_, locked) = self.retired.remove(at);
            let id = locked.id;
            self.entities.insert(name.clone(), locked);
            return id;
        }
        self.next += 1;
        self.entities.insert(name.clone(), Locked { id: self.next, ..Locked::default() });
        self.next
    }

    /// The id of a field; a new one when it has none. The ids of fields that are gone stay taken.
    pub(crate) fn field_id(&mut self, entity: &Name, field: &Name) -> u32 {
        self.entity_id(entity);
        let Some(locked) = self.entities.get_mut(entity) else { return 0 };
        let next = &mut locked.next;
        *locked.fields.entry(field.clone()).or_insert_with(|| {
            *next += 1;
            *next
        })
    }

    /// Sets entities aside that the spec no longer has; their ids stay taken.
    pub(crate) fn retire(&mut self, is_there: impl Fn(&Name) -> bool) {
        let gone: Vec<Name> = self.entities.keys().filter(|name| !is_there(name)).cloned().collect();
        for name in gone {
            if let Some(locked) = self.entities.shift_remove(&name) {
                self.retired.push((name, locked));
            }
        }
    }
}

/// The text of `app.lock`: a line an entity, then a line a field; sorted by id.
impl std::fmt::Display for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::from(
            "# Stable ids of entities and fields. Sealed values are bound to them: commit this file, and\n# never edit it by hand. Renames are said in app.yaml under `changes`.\n",
        );
        let mut all: Vec<(&Name, &Locked, &str)> =
            self.entities.iter().map(|(name, locked)| (name, locked, "entity")).collect();
        all.extend(self.retired.iter().map(|(name, locked)| (name, locked, "retired")));
        all.sort_by_key(|(_, locked, _)| locked.id);
        for (name, locked, word) in all {
            writeln!(out, "{word} {} {name}", locked.id)?;
            let mut fields: Vec<_> = locked.fields.iter().collect();
            fields.sort_by_key(|(_, id)| **id);
            for (field, id) in fields {
                writeln!(out, "  {id} {field}")?;
            }
        }
        f.write_str(&out)
    }
}

impl std::str::FromStr for Lock {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let mut lock = Self::default();
        let mut current: Option<(Name, Locked, bool)> = None;
        let wrong = |line: usize| {
            Problem::new(
                &Pointer::root(),
                Kind::Syntax,
                format!("app.lock, line {}, is not of its format", line + 1),
            )
            .help("take the file back from version control")
        };
        for (at, line) in text.lines().enumerate() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            if let Some(field) = line.strip_prefix("  ") {
                let (id, name) = field.split_once(' ').ok_or_else(|| wrong(at))?;
                let (id, name) =
                    (id.parse::<u32>().map_err(|_| wrong(at))?, name.parse().map_err(|_| wrong(at))?);
                let (_, locked, _) = current.as_mut().ok_or_else(|| wrong(at))?;
                if locked.fields.values().any(|known| *known == id)
                    || locked.fields.insert(name, id).is_some()
                {
                    return Err(wrong(at));
                }
                locked.next = locked.next.max(id);
                continue;
            }
            lock.keep(current.take());
            let (word, rest) = line.split_once(' ').ok_or_else(|| wrong(at))?;
            let (id, name) = rest.split_once(' ').ok_or_else(|| wrong(at))?;
            let id = id.parse::<u32>().map_err(|_| wrong(at))?;
            if !matches!(word, "entity" | "retired") || lock.has(id) {
                return Err(wrong(at));
            }
            let name = name.parse().map_err(|_| wrong(at))?;
            current = Some((name, Locked { id, ..Locked::default() }, word == "retired"));
        }
        lock.keep(current);
        Ok(lock)
    }
}

impl Lock {
    fn keep(&mut self, entry: Option<(Name, Locked, bool)>) {
        let Some((name, locked, retired)) = entry else { return };
        self.next = self.next.max(locked.id);
        if retired {
            self.retired.push((name, locked));
        } else {
            self.entities.insert(name, locked);
        }
    }

    fn has(&self, id: u32) -> bool {
        self.entities
            .values()
            .chain(self.retired.iter().map(|(_, locked)| locked))
            .any(|locked| locked.id == id)
    }
}
