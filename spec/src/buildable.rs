//! What the generator cannot build yet, named so that it is never ignored.

use crate::{
    document::{AppSpec, Entry, Path},
    field_type::Kind,
    model::{End, MessageWord, Model, Occasion, Origin, PageItem},
    problem::{Pointer, Problem},
    rules::Expression,
    validate::ValidatedSpec,
};

/// Something that a spec says and that cannot be built yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotYet {
    /// The construct of the language, 1 to 25; `None` for sections beside them.
    pub construct: Option<u8>,
    /// Where it is said.
    pub pointer: Pointer,
    /// What it is, in words.
    pub said: String,
}

impl NotYet {
    /// As a problem, for those who refuse it.
    pub fn problem(&self) -> Problem {
        let number = self.construct.map(|construct| format!(" (construct {construct})")).unwrap_or_default();
        Problem::new(
            &self.pointer,
            crate::problem::Kind::NotYet,
            format!("{} cannot be built yet{number}", self.said),
        )
        .help("leave it out for now, or keep it under `not yet` as a wish")
    }
}

/// Expressions that read what is not in the record itself: a field of another record, or a computed one.
fn computed(model: &Model, note: &mut impl FnMut(u8, Pointer, String)) {
    let root = Pointer::root();
    for entity in &model.entities {
        let reads_beyond = |expression: &Expression| {
            expression.inputs.iter().any(|path| match path.end {
                End::Field(at) => !path.hops.is_empty() || entity[at].computed.is_some(),
                _ => true,
            })
        };
        let is_form = matches!(entity.origin, Origin::Form(_));
        let at = root.join(if is_form { "forms" } else { "entities" }).join(&entity.name);
        for field in &entity.fields {
            if field.computed.as_ref().is_some_and(reads_beyond) {
                let at = if is_form { at.join("score") } else { at.join("fields").join(&field.name) };
                note(3, at, format!("`{}` of what other records or computed fields say", field.name));
            }
        }
        for step in entity.lifecycle.iter().flat_map(|lifecycle| &lifecycle.moves) {
            if step.when.as_ref().is_some_and(reads_beyond) {
                let at = at.join("lifecycle").join("moves").join(&step.name).join("when");
                note(10, at, format!("the condition of `{}` on what other records say", step.name));
            }
        }
    }
    for rule in &model.rules {
        let Occasion::Written { of, when } = &rule.occasion else { continue };
        let beyond = when.inputs.iter().any(|path| match path.end {
            End::Field(at) => !path.hops.is_empty() || model[*of][at].computed.is_some(),
            _ => true,
        });
        if beyond {
            let at = root.join("rules").join(&rule.name).join("when");
            note(
                15,
                at,
                format!("the condition of `{}` on what other records or computed fields say", rule.name),
            );
        }
    }
}

/// Of messages and documents: what nothing sends, and renderings that are more than a page of a record's own fields.
fn sharing(document: &AppSpec, model: &Model, note: &mut impl FnMut(u8, Pointer, String)) {
    let root = Pointer::root();
    for (index, message) in model.messages.iter().enumerate() {
        let at = root.join("messages").join(&message.name);
        let told = |rule: &crate::model::Rule| rule.messages.iter().any(|told| told.message == index);
        let with_a_link = |document: &crate::model::Document| {
            document.to.role == message.to.role && message.says.contains(&MessageWord::Link)
        };
        if message.before.is_none()
            && !model.rules.iter().any(told)
            && !model.documents.iter().any(with_a_link)
        {
            note(17, at.clone(), format!("`{}`, which nothing sends,", message.name));
        }
        let place = model[message.to.entity].has_place_column().then(|| model[message.to.entity].place);
        let elsewhere = |word: &MessageWord| match word {
            MessageWord::Place(at) => *at != Model::ORGANISATION && Some(*at) != place,
            _ => false,
        };
        if let Some(i) = message.says.iter().position(elsewhere) {
            let said = "a place whose records those who receive it are not";
            note(17, at.join("says").join(i), format!("in `{}` {said},", message.name));
        }
        if let Some(i) = message.says.iter().position(|word| *word == MessageWord::Reference) {
            note(17, at.join("says").join(i), format!("the reference in `{}`", message.name));
        }
    }
    for rule in model.rules.iter().filter(|rule| !rule.messages.is_empty() && model.tasks.is_empty()) {
        let said = format!("the message of `{}`, where nobody has a task,", rule.name);
        note(15, root.join("rules").join(&rule.name).join("do"), said);
    }
    for (name, rendered) in &document.documents {
        let at = root.join("documents").join(name);
        if rendered.upload {
            let said = "an upload is a field of type `file`, which is built. So said, it";
            note(21, at, format!("`{name}` as a document; {said}"));
            continue;
        }
        if let Some(format) = rendered.format.as_ref().filter(|format| **format != "page") {
            let said = "`format: page`, which people print or keep as a PDF, is built. So said, it";
            note(21, at.join("format"), format!("`{name}` as {format}; {said}"));
        }
        let entity = rendered.of.as_ref().and_then(|of| model.entity(of.as_str()));
        let own = |path: &Path| {
            let field = entity
                .and_then(|entity| Some(&model[entity][model[entity].field(path.0.first()?.as_str())?]));
            path.0.len() == 1 && field.is_some_and(|field| field.target.is_none() && field.kind != Kind::File)
        };
        for (i, path) in rendered.shows.iter().enumerate().filter(|(_, path)| !own(path)) {
            let said = "which is no value of the record itself,";
            note(21, at.join("shows").join(i), format!("`{path}` in `{name}`, {said}"));
        }
    }
}

/// Feeds of another form than CSV, and into records that a line cannot say everything of.
fn imported(spec: &ValidatedSpec, note: &mut impl FnMut(u8, Pointer, String)) {
    let model = spec.model();
    for feed in &model.feeds {
        let at = Pointer::root().join("feeds").join(&feed.name);
        let from = spec.document().feeds.get(&feed.name).map(|written| &written.from);
        if let Some(from) = from.filter(|from| **from != "csv") {
            note(22, at.join("from"), format!("the import of `{from}`; of `csv` it is built. So said, it"));
        }
        let entity = &model[feed.entity];
        let link = entity.fields.iter().find(|field| field.target.is_some() && field.required);
        if let Some(link) = link {
            let said =
                format!("the import into `{}`, which has to be linked by `{}`,", entity.name, link.name);
            note(22, at.join("into"), said);
        }
        if entity.has_place_column() {
            note(
                22,
                at.join("into"),
                format!("the import into `{}`, which belongs to a place,", entity.name),
            );
        }
    }
}

/// Pages on a kiosk; by link, forms that do more than keep answers; and, on a public one, records of which a stranger cannot say all that there is to say.
fn open_pages(spec: &ValidatedSpec, note: &mut impl FnMut(u8, Pointer, String)) {
    let model = spec.model();
    for page in &model.pages {
        let at = Pointer::root().join("pages").join(&page.name);
        if let (Entry::Link, [PageItem::Form(form)]) = (page.entry, page.shows.as_slice()) {
            let form = &model[*form];
            let why = match () {
                () if form.signature.is_some() => "which is signed",
                () if form.questions.iter().any(|question| question.when.is_some()) => {
                    "whose questions depend on answers"
                }
                () if form.questions.iter().any(|question| question.fills.is_some()) => {
                    "whose answers fill the record"
                }
                () => continue,
            };
            note(24, at.join("shows"), format!("the form `{}`, {why}, by a link", form.name));
            continue;
        }
        if !matches!(page.entry, Entry::SignedIn | Entry::Public) {
            note(24, at.join("entry"), format!("the entry to `{}` {}", page.name, page.entry));
        }
        if page.entry != Entry::Public {
            continue;
        }
        for (i, item) in page.shows.iter().enumerate() {
            let here = at.join("shows").join(i);
            let PageItem::Ask(index, _) = item else {
                if !matches!(item, PageItem::Records(..)) {
                    note(24, here, format!("what `{}` shows there, beside records and a form,", page.name));
                }
                continue;
            };
            let entity = &model[*index];
            let why = match () {
                () if entity.has_place_column() => "which belongs to a place",
                () if model.limits.iter().any(|limit| limit.entity == *index) => {
                    "of which each person makes so many"
                }
                () if model.calendars.iter().any(|calendar| calendar.entity == *index) => "which is booked",
                () => continue,
            };
            note(24, here, format!("the form of `{}`, {why}, for anybody", entity.name));
        }
    }
}

/// Everything of a spec that cannot be built yet; built are 1–23 (22 of CSV) and 24 (signed in, public, by link).
pub fn buildable(spec: &ValidatedSpec) -> Vec<NotYet> {
    let document = spec.document();
    let root = Pointer::root();
    let mut out = Vec::new();
    let mut note = |construct: u8, pointer: Pointer, said: String| {
        out.push(NotYet { construct: Some(construct).filter(|construct| *construct > 0), pointer, said });
    };
    macro_rules! section {
        ($($construct:literal $key:literal $field:ident $what:literal;)*) => {
            $(for name in document.$field.keys() {
                note($construct, root.join($key).join(name), format!(concat!("the ", $what, " `{}`"), name));
            })*
        };
    }
    section! {
        0 "policies" policies "policy";
    }
    sharing(document, spec.model(), &mut note);
    for (name, entity) in &document.entities {
        let at = root.join("entities").join(name);
        for (move_name, written) in entity.lifecycle.iter().flat_map(|lifecycle| &lifecycle.moves) {
            if let Some(needs) = &written.needs
                && document.permissions.contains_key(needs)
            {
                note(
                    9,
                    at.join("lifecycle").join("moves").join(move_name).join("needs"),
                    format!("the permission `{needs}`"),
                );
            }
        }
    }
    computed(spec.model(), &mut note);
    imported(spec, &mut note);
    for (name, calendar) in &document.calendars {
        if calendar.waitlist {
            note(19, root.join("calendars").join(name).join("waitlist"), format!("the waitlist of `{name}`"));
        }
    }
    open_pages(spec, &mut note);
    for (name, change) in &document.changes {
        if change.retire.is_some() {
            note(25, root.join("changes").join(name), format!("the retirement of `{name}`"));
        }
    }
    let security = root.join("security");
    if let Some(other) = document.security.sso.as_ref().filter(|sso| sso.as_str() != "oidc") {
        note(0, security.join("sso"), format!("`sso` by `{other}`; by `oidc` it is built. So said, it"));
    }
    out
}
