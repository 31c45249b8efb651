//! What linked records and people are called, as far as the reader may see it.

use std::collections::HashMap;

use uuid::Uuid;

use crate::access::Shown;
use crate::pages::{Choice, Content, Field, Shape};

use super::Known;

/// A record and what it is called.
#[derive(Clone)]
pub struct Called {
    /// The record.
    pub id: Uuid,
    /// Its title, or its reference for who may not see that.
    pub title: String,
}

impl std::fmt::Debug for Called {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Called({}, [sealed])", self.id)
    }
}

impl Called {
    /// A record under the first of these that its reader may see.
    pub fn new(id: Uuid, titles: &[String], reference: &Shown<String>, fallback: &str) -> Self {
        let titles: Vec<&str> = titles.iter().map(String::as_str).filter(|title| !title.is_empty()).collect();
        let title = match (titles.is_empty(), reference) {
            (false, _) => titles.join(", "),
            (true, Shown::Value(reference)) if !reference.is_empty() => reference.clone(),
            _ => fallback.to_owned(),
        };
        Self { id, title }
    }
}

/// The names of what some records link to.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<Uuid, String>);

impl Names {
    /// Adds records or people.
    pub fn add(&mut self, called: impl IntoIterator<Item = Called>) {
        self.0.extend(called.into_iter().map(|called| (called.id, called.title)));
    }

    /// A link to a record's page. One that is out of reach is hidden, whatever its name.
    pub fn link(&self, pages: &str, id: &Shown<Option<Uuid>>) -> Content {
        match (id, id.known()) {
            (Shown::Hidden, _) => Content::Hidden,
            (_, None) => Content::Empty,
            (_, Some(id)) => match self.0.get(&id) {
                Some(title) => Content::link(title.clone(), format!("{pages}/{id}")),
                None => Content::Hidden,
            },
        }
    }

    /// The first of these that has a name, or another word.
    pub fn title_of(&self, ids: &[Option<Uuid>], otherwise: &str) -> String {
        let named = ids.iter().flatten().find_map(|id| self.0.get(id));
        named.cloned().unwrap_or_else(|| otherwise.to_owned())
    }

    /// A person's name.
    pub fn person(&self, id: &Shown<Option<Uuid>>) -> Content {
        match (id, id.known()) {
            (Shown::Hidden, _) => Content::Hidden,
            (_, None) => Content::Empty,
            (_, Some(id)) => self.0.get(&id).map_or(Content::Hidden, |name| Content::from(name.clone())),
        }
    }

    /// A place's name.
    pub fn place(&self, id: &Shown<Option<Uuid>>) -> Content {
        self.person(id)
    }

    /// The name of somebody who wrote a record.
    pub fn writer(&self, id: &Shown<Uuid>) -> Content {
        match id {
            Shown::Hidden => Content::Hidden,
            // Of what the app does by itself, nobody is the writer.
            Shown::Value(id) if id.is_nil() => Content::from("This app, by a rule"),
            Shown::Value(id) if *id == crate::identity::OUTSIDE => {
                Content::from("Somebody without an account")
            }
            Shown::Value(id) => self.0.get(id).map_or(Content::Hidden, |name| Content::from(name.clone())),
        }
    }
}

/// What the links of a form may lead to: on a page a choice of records, in JSON any id.
#[derive(Clone, Debug, Default)]
pub struct Links(HashMap<&'static str, Vec<Called>>);

impl Links {
    /// Any id, for JSON. Whether the record is there and in reach is judged when it is written.
    pub fn any() -> Self {
        Self::default()
    }

    /// What a page offers for a field.
    #[must_use]
    pub fn offer(mut self, field: &'static str, called: Vec<Called>) -> Self {
        self.0.insert(field, called);
        self
    }

    /// The field of a form that holds a link.
    pub fn field(&self, name: &'static str, label: &'static str) -> Field {
        match self.0.get(name) {
            None => Field::shaped(Shape::Record, name, label),
            Some(called) => {
                let choice = |called: &Called| Choice::new(called.id.to_string(), called.title.clone());
                Field::choice(name, label, called.iter().map(choice))
            }
        }
    }
}
