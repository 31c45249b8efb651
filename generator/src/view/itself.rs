//! What the app itself is granted: to list what its rules and messages read, and to make, settle and pass on its tasks.

use spec::access::Action;
use spec::model::{End, EntityIndex, Model, Occasion, Path};

use crate::doors::rust_literal;

/// The role of the app itself, as the library names it. No name of a spec holds a colon.
pub(crate) const ITSELF: &str = ":itself";

/// What the app itself does with a task, as moves: it is passed on, or what it was made for is over.
pub(crate) const MOVES: [&str; 2] = ["escalate", "settle"];

/// A grant of the app itself, over every row of an organisation.
pub(crate) struct ByItself {
    /// Whether it makes and changes them, too.
    pub(crate) writes: bool,
    /// The fields that it reads; none means all.
    pub(crate) fields: Option<Vec<String>>,
}

impl ByItself {
    /// As Rust.
    pub(crate) fn actions(&self) -> Vec<String> {
        let mut actions = vec![format!("Action::{:?}", Action::List)];
        if self.writes {
            actions.push(format!("Action::{:?}", Action::Create));
            actions.extend(MOVES.iter().map(|name| format!("Action::Move({})", rust_literal(name))));
        }
        actions
    }
}

/// What messages and documents read: addresses, the moment that is told of, and the way from a record to whoever receives it.
fn sharing(model: &Model, reads: &mut impl FnMut(&Path)) {
    let people = model.messages.iter().map(|message| &message.to);
    for to in people.chain(model.documents.iter().map(|document| &document.to)) {
        for field in to.email.iter().chain(&to.phone) {
            reads(&Path { start: to.entity, hops: Vec::new(), end: End::Field(*field) });
        }
    }
    for before in model.messages.iter().filter_map(|message| message.before.as_ref()) {
        reads(&Path { start: before.entity, hops: before.way.clone(), end: End::Title });
        reads(&Path { start: before.entity, hops: Vec::new(), end: End::Field(before.moment) });
        before.filter.iter().flat_map(|filter| &filter.inputs).for_each(&mut *reads);
    }
    for document in &model.documents {
        reads(&Path { start: document.entity, hops: document.way.clone(), end: End::Title });
    }
}

/// What the app itself is granted of an entity.
pub(crate) fn itself(model: &Model, index: EntityIndex) -> Option<ByItself> {
    if model.tasks.iter().any(|task| task.entity == index) {
        return Some(ByItself { writes: true, fields: None });
    }
    let mut read: Option<Vec<String>> = None;
    let mut reads = |path: &Path| {
        // Every record on the way is asked, and of the last one a field.
        let mut here = path.start;
        let mut steps: Vec<(EntityIndex, Option<String>)> = Vec::new();
        for hop in &path.hops {
            let entity = &model[here];
            let link = entity.fields.iter().find(|field| field.column == hop.column);
            steps.push((here, link.map(|field| field.name.to_string())));
            here = hop.to;
        }
        steps.push((
            here,
            match path.end {
                End::Field(at) => Some(model[here][at].name.to_string()),
                End::CreatedAt => Some("created_at".to_owned()),
                End::UpdatedAt => Some("updated_at".to_owned()),
                _ => None,
            },
        ));
        for (_, name) in steps.into_iter().filter(|(entity, _)| *entity == index) {
            let read = read.get_or_insert_default();
            read.extend(name.filter(|name| !read.contains(name)));
        }
    };
    sharing(model, &mut reads);
    for rule in model.rules.iter().filter(|rule| !rule.tasks.is_empty() || !rule.messages.is_empty()) {
        match &rule.occasion {
            Occasion::Written { when, .. } => when.inputs.iter().for_each(&mut reads),
            Occasion::Enters(list) => {
                let list = &model[*list];
                // The list itself, whatever it asks.
                reads(&Path { start: list.entity, hops: Vec::new(), end: End::Title });
                list.filter.iter().flat_map(|filter| &filter.inputs).for_each(&mut reads);
                if let Some(without) = &list.without {
                    reads(&without.at);
                    reads(&without.from);
                }
            }
        }
    }
    read.map(|fields| ByItself { writes: false, fields: Some(fields) })
}
