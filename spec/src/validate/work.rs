//! Forms, lists, measures, calendars, pages; and the references of what is not built yet.

use super::Resolver;
use crate::{
    access::Action,
    document,
    field_type::Kind as FieldKind,
    model::{
        Aggregate, CalendarIndex, End, EntityIndex, Form, FormIndex, FormQuestion, Hop, List, ListIndex,
        Measure, MeasureIndex, Page, PageItem, Path, RoleIndex, SortKey, Storage, Target, TimeAxis, Without,
    },
    name::Name,
    problem::{Kind, Pointer},
    rules::{self, Expression, Type},
};

impl Resolver<'_> {
    pub(super) fn work(&mut self) {
        let root = Pointer::root();
        let document = self.document;
        for (index, (name, form)) in document.forms.iter().enumerate() {
            self.form(FormIndex(index), name, form, &root.join("forms").join(name));
        }
        for (name, list) in &document.lists {
            self.list(name, list, &root.join("lists").join(name));
        }
        for (name, measure) in &document.measures {
            self.measure(name, measure, &root.join("measures").join(name));
        }
        for (name, calendar) in &document.calendars {
            self.calendar(name, calendar, &root.join("calendars").join(name));
        }
        self.messages();
        self.rules_and_tasks();
        self.documents();
        self.conversations();
        self.feeds();
        for (name, page) in &document.pages {
            self.page(name, page, &root.join("pages").join(name));
        }
        self.references();
    }

    fn form(&mut self, index: FormIndex, name: &Name, form: &document::Form, at: &Pointer) {
        let Some(entity) = self.entity_names.get(name).copied() else { return };
        let Some(about) = self.model[entity].parent.as_ref().map(|parent| parent.entity) else { return };
        let mut questions = Vec::new();
        for (i, item) in form.ask.iter().enumerate() {
            let here = at.join("ask").join(i);
            if form.ask[..i].iter().any(|other| other.question == item.question) {
                self.problem(
                    &here.join("question"),
                    Kind::Duplicate,
                    format!("`{}` is asked twice", item.question),
                    "give one of the two another name",
                );
                continue;
            }
            let Some(field) = self.model[entity].field(item.question.as_str()) else { continue };
            let when = item.when.as_ref().and_then(|said| {
                let checked =
                    rules::check(said, &rules::Scope::new(&self.model.entities, entity), Some(Type::Boolean));
                self.noted(&here.join("when"), checked)
            });
            let later = when.as_ref().is_some_and(|when: &Expression| {
                when.inputs.iter().any(|path| {
                    path.hops.is_empty() && matches!(path.end, End::Field(input) if input >= field)
                })
            });
            if later {
                self.problem(
                    &here.join("when"),
                    Kind::Rule,
                    "a question depends on earlier answers only",
                    "move it below the question that it depends on",
                );
            }
            let fills = item.fills.as_ref().and_then(|fills| {
                self.field_list(about, std::slice::from_ref(fills), &here.join("fills")).first().copied()
            });
            if let Some(fills) = fills {
                let (asked, filled) = (&self.model[entity][field], &self.model[about][fills]);
                if asked.kind != filled.kind || asked.list != filled.list || asked.class < filled.class {
                    let message =
                        format!("the answer `{}` is not of the type of `{}`", asked.name, filled.name);
                    self.problem(
                        &here.join("fills"),
                        Kind::Shape,
                        message,
                        "give both the same class and kind",
                    );
                }
            }
            questions.push(FormQuestion { field, when, fills });
        }
        if questions.is_empty() {
            self.problem(&at.join("ask"), Kind::Missing, format!("`{name}` asks nothing"), "add a question");
        }
        let filled_by = form.filled_by.iter().filter_map(|role| self.role_names.get(role).copied()).collect();
        debug_assert_eq!(index.0, self.model.forms.len());
        self.model.forms.push(Form {
            name: name.clone(),
            label: form.label.clone().unwrap_or_else(|| name.title()),
            version: form.version.unwrap_or(1),
            about,
            entity,
            filled_by,
            questions,
            score: form.score.as_ref().and_then(|_| self.model[entity].field("score")),
            signature: if form.signature { self.model[entity].field("signature") } else { None },
        });
    }

    fn list(&mut self, name: &Name, list: &document::List, at: &Pointer) {
        let Some(entity) = self.entity(&list.of, &at.join("of")) else { return };
        let filter = self.filter(list.filter.as_ref(), entity, &at.join("where"));
        let mut sort = Vec::new();
        for (i, key) in list.sort.iter().enumerate() {
            if let Some(by) = self.queryable_path(entity, &key.by, &at.join("sort").join(i)) {
                sort.push(SortKey { by, descending: key.descending });
            }
        }
        let without = self.without(entity, list, at);
        let shows = self.paths(entity, &list.shows, &at.join("shows"));
        let mut uses: Vec<Path> = filter.iter().flat_map(|filter| filter.inputs.clone()).collect();
        uses.extend(sort.iter().map(|key| key.by.clone()));
        uses.extend(without.iter().map(|without| without.from.clone()));
        let roles = self.audience(&list.roles, entity, &uses, at);
        let claim = list.then.as_ref().is_some_and(|then| *then == "claim");
        if list.then.is_some() && !claim {
            self.problem(
                &at.join("then"),
                Kind::Shape,
                "an entry can be claimed, and nothing else",
                "write `then: claim`",
            );
        }
        if claim && !self.model[entity].assignment.as_ref().is_some_and(|assignment| assignment.claim) {
            let of = &list.of;
            self.problem(
                &at.join("then"),
                Kind::Access,
                format!("nobody may claim a `{of}`"),
                format!("write `or claim: true` under `assigned to` of `{of}`"),
            );
        }
        let label = list.label.clone().unwrap_or_else(|| name.title());
        self.model.lists.push(List {
            name: name.clone(),
            label,
            entity,
            filter,
            without,
            sort,
            roles,
            shows,
            claim,
        });
    }

    fn without(&mut self, entity: EntityIndex, list: &document::List, at: &Pointer) -> Option<Without> {
        let missing = list.without.as_ref()?;
        let missing_entity = self.entity(missing, &at.join("without"))?;
        let Some(within) = list.within else {
            self.problem(
                &at.join("without"),
                Kind::Missing,
                format!("for how long is a `{missing}` missing?"),
                "write `in: 3 days`",
            );
            return None;
        };
        let other = &self.model[missing_entity];
        let mut links: Vec<Hop> = other
            .fields
            .iter()
            .filter(|field| field.target == Some(Target::Entity(entity)))
            .map(|field| Hop { column: field.column.clone(), to: entity })
            .collect();
        links.extend(
            other.parent.as_ref().filter(|parent| parent.entity == entity).map(|parent| parent.hop()),
        );
        let [link] = links.as_slice() else {
            let of = &list.of;
            self.problem(
                &at.join("without"),
                Kind::Unresolved,
                format!("`{missing}` does not have one link to `{of}`"),
                format!("make `{missing}` a part of `{of}`"),
            );
            return None;
        };
        let moment = other.fields().find(|(_, field)| {
            matches!(field.kind, FieldKind::Moment)
                && matches!(field.storage, Storage::Plain | Storage::Queryable)
        });
        let end = moment.map_or(End::CreatedAt, |(field, _)| End::Field(field));
        let link = link.clone();
        let from = match &list.from {
            Some(from) => {
                self.queryable_path(entity, &document::Path(vec![from.clone()]), &at.join("from"))?
            }
            None => Path { start: entity, hops: Vec::new(), end: End::CreatedAt },
        };
        let is_moment = |resolver: &Self, path: &Path| {
            rules::Scope::new(&resolver.model.entities, path.start).type_of(path) == Type::Moment
        };
        if !is_moment(self, &from) {
            self.problem(
                &at.join("from"),
                Kind::Shape,
                "the time from which it counts is not a moment",
                "write `from: created at`, or name a field that is a moment",
            );
        }
        Some(Without {
            entity: missing_entity,
            link,
            at: Path { start: missing_entity, hops: Vec::new(), end },
            within,
            from,
        })
    }

    fn measure(&mut self, name: &Name, measure: &document::Measure, at: &Pointer) {
        let Some(entity) = self.entity(&measure.of, &at.join("of")) else { return };
        let filter = self.filter(measure.filter.as_ref(), entity, &at.join("where"));
        let is_number = |kind: &FieldKind| kind.is_number();
        let aggregate = match (&measure.share, &measure.average, &measure.sum) {
            (None, None, None) => Some(Aggregate::Count),
            (Some(share), None, None) => {
                self.filter(Some(share), entity, &at.join("share")).map(Aggregate::Share)
            }
            (None, Some(of), None) => self
                .queryable_field(entity, of, is_number, "a number", &at.join("average"))
                .map(Aggregate::Average),
            (None, None, Some(of)) => {
                self.queryable_field(entity, of, is_number, "a number", &at.join("sum")).map(Aggregate::Sum)
            }
            _ => {
                self.problem(
                    at,
                    Kind::Shape,
                    "a measure is one of a share, an average, a sum or a count",
                    "keep one of them",
                );
                None
            }
        };
        let by = measure.by.as_ref().and_then(|by| {
            let here = at.join("by");
            let path = self.queryable_path(entity, &by.field, &here)?;
            let kind = rules::Scope::new(&self.model.entities, entity).type_of(&path);
            if by.interval.is_some() && !matches!(kind, Type::Date | Type::Moment) {
                self.problem(
                    &here,
                    Kind::Shape,
                    format!("`{}` is no date and has no weeks", by.field),
                    "name a date or a moment",
                );
                return None;
            }
            Some(TimeAxis { interval: by.interval, path })
        });
        let mut uses: Vec<Path> = filter.iter().flat_map(|filter| filter.inputs.clone()).collect();
        uses.extend(by.iter().map(|by| by.path.clone()));
        match &aggregate {
            Some(Aggregate::Share(of)) => uses.extend(of.inputs.clone()),
            Some(Aggregate::Average(field) | Aggregate::Sum(field)) => {
                uses.push(Path { start: entity, hops: Vec::new(), end: End::Field(*field) })
            }
            _ => {}
        }
        let roles = self.audience(&measure.roles, entity, &uses, at);
        let Some(aggregate) = aggregate else { return };
        self.model.measures.push(Measure {
            name: name.clone(),
            label: measure.label.clone().unwrap_or_else(|| name.title()),
            entity,
            filter,
            aggregate,
            by,
            // Whoever reads a measure may list what it counts (`audience` sees to it), so a small number tells
            // them nothing new; a spec hides small numbers where it wants to.
            hide_under: measure.hide_under.unwrap_or(0),
            chart: measure.chart,
            roles,
        });
    }

    fn page(&mut self, name: &Name, page: &document::Page, at: &Pointer) {
        let roles = self.roles(&page.roles, &at.join("for"));
        let mut shows = Vec::new();
        for (i, said) in page.shows.iter().enumerate() {
            let here = at.join("shows").join(i);
            let item = self.page_item(said, &here);
            let Some(item) = item else { continue };
            let allowed = |model: &crate::Model, role: &RoleIndex| match item {
                PageItem::Entity(entity) | PageItem::Chart(entity, _) => {
                    model.grants(*role, entity).any(|grant| grant.allows(Action::List))
                }
                PageItem::List(list) => model[list].roles.contains(role),
                PageItem::Measure(measure) => model[measure].roles.contains(role),
                PageItem::Calendar(calendar) => model[calendar].roles.contains(role),
                PageItem::Form(form) => model[form].filled_by.contains(role),
                // Of no role: `open_pages` says where they stand.
                PageItem::Ask(..) | PageItem::Records(..) => true,
            };
            // Who sends a link need not fill in what it opens: `link_page` says what they must be able to do.
            for role in roles.iter().filter(|_| page.entry != document::Entry::Link) {
                if !allowed(&self.model, role) {
                    let role = self.model[*role].name.clone();
                    self.problem(
                        &here,
                        Kind::Access,
                        format!("`{role}` may not see `{}`", crate::decode::shown(said)),
                        "grant it there first, or leave it out of the page",
                    );
                }
            }
            shows.push(item);
        }
        let page = Page {
            name: name.clone(),
            label: page.label.clone().unwrap_or_else(|| name.title()),
            roles,
            shows,
            entry: page.entry,
        };
        self.link_page(&page, at);
        self.model.pages.push(page);
    }

    fn page_item(&mut self, said: &str, at: &Pointer) -> Option<PageItem> {
        if let Some(of) = said.strip_prefix("chart of ") {
            let path = of.parse::<document::Path>();
            let path = self.noted(at, path)?;
            let [entity, field] = path.0.as_slice() else {
                self.problem(
                    at,
                    Kind::Shape,
                    "a chart shows a number of an entity",
                    "write `chart of reading.systolic`",
                );
                return None;
            };
            let entity = self.entity(entity, at)?;
            let field = self.own_field(entity, field, FieldKind::is_number, "a number", at)?;
            return Some(PageItem::Chart(entity, field));
        }
        if said.starts_with("form of ") || said.contains('(') {
            return self.open_item(said, at);
        }
        let name = said.parse::<Name>();
        let name = self.noted(at, name)?;
        let found =
            self.model.lists.iter().position(|list| list.name == name).map(|i| PageItem::List(ListIndex(i)));
        let found = found.or_else(|| {
            self.model
                .measures
                .iter()
                .position(|measure| measure.name == name)
                .map(|i| PageItem::Measure(MeasureIndex(i)))
        });
        let found = found.or_else(|| {
            self.model
                .calendars
                .iter()
                .position(|calendar| calendar.name == name)
                .map(|i| PageItem::Calendar(CalendarIndex(i)))
        });
        let found = found.or_else(|| {
            self.model.forms.iter().position(|form| form.name == name).map(|i| PageItem::Form(FormIndex(i)))
        });
        let found = found.or_else(|| self.one_or_several(&name).map(PageItem::Entity));
        if found.is_none() {
            let mut known: Vec<String> = self.model.lists.iter().map(|list| list.name.to_string()).collect();
            known.extend(self.sources.iter().map(|source| source.name.to_string()));
            self.unresolved(at, "list, measure, calendar, form or entity", &name, &known);
        }
        found
    }

    /// The entity of this name, as one record or several are called.
    pub(super) fn one_or_several(&self, name: &Name) -> Option<EntityIndex> {
        let called = |entity: &crate::model::Entity| {
            entity.name == *name || entity.name.plural_title().to_lowercase() == name.as_str()
        };
        self.model.entities().find(|(_, entity)| called(entity)).map(|(index, _)| index)
    }
}
