//! Forms, lists, measures, calendars, pages; and the references of what is not built yet.

use super::Resolver;
use crate::{
    access::Action,
    document,
    field_type::Kind as FieldKind,
    model::{
        Aggregate, Calendar, CalendarIndex, End, EntityIndex, FieldIndex, Form, FormIndex, FormQuestion, Hop,
        List, ListIndex, Measure, MeasureIndex, OpeningHours, Page, PageItem, Path, RoleIndex, SortKey,
        Storage, Target, TimeAxis, Weekday, Without,
    },
    name::Name,
    problem::{Complaint, Kind, Pointer},
    rules::{self, Expression, NotQueryable, Type},
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

    /// A role is shown what it may list, and nothing of it can be inferred from fields that it may not view.
    fn audience(
        &mut self,
        names: &[Name],
        entity: EntityIndex,
        uses: &[Path],
        at: &Pointer,
    ) -> Vec<RoleIndex> {
        let roles = self.roles(names, &at.join("for"));
        for role in &roles {
            let role_name = self.model[*role].name.clone();
            if !self.model.grants(*role, entity).any(|grant| grant.allows(Action::List)) {
                let entity = self.model[entity].name.clone();
                let help = format!("grant `{role_name}` to view `{entity}`, or take it out");
                self.problem(
                    &at.join("for"),
                    Kind::Access,
                    format!("`{role_name}` may not view any `{entity}`"),
                    help,
                );
                continue;
            }
            for path in uses {
                let End::Field(field) = path.end else { continue };
                let owner = path.entity();
                let denied = self.model[owner]
                    .never
                    .iter()
                    .any(|(never, fields)| never == role && fields.contains(&field));
                let shown = self
                    .model
                    .grants(*role, owner)
                    .any(|grant| grant.allows(Action::List) && grant.fields.covers(field));
                if denied || !shown {
                    let field = self.model[owner][field].name.clone();
                    let message =
                        format!("`{role_name}` may not view `{field}`, and could infer it from this");
                    self.problem(
                        &at.join("for"),
                        Kind::Access,
                        message,
                        format!(
                            "leave `{field}` out of what it asks and sorts by, or take `{role_name}` out"
                        ),
                    );
                }
            }
        }
        roles
    }

    fn filter(&mut self, said: Option<&String>, entity: EntityIndex, at: &Pointer) -> Option<Expression> {
        let checked =
            rules::check(said?, &rules::Scope::new(&self.model.entities, entity), Some(Type::Boolean));
        let expression = self.noted(at, checked)?;
        let sql = expression.sql(&self.model.entities, &self.model[entity].table);
        let queryable = sql.map_err(|why| self.not_queryable(&why));
        self.noted(at, queryable)?;
        Some(expression)
    }

    fn not_queryable(&self, why: &NotQueryable) -> Complaint {
        let complaint = Complaint::new(Kind::Rule, why.to_string());
        match why {
            NotQueryable::Sealed { entity, field, clinical: true } => {
                let entity = &self.model[*entity].name;
                complaint
                    .help(format!("add `queryable` to `{field}` of `{entity}`; the PHI map then shows it"))
            }
            NotQueryable::Sealed { .. } => {
                complaint.help("identifiers and narratives stay sealed: ask by something else")
            }
            NotQueryable::Computed(_) => complaint.help("ask by the stored fields that it is computed from"),
            NotQueryable::Function(_) => complaint
                .help("use comparisons of stored fields; for what is missing for a while, `without … in …`"),
        }
    }

    /// A path of a list: through links, to a field, to the record's own names, or to what every record has.
    fn path(&mut self, start: EntityIndex, written: &document::Path, at: &Pointer) -> Option<Path> {
        let (mut here, mut hops) = (start, Vec::<Hop>::new());
        let last = written.0.len().checked_sub(1)?;
        for (i, step) in written.0.iter().enumerate() {
            let entity = &self.model[here];
            let hop = entity
                .field(step.as_str())
                .and_then(|field| match entity[field].target {
                    Some(Target::Entity(to)) => Some(Hop { column: entity[field].column.clone(), to }),
                    _ => None,
                })
                .or_else(|| {
                    entity
                        .parent
                        .as_ref()
                        .filter(|parent| self.model[parent.entity].name == *step)
                        .map(|parent| parent.hop())
                });
            if let Some(hop) = hop {
                here = hop.to;
                hops.push(hop);
                if i == last {
                    return Some(Path { start, hops, end: End::Title });
                }
                continue;
            }
            let end = match step.as_str() {
                name if entity.field(name).is_some() => entity.field(name).map(End::Field),
                "reference" if entity.reference.is_some() => Some(End::Reference),
                "created at" => Some(End::CreatedAt),
                "updated at" => Some(End::UpdatedAt),
                "created by" => Some(End::CreatedBy),
                name if entity.has_place_column() && self.model[entity.place].name == name => {
                    Some(End::Place)
                }
                name if entity.name == name && i == last => Some(End::Title),
                _ => None,
            };
            match end {
                Some(end) if i == last => return Some(Path { start, hops, end }),
                _ => {
                    let mut known: Vec<_> =
                        entity.fields.iter().map(|field| field.name.to_string()).collect();
                    known.extend(
                        entity.parent.iter().map(|parent| self.model[parent.entity].name.to_string()),
                    );
                    let what = format!("field of `{}`", entity.name);
                    self.unresolved(at, &what, step, &known);
                    return None;
                }
            }
        }
        None
    }

    fn paths(&mut self, entity: EntityIndex, written: &[document::Path], at: &Pointer) -> Vec<Path> {
        written.iter().enumerate().filter_map(|(i, path)| self.path(entity, path, &at.join(i))).collect()
    }

    fn queryable_path(
        &mut self,
        entity: EntityIndex,
        written: &document::Path,
        at: &Pointer,
    ) -> Option<Path> {
        let path = self.path(entity, written, at)?;
        let sql = rules::path_sql(&self.model.entities, &path, &self.model[entity].table);
        let sql = sql.map_err(|why| self.not_queryable(&why));
        self.noted(at, sql)?;
        Some(path)
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

    fn own_field(
        &mut self,
        entity: EntityIndex,
        name: &Name,
        fits: impl Fn(&FieldKind) -> bool,
        wanted: &str,
        at: &Pointer,
    ) -> Option<FieldIndex> {
        let field = self.field_list(entity, std::slice::from_ref(name), at).first().copied()?;
        if !fits(&self.model[entity][field].kind) || self.model[entity][field].list {
            self.problem(
                at,
                Kind::Shape,
                format!("`{name}` is not {wanted}"),
                format!("name a field that is {wanted}"),
            );
            return None;
        }
        Some(field)
    }

    fn queryable_field(
        &mut self,
        entity: EntityIndex,
        name: &Name,
        fits: impl Fn(&FieldKind) -> bool,
        wanted: &str,
        at: &Pointer,
    ) -> Option<FieldIndex> {
        let field = self.own_field(entity, name, fits, wanted, at)?;
        self.queryable_path(entity, &document::Path(vec![name.clone()]), at)?;
        Some(field)
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
            hide_under: measure.hide_under.unwrap_or(11),
            chart: measure.chart,
            roles,
        });
    }

    fn calendar(&mut self, name: &Name, calendar: &document::Calendar, at: &Pointer) {
        let Some(entity) = self.entity(&calendar.of, &at.join("of")) else { return };
        let is_moment = |kind: &FieldKind| *kind == FieldKind::Moment;
        let start = self.queryable_field(entity, &calendar.start, is_moment, "a moment", &at.join("start"));
        let end = calendar
            .end
            .as_ref()
            .and_then(|end| self.queryable_field(entity, end, is_moment, "a moment", &at.join("end")));
        let mut resources = Vec::new();
        for (i, resource) in calendar.resources.iter().enumerate() {
            resources.extend(self.own_field(
                entity,
                resource,
                FieldKind::is_link,
                "a link",
                &at.join("resources").join(i),
            ));
        }
        let hours = calendar.hours.as_ref().and_then(|hours| {
            let parsed = opening_hours(hours);
            self.noted(&at.join("hours"), parsed)
        });
        let kind = calendar.kind.as_ref().and_then(|kind| {
            self.own_field(
                entity,
                kind,
                |kind| matches!(kind, FieldKind::OneOf(_)),
                "a choice",
                &at.join("kind"),
            )
        });
        let shows = self.paths(entity, &calendar.shows, &at.join("shows"));
        let uses: Vec<Path> = start
            .iter()
            .chain(&end)
            .map(|field| Path { start: entity, hops: Vec::new(), end: End::Field(*field) })
            .collect();
        let roles = self.audience(&calendar.roles, entity, &uses, at);
        let Some(start) = start else { return };
        self.model.calendars.push(Calendar {
            name: name.clone(),
            label: calendar.label.clone().unwrap_or_else(|| name.title()),
            entity,
            start,
            end,
            resources,
            hours: hours.unwrap_or_default(),
            overlap: calendar.overlap,
            waitlist: calendar.waitlist,
            slot: calendar.slot.unwrap_or(document::Period { count: 30, unit: document::PeriodUnit::Minute }),
            roles,
            kind,
            shows,
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
            };
            for role in &roles {
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
        self.model.pages.push(Page {
            name: name.clone(),
            label: page.label.clone().unwrap_or_else(|| name.title()),
            roles,
            shows,
            entry: page.entry,
        });
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
        let found = found.or_else(|| {
            let plural = self.model.entities().find(|(_, entity)| {
                entity.name == name || entity.name.plural_title().to_lowercase() == name.as_str()
            });
            plural.map(|(index, _)| PageItem::Entity(index))
        });
        if found.is_none() {
            let mut known: Vec<String> = self.model.lists.iter().map(|list| list.name.to_string()).collect();
            known.extend(self.sources.iter().map(|source| source.name.to_string()));
            self.unresolved(at, "list, measure, calendar, form or entity", &name, &known);
        }
        found
    }

    /// Names in constructs that are said but not built yet must lead somewhere all the same.
    fn references(&mut self) {
        let root = Pointer::root();
        let document = self.document;
        for (name, permission) in &document.permissions {
            let at = root.join("permissions").join(name);
            self.role(&permission.by, &at.join("by"));
            self.role(&permission.to, &at.join("to"));
        }
        for (name, rule) in &document.rules {
            let at = root.join("rules").join(name);
            if let Some(enters) = &rule.enters
                && !document.lists.contains_key(enters)
            {
                let known: Vec<_> = document.lists.keys().map(ToString::to_string).collect();
                self.unresolved(&at.join("enters"), "list", enters, &known);
            }
            if rule.when.is_some() == rule.enters.is_some() {
                self.problem(
                    &at,
                    Kind::Shape,
                    "a rule waits for one thing: a condition or a list that is entered",
                    "keep `when` or `enters`",
                );
            }
            for (i, then) in rule.then.iter().enumerate() {
                let known =
                    |name: &str| document.tasks.contains_key(name) || document.messages.contains_key(name);
                let bare =
                    then.strip_prefix("task ").or_else(|| then.strip_prefix("message ")).unwrap_or(then);
                if !known(bare) {
                    let names: Vec<String> = document
                        .tasks
                        .keys()
                        .chain(document.messages.keys())
                        .map(ToString::to_string)
                        .collect();
                    let message = format!("there is no task or message `{}`", crate::decode::shown(bare));
                    self.problem(
                        &at.join("do").join(i),
                        Kind::Unresolved,
                        message,
                        format!("add it; there are {}", crate::decode::listed(&names)),
                    );
                }
            }
        }
        for (name, task) in &document.tasks {
            let at = root.join("tasks").join(name);
            self.role(&task.owner, &at.join("owner"));
            if let Some(fallback) = &task.fallback {
                self.role(fallback, &at.join("else"));
            }
        }
        for (name, message) in &document.messages {
            self.role(&message.to, &root.join("messages").join(name).join("to"));
        }
        for (name, conversation) in &document.conversations {
            let at = root.join("conversations").join(name);
            self.roles(&conversation.between, &at.join("between"));
            if let Some(about) = &conversation.about {
                self.entity(about, &at.join("about"));
            }
        }
        for (name, limit) in &document.limits {
            let at = root.join("limits").join(name);
            self.entity(&limit.of, &at.join("of"));
            if let Some(role) = &limit.managed_by {
                self.role(role, &at.join("managed by"));
            }
        }
        for (name, rendered) in &document.documents {
            let at = root.join("documents").join(name);
            for (key, entity) in [("of", &rendered.of), ("part of", &rendered.part_of)] {
                if let Some(entity) = entity {
                    self.entity(entity, &at.join(key));
                }
            }
            if let Some(role) = &rendered.to {
                self.role(role, &at.join("to"));
            }
        }
        for (name, feed) in &document.feeds {
            let at = root.join("feeds").join(name);
            if let Some(entity) = self.entity(&feed.into, &at.join("into")) {
                self.field_list(entity, &feed.key, &at.join("key"));
            }
            self.roles(&feed.by, &at.join("by"));
        }
        for (name, action) in &document.ai_actions {
            let by: Vec<Name> = action.applied_by.iter().filter(|by| **by != "author").cloned().collect();
            self.roles(&by, &root.join("ai actions").join(name).join("applied by"));
        }
    }
}

/// `mon-fri 08:00-17:00, sat 09:00-12:00`.
fn opening_hours(text: &str) -> Result<Vec<OpeningHours>, Complaint> {
    const DAYS: [(&str, Weekday); 7] = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];
    let wrong = || {
        Complaint::new(Kind::Shape, format!("`{}` are no opening hours", crate::decode::shown(text)))
            .help("write `mon-fri 08:00-17:00, sat 09:00-12:00`")
    };
    let day = |word: &str| DAYS.iter().position(|(name, _)| *name == word).ok_or_else(wrong);
    let minutes = |word: &str| -> Result<u16, Complaint> {
        let (hour, minute) = word.split_once(':').ok_or_else(wrong)?;
        let (hour, minute): (u16, u16) =
            (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
        if hour > 24 || minute > 59 || hour * 60 + minute > 24 * 60 {
            Err(wrong())
        } else {
            Ok(hour * 60 + minute)
        }
    };
    text.split(',')
        .map(|part| {
            let (days, hours) = part.trim().split_once(' ').ok_or_else(wrong)?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let (first, last) = (day(first)?, day(last)?);
            let (from, until) = hours.trim().split_once('-').ok_or_else(wrong)?;
            let (from, until) = (minutes(from)?, minutes(until)?);
            if first > last || from >= until {
                return Err(wrong());
            }
            Ok(OpeningHours { days: DAYS[first..=last].iter().map(|(_, day)| *day).collect(), from, until })
        })
        .collect()
}
