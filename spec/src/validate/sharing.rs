//! Messages and documents: what leaves the app, to whom, and who sends it.
//!
//! A message is made of words that no field of a record fits into; where a condition chooses whom it goes to, that condition
//! reads nothing clinical, since to receive it would tell it. A document shows what whoever receives it may view anyway.

use super::Resolver;
use crate::{
    access::Action,
    document::{self, Period, PeriodUnit},
    field_type::{Class, Kind as FieldKind},
    model::{
        Document, End, EntityIndex, FieldIndex, Message, MessageWord, Model, PlaceIndex, Recipient, Reminder,
        RoleIndex, Way,
    },
    name::Name,
    problem::{Kind, Pointer},
    rules::{self, Type},
};

impl Resolver<'_> {
    pub(super) fn messages(&mut self) {
        let document = self.document;
        for (name, written) in &document.messages {
            let at = Pointer::root().join("messages").join(name);
            if let Some(message) = self.message(name, written, &at) {
                self.model.messages.push(message);
            }
        }
    }

    fn message(&mut self, name: &Name, written: &document::Message, at: &Pointer) -> Option<Message> {
        let to = self.recipient(&written.to, &at.join("to"));
        let ways = self.ways(&written.by, to.as_ref(), &at.join("by"));
        let says: Vec<MessageWord> = written.says.iter().filter_map(|word| self.word(word)).collect();
        let before = written.when.as_ref().map(|when| self.reminder(when, written, to.as_ref(), at));
        if before.is_none() {
            if let Some(i) =
                says.iter().position(|word| matches!(word, MessageWord::Time | MessageWord::Date))
            {
                let message = format!("`{name}` has no time that it could tell");
                let help = "write `when: 24 hours before appointment.start`, or leave the time out";
                self.problem(&at.join("says").join(i), Kind::Shape, message, help);
            }
            if written.filter.is_some() {
                let help = "a condition goes with `when`; a rule has a condition of its own";
                self.problem(&at.join("where"), Kind::Shape, "before what does this hold?", help);
            }
        }
        let before = match before {
            Some(reminder) => Some(reminder?),
            None => None,
        };
        Some(Message { name: name.clone(), label: name.title(), ways, to: to?, says, before })
    }

    /// The person whom a record is about, and where they can be reached.
    pub(super) fn recipient(&mut self, role: &Name, at: &Pointer) -> Option<Recipient> {
        let index = self.role(role, at)?;
        let Some(entity) = self.model[index].self_entity else {
            let message = format!("no record holds the address of a `{role}`");
            let help = format!(
                "send it to a role that is a record, as in `{role}: {{ self: patient }}`; people who work here find what \
                 waits for them on their first page"
            );
            self.problem(at, Kind::Unresolved, message, help);
            return None;
        };
        let field = |kind: FieldKind| {
            let fits =
                |field: &crate::model::Field| field.kind == kind && !field.list && field.computed.is_none();
            self.model[entity].fields().find(|(_, field)| fits(field)).map(|(index, _)| index)
        };
        Some(Recipient {
            role: index,
            entity,
            email: field(FieldKind::Email),
            phone: field(FieldKind::Phone),
        })
    }

    fn ways(&mut self, written: &[Name], to: Option<&Recipient>, at: &Pointer) -> Vec<Way> {
        let mut ways = Vec::new();
        if written.is_empty() {
            self.problem(at, Kind::Missing, "by which way does it go?", "write `by: [email]`");
        }
        for (i, name) in written.iter().enumerate() {
            let way = match name.as_str() {
                "email" => Way::Email,
                "sms" => Way::Sms,
                _ => {
                    let message = format!("nothing goes by `{name}`");
                    self.problem(&at.join(i), Kind::Unresolved, message, "write email, sms or both");
                    continue;
                }
            };
            if let Some(to) = to {
                let (there, kind) = match way {
                    Way::Email => (to.email, "email"),
                    Way::Sms => (to.phone, "phone"),
                };
                if there.is_none() {
                    let entity = self.model[to.entity].name.clone();
                    let message = format!("a `{entity}` has no field to which `{name}` could go");
                    let help = format!("add `{kind}: identifier {kind}` to `{entity}`");
                    self.problem(&at.join(i), Kind::Missing, message, help);
                }
            }
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        ways
    }

    /// A word without a clinical meaning; any other is refused by the floor.
    fn word(&self, word: &Name) -> Option<MessageWord> {
        Some(match word.as_str() {
            "app" => MessageWord::App,
            "time" => MessageWord::Time,
            "date" => MessageWord::Date,
            "link" => MessageWord::Link,
            "reference" => MessageWord::Reference,
            other => {
                let place = self.model.places.iter().position(|place| place.name == other)?;
                MessageWord::Place(PlaceIndex(place))
            }
        })
    }

    /// `24 hours before appointment.start`.
    fn reminder(
        &mut self,
        when: &str,
        written: &document::Message,
        to: Option<&Recipient>,
        at: &Pointer,
    ) -> Option<Reminder> {
        let here = at.join("when");
        let parts = when.split_once(" before ").and_then(|(before, what)| {
            let (entity, moment) = what.trim().split_once('.')?;
            Some((before, entity.trim().parse::<Name>().ok()?, moment.trim().parse::<Name>().ok()?))
        });
        let Some((before, entity, moment)) = parts else {
            let message = format!("`{}` does not say how long before what", crate::decode::shown(when));
            self.problem(&here, Kind::Shape, message, "write `24 hours before appointment.start`");
            return None;
        };
        let before: Period = self.noted(&here, before.parse())?;
        let entity = self.entity(&entity, &here)?;
        let is_moment = |kind: &FieldKind| *kind == FieldKind::Moment;
        let moment = self.queryable_field(entity, &moment, is_moment, "a moment", &here)?;
        let filter = match &written.filter {
            Some(said) => {
                let scope = rules::Scope::new(&self.model.entities, entity);
                let checked = rules::check(said, &scope, Some(Type::Boolean));
                let filter = self.noted(&at.join("where"), checked)?;
                self.tells_nothing(&filter, &at.join("where"));
                Some(filter)
            }
            None => None,
        };
        let to = to?;
        let Some(way) = self.way(entity, to.entity) else {
            let (of, to) = (self.model[entity].name.clone(), self.model[to.entity].name.clone());
            let message = format!("no way leads from a `{of}` to the `{to}` that is told");
            let help = format!("make `{of}` a part of `{to}`, or give it a required link there");
            self.problem(&here, Kind::Unresolved, message, help);
            return None;
        };
        Some(Reminder { entity, moment, before, filter, way })
    }

    /// Whom a message goes to says nothing clinical of them.
    fn tells_nothing(&mut self, filter: &rules::Expression, at: &Pointer) {
        let clinical = filter.inputs.iter().find_map(|path| match path.end {
            End::Field(field) => {
                let field = &self.model[path.entity()][field];
                (field.class != Class::None || field.sensitivity.is_some()).then(|| field.name.clone())
            }
            _ => None,
        });
        if let Some(field) = clinical {
            let message = format!("to be told would tell something of `{field}`");
            self.problem(at, Kind::Floor, message, "ask only by fields of the class `none`");
        }
    }

    pub(super) fn documents(&mut self) {
        let document = self.document;
        for (name, written) in &document.documents {
            let at = Pointer::root().join("documents").join(name);
            if let Some(above) = &written.part_of {
                self.entity(above, &at.join("part of"));
            }
            if written.upload {
                continue;
            }
            if let Some(document) = self.rendered(name, written, &at) {
                self.model.documents.push(document);
            }
        }
    }

    fn rendered(&mut self, name: &Name, written: &document::Document, at: &Pointer) -> Option<Document> {
        let Some(of) = &written.of else {
            self.problem(
                &at.join("of"),
                Kind::Missing,
                format!("`{name}` is of no record"),
                "name its entity",
            );
            return None;
        };
        let entity = self.entity(of, &at.join("of"))?;
        let Some(to) = &written.to else {
            let message = format!("nobody receives `{name}`");
            self.problem(&at.join("to"), Kind::Missing, message, "name the role, as in `to: patient`");
            return None;
        };
        let to = self.recipient(to, &at.join("to"))?;
        let shows = self.shown(entity, written, &to, at);
        let sent_by = self.senders((name, entity), written, &shows, at);
        let Some(way) = self.way(entity, to.entity) else {
            let (of, to) = (self.model[entity].name.clone(), self.model[to.entity].name.clone());
            let message = format!("no way leads from a `{of}` to the `{to}` that receives it");
            let help = format!("make `{of}` a part of `{to}`, or give it a required link there");
            self.problem(&at.join("to"), Kind::Unresolved, message, help);
            return None;
        };
        let (ways, says) = self.notice(&to, &at.join("to"))?;
        Some(Document {
            name: name.clone(),
            label: written.label.clone().unwrap_or_else(|| name.title()),
            entity,
            shows,
            to,
            way,
            sent_by,
            link: written.link.unwrap_or(Period { count: 24, unit: PeriodUnit::Hour }),
            ways,
            says,
            asks: None,
        })
    }

    /// What goes with a link: a message to the same role; without one, it is the place's name.
    pub(super) fn notice(&mut self, to: &Recipient, at: &Pointer) -> Option<(Vec<Way>, Vec<MessageWord>)> {
        let notice = self.model.messages.iter().find(|message| {
            message.to.role == to.role
                && message.before.is_none()
                && message.says.contains(&MessageWord::Link)
        });
        if let Some(notice) = notice {
            return Some((notice.ways.clone(), notice.says.clone()));
        }
        let way = if to.email.is_none() && to.phone.is_some() { "sms" } else { "email" };
        let ways = self.ways(&[way.parse().ok()?], Some(to), at);
        Some((ways, vec![MessageWord::Place(Model::ORGANISATION), MessageWord::Link]))
    }

    /// What it shows: fields of the record itself, each of which whoever receives it may view in every state.
    fn shown(
        &mut self,
        entity: EntityIndex,
        written: &document::Document,
        to: &Recipient,
        at: &Pointer,
    ) -> Vec<FieldIndex> {
        let at = at.join("shows");
        if written.shows.is_empty() {
            self.problem(
                &at,
                Kind::Missing,
                "it shows nothing",
                "name the fields, as in `shows: [dose, notes]`",
            );
        }
        let mut shows = Vec::new();
        for (i, path) in self.paths(entity, &written.shows, &at).into_iter().enumerate() {
            let here = at.join(i);
            // What lies beyond the record is told by `buildable`.
            let (true, End::Field(index)) = (path.hops.is_empty(), path.end) else { continue };
            let field = &self.model[entity][index];
            if field.target.is_some() || field.kind == FieldKind::File {
                continue;
            }
            let name = field.name.clone();
            if field.sensitivity.is_some() {
                let message = format!("`{name}` carries a sensitivity label, and stays where it is");
                self.problem(&here, Kind::Access, message, "leave it out");
                continue;
            }
            let never = &self.model[entity].never;
            let denied = never.iter().any(|(role, fields)| *role == to.role && fields.contains(&index));
            let viewed = self.model.grants(to.role, entity).any(|grant| {
                grant.allows(Action::View) && grant.fields.covers(index) && grant.when.is_empty()
            });
            if denied || !viewed {
                let role = self.model[to.role].name.clone();
                let message = format!("`{role}` may not view `{name}`, and would receive it");
                let help = format!("let `{role}` view `{name}` in every state, or leave it out");
                self.problem(&here, Kind::Access, message, help);
                continue;
            }
            shows.push(index);
        }
        shows
    }

    /// Nobody sends what they may not view.
    fn senders(
        &mut self,
        (name, entity): (&Name, EntityIndex),
        written: &document::Document,
        shows: &[FieldIndex],
        at: &Pointer,
    ) -> Vec<RoleIndex> {
        let at = at.join("by");
        if written.by.is_empty() {
            let message = format!("nobody sends `{name}`");
            self.problem(&at, Kind::Missing, message, "name the roles, as in `by: [provider]`");
        }
        let roles = self.roles(&written.by, &at);
        for (i, role) in roles.iter().enumerate() {
            let unseen = shows.iter().find(|field| {
                let sees =
                    |grant: &crate::access::Grant| grant.allows(Action::View) && grant.fields.covers(**field);
                !self.model.grants(*role, entity).any(sees)
            });
            if let Some(field) = unseen {
                let (role, field) = (&self.model[*role].name, &self.model[entity][*field].name);
                let message = format!("`{role}` may not view `{field}`, and would send it");
                let help = format!("let `{role}` view `{field}`, or let somebody send it who may");
                self.problem(&at.join(i), Kind::Access, message, help);
            }
        }
        roles
    }
}
